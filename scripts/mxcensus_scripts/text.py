# SPDX-License-Identifier: Apache-2.0
"""A summary for people: aligned text of 80 columns, or Markdown."""

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import TextIO

from mxcensus_scripts.tables import TABLES, Row, Summary

WIDTH = 80
# Share and the blanks between all columns
FIXED = 13
LEAST_BAR = 4
# of the columns label, count, of and inconclusive
Widths = tuple[int, int, int, int]
EIGHTHS = " ▏▎▍▌▋▊▉█"
# Columns of a breakdown: heading and the adoption item below it.
BREAKDOWN = (("STS", "sts_record_mx"), ("usable", "policy_usable"),
             ("enforce", "mode_enforce"), ("TLS-RPT", "tlsrpt_record_mx"),
             ("STARTTLS", "starttls_all"), ("DANE", "dane_published"),
             ("inconcl.", "uncertain"))


def count(value: int | None) -> str:
    """12345 as 12,345."""
    return "" if value is None else f"{value:,}"


def percent(value: float | None, places: int = 2) -> str:
    """A share as people read it; never 0 for something, 100 for not all."""
    if value is None:
        return "–"
    least = 10.0 ** -places
    if 0 < value < least / 100:
        return f"<{least:.{places}f}"
    shown = value * 100
    if value < 1 and round(shown, places) >= 100:
        shown = 100 - least
    return f"{shown:.{places}f}"


def bar(value: float | None, width: int, fancy: bool) -> str:
    """A share as a bar; something is never drawn as nothing."""
    if value is None or value <= 0:
        return ""
    if not fancy:
        return "#" * max(1, round(min(value, 1.0) * width))
    eighths = max(1, round(min(value, 1.0) * width * 8))
    full, part = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[part] if part else "")


def clipped(text: str, width: int) -> str:
    """Text that fits; names from the network may be long or odd."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= width else text[:width - 1] + "…"


def column_widths(rows: Sequence[Row]) -> Widths:
    """Columns that all tables of a summary share."""
    n = max([6, *(len(count(row.numerator)) for row in rows)])
    of = max([6, *(len(count(row.denominator)) for row in rows)])
    unknown = max([8, *(len(count(row.inconclusive)) for row in rows)])
    label = max([20, *(len(row.label) + 2 for row in rows)])
    label = min(label, WIDTH - n - of - unknown - FIXED - LEAST_BAR)
    return label, n, of, unknown


class Printer:
    """Writes to a stream that may or may not take box characters."""

    def __init__(self, out: TextIO, bold: bool) -> None:
        self.out = out
        self.bold = bold
        encoding = (out.encoding or "ascii").lower()
        self.fancy = encoding.replace("-", "") in ("utf8", "utf_8")

    def line(self, text: str = "", bold: bool = False) -> None:
        """One line, without blanks at its end."""
        text = text.rstrip()
        if not self.fancy:
            for nice, plain in (("─", "-"), ("–", "-"), ("…", "~")):
                text = text.replace(nice, plain)
            text = text.encode("ascii", "replace").decode()
        if bold and self.bold:
            text = f"\033[1m{text}\033[0m"
        self.out.write(text + "\n")

    def heading(self, left: str, right: str) -> None:
        """A table's name above its columns and a rule."""
        self.line(left + right[len(left):], bold=True)
        self.line("─" * WIDTH)

    def table(self, title: str, rows: Sequence[Row], widths: Widths) -> None:
        """Sections of rows with a bar each."""
        has_unknown = any(row.inconclusive is not None for row in rows)
        label, n, of, unknown = widths
        space = WIDTH - label - n - of - unknown - FIXED
        self.heading(title, f"{'':{label}} {'count':>{n}} {'of':>{of}} "
                     f"{'share %':>7}  {'':{space}}"
                     f"{'inconcl.' if has_unknown else '':>{unknown + 1}}")
        if not rows:
            self.line("  nothing to count")
        for section, members in groupby(rows, lambda row: row.section):
            self.line(section)
            for row in members:
                is_other = row.denominator is None and row.numerator == 0
                self.line(
                    f"  {clipped(row.label, label - 2):{label - 2}} "
                    f"{'' if is_other else count(row.numerator):>{n}} "
                    f"{count(row.denominator):>{of}} "
                    f"{percent(row.share):>7}  "
                    f"{bar(row.share, space, self.fancy):{space}}"
                    f"{count(row.inconclusive):>{unknown + 1}}")

    def breakdown(self, key: str, groups: dict[str, list[Row]]) -> None:
        """One line a group, shares in per cent."""
        widths = [max(len(head), 5) + 1 for head, _ in BREAKDOWN]
        n = 1 + max([7, *(len(count(rows[0].numerator))
                          for rows in groups.values())])
        label = WIDTH - n - sum(widths)
        self.heading(f"By {key}, %", f"{'':{label}}{'domains':>{n}}"
                     + "".join(f"{head:>{width}}" for (head, _), width
                               in zip(BREAKDOWN, widths)))
        for group, rows in groups.items():
            cells = "".join(f"{cell:>{width}}" for cell, width
                            in zip(shares(rows), widths))
            name = clipped(group_name(key, group), label - 2)
            self.line(f"  {name:{label - 2}}{count(rows[0].numerator):>{n}}"
                      f"{cells}")


def shares(rows: Sequence[Row]) -> list[str]:
    """The cells of a breakdown line."""
    by_item = {row.item: row for row in rows}
    return [percent(by_item[item].share, 1) for _, item in BREAKDOWN]


def group_name(key: str, group: str) -> str:
    """Rank groups get thousands separators."""
    first, dash, last = group.partition("-")
    if key == "rank" and dash:
        return f"{int(first):,}–{int(last):,}"
    return group


def introduction(summary: Summary) -> list[str]:
    """Which files, how large, and whether they are whole."""
    lines = []
    for scan in summary.scans:
        state = "complete" if scan.complete else "unfinished: no end record"
        lines.append(f"{scan.file}: {scan.domains:,} domains, "
                     f"{scan.mx_hosts:,} MX hosts, {state}")
    return lines


def write_text(summary: Summary, out: TextIO) -> None:
    """All tables for a terminal."""
    bold = out.isatty()
    printer = Printer(out, bold)
    for line in introduction(summary):
        printer.line(clipped(line, 1000))
    widths = column_widths([row for rows in summary.tables.values()
                            for row in rows])
    for name, rows in summary.tables.items():
        printer.line()
        printer.table(TABLES[name], rows, widths)
    for key, groups in summary.by.items():
        printer.line()
        printer.breakdown(key, groups)


def write_others(names: Sequence[str], out: TextIO) -> None:
    """How to get the tables that were not printed."""
    if not names:
        return
    printer = Printer(out, False)
    printer.line()
    for line in textwrap.wrap(
            "Other tables, with --table NAMES or --table all: "
            + ", ".join(names), WIDTH):
        printer.line(line)


def escaped(text: str) -> str:
    """Text that cannot break out of a Markdown cell."""
    text = "".join(c if c.isprintable() else "?" for c in text)
    for mark in "\\|`*_<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def write_markdown(summary: Summary, out: TextIO) -> None:
    """The same tables for a page or an issue."""
    out.write("# mxcensus summary\n\n")
    for line in introduction(summary):
        out.write(f"- {escaped(line)}\n")
    for name, rows in summary.tables.items():
        out.write(f"\n## {TABLES[name]}\n")
        for section, members in groupby(rows, lambda row: row.section):
            out.write(f"\n| {escaped(section)} | count | of | share "
                      "| inconclusive |\n|---|---:|---:|---:|---:|\n")
            for row in members:
                share = percent(row.share)
                out.write(f"| {escaped(row.label)} | {count(row.numerator)} "
                          f"| {count(row.denominator)} | {share}"
                          f"{'' if share == '–' else ' %'} "
                          f"| {count(row.inconclusive)} |\n")
    for key, groups in summary.by.items():
        heads = " | ".join(head for head, _ in BREAKDOWN)
        out.write(f"\n## By {key}, %\n\n| {key} | domains | {heads} |\n"
                  f"|---|---:{'|---:' * len(BREAKDOWN)}|\n")
        for group, rows in groups.items():
            out.write(f"| {escaped(group_name(key, group))} "
                      f"| {count(rows[0].numerator)} "
                      f"| {' | '.join(shares(rows))} |\n")
