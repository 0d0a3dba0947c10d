# SPDX-License-Identifier: Apache-2.0
"""manners_world.py [--own-net]: a world in which bad manners would show.

Many names at one address, many addresses in one network, an operator with
many hosts, servers that say 421, 4yz or reset, some that are slow, hosts and
networks that manners.sh excludes from the start or in the middle of the scan
and, in a network of its own, hosts at special-purpose addresses and on IPv6.
Nothing is expected of the records.
"""
from __future__ import annotations

import argparse
import json
import sys
from typing import Any

PLAIN, PLAIN_NETS = 560, 4
WITH_POLICY = 100
SHARED_ADDRESSES, NAMES = 40, 5
OPERATOR = 150
SLOW = {"fault": "slow", "at": "ehlo"}
BUSY = {"banner": ["450 4.3.2 not this moment"]}
SPECIAL = ("10.0.0.1", "100.64.0.1", "169.254.1.1", "172.16.0.1",
           "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
           "203.0.113.1", "::1", "fdff::1", "2001:db8::1")
IPV6_NETS, IPV6_EACH = 3, 8


class World:
    """Lines as they are made."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def domain(self, name: str, host: str, address: str,
               spec: dict[str, Any] | None = None,
               policy: str | None = None,
               policy_spec: dict[str, Any] | None = None) -> None:
        """A domain with one MX host of its own, and maybe a policy."""
        line: dict[str, Any] = {
            "domain": name,
            "records": [f"{name}. MX 10 {host}.", place(host, address)],
            "smtp": {host: spec or {}}}
        self.lines.append(line)
        if policy is not None:
            line["records"].append(f'_mta-sts.{name}. TXT "v=STSv1; id=1;"')
            line["policy"] = {"body": "version: STSv1\nmode: testing\n"
                              f"mx: {host}\nmax_age: 604800\n",
                              **(policy_spec or {})}
            if policy:
                line["records"].append(place(f"mta-sts.{name}", policy))

    def customer(self, name: str, host: str) -> None:
        """A domain whose MX host is another's."""
        self.lines.append({"domain": name,
                           "records": [f"{name}. MX 10 {host}."]})

    def operator(self, name: str, hosts: list[tuple[str, dict[str, Any]]]
                 ) -> None:
        """A domain that is not in the list, with many hosts."""
        self.lines.append({
            "domain": name, "list": False,
            "records": [place(f"mx{i}.{name}", address)
                        for i, (address, _) in enumerate(hosts)],
            "smtp": {f"mx{i}.{name}": spec
                     for i, (_, spec) in enumerate(hosts)}})


def place(host: str, address: str) -> str:
    """An address record."""
    return f"{host}. {'AAAA' if ':' in address else 'A'} {address}"


def later(world: World) -> None:
    """What is excluded in mid-scan, first in the list: many names at an
    address, and an operator whose hosts are slow."""
    for i in range(20):
        name = f"late{i}.example"
        world.domain(name, f"mx.{name}", "127.105.0.1")
    world.operator("later.example",
                   [(f"127.105.{1 + i}.1", SLOW) for i in range(20)])
    for i in range(20):
        world.customer(f"of-later{i}.example", f"mx{i}.later.example")


def troubled(world: World) -> None:
    """Servers after which the rest doubles."""
    kinds = [{"flaky": 3}] * 8 + [BUSY] * 5 + [
        {"fault": "reset", "at": "banner"}] * 5
    for i, spec in enumerate(kinds):
        for k in range(3):
            name = f"trouble{i}-{k}.example"
            world.domain(name, f"mx.{name}", f"127.104.{i}.1", spec)


def plain(world: World) -> None:
    """One host each, many in a network; some with policies, which share the
    few addresses of the web server; many names at an address."""
    for i in range(PLAIN):
        name = f"plain{i}.example"
        world.domain(name, f"mx.{name}",
                     f"127.101.{i % PLAIN_NETS}.{1 + i // PLAIN_NETS}", None,
                     "" if i < WITH_POLICY else None)
    for i in range(SHARED_ADDRESSES * NAMES):
        name, at = f"shared{i}.example", i % SHARED_ADDRESSES
        world.domain(name, f"mx.{name}", f"127.102.{at // 10}.{1 + at}")


def crowded(world: World) -> None:
    """An operator with many hosts, slow servers in one network."""
    world.operator("bigop.example", [
        (f"127.103.{i % 16}.{1 + i // 16}", SLOW if i % 25 == 0 else {})
        for i in range(OPERATOR)])
    for i in range(OPERATOR):
        world.customer(f"of-bigop{i}.example", f"mx{i}.bigop.example")
    for i in range(10):
        name = f"slow{i}.example"
        world.domain(name, f"mx.{name}", f"127.106.0.{1 + i}",
                     SLOW)
    for i in range(8):
        name = f"mute{i}.example"
        world.domain(name, f"mx.{name}", f"127.106.1.{1 + i}", None,
                     f"127.106.2.{1 + i}", {"fault": "hang", "at": "tls"})


def excluded(world: World) -> None:
    """By domain, by host, by address, by network."""
    world.domain("shut.example", "mx.shut.example", "127.107.0.1", None,
                 "127.107.0.2")
    world.domain("below.shut.example", "mx.below.shut.example",
                 "127.107.0.3")
    world.operator("hermit.example", [("127.107.0.4", {})] * 3)
    for i in range(3):
        world.customer(f"visitor{i}.example", f"mx{i}.hermit.example")
    for i in range(3):
        name = f"at-address{i}.example"
        world.domain(name, f"mx.{name}", "127.107.1.1")
        name = f"in-network{i}.example"
        world.domain(name, f"mx.{name}", f"127.107.2.{1 + i}", None,
                     f"127.107.2.{101 + i}")


def own_net(world: World) -> None:
    """Addresses that only a network of its own can have."""
    for i, address in enumerate(SPECIAL):
        name = f"special{i}.example"
        world.domain(name, f"mx.{name}", address, None, address,
                     {"tls": {"min": "1.2"}})
    for net in range(IPV6_NETS):
        for i in range(IPV6_EACH):
            name = f"six{net}-{i}.example"
            world.domain(name, f"mx.{name}", ipv6(net, i),
                         SLOW if net == 0 else {})


def ipv6(net: int, i: int) -> str:
    """An address of one of a few /48 networks."""
    return f"fd00:6d78:{net + 1:x}:{i + 1:x}::1"


def main() -> int:
    """The world, or with --addresses what the machine has to own for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own-net", action="store_true")
    parser.add_argument("--addresses", action="store_true")
    chosen = parser.parse_args()
    if chosen.addresses:
        print("\n".join([*SPECIAL, *(ipv6(net, i) for net in
                                     range(IPV6_NETS)
                                     for i in range(IPV6_EACH))]))
        return 0
    world = World()
    later(world)
    troubled(world)
    crowded(world)
    plain(world)
    excluded(world)
    if chosen.own_net:
        own_net(world)
    for line in world.lines:
        print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
