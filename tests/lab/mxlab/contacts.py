# SPDX-License-Identifier: Apache-2.0
"""`lab contacts`: did the scanner keep its manners?

The servers log every connection they accept.  For each address the number of
connections must be what the scan's mx records say; nobody may say MAIL, have
two sessions open at one address, or leave a complete session without QUIT.
Addresses where no server can accept (refused, black hole, unserved) leave no
trace, so the log must be empty there.  Of policy hosts nginx logs requests,
our own servers connections: the domain records must tell as many.

An address is asked under --names-per-address names at most, as the servers
see them in SNI, beside those that the world says must be asked under their
own: MX hosts of a domain with a record at _mta-sts, and hosts with TLSA.
"""
from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

from mxlab import mtalogs, records
from mxlab.errors import LabError
from mxlab.reading import Line, read_worlds

NAMES_OPTION = "names-per-address"
LOGS = ("contacts.jsonl", "nginx.jsonl", *mtalogs.LOGS)
# outcomes of a fetch that came as far as its request
REQUESTED = ("ok", "too_large", "timeout", "http_failed")


@dataclass
class Seen:
    """What the servers saw of SMTP."""
    sessions: Counter = field(default_factory=Counter)
    hosts: dict[str, str] = field(default_factory=dict)
    mail: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)
    no_quit: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    peers: set[str] = field(default_factory=set)
    names: Counter = field(default_factory=Counter)
    policy: Counter = field(default_factory=Counter)
    asked: dict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set))


def _sizes(folder: Path) -> dict[str, int]:
    return {name: (folder / "log" / name).stat().st_size
            for name in LOGS if (folder / "log" / name).exists()}


def forget(folder: Path) -> None:
    """Note where the logs end: what follows belongs to the next scan."""
    if not (folder / "run").is_dir():
        raise LabError(f"{folder}: no lab in it; run lab up first")
    (folder / "run" / "contacts.json").write_text(json.dumps(_sizes(folder)))


def _lines(folder: Path, name: str) -> Iterator[str]:
    """The lines of a log since the last `forget`."""
    path = folder / "log" / name
    if not path.exists():
        return
    start = 0
    mark = folder / "run" / "contacts.json"
    if mark.exists():
        start = json.loads(mark.read_text()).get(name, 0)
    with open(path, encoding="utf-8", errors="replace") as log:
        log.seek(start)
        yield from log


def _take_own(seen: Seen, entry: dict[str, Any]) -> None:
    if entry["kind"] != "smtp":
        seen.policy[entry["address"]] += 1
        return
    address = entry["address"]
    seen.sessions[address] += 1
    seen.hosts[address] = entry["host"]
    what = f"{entry['host']} {address}"
    seen.peers.add(str(entry["peer"]).rpartition(":")[0])
    if entry["ehlo"]:
        seen.names[entry["ehlo"]] += 1
    if entry.get("sni"):
        seen.asked[address].add(entry["sni"])
    if entry["mail"]:
        seen.mail.append(f"{what}: a MAIL, RCPT or DATA command")
    if entry["overlap"]:
        seen.overlaps.append(f"{what}: a session while "
                             f"{entry['overlap']} stood")
    if entry.get("early"):
        seen.early.append(f"{what}: spoke before the greeting ended")
    if entry["complete"] and not entry["quit"] \
            and entry["end"].startswith("client"):
        seen.no_quit.append(f"{what}: no QUIT ({entry['end']})")


def read_logs(folder: Path) -> Seen:
    """All logs of the lab."""
    seen = Seen()
    for line in _lines(folder, "contacts.jsonl"):
        _take_own(seen, json.loads(line))
    for line in _lines(folder, "nginx.jsonl"):
        seen.policy[json.loads(line)["address"]] += 1
    mta = mtalogs.MtaLogs(seen, folder)
    for name in mtalogs.LOGS:
        for line in _lines(folder, name):
            mta.take(name, line)
    mta.finish()
    return seen


def _own_https(folder: Path) -> dict[str, bool]:
    """Addresses of our own HTTPS servers; does one accept and log?"""
    plan = json.loads((folder / "run" / "servers.json").read_text())
    return {point["address"]: point["spec"].get("fault") != "blackhole"
            for point in plan["endpoints"] if point["kind"] == "https"}


def policy_faults(fetches: Counter, seen: Counter,
                  own: dict[str, bool]) -> list[str]:
    """A sentence for each address that was not asked as recorded."""
    wanted: Counter = Counter()
    for (address, outcome), count in fetches.items():
        if own.get(address, outcome in REQUESTED):
            wanted[address] += count
    return [f"policy host at {address}: {wanted[address]} fetches recorded, "
            f"{seen[address]} seen"
            for address in sorted(set(wanted) | set(seen))
            if wanted[address] != seen[address]]


def _observable(folder: Path) -> set[str]:
    """Addresses where an SMTP server accepts and logs."""
    plan = json.loads((folder / "run" / "servers.json").read_text())
    own = {point["address"] for point in plan["endpoints"]
           if point["kind"] == "smtp"
           and point["spec"].get("fault") != "blackhole"}
    return own | {point["address"] for point in mtalogs.points(folder)}


@dataclass
class Recorded:
    """What a scan says of its contacts."""
    pairs: dict[tuple, int] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    names: int = 0
    fetches: Counter = field(default_factory=Counter)


def _names_limit(scan: dict[str, Any], given: str | None) -> int:
    """--names-per-address of a scan: of its options, else the default."""
    for option in scan.get("options") or []:
        name, _, value = option.partition("=")
        if name == NAMES_OPTION:
            return int(value)
    return int(next(option["default"] for option in records.schema(given)
                    ["options"] if option["name"] == NAMES_OPTION))


def _recorded(file: Path, given: str | None) -> Recorded:
    """Attempts by (host, address), from the mx records, and fetches of
    policies by (address, outcome), from the domain records; the later record
    of a host says whether it stayed with what another name was told."""
    found = Recorded()
    for record in records.read(file, given):
        if record.get("type") == "scan":
            found.names = _names_limit(record, given)
        policy = (record.get("sts") or {}).get("policy") or {}
        for one in policy.get("attempts") or []:
            if one.get("started") is not None:
                found.fetches[one["address"], one["outcome"]] += 1
        if record.get("type") != "mx":
            continue
        host = record["host"]
        found.shared.discard(host)
        for one in record.get("addresses") or []:
            pair = (host, one.get("address"))
            # an own session each, but for what our library cannot speak
            tries = sum(try_.get("outcome") != "local"
                        for try_ in one.get("tls_versions") or [])
            found.pairs[pair] = (found.pairs.get(pair, 0) + tries
                                 + int(one.get("attempts") or 0))
            if one.get("shared"):
                found.shared.add(host)
    return found


def _mx_hosts(line: Line) -> list[str]:
    """Targets of the MX records in a line."""
    return [record.split()[-1].rstrip(".").lower() for record in line.records
            if " MX " in record]


def own_names(lines: list[Line]) -> set[str]:
    """Hosts that must be asked under their own name, by configuration."""
    own: set[str] = set()
    for line in lines:
        own.update(line.tlsa)
        if line.listed and any(record.startswith(f"_mta-sts.{line.domain}.")
                               and " TXT " in record
                               for record in line.records):
            own.update(_mx_hosts(line) or [line.domain])
    return own


def crowds(found: Recorded, seen: Seen, own: set[str]) -> list[str]:
    """Addresses asked under too many names, names that were not asked."""
    said = [f"{address}: asked under {len(names - own)} names, at most "
            f"{found.names} are wanted"
            for address, names in sorted(seen.asked.items())
            if len(names - own) > found.names]
    said += [f"{host}: took the facts of another name, although MTA-STS or "
             "TLSA asks for its own" for host in sorted(found.shared & own)]
    return said


def compare(pairs: dict[tuple, int], seen: Seen,
            observable: set[str]) -> tuple[set[tuple], list[str]]:
    """Pairs contacted as recorded, and a sentence for each that was not."""
    by_address: dict[str, list[tuple]] = defaultdict(list)
    for pair in pairs:
        by_address[pair[1]].append(pair)
    good: set[tuple] = set()
    said = []
    for address, group in by_address.items():
        recorded = sum(pairs[pair] for pair in group)
        wanted = recorded if address in observable else 0
        if seen.sessions[address] == wanted:
            good.update(group)
            continue
        names = ", ".join(str(pair[0]) for pair in group)
        said.append(f"{names} {address}: {recorded} attempts recorded, "
                    f"{seen.sessions[address]} connections seen")
    for address in sorted(set(seen.sessions) - set(by_address)):
        said.append(f"{seen.hosts[address]} {address}: "
                    f"{seen.sessions[address]} connections seen, no record")
    return good, said


def contacts(folder: Path, file: Path, given: str | None, show: int) -> int:
    """Compare the logs with a scan; exit status 1 for bad manners."""
    if not (folder / "run" / "servers.json").is_file():
        raise LabError(f"{folder}: no lab in it; run lab up first")
    seen = read_logs(folder)
    found = _recorded(file, given)
    pairs = found.pairs
    own = own_names(read_worlds([folder / "world.jsonl"]))
    observable = _observable(folder)
    good, said = compare(pairs, seen, observable)
    said += crowds(found, seen, own)
    said += policy_faults(found.fetches, seen.policy, _own_https(folder))
    said += seen.mail + seen.overlaps + seen.no_quit + seen.early
    for text in said[:show]:
        print(text)
    if len(said) > show:
        print(f"... and {len(said) - show} more")
    if found.shared:
        most = max(len(names - own) for names in seen.asked.values())
        print(f"{len(found.shared)} hosts share what another name was told; "
              f"at most {most} names an address were asked, {len(own)} hosts "
              "had to be")
    silent = sum(pair[1] not in observable for pair in pairs)
    print(f"smtp: {seen.sessions.total()} connections at "
          f"{len(seen.sessions)} addresses, {len(seen.mail)} with MAIL, "
          f"{len(seen.overlaps)} overlapping, {len(seen.no_quit)} complete "
          f"without QUIT; {silent} pairs where no server can see")
    print(f"https: {seen.policy.total()} requests and connections; EHLO names: "
          f"{', '.join(sorted(seen.names)) or 'none'}")
    print(f"contacts: {len(good)} of {len(pairs)} (host, address) pairs "
          "contacted as recorded")
    return 1 if said else 0
