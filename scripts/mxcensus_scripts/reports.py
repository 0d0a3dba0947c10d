# SPDX-License-Identifier: Apache-2.0
"""reports FILE... [--scan INPUT...]: what the TLS reports that a domain has
received (RFC 8460) add up to, alone or beside what a scan saw.

A report that cannot be read never ends the run: it is named, with the reason,
and counted.
"""

import argparse
import sys
from contextlib import closing
from typing import Any

from mxcensus_scripts import (
    command, program, reports_print, reports_read, store, trouble)
from mxcensus_scripts.reports_print import TABLES, Result
from mxcensus_scripts.reports_take import RELATIONS, Judge, Taken
from mxcensus_scripts.schema import Needs, literal
from mxcensus_scripts.store import Store
from mxcensus_scripts.tables import OTHERS
from mxcensus_scripts.trouble import Trouble

# What sql/reports_scan_*.sql read of a scan
NEEDS: Needs = {
    "domain": ("line", "name", "verdict", "verdict_dane", "findings",
               "sts.policy.status", "sts.policy.mode", "sts.policy.body",
               "sts.policy.body_cut", "mx.host", "mx.in_policy"),
    "mx": ("host", "starttls", "trusted", "name_ok", "time_ok", "dane",
           "addresses.address", "addresses.tls.not_before"),
}
# Rows of these are failures of one total, so that the rest has it too.
OF_ALL_FAILURES = ("mx", "result")


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "reports", "Sessions and failures of TLS reports received (RFC 8460), "
        "alone or beside what a scan saw.", many=False)
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="a report (JSON, gzip), a mail or mailbox with "
                        "reports, a folder of these, - for standard input")
    parser.add_argument("--scan", nargs="+", default=[], metavar="INPUT",
                        help="the scan to compare with, one or more parts: "
                        + command.INPUT_HELP)
    parser.add_argument("--format", choices=reports_print.FORMATS,
                        default="text", help="default: text")
    parser.add_argument("--top", type=command.positive, metavar="N",
                        help="rows of a table to show, the others as one; "
                        "days are all shown (default: 20, in csv and json "
                        "1000)")
    return parser.parse_args(arguments)


def load(records: Store, taken: Taken) -> None:
    """The rows that were taken, as relations."""
    for relation, columns in RELATIONS.items():
        records.db.execute(f"CREATE TABLE {relation} "
                           f"({store.listed(columns)})")
        if not taken.path(relation).exists():
            continue
        types = ", ".join(f"{literal(name)}: {literal(type_)}"
                          for name, type_ in columns.items())
        records.db.execute(
            f"INSERT INTO {relation} SELECT * FROM read_json(?, "
            "format = 'newline_delimited', auto_detect = false, "
            f"maximum_object_size = {program.MAX_LINE}, "
            f"columns = {{{types}}})", [str(taken.path(relation))])


def cut(name: str, rows: list[dict[str, Any]], top: int
        ) -> list[dict[str, Any]]:
    """The first rows of a table, and one for all others."""
    rest = rows[top:]
    if name == "day" or not rest:
        return rows
    failed = sum(row["numerator"] for row in rest)
    of = (rest[0]["denominator"] if name in OF_ALL_FAILURES
          else sum(row["denominator"] for row in rest))
    return rows[:top] + [{
        "item": OTHERS, "section": "", "reports": None, "numerator": failed,
        "denominator": of, "share": failed / of if of else None}]


def tabulate(chosen: argparse.Namespace) -> Result:
    """Read, load, count, compare."""
    reader = program.Program(program.find(chosen.mxcensus))
    top = chosen.top or (20 if chosen.format in ("text", "markdown")
                         else 1000)
    progress = command.progress(chosen)
    with (closing(Judge(reader)) as judge,
          store.opened(reader, chosen.scan, NEEDS if chosen.scan else {},
                       progress=progress) as records):
        taken = Taken(judge, records.folder, progress=progress)
        taken.all(reports_read.found(chosen.files))
        load(records, taken)
        result = Result(taken, records.rows("reports_total")[0])
        for name in TABLES:
            result.tables[name] = cut(name, records.rows(f"reports_{name}"),
                                      top)
        if chosen.scan:
            records.run("reports_macros")
            result.scan = [one.name for one in records.inputs]
            result.unfinished = [one.name for one in records.inputs
                                 if not one.complete]
            result.domains = records.rows("reports_scan_domain")
            result.hosts = records.rows("reports_scan_mx")
            result.shown = top
    return result


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    files = [file for file in chosen.files if file != "-"]
    if chosen.files.count("-") > 1:
        raise Trouble("standard input is named twice")
    command.check_inputs(files)
    command.check_inputs(chosen.scan)
    result = tabulate(chosen)
    for line in result.remarks():
        print(f"reports: {line}", file=sys.stderr)
    reports_print.write(result, chosen.format, sys.stdout)


if __name__ == "__main__":
    trouble.run("reports", main)
