# SPDX-License-Identifier: Apache-2.0
"""A comparison of two scans for people: text of 80 columns, or Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import groupby
from typing import Any, TextIO

from mxcensus_scripts.changes import WORSE, Found, Matrix
from mxcensus_scripts.inputs import Input
from mxcensus_scripts.text import (
    WIDTH, Printer, clipped, count, escaped, percent)

SIGNS = {"better": "+", "worse": "-", "neutral": " "}
# Verdicts in the order of a matrix, with heads of seven columns at most.
VERDICTS = {"none": "none", "invalid": "invalid", "testing_ok": "test ok",
            "testing_fail": "t. fail", "enforce_ok": "enf. ok",
            "enforce_degraded": "e.degr.", "enforce_fail": "e. fail",
            "inconclusive": "inconcl", "(missing)": "missing"}
CELL = 7
MATRIX_TITLES = {
    "verdict": "Verdicts of MTA-STS senders", "verdict_dane":
    "Verdicts of DANE senders", "record": "STS record", "policy":
    "Policy fetch"}
# Transitions of a state that are printed.
TRANSITIONS = 12


@dataclass
class Diff:
    """Everything a comparison prints but for the single events."""
    old: Input
    new: Input
    warnings: list[str] = field(default_factory=list)
    in_both: int = 0
    joined: int = 0
    left: int = 0
    matrices: list[Matrix] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    # by event, as many as were asked for
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def regressions(self) -> int:
        """Events that make things worse."""
        return sum(found.n for found in self.found
                   if found.event.severity == WORSE)


def day(one: Input) -> str:
    """When a scan began."""
    if not one.started:
        return "no date"
    return datetime.fromtimestamp(one.started / 1000, timezone.utc).strftime(
        "%Y-%m-%d")


def described(one: Input) -> dict[str, Any]:
    """A scan, for JSON."""
    return {"file": one.name, "started": one.started or None,
            "domains": one.domains, "complete": one.complete}


def introduction(diff: Diff) -> list[str]:
    """Which scans, and how much of them can be compared."""
    lines = [f"{word} {one.name}: {day(one)}, {one.domains:,} domains"
             + ("" if one.complete else ", unfinished")
             for word, one in (("old:", diff.old), ("new:", diff.new))]
    return lines + [f"{diff.in_both:,} domains in both, {diff.joined:,} "
                    f"joined, {diff.left:,} left; {diff.regressions:,} "
                    "regressions"]


def attribution(found: Found) -> str:
    """Where most of the events happened."""
    if found.largest is None or found.largest[2] < 2:
        return ""
    kind, name, n = found.largest
    return (f"{count(n)} of {count(found.n)} at {name} "
            f"({'MX' if kind == 'mx' else 'policy'})")


def told(example: dict[str, Any]) -> str:
    """One event of one domain."""
    was, became = (example[key] or "none" for key in ("from", "to"))
    text = f"{example['domain']}: {was} → {became}"
    return text + (f" at {example['host']}" if example["host"] else "")


def short(n: int) -> str:
    """A number in at most six columns."""
    if n < 1_000_000:
        return str(n)
    return f"{n / 1e6:.3g}M" if n < 10 ** 9 else f"{n / 1e9:.3g}G"


def states(matrix: Matrix) -> list[str]:
    """The verdicts that occur, and `inconclusive` always."""
    seen = {word for cell in matrix.cells for word in cell}
    known = [word for word in VERDICTS
             if word in seen or word == "inconclusive"]
    return known + sorted(seen - set(VERDICTS))


def write_matrix(printer: Printer, matrix: Matrix) -> None:
    """Old verdicts downwards, new ones across."""
    words = states(matrix)
    printer.line()
    heads = "".join(f"{VERDICTS.get(word, word)[:CELL]:>{CELL}} "
                    for word in words)
    printer.heading("old \\ new", " " * 16 + " " + heads.rstrip())
    for was in words:
        cells = [matrix.cells.get((was, became), 0) for became in words]
        printer.line(f"{clipped(was, 16):16} " + " ".join(
            f"{short(n) if n else '.':>{CELL}}" for n in cells))


def write_matrices(printer: Printer, matrices: Sequence[Matrix]) -> None:
    """Verdicts as matrices, other states as lists of transitions."""
    for matrix in matrices:
        moved = matrix.transitions()
        n = sum(row[2] for row in moved)
        printer.line()
        printer.line(f"{MATRIX_TITLES[matrix.name]}: {n:,} of "
                     f"{matrix.total:,} domains changed", bold=True)
        if matrix.name.startswith("verdict") and n:
            write_matrix(printer, matrix)
            continue
        for was, became, n in moved[:TRANSITIONS]:
            printer.line(f"  {was + ' → ' + became:40} {count(n):>12}")
        if len(moved) > TRANSITIONS:
            n = sum(row[2] for row in moved[TRANSITIONS:])
            printer.line(f"  {'others':40} {count(n):>12}")


class Lines(Printer):
    """A printer that knows how to draw an arrow."""

    def line(self, text: str = "", bold: bool = False) -> None:
        """One line, without blanks at its end."""
        super().line(text if self.fancy else text.replace("→", ">"), bold)


def write_text(diff: Diff, out: TextIO) -> None:
    """The comparison for a terminal."""
    printer = Lines(out, out.isatty())
    for line in introduction(diff):
        printer.line(clipped(line, 1000))
    printer.line()
    printer.heading("Events", f"{'':24} {'count':>9}  most of them at")
    if not diff.found:
        printer.line("  none")
    for section, members in groupby(diff.found,
                                    lambda found: found.event.section):
        printer.line(section)
        for found in members:
            sign = SIGNS[found.event.severity]
            text = (f"{sign} {found.event.name:22} {count(found.n):>9}  "
                    f"{attribution(found)}")
            printer.line(clipped(text, WIDTH))
            for example in diff.examples.get(found.event.name, ()):
                printer.line(clipped(f"      {told(example)}", WIDTH))
    printer.line("+ better, - worse (regressions)")
    write_matrices(printer, diff.matrices)


def write_markdown(diff: Diff, out: TextIO) -> None:
    """The same for a page or an issue."""
    out.write("# mxcensus diff\n\n")
    for line in introduction(diff):
        out.write(f"- {escaped(line)}\n")
    for section, members in groupby(diff.found,
                                    lambda found: found.event.section):
        out.write(f"\n## {section}\n\n| event | | what | count | most of "
                  "them | domains |\n|---|---|---|---:|---|---|\n")
        for found in members:
            examples = "; ".join(escaped(told(example)) for example in
                                 diff.examples.get(found.event.name, ()))
            out.write(f"| {escaped(found.event.name)} "
                      f"| {found.event.severity} | {found.event.sentence} "
                      f"| {count(found.n)} | {escaped(attribution(found))} "
                      f"| {examples} |\n")
    for matrix in diff.matrices:
        out.write(f"\n## {MATRIX_TITLES[matrix.name]}\n\n| old | new "
                  "| domains | share |\n|---|---|---:|---:|\n")
        rows = [(was, became, n) for (was, became), n in matrix.cells.items()
                if was == became]
        for was, became, n in matrix.transitions() + sorted(rows):
            out.write(f"| {escaped(was)} | {escaped(became)} | {count(n)} "
                      f"| {percent(n / matrix.total)} % |\n")
