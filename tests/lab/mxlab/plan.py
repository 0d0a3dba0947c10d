# SPDX-License-Identifier: Apache-2.0
"""From world lines to addresses, certificates and endpoints.

The plan decides which address serves which host and which server stands
there: nginx for policy hosts that behave, Postfix or Exim where a world asks
for it, our own servers for the rest.  Everything that later runs reads the plan; it
starts nothing itself.
"""
from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

from mxlab import dnsname
from mxlab.dnssec import ZoneKey
from mxlab.errors import LabError
from mxlab.pki import Chain, Pki, tlsa_rdata
from mxlab.reading import Line, policy_body
from mxlab.rr import DEFAULT_TTL, Record
from mxlab.zones import Tree

BASES = 64
NGINX_ADDRESSES = 4
ALIAS_HOPS = 8


@dataclass(frozen=True)
class Ground:
    """The addresses and ports of one lab; no two bases share any."""
    base: int
    smtp_port: int
    https_port: int

    @property
    def nsd(self) -> str:
        """Authoritative server."""
        return f"127.53.{self.base}.1"

    @property
    def proxy(self) -> str:
        """DNS fault proxy."""
        return f"127.53.{self.base}.2"

    @property
    def backend(self) -> str:
        """The NSD that the fault proxy asks."""
        return f"127.53.{self.base}.3"

    @property
    def resolver(self) -> str:
        """Validating resolver."""
        return f"127.53.{self.base}.53"

    def hosts(self, taken: set[str]) -> Iterator[str]:
        """Addresses of 127.(64+base).0.0/16 that nobody holds yet."""
        for third in range(256):
            for last in range(1, 255):
                address = f"127.{64 + self.base}.{third}.{last}"
                if address not in taken:
                    taken.add(address)
                    yield address


@dataclass
class Site:
    """One policy host of nginx at one of its addresses."""
    host: str
    address: str
    spec: dict[str, Any]
    body: bytes
    chain: Chain


@dataclass
class Plan:
    """What has to run for one world."""
    ground: Ground
    key: ZoneKey
    tree: Tree
    pki: Pki
    sites: list[Site] = field(default_factory=list)
    nginx_addresses: set[str] = field(default_factory=set)
    endpoints: list[dict[str, Any]] = field(default_factory=list)
    postfix: list[dict[str, Any]] = field(default_factory=list)
    exim: list[dict[str, Any]] = field(default_factory=list)
    unserved: list[str] = field(default_factory=list)


def make_plan(lines: list[Line], ground: Ground, folder: Path,
              real: frozenset[str] = frozenset()) -> Plan:
    """Plan a world; certificates are kept in the folder.

    `real` holds the words of `server` that other people's programs serve.
    """
    tree = Tree(lines, ground.nsd, ground.proxy)
    plan = Plan(ground, ZoneKey(), tree, Pki(folder))
    planner = _Planner(plan, real)
    for line in lines:
        planner.take_smtp(line)
    for line in lines:
        planner.take_policy(line)
    for line in lines:
        planner.take_tlsa(line)
    tree.check_aliases()
    tree.delegate(plan.key)
    return plan


class _Planner:
    """Hands out addresses while it walks the lines."""

    def __init__(self, plan: Plan, real: frozenset[str]) -> None:
        self.plan = plan
        self.tree = plan.tree
        self.real = real
        taken = {record.rdata for zone in self.tree.zones.values()
                 for kinds in zone.sets.values()
                 for record in kinds.get("A", [])}
        self.free = plan.ground.hosts(taken)
        self.nginx = [next(self.free) for _ in range(NGINX_ADDRESSES)]
        self.owner: dict[tuple[int, str], dict[str, Any] | None] = {}
        self.chains: dict[str, Chain | None] = {}
        self.where: dict[str, str] = {}
        self.count = 0

    def final_name(self, host: str) -> str:
        """Follow the world's aliases to the name that has addresses."""
        for _ in range(ALIAS_HOPS):
            alias = self.tree.holds(host, "CNAME")
            if not alias:
                break
            host = dnsname.normal(alias[0].rdata)
        return host

    def addresses(self, where: str, host: str, wanted: list[str] | None,
                  count: int) -> list[str]:
        """The addresses of a host, given out now if the world has none."""
        final = self.final_name(host)
        held = [record.rdata for kind in ("A", "AAAA")
                for record in self.tree.holds(final, kind)]
        if held:
            return held
        if self.tree.closest(final).apex not in self.tree.claimed:
            if final != host:
                return []
            raise LabError(f"{where}: {host} is below no domain of this "
                           "world, so it cannot have an address; give its "
                           "domain a line")
        given = wanted or [next(self.free) for _ in range(count)]
        for address in given:
            self.tree.add(Record(final, DEFAULT_TTL, "A", address))
        return given

    def servable(self, address: str) -> bool:
        """Loopback always; others where this machine owns them."""
        if ipaddress.ip_address(address).is_loopback:
            return True
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                return False
        return True

    def take_smtp(self, line: Line) -> None:
        """Give every SMTP host of a line its addresses and servers."""
        for host, spec in line.smtp.items():
            if host in self.where:
                raise LabError(f"{line.where}: smtp {host} stands in "
                               f"{self.where[host]} already")
            self.where[host] = line.where
            own = spec.get("per_address") or []
            count = max(spec.get("addresses", 1), len(own))
            for number, address in enumerate(
                    self.addresses(line.where, host, None, count)):
                merged = dict(spec)
                merged.update(own[number] if number < len(own) else {})
                self._smtp_endpoint(line.where, host, address, merged)
            self.chains[host] = self.plan.pki.chain(host, spec.get("cert"))

    def _smtp_endpoint(self, where: str, host: str, address: str,
                       spec: dict[str, Any]) -> None:
        if not self.servable(address):
            self.plan.unserved.append(f"{host} {address}")
            return
        chain = self.plan.pki.chain(host, spec.get("cert"))
        port = self.plan.ground.smtp_port
        point = {"kind": "smtp", "host": host, "address": address,
                 "port": port, "spec": spec, **_files(chain)}
        there = self.owner.get((port, address))
        if there is not None:
            there.setdefault("by_sni", {})[host] = _files(chain)
            return
        if spec.get("fault") == "refuse":
            return
        self.owner[port, address] = point
        server = spec.get("server")
        if server in self.real:
            if chain is None:
                raise LabError(f"{where}: smtp {host}: {server} needs a "
                               "certificate; drop `server` or the kind none")
            instance = self.plan.exim if server == "exim" \
                else self.plan.postfix
            instance.append(point)
        else:
            self.plan.endpoints.append(point)

    def take_policy(self, line: Line) -> None:
        """Give the policy host of a line its addresses and servers."""
        spec = line.policy
        if spec is None or spec.get("host") is False \
                or spec.get("fault") == "nxdomain":
            return
        host = f"mta-sts.{line.domain}"
        own = spec.get("per_address") or []
        count = max(spec.get("addresses", 1), len(own))
        wanted = None
        if count == 1 and not _is_odd(spec):
            wanted = [self.nginx[self.count % NGINX_ADDRESSES]]
            self.count += 1
        places = self.addresses(line.where, host, wanted, count)
        for number, place in enumerate(places):
            merged = dict(spec)
            merged.update(own[number] if number < len(own) else {})
            if merged.get("fault") == "refuse" or not self.servable(place):
                continue
            chain = self.plan.pki.chain(host, merged.get("cert"))
            if _is_odd(merged):
                self._policy_endpoint(line.where, host, place, merged, chain)
            else:
                self._policy_site(line.where, host, place, merged, chain)

    def _policy_site(self, where: str, host: str, place: str,
                     spec: dict[str, Any], chain: Chain | None) -> None:
        port = self.plan.ground.https_port
        if self.owner.setdefault((port, place), None) is not None:
            raise LabError(f"{where}: {host} shares {place} with a policy "
                           "host that has a fault; give it an address of "
                           "its own")
        self.plan.nginx_addresses.add(place)
        if chain is not None:
            self.plan.sites.append(Site(host, place, spec,
                                        policy_body(where, spec), chain))

    def _policy_endpoint(self, where: str, host: str, place: str,
                         spec: dict[str, Any], chain: Chain | None) -> None:
        port = self.plan.ground.https_port
        if (port, place) in self.owner:
            raise LabError(f"{where}: {host} has a fault and shares {place} "
                           "with another policy host; give it an address of "
                           "its own")
        spec["body"] = policy_body(where, spec).decode("latin-1")
        spec.pop("body_b64", None)
        point = {"kind": "https", "host": host, "address": place,
                 "port": port, "spec": spec, **_files(chain)}
        self.owner[port, place] = point
        self.plan.endpoints.append(point)

    def take_tlsa(self, line: Line) -> None:
        """Compute TLSA records from the chains that were issued."""
        for host, rows in line.tlsa.items():
            owner = f"_25._tcp.{host}"
            if self.tree.closest(owner).apex not in self.tree.claimed:
                raise LabError(f"{line.where}: tlsa {host} is below no "
                               "domain of this world; give it a line")
            chain = self.chains.get(self.final_name(host),
                                    self.chains.get(host))
            for row in rows:
                of = chain
                if "generation" in row:
                    of = self.plan.pki.of_generation(chain, row["generation"])
                self.tree.add(Record(owner, DEFAULT_TTL, "TLSA",
                                     tlsa_rdata(row, of)))


def _is_odd(spec: dict[str, Any]) -> bool:
    """Is it a policy host that nginx cannot be?"""
    fault = spec.get("fault")
    return (fault is not None and not fault.startswith("redirect:")
            or spec.get("tls") is not None)


def _files(chain: Chain | None) -> dict[str, str | None]:
    if chain is None:
        return {"chain": None, "key": None}
    return {"chain": chain.chain, "key": chain.key}
