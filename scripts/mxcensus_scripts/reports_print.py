# SPDX-License-Identifier: Apache-2.0
"""The tables of reports: text of 80 columns, Markdown, CSV and JSON."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

from mxcensus_scripts.reports_take import Taken
from mxcensus_scripts.text import (
    WIDTH, Printer, bar, clipped, count, escaped, percent)

FORMAT = 1
FORMATS = ("text", "markdown", "csv", "json")
# Table (and SQL file) names with their headings and what the rows are of
TABLES = {
    "domain": ("By policy domain", "sessions"),
    "organization": ("By sending organization", "sessions"),
    "day": ("By day (UTC)", "sessions"),
    "result": ("By result type", "failures"),
    "mx": ("By receiving MX host", "failures"),
}
DOMAINS = "Policies beside the scan"
HOSTS = "MX hosts beside the scan"
BAR = 10
AGREES = {True: "agrees", False: "disagrees", None: "unknown"}
Row = dict[str, Any]
NOT_SCANNED = "not in the scan"


@dataclass
class Result:
    """Everything one run prints."""
    taken: Taken
    total: Row
    tables: dict[str, list[Row]] = field(default_factory=dict)
    # the scan compared with, by inputs, and the rows beside it
    scan: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    domains: list[Row] = field(default_factory=list)
    hosts: list[Row] = field(default_factory=list)
    # of these, how many a person is shown
    shown: int = 0

    def remarks(self) -> Iterator[str]:
        """One line for each report left out, and for each deviation."""
        for fault in self.taken.faults:
            yield f"{fault.place}: {fault.why}"
        for fault in self.taken.duplicates:
            yield f"{fault.place}: duplicate: {fault.why}"
        for name in self.unfinished:
            yield f"warning: {name}: has no end record; the scan is unfinished"

    def introduction(self) -> list[str]:
        """What was read, in a few lines."""
        total, taken = self.total, self.taken
        period = (f"; {total['first_day']} to {total['last_day']}"
                  if total["reports"] else "")
        lines = [f"reports: {total['reports']:,}; organizations: "
                 f"{total['organizations']:,}{period}",
                 f"left out: {len(taken.faults):,} unreadable or invalid, "
                 f"{len(taken.duplicates):,} duplicates",
                 f"sessions: {total['sessions']:,}; failed: "
                 f"{total['failed']:,} ({percent(total['share'])} %)",
                 f"failures that details name: {total['detailed']:,}"]
        if self.scan:
            lines.append(f"scan: {', '.join(self.scan)}")
        return lines

    def deviations(self) -> list[tuple[str, int]]:
        """What was read all the same, with the reports that have it."""
        return sorted(self.taken.deviations.items(),
                      key=lambda one: (-one[1], one[0]))


def words_of(row: Row, states: dict[str, tuple[str, str]]) -> list[str]:
    """States as words; of what is not known none."""
    return [states[key][0 if row[key] else 1] for key in states
            if row[key] is not None]


def host_words(row: Row) -> str:
    """What the scan saw at an MX host."""
    if not row["is_scanned"]:
        return NOT_SCANNED
    words = [f"STARTTLS {row['starttls'] or '?'}", *words_of(row, {
        "trusted": ("trusted", "not trusted"),
        "name_ok": ("name ok", "other name"),
        "time_ok": ("in date", "not in date"),
    }), f"DANE {row['dane'] or '?'}"]
    if row["in_policy"] is False:
        words.append("not in the policy")
    return ", ".join(words + row["findings"])


def host_hints(row: Row) -> str:
    """What may explain that the scan saw something else."""
    hints = []
    if row["is_scanned"] and row["is_other_address"]:
        hints.append("reported of addresses that were not scanned")
    if row["is_newer_certificate"]:
        hints.append("certificate issued since")
    return "; ".join(hints)


def domain_words(row: Row) -> str:
    """What the scan saw of a policy domain."""
    if not row["is_scanned"]:
        return NOT_SCANNED
    words = [f"{row['verdict'] or '?'}"]
    if row["section"] != "tlsa" and row["policy_status"]:
        words.append(f"policy {row['policy_status']}")
        if row["policy_mode"]:
            words.append(f"mode {row['policy_mode']}")
    return ", ".join(words + row["findings"])


def domain_hints(row: Row) -> str:
    """How the policies compare, and how sessions failed."""
    hints = []
    if row["policy_same"]:
        hints.append({
            "same": "same policy as reported",
            "rewritten": "same policy as reported, written anew",
            "differs": "policy differs from the one reported",
        }[row["policy_same"]])
    if row["policies"] > 1:
        hints.append(f"{row['policies']} policies reported")
    return "; ".join(hints)


def wrapped(text: str, indent: int) -> Iterator[str]:
    """Lines that fit, broken at blanks."""
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > WIDTH - indent:
            yield " " * indent + line
            line = ""
        line = f"{line} {word}" if line else clipped(word, WIDTH - indent)
    if line:
        yield " " * indent + line


class ReportPrinter(Printer):
    """The tables of reports for a terminal."""

    def counts(self, title: str, of: str, rows: list[Row]) -> None:
        """One line a row with a bar."""
        n = max([6, *(len(count(row["numerator"])) for row in rows)])
        all_ = max([8, *(len(count(row["denominator"])) for row in rows)])
        # counts that no sender can mean make lines longer, not unreadable
        label = max(20, WIDTH - n - all_ - BAR - 21)
        self.heading(title, f"{'':{label}} {'reports':>7} {'failed':>{n}} "
                     f"{of:>{all_}} "
                     f"{'share %':>8}")
        if not rows:
            self.line("  none")
        for row in rows:
            name = row["item"] + (f" ({row['section']})" if row["section"]
                                  else "")
            self.line(f"  {clipped(name, label - 2):{label - 2}} "
                      f"{count(row['reports']):>7} "
                      f"{count(row['numerator']):>{n}} "
                      f"{count(row['denominator']):>{all_}} "
                      f"{percent(row['share']):>8}  "
                      f"{bar(row['share'], BAR, self.fancy)}")

    def beside(self, title: str, rows: list[Row], shown: int,
               lines: Any) -> None:
        """Rows of a comparison, with what was seen in the lines below."""
        self.heading(title, f"{'reports':>57}{'failed':>12}{'scan':>11}")
        if not rows:
            self.line("  none")
        for row in rows[:shown]:
            self.line(f"  {clipped(row['item'], 47):47} {row['reports']:>7,}"
                      f"{row['failed']:>12,}{AGREES[row['agrees']]:>11}")
            for line in lines(row):
                if line:
                    for part in wrapped(line, 4):
                        self.line(part)
        if len(rows) > shown:
            self.line(f"  and {len(rows) - shown:,} more; --top shows them")


def domain_lines(row: Row) -> list[str]:
    """What stands below a policy."""
    failures = (f"senders: {row['section']}, failed {row['failed']:,} of "
                f"{row['sessions']:,}"
                + "".join(f", {result}" for result in row["results"]))
    return [failures, f"scan: {domain_words(row)}", domain_hints(row)]


def host_lines(row: Row) -> list[str]:
    """What stands below a host."""
    return [f"senders: {row['section']}", f"scan: {host_words(row)}",
            host_hints(row)]


def write_text(result: Result, out: TextIO) -> None:
    """For a terminal; comparisons come first."""
    printer = ReportPrinter(out, out.isatty())
    for line in result.introduction():
        printer.line(clipped(line, 1000))
    if result.scan:
        printer.line()
        printer.beside(DOMAINS, result.domains, result.shown, domain_lines)
        printer.line()
        printer.beside(HOSTS, result.hosts, result.shown, host_lines)
    for name, (title, of) in TABLES.items():
        printer.line()
        printer.counts(title, of, result.tables[name])
    if result.taken.deviations:
        printer.line()
        printer.heading("Read all the same", f"{'reports':>{WIDTH}}")
        for what, n in result.deviations():
            printer.line(f"  {clipped(what, 68):68} {n:>9,}")


def markdown_rows(heads: str, rows: list[list[Any]]) -> str:
    """A table whose first column is words and whose others are numbers."""
    columns = heads.split("|")
    lines = [f"| {' | '.join(columns)} |",
             "|---|" + "---:|" * (len(columns) - 1)]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def write_markdown(result: Result, out: TextIO) -> None:
    """The same tables for a page or an issue."""
    out.write("# TLS reports\n\n")
    for line in result.introduction():
        out.write(f"- {escaped(line)}\n")
    for title, rows, lines in (
            (DOMAINS, result.domains, domain_lines),
            (HOSTS, result.hosts, host_lines)) if result.scan else ():
        out.write(f"\n## {title}\n\n" + markdown_rows(
            "what|reports|failed|scan|seen", [[
                escaped(row["item"]),
                count(row["reports"]), count(row["failed"]),
                AGREES[row["agrees"]],
                escaped("; ".join(filter(None, lines(row))))]
                for row in rows[:result.shown]]))
        if len(rows) > result.shown:
            out.write(f"\nand {len(rows) - result.shown:,} more\n")
    for name, (title, of) in TABLES.items():
        out.write(f"\n## {title}\n\n" + markdown_rows(
            f"what|reports|failed|{of}|share %", [[
                escaped(row["item"] + (f" ({row['section']})"
                                       if row["section"] else "")),
                count(row["reports"]), count(row["numerator"]),
                count(row["denominator"]), percent(row["share"])]
                for row in result.tables[name]]))
    if result.taken.deviations:
        out.write("\n## Read all the same\n\n" + markdown_rows(
            "what|reports", [[escaped(what), count(n)]
                             for what, n in result.deviations()]))


def flat(result: Result) -> Iterator[Row]:
    """All rows of all tables, for CSV."""
    for table, rows, words, hints in (
            ("scan_domain", result.domains, domain_words, domain_hints),
            ("scan_mx", result.hosts, host_words, host_hints)):
        for row in rows:
            yield {"table": table, "section": row["section"],
                   "item": row["item"], "reports": row["reports"],
                   "numerator": row["failed"],
                   "denominator": row.get("sessions"),
                   "agrees": AGREES[row["agrees"]], "scan": words(row),
                   "hint": hints(row)}
    for name, rows in result.tables.items():
        for row in rows:
            yield {"table": name} | row
    for what, n in result.deviations():
        yield {"table": "deviation", "item": what, "reports": n}
    for table, faults in (("left_out", result.taken.faults),
                          ("duplicate", result.taken.duplicates)):
        for fault in faults:
            yield {"table": table, "item": fault.place, "hint": fault.why}


def write_csv(result: Result, out: TextIO) -> None:
    """One long table."""
    writer = csv.DictWriter(out, (
        "table", "section", "item", "reports", "numerator", "denominator",
        "share", "agrees", "scan", "hint"), lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat(result))


def write_json(result: Result, out: TextIO) -> None:
    """One object."""
    json.dump({
        "format": FORMAT,
        "total": result.total,
        "left_out": [asdict(fault) for fault in result.taken.faults],
        "duplicates": [asdict(fault) for fault in result.taken.duplicates],
        "deviations": dict(result.deviations()),
        "tables": result.tables,
        "scan": {"inputs": result.scan, "unfinished": result.unfinished,
                 "domains": result.domains, "mx": result.hosts}
        if result.scan else None,
    }, out, indent=1, ensure_ascii=False)
    out.write("\n")


WRITERS = {"text": write_text, "markdown": write_markdown, "csv": write_csv,
           "json": write_json}


def write(result: Result, form: str, out: TextIO) -> None:
    """In the format asked for."""
    WRITERS[form](result, out)
