# SPDX-License-Identifier: Apache-2.0
"""What a summary consists of, and its shapes for machines.

Every table has the same columns, so that one reader serves all of them:
section, item, numerator, denominator, share (0 to 1), inconclusive.  A value
that does not exist (the share of nothing) is null, in CSV an empty field.
"""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, TextIO

FORMAT = 1
# Table (and SQL file) names with their headings, in the order of printing.
TABLES = {
    "adoption": "Adoption",
    "popularity": "By popularity",
    "cross": "MTA-STS and DANE",
    "misconfigured": "Misconfigured",
    "records": "MTA-STS records",
    "ids": "Ids of MTA-STS records",
    "policy": "Policy fetch",
    "policy_reach": "Policy hosts out of reach",
    "policy_tls": "Policy hosts, TLS",
    "policy_http": "Policy hosts, HTTP",
    "policy_syntax": "Bad policy files",
    "max_age": "Usable policies",
    "providers": "Policy providers",
    "dangling": "Aliases of MTA-STS names",
    "certificates": "MX certificates, MTA-STS",
    "consistency": "Policy and MX hosts",
    "risk": "Delivery at risk",
    "outsourcing": "Outsourced",
    "tlsrpt": "TLS-RPT",
    "dane": "DANE",
    "dane_records": "TLSA records",
    "dane_matrix": "DANE, eleven codes",
    "dane_issuers": "Certificates under DANE-EE",
    "bogus": "DNSSEC failures",
    "smtp": "SMTP",
    "starttls": "STARTTLS",
    "tls": "TLS versions",
    "ciphers": "Groups and cipher suites",
    "issuers": "Certificate issuers",
    "ehlo": "EHLO",
    "software": "Software",
    "operators": "MX operators",
    "also": "Asked by --also",
    "verdicts": "Verdicts",
    "findings": "Findings",
    "tls_versions": "TLS versions offered alone",
}
# Not printed, unless asked for, where the records have nothing of it.
OPTIONAL = ("also", "tls_versions")
# What is printed for people where they do not choose.
MAIN = ("adoption", "cross", "misconfigured", "records", "policy", "max_age",
        "certificates", "consistency", "risk", "dane", "smtp", "starttls",
        "tls", "also", "verdicts", "findings", "tls_versions")
# The group of all groups that are not shown by themselves.
OTHERS = "(others)"
VALUES = ("numerator", "denominator", "share", "inconclusive")


@dataclass(frozen=True)
class Scan:
    """What is known about one file."""
    file: str
    domains: int
    mx_hosts: int
    complete: bool


@dataclass(frozen=True)
class Row:
    """One published number with what is needed to judge it."""
    section: str
    item: str
    label: str
    numerator: int
    denominator: int | None = None
    share: float | None = None
    inconclusive: int | None = None


@dataclass
class Summary:
    """Everything one run prints."""
    scans: list[Scan]
    tables: dict[str, list[Row]] = field(default_factory=dict)
    # group column -> group -> adoption rows, groups in order of printing
    by: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def rank_low(group: str) -> int:
    """The first rank of a rank group; groups without ranks go last."""
    digits = group.split("-", 1)[0]
    return int(digits) if digits.isdigit() else 1 << 62


def in_order(key: str, groups: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Ranks ascending, other groups by size, then by name, the rest last."""
    def place(group: str) -> tuple[bool, int, str]:
        size = groups[group][0].numerator
        return (group == OTHERS,
                rank_low(group) if key == "rank" else -size, group)
    return {group: groups[group] for group in sorted(groups, key=place)}


def flat(summary: Summary) -> Iterator[dict[str, Any]]:
    """All rows of all tables with the table's and group's name."""
    for table, rows in summary.tables.items():
        for row in rows:
            yield {"table": table, "by": None, "group": None, **asdict(row)}
    for key, groups in summary.by.items():
        for group, rows in groups.items():
            for row in rows:
                yield {"table": "adoption", "by": key, "group": group,
                       **asdict(row)}


def write_csv(summary: Summary, out: TextIO) -> None:
    """One long table."""
    columns = ("table", "by", "group", "section", "item", *VALUES)
    writer = csv.DictWriter(out, columns, extrasaction="ignore",
                            lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat(summary))


def write_json(summary: Summary, out: TextIO) -> None:
    """One object; `by` holds the adoption rows of each group."""
    def plain(rows: list[Row]) -> list[dict[str, Any]]:
        return [asdict(row) for row in rows]

    json.dump({
        "format": FORMAT,
        "files": [asdict(scan) for scan in summary.scans],
        "warnings": summary.warnings,
        "tables": {name: plain(rows)
                   for name, rows in summary.tables.items()},
        "by": {key: [{"group": group, "adoption": plain(rows)}
                     for group, rows in groups.items()]
               for key, groups in summary.by.items()},
    }, out, indent=1, ensure_ascii=False)
    out.write("\n")
