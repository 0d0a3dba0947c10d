# SPDX-License-Identifier: Apache-2.0
"""summarize INPUT...: adoption and misconfiguration tables of a scan.

Several inputs are read as parts (shards) of one scan and counted together.
"""

import argparse
import sys
from typing import Any

from mxcensus_scripts import command, names, store, tables, text, trouble
from mxcensus_scripts.program import Program
from mxcensus_scripts.schema import Needs
from mxcensus_scripts.store import Store

GROUPS = ("tld", "rank", "list", "operator", "provider", "entity")
FORMATS = ("text", "markdown", "csv", "json")
# Groups that `--by rank` aims for when no width is given.
RANK_GROUPS = 10
# Domains that share a host: from here on a third party's; up to here one's
# own (the thresholds of the IMC 2025 study).
THIRD_PARTY = 50
SELF_MANAGED = 5
TLS = ("outcome", "version", "cipher", "group", "chain", "trusted", "name_ok",
       "time_ok", "expired", "not_yet", "self_signed", "alert", "incomplete")
# What the SQL files read; a field that is missing here is missing in the
# relations.
NEEDS: Needs = {
    "domain": (
        "line", "name", "rank", "verdict", "verdict_dane", "findings",
        "mx_status", "mx", "started", "mx_lookup.outcome", "mx_lookup.ad",
        "mx_lookup.ede.code", "tlsrpt.status", "tlsrpt.rua",
        *("sts.record." + field for field in (
            "status", "id", "id_time", "txt", "provider", "lookup.outcome",
            "lookup.cname", "lookup.ede.code")),
        *("sts.policy." + field for field in (
            "status", "outcome", "mode", "max_age", "mx", "mx_match",
            "mx_class", "host", "provider", "body", "http_status",
            "content_type", "location")),
        *(f"sts.policy.{q}.{field}" for q in ("a", "aaaa") for field in (
            "outcome", "addresses", "cname", "ede.code")),
        *("sts.policy.tls." + field for field in TLS),
        *(f"also.{q}.status" for q in ("ns", "ds", "spf", "dmarc", "caa",
                                       "bimi", "a")),
        "also.ns.rr", "also.spf.policy", "also.dmarc.policy"),
    "mx": (
        "host", "starttls", "tls", "trusted", "name_ok", "time_ok", "dane",
        "a.outcome", "a.addresses", "a.ede.code", "aaaa.addresses",
        "tlsa.lookup.outcome", "tlsa.lookup.ad", "tlsa.lookup.ede.code",
        "tlsa.rr.usage", "tlsa.rr.selector", "tlsa.rr.mtype",
        "tlsa.rr.usable",
        *("addresses." + field for field in (
            "address", "starttls", "outcome", "banner_code", "banner",
            "ehlo_code", "ehlo", "helo", "dane.matched",
            "dane.matched_index", "dane.alternative.usage",
            "tls_versions.version", "tls_versions.outcome")),
        *("addresses.tls." + field for field in TLS)),
}
# Certificates are many; they are read for these tables alone.
OF_CERTIFICATES = ("issuers", "dane_issuers")
CERTIFICATES: Needs = {"cert": ("sha256", "issuer", "dns_names",
                                "self_issued")}


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "summarize", "Adoption and misconfiguration tables of a scan. Several "
        "inputs count as the parts of one scan.")
    parser.add_argument("--by", type=command.words(*GROUPS), default=[],
                        metavar="KEYS", help="also by group: "
                        + ", ".join(GROUPS) + " (comma-separated)")
    parser.add_argument("--table", type=command.words("all", *tables.TABLES),
                        metavar="NAMES", help="these tables alone "
                        "(comma-separated), or all (default: the main ones, "
                        "in csv and json all): " + ", ".join(tables.TABLES))
    parser.add_argument("--third-party", type=command.positive,
                        default=THIRD_PARTY, metavar="N",
                        help="domains that a host serves to be a third "
                        f"party's (default: {THIRD_PARTY})")
    parser.add_argument("--self", type=command.positive,
                        default=SELF_MANAGED, metavar="N", dest="self_managed",
                        help="domains that a policy host serves at most to "
                        f"be self-managed (default: {SELF_MANAGED})")
    parser.add_argument("--format", choices=FORMATS, default="text",
                        help="default: text")
    parser.add_argument("--top", type=command.positive, metavar="N",
                        help="the largest groups to show, the others as one; "
                        "ranks are all shown (default: 20, in csv and json "
                        "1000)")
    parser.add_argument("--rank-bin", type=command.positive, metavar="N",
                        help="ranks in one group of --by rank (default: a "
                        "power of ten that makes at most ten groups)")
    return parser.parse_args(arguments)


def shown_groups(chosen: argparse.Namespace, key: str) -> int:
    """How many groups are shown one by one.  Ranks have a width instead."""
    if key == "rank":
        return 1 << 31
    if chosen.top is not None:
        return chosen.top
    return 20 if chosen.format in ("text", "markdown") else 1000


def chosen_tables(chosen: argparse.Namespace) -> list[str]:
    """Which tables are counted, in the order of printing."""
    if chosen.table is None:
        return list(tables.MAIN if chosen.format in ("text", "markdown")
                    else tables.TABLES)
    return [table for table in tables.TABLES
            if table in chosen.table or "all" in chosen.table]


def measure(records: Store, program: Program | None,
            rank_bin: int | None = None, third_party: int = THIRD_PARTY,
            self_managed: int = SELF_MANAGED) -> None:
    """Derive the tables that statistics are counted on."""
    if rank_bin is None:
        # the power of ten that makes at most RANK_GROUPS groups
        highest = records.one("SELECT max(rank) FROM domain") or 1
        rank_bin = 1
        while rank_bin * RANK_GROUPS < highest:
            rank_bin *= 10
    records.db.execute(
        "CREATE TABLE setting AS SELECT ?::BIGINT AS rank_bin, "
        "?::BIGINT AS third_party, ?::BIGINT AS self_managed",
        [rank_bin, third_party, self_managed])
    records.run("measure_pairs")
    records.run("measure_sts")
    records.run("names")
    records.run("also_names")
    with names.asking(records, program) as answers:
        records.run("measure_hosts")
        if answers is not None:
            answers.relate()
    records.run("entities")
    records.run("measure")


def adoption(records: Store, key: str, top: int = 1
             ) -> dict[str, list[dict[str, Any]]]:
    """The adoption table by a group column of `measured`; the groups after
    the first `top` in size are one, named OTHERS."""
    records.db.execute(
        f'CREATE OR REPLACE TEMP TABLE largest AS SELECT "{key}" AS grp '
        "FROM measured GROUP BY grp ORDER BY count(*) DESC, grp LIMIT ?",
        [top])
    records.db.execute(
        "CREATE OR REPLACE TEMP VIEW grouped AS "
        f"SELECT measured.*, coalesce(grp, '{tables.OTHERS}') AS grp "
        f'FROM measured LEFT JOIN largest ON grp = "{key}"')
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in records.rows("adoption"):
        groups.setdefault(row.pop("grp"), []).append(row)
    return groups


def doubts(records: Store) -> list[str]:
    """What is wrong with the inputs, as far as it changes the numbers."""
    said = []
    if not records.one("SELECT count(*) FROM catalogue"):
        said.append("mxcensus schema names no findings; severities are "
                    "missing")
    repeated = records.repeated_lines() if len(records.inputs) > 1 else 0
    if repeated:
        said.append(f"{repeated:,} input lines have a record in several "
                    "files; these are not parts of one scan and count more "
                    "than once")
    return said + [f"{one.name}: has no end record; the scan is unfinished"
                   for one in records.inputs if not one.complete]


def summarize(chosen: argparse.Namespace) -> tables.Summary:
    """Load, measure, count."""
    wanted = chosen_tables(chosen)
    needs = dict(NEEDS)
    if not set(OF_CERTIFICATES).isdisjoint(wanted):
        needs |= CERTIFICATES
    program = command.reader(chosen.mxcensus, chosen.inputs)
    with store.opened(program, chosen.inputs, needs,
                      progress=command.progress(chosen)) as records:
        summary = tables.Summary([
            tables.Scan(one.name, one.domains, one.mx_hosts, one.complete)
            for one in records.inputs], warnings=doubts(records))
        if program is None:
            summary.warnings.append(
                "mxcensus not found; without it registrable domains and "
                "providers are unknown, so every MX host is an operator of "
                "its own")
        measure(records, program, chosen.rank_bin, chosen.third_party,
                chosen.self_managed)
        for table in wanted:
            rows = (adoption(records, "everything").get("all", [])
                    if table == "adoption" else records.rows(table))
            if rows or chosen.table or table not in tables.OPTIONAL:
                summary.tables[table] = [tables.Row(**row) for row in rows]
        for key in chosen.by:
            groups = adoption(records, key, shown_groups(chosen, key))
            summary.by[key] = tables.in_order(key, {
                group: [tables.Row(**row) for row in rows]
                for group, rows in groups.items()})
    return summary


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    command.check_inputs(chosen.inputs)
    summary = summarize(chosen)
    for warning in summary.warnings:
        print(f"summarize: warning: {warning}", file=sys.stderr)
    if chosen.format == "csv":
        tables.write_csv(summary, sys.stdout)
    elif chosen.format == "json":
        tables.write_json(summary, sys.stdout)
    elif chosen.format == "markdown":
        text.write_markdown(summary, sys.stdout)
    else:
        text.write_text(summary, sys.stdout)
        left = [name for name in tables.TABLES if name not in summary.tables
                and name not in tables.OPTIONAL]
        if chosen.table is None:
            text.write_others(left, sys.stdout)


if __name__ == "__main__":
    trouble.run("summarize", main)
