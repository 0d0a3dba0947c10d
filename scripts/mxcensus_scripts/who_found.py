# SPDX-License-Identifier: Apache-2.0
"""What a scan did at an address: connections out of its records.

The records pass as a stream, up to three times: the MX hosts that a name
itself uses, the sessions, the domains that explain them.  What is kept is
what is told, and a few domains for each host.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mxcensus_scripts.program import MAX_LINE, Program
from mxcensus_scripts.trouble import OURS, Trouble
from mxcensus_scripts.who_asked import Subject, Window, inside

FEW = 5
STEP = 1000
HOSTS = re.compile(rb'"host":"([^"\\]*)"')
# Outcomes of what was left undone by rule: nothing was sent.
SPARED = ("excluded", "special_address")
HTTPS_PORT = 443
SMTP_PORT = 25
Record = dict[str, Any]


@dataclass
class Naming:
    """The domains that name a host: the first few, and how many."""
    first: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, name: str) -> None:
        """Another one."""
        self.count += 1
        if len(self.first) < FEW:
            self.first.append(name)


@dataclass
class Contact:
    """One connection.  `exact`: `begin` is when it was begun; else it was
    between begin and end.  `said` is known of the last of several alone, and
    so is `heard`, the first line of the answer as the record has it."""
    kind: str
    begin: int
    end: int
    exact: bool
    address: str
    host: str
    outcome: str
    number: int
    domain: str = ""
    said: list[str] = field(default_factory=list)
    heard: Any = None


@dataclass
class Elsewhen:
    """Connections outside the window: how many, from when to when."""
    count: int = 0
    first: int = 0
    last: int = 0

    def add(self, begin: int) -> None:
        """Another one."""
        self.first = min(self.first, begin) if self.count else begin
        self.last = max(self.last, begin)
        self.count += 1


@dataclass
class Found:
    """Everything that is told."""
    scans: list[Record] = field(default_factory=list)
    sessions: list[Record] = field(default_factory=list)
    ends: list[Record] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    naming: dict[str, Naming] = field(default_factory=dict)
    # outside the window, and at neighbours within it
    others: Elsewhen = field(default_factory=Elsewhen)
    neighbours: dict[str, int] = field(default_factory=dict)
    # what was asked about and not done, since it is excluded
    spared: int = 0
    # of a name: listed domains that it stands for
    listed: Naming = field(default_factory=Naming)

    def option(self, name: str) -> str | None:
        """The value of an option of the scan that is not the default."""
        for text in self.scans[0].get("options") or []:
            if str(text).startswith(f"{name}="):
                return str(text).partition("=")[2]
        return None

    def port(self, kind: str) -> int:
        """Where connections of this kind went."""
        usual = SMTP_PORT if kind == "smtp" else HTTPS_PORT
        value = self.option(f"{kind}-port")
        return int(value) if value and value.isdigit() else usual


def whole(value: Any) -> int:
    """A number of a record, 0 where it has none."""
    return value if isinstance(value, int) else 0


def maps(value: Any) -> list[Record]:
    """The maps of a list of a record."""
    return [one for one in value or [] if isinstance(one, dict)]


def tls_said(tls: Any) -> list[str]:
    """The handshake, in words."""
    if not isinstance(tls, dict) or tls.get("outcome") in (None, "none"):
        return []
    version = tls.get("version")
    return [f"TLS {version} handshake" if version else
            "TLS handshake, not completed"]


def said_to_mx(at: Record) -> list[str]:
    """The commands of the last session at an address, as its answers show
    them; nothing where it ended before a greeting."""
    greeted = 200 <= whole(at.get("banner_code")) < 300
    said = ["EHLO"] if greeted or at.get("ehlo_code") else []
    said += ["HELO"] if at.get("helo") else []
    said += ["STARTTLS"] if at.get("starttls_code") else []
    said += tls_said(at.get("tls"))
    said += ["EHLO"] if at.get("ehlo_tls") else []
    return said + (["QUIT"] if at.get("quit") else [])


def said_to_policy_host(policy: Record) -> list[str]:
    """The last fetch of a policy."""
    said = tls_said(policy.get("tls"))
    status = policy.get("http_status")
    return said + ([f"GET, answered {status}"] if status else [])


class Finder:
    """Reads one file for one question."""

    def __init__(self, program: Program, file: str, subject: Subject,
                 window: Window, step: Callable[[str, int], None]) -> None:
        self.program, self.file = program, file
        self.subject, self.window, self.step = subject, window, step
        self.hint = subject.hint()
        self.found = Found()
        # MX hosts of the listed domains that the name stands for
        self.own: set[str] = set()
        # MX hosts that are told of
        self.told: set[str] = set()
        # whether the file's attempts say when they began
        self.tells_starts = False

    def records(self, kinds: list[str], wanted: Callable[[bytes], Any]
                ) -> Iterator[Record]:
        """Records whose line the test lets through."""
        n = 0
        with self.program.records(self.file, kinds) as stream:
            while line := stream.readline(MAX_LINE):
                n += 1
                if n % STEP == 0:
                    self.step(kinds[0], STEP)
                if not wanted(line):
                    continue
                try:
                    record = json.loads(line)
                except ValueError as error:
                    raise Trouble(f"{self.file}: mxcensus cat printed no "
                                  f"JSON: {error}", OURS) from error
                if isinstance(record, dict):
                    yield record

    def run(self) -> Found:
        """All passes."""
        found = self.found
        kept = {"scan": found.scans, "session": found.sessions,
                "end": found.ends}
        for record in self.records(list(kept), lambda line: True):
            kept[str(record.get("type"))].append(record)
        if not found.scans:
            raise Trouble(f"{self.file}: no scan record, so it does not say "
                          "who scanned; is it a part of a file?")
        if self.subject.name:
            for record in self.records(["domain"], self.hint.search):
                self.take_listed(record)
        own = {host.encode() for host in self.own}
        for record in self.records(["mx"], lambda line: self.hint.search(line)
                                   or not own.isdisjoint(
                                       HOSTS.findall(line))):
            self.take_host(record)
        self.told = {one.host for one in found.contacts}
        hosts = {host.encode() for host in self.told}
        for record in self.records(
                ["domain"], lambda line: self.hint.search(line)
                or not hosts.isdisjoint(HOSTS.findall(line))):
            self.take_domain(record)
        found.contacts.sort(key=lambda one: (one.begin, one.address,
                                             one.number))
        return found

    def take_listed(self, record: Record) -> None:
        """A listed domain that the name stands for, and its MX hosts."""
        name = str(record.get("name"))
        if self.subject.has_name(name):
            self.found.listed.add(name)
            self.own.update(str(mx.get("host"))
                            for mx in maps(record.get("mx")))

    def is_meant(self, host: str, address: str) -> bool:
        """Is a connection to this host at this address asked about?"""
        return self.subject.has_address(address) or (
            bool(self.subject.name)
            and (self.subject.has_name(host) or host in self.own))

    def take(self, one: Contact) -> None:
        """A connection: told, or counted, or nobody's business."""
        if one.outcome in SPARED:
            self.found.spared += self.is_meant(one.host, one.address)
            return
        if self.is_meant(one.host, one.address):
            if self.window.has(one.begin, one.end):
                self.found.contacts.append(one)
            else:
                self.found.others.add(one.begin)
            return
        around = self.subject.around
        if (around is not None and inside(around, one.address)
                and self.window.has(one.begin, one.end)):
            seen = self.found.neighbours
            seen[one.address] = seen.get(one.address, 0) + 1

    def take_host(self, record: Record) -> None:
        """The sessions with one MX host."""
        begin = whole(record.get("started"))
        end = begin + whole(record.get("elapsed_ms"))
        host = str(record.get("host"))
        for at in maps(record.get("addresses")):
            sessions = maps(at.get("sessions"))
            # An earlier version tells how many, and how each ended.
            known = len(sessions) or whole(at.get("attempts"))
            if known == 0 and at.get("outcome") in SPARED:
                known = 1
            tried = at.get("tried") or [at.get("outcome")]
            if known and at.get("attempts") and tried[-1] in SPARED:
                tried = [None]  # excluded after it, which is told instead
            for i in range(known):
                if sessions:
                    first = whole(sessions[i].get("started"))
                    last = first + whole(sessions[i].get("elapsed_ms"))
                    how = sessions[i].get("outcome")
                else:
                    first, last = begin, end
                    how = (tried[i] if i < len(tried) else None) or "unknown"
                one = Contact("smtp", first, last, bool(sessions),
                              str(at.get("address")), host, str(how), i + 1)
                if i + 1 == known:
                    one.said = said_to_mx(at)
                    one.heard = next(iter(at.get("banner") or []), None)
                self.take(one)
            self.take_versions(host, at)

    def take_versions(self, host: str, at: Record) -> None:
        """The sessions of --tls-versions with one address."""
        for i, tried in enumerate(maps(at.get("tls_versions"))):
            first = whole(tried.get("started"))
            if first == 0:
                continue  # no session was made
            one = Contact("smtp", first,
                          first + whole(tried.get("elapsed_ms")), True,
                          str(at.get("address")), host,
                          str(tried.get("outcome")), i + 1)
            one.said = ["EHLO", "STARTTLS",
                        f"TLS {tried.get('version')} alone"]
            self.take(one)

    def take_domain(self, record: Record) -> None:
        """Policy fetches of a domain, and the hosts that it explains."""
        name = str(record.get("name"))
        for host in {str(mx.get("host")) for mx in maps(record.get("mx"))}:
            if host in self.told:
                self.found.naming.setdefault(host, Naming()).add(name)
        if record.get("excluded") and self.subject.has_name(name):
            self.found.spared += 1
        policy = (record.get("sts") or {}).get("policy") or {}
        begin = whole(record.get("started"))
        end = begin + whole(record.get("elapsed_ms"))
        attempts = maps(policy.get("attempts"))
        for i, one in enumerate(attempts):
            first = whole(one.get("started"))
            self.tells_starts = self.tells_starts or first > 0
            if (first == 0 and self.tells_starts
                    and one.get("outcome") not in SPARED):
                continue  # told without a contact: it had been silent
            contact = Contact(
                "https", first or begin,
                first + whole(one.get("elapsed_ms")) if first else end,
                first > 0, str(one.get("address")), str(policy.get("host")),
                str(one.get("outcome")), i + 1, name)
            if i + 1 == len(attempts):
                contact.said = said_to_policy_host(policy)
                contact.heard = policy.get("server")
            self.take(contact)
