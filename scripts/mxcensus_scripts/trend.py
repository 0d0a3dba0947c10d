# SPDX-License-Identifier: Apache-2.0
"""trend INPUT...: the rows of a summary over time, scan by scan.

Each scan is counted by the SQL of `summarize`.  Between two scans a row moves
because domains changed or because the list did: the domains that both lists
have are counted by themselves, and what is left is churn of the list.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from mxcensus_scripts import (
    command, store, summarize, tables, trend_text, trouble)
from mxcensus_scripts.inputs import Input
from mxcensus_scripts.program import Program
from mxcensus_scripts.schema import ALL, Needs
from mxcensus_scripts.store import Store
from mxcensus_scripts.tables import Row
from mxcensus_scripts.trend_text import Point, Scan, Series, Step, Trend

FORMATS = ("text", "markdown", "csv", "json")
# Their rows are of hosts, sessions and certificates, not of domains alone, or
# (popularity) of ranks, which a list gives anew each time; or (also) they are
# there in some scans alone.
HOST_TABLES = ("popularity", "dane", "dane_records", "dane_matrix",
               "dane_issuers", "bogus", "smtp", "starttls", "tls", "ciphers",
               "issuers", "ehlo", "software", "also", "tls_versions")
HISTORY = ("sts.policy.mx", "sts.policy.mx_match", "sts.policy.mx_class")
Key = tuple[str, str, str]


def needs() -> Needs:
    """What the tables of a summary read, and the history of policies."""
    needed = {kind: tuple(paths) for kind, paths in summarize.NEEDS.items()}
    if needed["domain"] != ALL:
        needed["domain"] = (*needed["domain"], *HISTORY)
    return needed


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "trend", "Adoption and misconfiguration over time. Each input is a "
        "scan (shards of one count together), in order of time.")
    parser.add_argument("--format", choices=FORMATS, default="text",
                        help="default: text")
    parser.add_argument("--sample", action="store_true",
                        help="the lists are random samples: with the 95 per "
                        "cent interval of each share (Wilson)")
    parser.add_argument("--tables", type=command.words(*counted(), "history"),
                        metavar="TABLES",
                        default=[*(table for table in counted()
                                   if table in tables.MAIN), "history"],
                        help="these, with commas (default: the main ones): "
                        + ", ".join([*counted(), "history"]))
    return parser.parse_args(arguments)


def counted() -> list[str]:
    """Tables of a summary that count domains."""
    return [table for table in tables.TABLES if table not in HOST_TABLES]


def count(records: Store, program: Program | None, scan: int,
          beside: int | None, wanted: Sequence[str]) -> dict[Key, Row]:
    """The rows of one scan, or of its domains that another one has too."""
    name = f"part_{scan}_{beside or 'all'}"
    records.db.execute(f"CREATE SCHEMA {name}")
    records.db.execute(f"SET search_path = '{name},main'")
    try:
        records.db.execute("CREATE TABLE part AS SELECT ?::INTEGER AS "
                           "scan_no, ?::INTEGER AS beside", [scan, beside])
        records.run("trend_part")
        summarize.measure(records, program, rank_bin=1)
        rows = {}
        for table in wanted:
            found = (summarize.adoption(records, "everything").get("all", [])
                     if table == "adoption" else history(records, scan)
                     if table == "history" else records.rows(table))
            rows.update({(table, row["section"], row["item"]): Row(**row)
                         for row in found})
        return rows
    finally:
        records.db.execute("SET search_path = 'main'")
        drop_temporary(records)
        records.db.execute(f"DROP SCHEMA {name} CASCADE")


def drop_temporary(records: Store) -> None:
    """What one count leaves beside its schema."""
    for kind, name in records.db.execute(
            "SELECT table_type, table_name FROM information_schema.tables "
            "WHERE table_catalog = 'temp' ORDER BY table_type DESC"
    ).fetchall():
        what = "VIEW" if kind == "VIEW" else "TABLE"
        records.db.execute(f"DROP {what} temp.{name}")


def history(records: Store, scan: int) -> list[dict[str, Any]]:
    """Policies that match what the domain's MX hosts once were."""
    kept = {row[0] for row in records.db.execute(
        "SELECT DISTINCT name FROM domain").fetchall()}
    states = [row["is_stale"] for row in records.rows(
        "trend_history", {"scan": scan}) if row["name"] in kept]
    known = [state for state in states if state is not None]
    return [{"section": "History", "item": "policy_stale_history",
             "label": "policy matches an earlier MX, of mismatches",
             "numerator": sum(known), "denominator": len(known),
             "share": sum(known) / len(known) if known else None,
             "inconclusive": len(states) - len(known)}]


def in_lists(records: Store, scans: int) -> list[tuple[int, int]]:
    """How many names joined and left between each scan and the next."""
    records.db.execute("CREATE TABLE listed AS SELECT DISTINCT scan_no, name "
                       "FROM domain")
    found = []
    for old in range(1, scans):
        numbers = [records.one(
            "SELECT count(*) FROM (FROM listed WHERE scan_no = ?) AS a ANTI "
            "JOIN (FROM listed WHERE scan_no = ?) AS b USING (name)", pair)
            for pair in ([old + 1, old], [old, old + 1])]
        found.append((int(numbers[0]), int(numbers[1])))
    return found


def series(parts: Sequence[dict[Key, Row]],
           sides: Sequence[tuple[dict[Key, Row], dict[Key, Row]]]
           ) -> list[Series]:
    """Rows by scan as rows over scans; one that a scan lacks (a finding that
    nobody has) is zero there, of as many as its neighbours are of."""
    first: dict[Key, Row] = {}
    for part in parts:
        for key, row in part.items():
            first.setdefault(key, row)
    # the order of the tables, and within one that of the latest scan
    places = {key: place for part in parts for place, key in enumerate(part)}
    order = list(dict.fromkeys(key[0] for part in parts for key in part))
    made = []
    for key in sorted(first, key=lambda key: (order.index(key[0]),
                                              places[key])):
        made.append(Series(
            key[0], key[1], key[2], first[key].label,
            [point(part, key) for part in parts],
            [Step(point(old, key), point(new, key)) for old, new in sides]))
    return made


def point(part: dict[Key, Row], key: Key) -> Point:
    """One number of one scan."""
    row = part.get(key)
    if row is not None:
        return Point(row.numerator, row.denominator, row.inconclusive)
    like = [other.denominator for (table, section, _), other in part.items()
            if (table, section) == key[:2] and other.denominator is not None]
    if not like and key[0] == "findings":
        like = [other.denominator for (table, _, _), other in part.items()
                if table == "findings" and other.denominator is not None]
    return Point(0, like[0] if like else 0, 0)


def described(inputs: Sequence[Input]) -> list[Scan]:
    """The scans, of which an input may be a shard."""
    scans: dict[int, Scan] = {}
    for one in sorted(inputs, key=lambda one: (one.scan_no, one.number)):
        scan = scans.setdefault(one.scan_no, Scan(
            one.name, one.started, str(one.head.get("list") or ""), 0, True))
        scan.domains += one.domains
        scan.complete = scan.complete and one.complete
    return list(scans.values())


def measure(records: Store, program: Program | None, wanted: Sequence[str],
            sample: bool) -> Trend:
    """Count everything."""
    scans = described(records.inputs)
    warnings = [f"{one.name}: has no end record; the scan is unfinished"
                for one in records.inputs if not one.complete]
    lists = in_lists(records, len(scans))
    parts = [count(records, program, n, None, wanted)
             for n in range(1, len(scans) + 1)]
    sides = []
    for n, ((old, new), (joined, left)) in enumerate(
            zip(pairwise(parts), lists), 1):
        sides.append((
            count(records, program, n, n + 1, wanted) if left else old,
            count(records, program, n + 1, n, wanted) if joined else new))
    return Trend(scans, lists, series(parts, sides), sample, warnings)


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    command.check_inputs(chosen.inputs)
    program = command.reader(chosen.mxcensus, chosen.inputs)
    with store.opened(program, chosen.inputs, needs(), scans=store.BY_TIME,
                      progress=command.progress(chosen)) as records:
        trend = measure(records, program, chosen.tables, chosen.sample)
    for warning in trend.warnings:
        print(f"trend: warning: {warning}", file=sys.stderr)
    write = {"csv": trend_text.write_csv, "json": trend_text.write_json,
             "markdown": trend_text.write_markdown,
             "text": trend_text.write_text}[chosen.format]
    write(trend, sys.stdout)


if __name__ == "__main__":
    trouble.run("trend", main)
