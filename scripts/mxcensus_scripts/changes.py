# SPDX-License-Identifier: Apache-2.0
"""Events: what can happen to a domain between two scans, and how the events
of two scans are found (scripts/sql/diff_*.sql).
"""

import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mxcensus_scripts.program import Program
from mxcensus_scripts.schema import Needs
from mxcensus_scripts.store import Store

BETTER, WORSE, NEUTRAL = SEVERITIES = ("better", "worse", "neutral")
# What the SQL files read.
NEEDS: Needs = {
    "domain": (
        "line", "name", "verdict", "verdict_dane", "excluded", "mx_status",
        "mx", "mx_cut", "tlsrpt.status", "sts.record.status",
        "sts.record.id", "sts.record.provider", "sts.record.lookup.cname",
        "sts.policy.status", "sts.policy.mode", "sts.policy.body",
        "sts.policy.body_cut", "sts.policy.mx_match", "sts.policy.provider",
        "sts.policy.host", "sts.policy.a.addresses", "sts.policy.a.cname",
        "sts.policy.aaaa.addresses", "sts.policy.aaaa.cname",
        "sts.policy.tls.chain", "sts.policy.tls.not_after",
        "sts.policy.tls.trusted", "sts.policy.tls.name_ok",
        "sts.policy.tls.time_ok", "sts.policy.tls.expired"),
    "mx": ("host", "starttls", "tlsa.lookup.outcome", "tlsa.rr",
           "addresses.address", "addresses.tls.chain",
           "addresses.tls.not_after", "addresses.tls.time_ok",
           "addresses.tls.expired"),
}
SECTIONS = ("MTA-STS record", "MTA-STS policy", "TLS-RPT", "MX and names",
            "STARTTLS and certificates", "DANE", "The list")
# Event, severity, what it says; by section.
TABLE = {
    "MTA-STS record": (
        ("adopted", BETTER, "has an STS record where there was none"),
        ("removed_properly", NEUTRAL,
         "record gone after the policy had said mode none"),
        ("removed_abruptly", WORSE, "record gone while the policy was in "
         "force; senders keep it until max_age"),
        ("removed", NEUTRAL, "record gone; no usable policy was seen before"),
        ("record_broken", WORSE, "usable record made invalid or several"),
        ("record_repaired", BETTER, "invalid or several records made usable"),
    ),
    "MTA-STS policy": (
        ("withdrawn", NEUTRAL, "policy in force set to mode none"),
        ("mode_changed", NEUTRAL, "another mode"),
        ("policy_broken", WORSE, "usable policy, now a layer fails"),
        ("policy_repaired", BETTER, "a layer failed, now usable"),
        ("policy_changed_same_id", WORSE, "another policy under the same id; "
         "senders keep the one they have"),
        ("id_changed_same_policy", NEUTRAL, "another id, the same policy"),
        ("policy_changed", NEUTRAL, "another policy, another id"),
        ("policy_stale", WORSE, "MX hosts changed, and the unchanged policy "
         "matches none of them"),
        ("provider_moved", NEUTRAL, "record or policy host at another "
         "provider"),
    ),
    "TLS-RPT": (
        ("tlsrpt_added", BETTER, "has a TLS-RPT record where there was none"),
        ("tlsrpt_removed", WORSE, "TLS-RPT record gone"),
    ),
    "MX and names": (
        ("mx_changed", NEUTRAL, "another set of MX hosts"),
        ("appeared", NEUTRAL, "name exists that did not"),
        ("vanished", NEUTRAL, "name does not exist any more"),
    ),
    "STARTTLS and certificates": (
        ("starttls_gained", BETTER, "STARTTLS works at an MX host"),
        ("starttls_lost", WORSE, "STARTTLS works no more at an MX host"),
        ("certificate_renewed", NEUTRAL, "a newer certificate"),
        ("certificate_expired", WORSE, "certificate ran out"),
        ("certificate_broken", WORSE,
         "certificate of an MX host not valid any more"),
        ("certificate_repaired", BETTER,
         "certificate of an MX host valid again"),
    ),
    "DANE": (
        ("dane_added", BETTER, "secure TLSA records where no MX host had any"),
        ("dane_removed", WORSE, "no MX host has secure TLSA records any more"),
        ("dane_broken", WORSE, "DANE fails at an MX host"),
        ("dane_repaired", BETTER, "DANE works at an MX host"),
        ("tlsa_stale", WORSE, "certificate changed, TLSA records match the "
         "old one"),
        ("tlsa_rolled", NEUTRAL, "other TLSA records, DANE still works"),
    ),
    "The list": (
        ("joined_list", NEUTRAL, "in the new list only"),
        ("left_list", NEUTRAL, "in the old list only"),
    ),
}
MATRICES = ("verdict", "verdict_dane", "record", "policy")


@dataclass(frozen=True)
class Event:
    """A kind of event."""
    name: str
    section: str
    severity: str
    sentence: str


EVENTS = {row[0]: Event(row[0], section, row[1], row[2])
          for section, rows in TABLE.items() for row in rows}


def chosen(words: Iterable[str]) -> set[str]:
    """Events by name, by severity, or `any`."""
    wanted = set(words)
    return {event.name for event in EVENTS.values()
            if wanted & {event.name, event.severity, "any"}}


@dataclass
class Found:
    """How often an event happened, and under whom most of them did."""
    event: Event
    n: int
    # "mx" (operator of the mail hosts) or "policy" (provider), name, events
    by: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def largest(self) -> tuple[str, str, int] | None:
        """The operator or provider with most of the events."""
        return max(self.by, key=lambda row: row[2], default=None)


@dataclass
class Matrix:
    """Domains of both scans by their state in the old and the new one."""
    name: str
    cells: dict[tuple[str, str], int]

    @property
    def total(self) -> int:
        """All domains of both scans."""
        return sum(self.cells.values())

    def transitions(self) -> list[tuple[str, str, int]]:
        """What is not the same, most frequent first."""
        moved = [(was, became, n) for (was, became), n in self.cells.items()
                 if was != became]
        return sorted(moved, key=lambda row: (-row[2], row[0], row[1]))


def operators(reader: Program | None, hosts: Iterable[str]
              ) -> Iterator[tuple[str, str, str | None]]:
    """Of each host its registrable name and, where known, who provides mail
    or policies there; none where the program cannot say."""
    if reader is None:
        return
    asked = list(hosts)
    with (tempfile.TemporaryFile() as question,
          tempfile.TemporaryFile() as answer):
        for host in asked:
            question.write(json.dumps({"input": host}).encode() + b"\n")
        question.seek(0)
        try:
            status = subprocess.run(
                [reader.path, "parse", "name"], stdin=question, stdout=answer,
                stderr=subprocess.DEVNULL, check=False).returncode
        except OSError:
            return
        if status != 0:
            return
        answer.seek(0)
        for host, line in zip(asked, answer):
            said = json.loads(line)
            yield (host, said.get("registrable") or host,
                   said.get("provider_sts") or said.get("provider_mx"))


def name_operators(records: Store, reader: Program | None, query: str
                   ) -> None:
    """Add the hosts of a query to the table `operator_name`."""
    hosts = [row[0] for row in records.db.execute(
        f"SELECT DISTINCT host FROM ({query}) WHERE host IS NOT NULL AND "
        "host NOT IN (SELECT host FROM operator_name) ORDER BY host"
    ).fetchall()]
    known = {host: provider or registrable for host, registrable, provider
             in operators(reader, hosts)}
    with tempfile.NamedTemporaryFile("w", encoding="utf-8",
                                     dir=records.folder) as file:
        for host in hosts:
            file.write(json.dumps([host, known.get(host)]) + "\n")
        file.flush()
        # without the program every host is an operator of its own
        records.db.execute(
            "INSERT INTO operator_name SELECT json->>0, coalesce(json->>1, "
            "json->>0) FROM read_json(?, columns = {json: 'JSON'}, "
            "format = 'newline_delimited', records = false)", [file.name])


def find(records: Store, reader: Program | None, only: set[str]) -> None:
    """Derive the tables `attributed` (all events asked for) and `in_both`."""
    records.run("diff_sides")
    records.db.execute("CREATE TABLE operator_name (host VARCHAR, "
                       "operator VARCHAR)")
    name_operators(records, reader,
                   "SELECT record_alias AS host FROM side UNION ALL "
                   "SELECT policy_alias FROM side")
    records.run("diff_pairs")
    records.run("diff_hosts")
    for group in ("sts", "mail", "certificates"):
        records.run(f"diff_{group}")
    records.db.execute("CREATE TABLE kept (event VARCHAR)")
    records.db.executemany("INSERT INTO kept VALUES (?)",
                           [[name] for name in sorted(only) or [""]])
    name_operators(records, reader, "SELECT mx[1].host AS host FROM side "
                   "SEMI JOIN (event SEMI JOIN kept USING (event)) AS e "
                   "USING (name)")
    records.run("diff_operators")


def found(records: Store, top: int) -> list[Found]:
    """The events that happened, in the order of TABLE."""
    counted = dict(records.db.execute(
        "SELECT event, count(*) FROM attributed GROUP BY event").fetchall())
    by: dict[str, list[tuple[str, str, int]]] = {}
    for kind, column in (("mx", "operator"), ("policy", "provider")):
        for event, name, n in records.db.execute(
                f"SELECT event, {column}, count(*) AS n FROM attributed "
                f"WHERE {column} IS NOT NULL GROUP BY event, {column} QUALIFY "
                "row_number() OVER (PARTITION BY event ORDER BY n DESC, "
                f"{column}) <= ? ORDER BY event, n DESC, {column}", [top]
                ).fetchall():
            by.setdefault(event, []).append((kind, name, n))
    return [Found(event, counted[name], by.get(name, []))
            for name, event in EVENTS.items() if name in counted]


def matrices(records: Store) -> list[Matrix]:
    """The transition matrices, in the order of MATRICES."""
    made = {name: Matrix(name, {}) for name in MATRICES}
    for row in records.rows("diff_matrices"):
        made[row["matrix"]].cells[row["was"], row["became"]] = row["domains"]
    return list(made.values())


def each(records: Store, event: str | None = None, most: int | None = None
         ) -> Iterator[dict[str, Any]]:
    """The events one by one, by kind and name."""
    order = {name: place for place, name in enumerate(EVENTS)}
    for name in order if event is None else (event,):
        cursor = records.db.cursor().execute(
            "SELECT name AS domain, event, was AS \"from\", became AS \"to\","
            " operator, provider, host FROM attributed WHERE event = ? "
            "ORDER BY domain" + (f" LIMIT {most}" if most is not None else ""),
            [name])
        names = [column[0] for column in cursor.description or ()]
        while rows := cursor.fetchmany(10_000):
            for row in rows:
                yield dict(zip(names, row))
