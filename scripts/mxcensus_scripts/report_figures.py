# SPDX-License-Identifier: Apache-2.0
"""The figures of a report: what the page shows of a scan as a whole.

Adoption, states and verdicts are counted by the same SQL as `summarize`.
"""

from typing import Any

from mxcensus_scripts import store, summarize, tables
from mxcensus_scripts.inputs import Input
from mxcensus_scripts.program import Program
from mxcensus_scripts.progress import Progress
from mxcensus_scripts.report_domains import NEEDS as DETAILS
from mxcensus_scripts.schema import ALL, Needs
from mxcensus_scripts.store import Store

# Groups shown one by one; the others are one.
TOP = 20
# Bins of the curves by rank: at most so many, each of so many ranks at least.
BINS, LEAST_BIN = 50, 100
DISTINCT = "Per distinct MX host"
# On a page that names no domain: an operator of fewer may be a domain itself.
LEAST_OPERATOR = 10


def merged(*parts: Needs) -> Needs:
    """Everything that several readers need."""
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    whole: dict[str, tuple[str, ...]] = {}
    for kind in kinds:
        paths = dict.fromkeys(path for part in parts
                              for path in part.get(kind, ()))
        whole[kind] = ALL if set(paths) & set(ALL) else tuple(paths)
    return whole


NEEDS: Needs = merged(summarize.NEEDS, DETAILS, {"domain": (
    "sts.policy.max_age", "sts.policy.provider", "sts.record.provider",
    "sts.policy.tls.trusted", "sts.policy.tls.name_ok",
    "sts.policy.tls.time_ok", "sts.policy.tls.self_signed")})


def rank_bin(highest: int) -> int:
    """A width of bins that people can read: 1, 2 or 5 and zeros."""
    wanted, ten = max(LEAST_BIN, -(-highest // BINS)), 1
    while True:
        for width in (ten, 2 * ten, 5 * ten):
            if width >= wanted:
                return width
        ten *= 10


def short(row: dict[str, Any]) -> list[Any]:
    """Numerator, denominator, inconclusive."""
    return [row["numerator"], row["denominator"], row["inconclusive"]]


def groups(records: Store, key: str, top: int) -> list[dict[str, Any]]:
    """The adoption table of each group, in the order of printing."""
    found = {group: [tables.Row(**row) for row in rows] for group, rows
             in summarize.adoption(records, key, top).items()}
    return [{"group": group, "items": {
        row.item: [row.numerator, row.denominator, row.inconclusive]
        for row in rows}} for group, rows
        in tables.in_order(key, found).items()]


def unnamed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups without those that may be a single domain."""
    return [row for row in rows if row["group"].startswith("(")
            or row["items"]["domains"][0] >= LEAST_OPERATOR]


def vocabulary(records: Store) -> dict[str, dict[str, str]]:
    """What the words in records mean, by the set they belong to."""
    sets: dict[str, dict[str, str]] = {"outcome": {
        word: sentence for word, sentence in records.db.execute(
            "SELECT word, sentence FROM outcome_word").fetchall()}}
    for name, word, sentence in records.schema.rows(
            "vocabulary", ("set", "word", "sentence")):
        sets.setdefault(name, {})[word] = sentence
    return sets


def head(records: Store, one: Input) -> dict[str, Any]:
    """Which scan this is."""
    known = one.head
    end = records.db.execute(
        "SELECT reason, ended, certificates FROM end_").fetchone()
    reason, ended, certificates = end or (None, None, None)
    return {
        "file": one.name, "list": known.get("list"),
        "sha256": known.get("list_sha256"), "started": one.started or None,
        "ended": ended, "domains": one.domains, "mx_hosts": one.mx_hosts,
        "certificates": certificates,
        "resolvers": len(known.get("resolvers") or ()),
        "version": known.get("version"),
        "judged_version": known.get("judged_version"),
        "complete": reason == "complete", "reason": reason}


def states(records: Store, table: str) -> list[list[Any]]:
    """Distinct MX hosts by state: word, hosts."""
    return [[row["item"], row["numerator"] + (row.get("inconclusive") or 0)]
            for row in records.rows(table) if row["section"] == DISTINCT]


def verdicts(records: Store) -> dict[str, list[list[Any]]]:
    """Domains by verdict, for each kind of sender."""
    senders: dict[str, list[list[Any]]] = {}
    for row in records.rows("verdicts"):
        senders.setdefault(row["section"], []).append(
            [row["item"], row["numerator"], row["denominator"]])
    return senders


def findings(records: Store, examples: int) -> list[dict[str, Any]]:
    """What is wrong, how often, and where, for instance."""
    named = {row["code"]: row["names"] for row in records.rows(
        "report_examples", {"n": examples})} if examples else {}
    return [{"code": row["item"], "domains": row["numerator"],
             "of": row["denominator"], "names": named.get(row["item"], [])}
            for row in records.rows("findings")]


def catalogue(records: Store) -> dict[str, dict[str, Any]]:
    """Findings by code."""
    keys = ("code", "area", "severity", "rfc", "section", "sentence")
    return {row[0]: dict(zip(keys[1:], row[1:])) for row in
            records.db.execute(f"SELECT {', '.join(keys)} FROM catalogue"
                               ).fetchall()}


def measured(records: Store, reader: Program | None) -> int:
    """Derive the tables of summarize; returns the width of rank bins."""
    highest = records.one("SELECT max(rank) FROM domain") or 0
    width = rank_bin(int(highest))
    summarize.measure(records, reader, width)
    return width


def adoption(records: Store) -> list[dict[str, Any]]:
    """The adoption table of a whole scan."""
    return summarize.adoption(records, "everything").get("all", [])


def figures(records: Store, reader: Program | None, one: Input,
            examples: int) -> dict[str, Any]:
    """Everything about the scan as a whole."""
    width = measured(records, reader)
    by = {key: groups(records, key, 1 << 31 if key == "rank" else TOP)
          for key in ("rank", "tld", "operator")}
    if not examples:
        by["operator"] = unnamed(by["operator"])
    return {
        "warnings": summarize.doubts(records),
        "head": head(records, one),
        "vocabulary": vocabulary(records),
        "catalogue": catalogue(records),
        "adoption": [[row["section"], row["item"], row["label"], *short(row)]
                     for row in adoption(records)],
        "rank_bin": width,
        "by": by,
        "layers": [[row["layer"], row["domains"]]
                   for row in records.rows("report_layers")],
        "causes": [[row["cause"], row["domains"]]
                   for row in records.rows("report_causes")],
        "ages": [[row["age"], row["domains"]]
                 for row in records.rows("report_ages")],
        "starttls": states(records, "starttls"),
        "tls": states(records, "tls"),
        "certificates": [[row["label"], *short(row)]
                         for row in records.rows("report_certificates")],
        "verdicts": verdicts(records),
        "findings": findings(records, examples),
        "providers": records.rows("report_providers", {"top": TOP}),
    }


def of_scan(reader: Program | None, path: str, progress: Progress
            ) -> dict[str, Any]:
    """The few figures that a line through several scans is drawn from."""
    with store.opened(reader, [path], summarize.NEEDS,
                      progress=progress) as records:
        measured(records, reader)
        return {"scans": len(records.inputs),
                "file": records.inputs[0].name,
                "started": records.inputs[0].started or None,
                "complete": records.inputs[0].complete,
                "items": {row["item"]: short(row)
                          for row in adoption(records)}}
