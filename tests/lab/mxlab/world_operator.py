# SPDX-License-Identifier: Apache-2.0
"""world_operator KIND N: a world of N domains, half of them an operator's.

    none   every domain has an MX host of its own
    few    the operator's half share three MX hosts with two addresses each
    names  each of that half has an MX name of its own, all of them at four
           addresses of the operator

Two of 50 domains publish MTA-STS, every 50th name of the operator TLSA.
What a scan must find follows from that (RFC 8461 5): the certificate of every
name is good, so a domain with a policy passes under it.
"""
from __future__ import annotations

import json
import sys
import zlib
from typing import Any, Iterator

KINDS = ("none", "few", "names")
STS_EVERY = 50
TLSA_EVERY = 50
OPERATOR = "operator.test"
HOSTS = 3
ADDRESSES = [f"127.64.250.{last}" for last in range(1, 5)]
POLICY = "version: STSv1\r\nmode: enforce\r\n{mx}max_age: 604800\r\n"


def is_customer(kind: str, number: int) -> bool:
    """Odd ones are the operator's, so that they lie among the others."""
    return kind != "none" and number % 2 == 1


def hosts_of(kind: str, number: int) -> list[str]:
    """The MX hosts of a domain."""
    if not is_customer(kind, number):
        return [f"mx.d{number}.test"]
    if kind == "few":
        return [f"mx{(number // 2 + step) % HOSTS}.{OPERATOR}"
                for step in (0, 1)]
    return [f"c{number}.{OPERATOR}"]


def domain(kind: str, number: int) -> dict[str, Any]:
    """The line of one domain."""
    name, hosts = f"d{number}.test", hosts_of(kind, number)
    line: dict[str, Any] = {"domain": name, "rank": number + 1, "records": [
        f"{name}. 300 IN MX {10 * at + 10} {host}."
        for at, host in enumerate(hosts)]}
    if not is_customer(kind, number):
        line["smtp"] = {hosts[0]: {}}
    mx: list[dict[str, Any]] = [{"host": host, "starttls": "ok"}
                                for host in hosts]
    line["expect"] = {"verdict": "none", "mx": mx}
    # One even, one odd: MTA-STS falls on both halves.
    if number % STS_EVERY in (0, 7):
        line["records"].append(
            f'_mta-sts.{name}. 300 IN TXT "v=STSv1; id=1"')
        line["policy"] = {"body": POLICY.format(mx="".join(
            f"mx: {host}\r\n" for host in hosts))}
        line["expect"]["verdict"] = "enforce_ok"
        for one in mx:
            one["name_ok"] = True
    return line


def operator(kind: str, count: int) -> dict[str, Any]:
    """The line of the operator, which is in no list."""
    line: dict[str, Any] = {"domain": OPERATOR, "list": False, "signed": True,
                            "records": [], "smtp": {}, "tlsa": {}}
    if kind == "few":
        line["smtp"] = {f"mx{at}.{OPERATOR}": {"addresses": 2}
                        for at in range(HOSTS)}
    if kind == "names":
        for number in range(1, count, 2):
            host = hosts_of(kind, number)[0]
            # Those with MTA-STS fall on every address.
            place = ADDRESSES[zlib.crc32(host.encode()) % len(ADDRESSES)]
            line["records"].append(f"{host}. 300 IN A {place}")
            line["smtp"][host] = {}
            if number // 2 % TLSA_EVERY == 0:
                line["tlsa"][host] = [{"usage": 3, "selector": 0, "mtype": 1}]
    return line


def world(kind: str, count: int) -> Iterator[dict[str, Any]]:
    """All lines."""
    if kind != "none":
        yield operator(kind, count)
    for number in range(count):
        yield domain(kind, number)


def main(words: list[str]) -> int:
    """Print the world that two words name."""
    if len(words) != 2 or words[0] not in KINDS or not words[1].isdigit():
        print(f"usage: world_operator {'|'.join(KINDS)} N", file=sys.stderr)
        return 1
    for line in world(words[0], int(words[1])):
        print(json.dumps(line))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
