# SPDX-License-Identifier: Apache-2.0
"""The tree of zones behind a world.

The root and every top-level name are zones; so is every existing domain of
the world.  A zone is delegated from the closest enclosing zone, a record goes
into the closest enclosing zone of its owner.  Zones with faults that a real
server would not commit are delegated to the fault proxy, which asks NSD and
spoils the answer; broken signatures are made when the zone is signed.
"""
from __future__ import annotations

from pathlib import Path
from typing import Iterable

from mxlab import dnsname
from mxlab.dnssec import ZoneKey, sign_zone
from mxlab.errors import LabError
from mxlab.reading import Line
from mxlab.rr import DEFAULT_TTL, Record, parse, type_number

# Names in the root zone, so that no further zone is needed for them.
NSD_NAME = "lab-nsd"
PROXY_NAME = "lab-faults"
SOA_REST = "1 3600 600 86400 300"


class Zone:
    """One zone: RRsets by owner and type, and what is wrong with it."""

    def __init__(self, apex: str, signed: bool, is_proxied: bool = False):
        self.apex = apex
        self.signed = signed
        self.is_proxied = is_proxied
        self.is_bogus = False
        self.broken: set[tuple[str, str]] = set()
        self.sets: dict[str, dict[str, list[Record]]] = {}
        self.add(Record(apex, DEFAULT_TTL, "SOA",
                        f"{NSD_NAME}. hostmaster.{NSD_NAME}. {SOA_REST}"))

    @property
    def server(self) -> Record:
        """The NS record, the same above and below the cut."""
        name = PROXY_NAME if self.is_proxied else NSD_NAME
        return Record(self.apex, DEFAULT_TTL, "NS", dnsname.absolute(name))

    def add(self, record: Record) -> None:
        """Put a record in; an RRset has one TTL, that of its first record."""
        held = self.sets.setdefault(record.owner, {}).setdefault(
            record.type, [])
        if held and held[0].ttl != record.ttl:
            record = Record(record.owner, held[0].ttl, record.type,
                            record.rdata)
        if record not in held:
            held.append(record)


class Tree:
    """All zones of a world and the faults of its DNS."""

    def __init__(self, lines: list[Line], nsd: str, proxy: str) -> None:
        self.zones: dict[str, Zone] = {"": Zone("", True)}
        self.claimed = {line.domain for line in lines
                        if line.exists is not False}
        self.faults: dict[str, str] = {}
        self.zone_faults: dict[str, str] = {}
        root = self.zones[""]
        for name, address in ((NSD_NAME, nsd), (PROXY_NAME, proxy)):
            root.add(Record(name, DEFAULT_TTL, "A", address))
        self._make_zones(lines)
        self._spread_faults(lines)
        for line in lines:
            self._take_faults(line)
            for text in line.records:
                self._take_record(line, text)

    def _make_zones(self, lines: list[Line]) -> None:
        for line in lines:
            top = dnsname.parents(line.domain)[-2]
            if top in (NSD_NAME, PROXY_NAME):
                raise LabError(f"{line.where}: {top} is the lab's own name")
            if line.exists is False and line.domain == top:
                continue
            if line.exists is not False:
                self.zones[line.domain] = Zone(
                    line.domain, _is_signed(line, top), _needs_proxy(line))
            if top not in self.zones:
                self.zones[top] = Zone(top, True)

    def _spread_faults(self, lines: list[Line]) -> None:
        """Nothing below a zone that fails as a whole can be reached."""
        failing = {line.domain for line in lines
                   if isinstance(line.dns, str) and line.dns != "bogus"}
        for apex, zone in self.zones.items():
            if failing.intersection(dnsname.parents(apex)):
                zone.is_proxied = True

    def closest(self, name: str) -> Zone:
        """The zone that a name belongs to."""
        for above in dnsname.parents(name):
            zone = self.zones.get(above)
            if zone is not None:
                return zone
        return self.zones[""]

    def holds(self, name: str, kind: str) -> list[Record]:
        """The RRset that the world (or the lab) put at a name."""
        return self.closest(name).sets.get(name, {}).get(kind, [])

    def add(self, record: Record) -> None:
        """Add a record of the lab's own making."""
        self.closest(record.owner).add(record)

    def _take_faults(self, line: Line) -> None:
        if isinstance(line.dns, str):
            if line.dns == "bogus":
                self.zones[line.domain].is_bogus = True
            else:
                self.zone_faults[line.domain] = line.dns
            return
        for key, fault in (line.dns or {}).items():
            owner, kind = key.split()
            owner, kind = dnsname.normal(owner), kind.upper()
            zone = self.closest(owner)
            if zone.apex != line.domain:
                raise LabError(f"{line.where}: dns {key}: the name is in the "
                               f"zone {zone.apex or '.'}; put the fault into "
                               "that domain's line")
            type_number(kind)
            if fault == "bogus":
                zone.broken.add((owner, kind))
            else:
                self.faults[f"{owner} {kind}"] = fault

    def _take_record(self, line: Line, text: str) -> None:
        try:
            record = parse(text)
            dnsname.labels(record.owner)
        except LabError as why:
            raise LabError(f"{line.where}: {why}") from None
        zone = self.closest(record.owner)
        if zone.apex not in self.claimed:
            raise LabError(f"{line.where}: {record.owner} is below no domain "
                           "of this world; give its domain a line")
        if record.owner == zone.apex and record.type in ("SOA", "NS"):
            raise LabError(f"{line.where}: {record.owner} {record.type}: the "
                           "lab makes SOA and NS of a zone itself")
        zone.add(record)

    def check_aliases(self) -> None:
        """A CNAME stands alone (RFC 1034 3.6.2); NSD would drop the zone."""
        for zone in self.zones.values():
            for owner, kinds in zone.sets.items():
                alias = kinds.get("CNAME")
                if alias and (len(kinds) > 1 or len(alias) > 1):
                    raise LabError(f"{owner}: a CNAME beside other records; "
                                   "give the name one or the other")

    def delegate(self, key: ZoneKey) -> None:
        """Put NS and DS of every zone into the closest enclosing zone."""
        for apex, zone in self.zones.items():
            zone.add(zone.server)
            if apex == "":
                continue
            parent = self.closest(dnsname.parents(apex)[1])
            parent.add(zone.server)
            if zone.signed:
                parent.add(key.ds(apex, DEFAULT_TTL, zone.is_bogus))


def _is_signed(line: Line, top: str) -> bool:
    """Top-level zones are signed unless their line says no."""
    wants_bogus = line.dns == "bogus" or isinstance(line.dns, dict) \
        and "bogus" in line.dns.values()
    if line.signed is None:
        return line.domain == top or wants_bogus
    if wants_bogus and not line.signed:
        raise LabError(f"{line.where}: only a signed zone can be bogus; "
                       "set signed to true")
    return bool(line.signed)


def _needs_proxy(line: Line) -> bool:
    if isinstance(line.dns, str):
        return line.dns != "bogus"
    return any(fault != "bogus" for fault in (line.dns or {}).values())


def zone_records(zone: Zone, key: ZoneKey) -> Iterable[Record]:
    """Every record of a zone, signatures included."""
    plain = [record for kinds in zone.sets.values()
             for records in kinds.values() for record in records]
    if not zone.signed:
        return plain
    return plain + sign_zone(key, zone.apex, zone.sets, DEFAULT_TTL,
                             zone.broken)


def write_zones(tree: Tree, key: ZoneKey, folder: Path) -> list[tuple]:
    """Write one file per zone; returns apex, file name and is_proxied."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, (apex, zone) in enumerate(tree.zones.items()):
        name = f"{number:05d}.zone"
        try:
            records = zone_records(zone, key)
        except LabError as why:
            raise LabError(f"zone {apex}: {why}") from None
        lines = ["$ORIGIN .", *(record.text() for record in records), ""]
        (folder / name).write_text("\n".join(lines), encoding="utf-8")
        made.append((apex, name, zone.is_proxied))
    return made
