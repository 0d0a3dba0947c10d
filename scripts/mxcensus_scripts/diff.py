# SPDX-License-Identifier: Apache-2.0
"""diff OLD NEW: what happened to domains between two scans.

Only what both scans know is compared; a look-up that failed in either of them
is never a change.
"""

import argparse
import csv
import json
import sys
from typing import Any, TextIO

from mxcensus_scripts import changes, command, diff_text, store, trouble
from mxcensus_scripts.changes import EVENTS, SEVERITIES
from mxcensus_scripts.diff_text import Diff
from mxcensus_scripts.inputs import Input
from mxcensus_scripts.store import Store
from mxcensus_scripts.trouble import Trouble

FORMATS = ("text", "markdown", "csv", "json")
FORMAT = 1
# Exit status where --fail-on found what it looks for; 1 to 3 are taken.
FOUND = 4
CSV = ("domain", "event", "from", "to", "operator", "provider", "host")
# Operators of an event in JSON.
TOP = 10
# What makes scans see different things of the same world.
CIRCUMSTANCES = {
    "stages": "other stages", "trust_sha256": "another set of trusted "
    "certificates", "ipv6": "IPv6 in one of them only",
    "trust_ad": "resolvers believed in one of them only",
    "judged_version": "rules of different versions",
}


def natural(value: str) -> int:
    """A number from 0."""
    return 0 if value == "0" else command.positive(value)


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "diff", "What happened to domains between two scans. Only what both "
        "scans know is compared.", many=False)
    parser.add_argument("old", metavar="OLD", help=command.INPUT_HELP)
    parser.add_argument("new", metavar="NEW", help="the same, later")
    parser.add_argument("--format", choices=FORMATS, default="text",
                        help="default: text; csv has one line an event")
    parser.add_argument("--domains", type=natural, default=3, metavar="N",
                        help="domains to name for each event, in text and "
                        "markdown (default: 3)")
    known = command.words(*EVENTS, *SEVERITIES, "any")
    parser.add_argument("--only", type=known, default=["any"],
                        metavar="EVENTS", help="events to tell of: names, "
                        "better, worse, neutral, with commas (default: any)")
    parser.add_argument("--fail-on", type=known, default=[],
                        metavar="EVENTS", help="end with status "
                        f"{FOUND} if one of these is told of")
    return parser.parse_args(arguments)


def doubts(old: Input, new: Input) -> list[str]:
    """What makes the comparison less than one of the same thing twice."""
    said = [f"{one.name}: has no end record; the scan is unfinished, and "
            "domains it did not reach look as if they left the list"
            for one in (old, new) if not one.complete]
    if 0 < new.started < old.started:
        said.append(f"{new.name}: is older than {old.name}; are they the "
                    "wrong way round?")
    said += [f"the scans differ in circumstances: {words}"
             for key, words in CIRCUMSTANCES.items()
             if key in old.head and key in new.head
             and old.head[key] != new.head[key]]
    return said


def two(records: Store) -> tuple[Input, Input]:
    """The scans that are compared."""
    if len(records.inputs) != 2:
        names = ", ".join(one.name for one in records.inputs[:4])
        raise Trouble(f"{len(records.inputs)} scans found where two are "
                      f"compared ({names}); name one folder of each")
    return records.inputs[0], records.inputs[1]


def compare(records: Store, chosen: argparse.Namespace,
            inputs: tuple[Input, Input]) -> Diff:
    """Count."""
    diff = Diff(*inputs, warnings=doubts(*inputs))
    diff.in_both, diff.joined, diff.left = (int(n) for n in records.db.execute(
        "SELECT count(*) FILTER (n = 3), count(*) FILTER (n = 2), "
        "count(*) FILTER (n = 1) FROM (SELECT sum(scan_no) AS n FROM side "
        "GROUP BY name)").fetchall()[0])
    diff.matrices = changes.matrices(records)
    diff.found = changes.found(records, TOP)
    if chosen.format in ("text", "markdown") and chosen.domains:
        diff.examples = {
            found.event.name: list(changes.each(records, found.event.name,
                                                chosen.domains))
            for found in diff.found}
    return diff


def write_csv(records: Store, out: TextIO) -> None:
    """One line an event."""
    writer = csv.DictWriter(out, CSV, lineterminator="\n")
    writer.writeheader()
    writer.writerows(changes.each(records))


def header(diff: Diff) -> dict[str, Any]:
    """All but the list of events, which may be long."""
    return {
        "format": FORMAT,
        "old": diff_text.described(diff.old),
        "new": diff_text.described(diff.new),
        "warnings": diff.warnings,
        "domains": {"in_both": diff.in_both, "joined": diff.joined,
                    "left": diff.left},
        "matrices": {matrix.name: [
            {"from": was, "to": became, "domains": n} for (was, became), n
            in sorted(matrix.cells.items())] for matrix in diff.matrices},
        "counts": [{
            "event": found.event.name, "section": found.event.section,
            "severity": found.event.severity,
            "sentence": found.event.sentence, "events": found.n,
            "by": [{"kind": kind, "name": name, "events": n,
                    "share": n / found.n} for kind, name, n in found.by],
        } for found in diff.found],
        "regressions": diff.regressions,
    }


def write_json(records: Store, diff: Diff, out: TextIO) -> None:
    """One object; `events` last, an event a line."""
    out.write(json.dumps(header(diff), indent=1, ensure_ascii=False)[:-2])
    out.write(',\n "events": [')
    comma = "\n"
    for event in changes.each(records):
        out.write(f"{comma}  {json.dumps(event, ensure_ascii=False)}")
        comma = ",\n"
    out.write("\n ]\n}\n")


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    command.check_inputs([chosen.old, chosen.new])
    reader = command.reader(chosen.mxcensus, [chosen.old, chosen.new])
    with store.opened(reader, [chosen.old, chosen.new], changes.NEEDS,
                      scans=store.GIVEN, progress=command.progress(chosen)
                      ) as records:
        inputs = two(records)
        changes.find(records, reader, changes.chosen(chosen.only))
        diff = compare(records, chosen, inputs)
        for warning in diff.warnings:
            print(f"diff: warning: {warning}", file=sys.stderr)
        if chosen.format == "csv":
            write_csv(records, sys.stdout)
        elif chosen.format == "json":
            write_json(records, diff, sys.stdout)
        elif chosen.format == "markdown":
            diff_text.write_markdown(diff, sys.stdout)
        else:
            diff_text.write_text(diff, sys.stdout)
    if changes.chosen(chosen.fail_on) & {f.event.name for f in diff.found}:
        sys.stdout.flush()
        sys.exit(FOUND)


if __name__ == "__main__":
    trouble.run("diff", main)
