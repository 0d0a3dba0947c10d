# SPDX-License-Identifier: Apache-2.0
"""In what way the patterns of a policy miss the MX hosts.

The classes of Ashiq, Fiebig, Chung (ACM IMC 2025) and the single mistakes that
explain most of them, by their definition over all pairs of pattern and host.

Only names below the reserved top levels have a registrable domain that is
known here: no rule of the Public Suffix List lies below those, so each is a
suffix of one label.  For every other name all answers that a list could give
are tried, and a class that depends on them is not known.
"""

from __future__ import annotations

from typing import Callable

RESERVED = ("example", "test", "invalid")
MAX_EDITS = 3
LABEL_BYTES = 63


def is_reserved(name: str) -> bool:
    """Is the registrable domain of the name beyond doubt?"""
    return name.rpartition(".")[2] in RESERVED


def registrable(name: str) -> set[str]:
    """Every registrable domain that the name may have."""
    labels = name.split(".")
    if labels[-1] in RESERVED:
        return {".".join(labels[-2:])}
    return {".".join(labels[cut:])
            for cut in range(max(1, len(labels) - 1))}


def edits(one: str, other: str, limit: int = MAX_EDITS) -> int:
    """Levenshtein's distance, or limit + 1 where it is larger."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, row = row, [at]
        for to, there in enumerate(other, 1):
            row.append(min(last[to] + 1, row[to - 1] + 1,
                           last[to - 1] + (letter != there)))
    return min(row[-1], limit + 1)


def matches(pattern: str, host: str) -> bool:
    """RFC 8461 4.1: `*.` takes the place of exactly one label."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def wrong_depth(pattern: str, hosts: list[str]) -> bool:
    """Does a wildcard stand one label too deep, or not deep enough?"""
    if not pattern.startswith("*."):
        return False
    base = pattern[2:]
    return any(host == base or host.endswith("." + base)
               and host.removesuffix("." + base).count(".") >= 1
               for host in hosts)


def mistakes(patterns: list[str], hosts: list[str], domain: str) -> set[str]:
    """What is wrong with each pattern that matches no host at all."""
    found = set()
    for pattern in patterns:
        if any(matches(pattern, host) for host in hosts):
            continue
        if pattern == f"mta-sts.{domain}":
            found.add("sts.policy.mx_policy_host")
        if pattern == domain:
            found.add("sts.policy.mx_domain_itself")
        if wrong_depth(pattern, hosts):
            found.add("sts.policy.mx_wildcard_depth")
    return found


def is_typo(pattern: str, host: str) -> bool:
    """At most three edits; of a wildcard the part behind it is compared."""
    if pattern.startswith("*."):
        return edits(pattern[2:], host.partition(".")[2]) <= MAX_EDITS
    return edits(pattern, host) <= MAX_EDITS


def other_top(one: str, other: str) -> bool:
    """The same first label before another rest."""
    first, _, rest = one.partition(".")
    second, _, tail = other.partition(".")
    return bool(rest and tail) and first == second and rest != tail


def ever_always(patterns: list[str], hosts: list[str],
                test: Callable[[str, str], bool]) -> tuple[bool, bool]:
    """Can the test hold for some pair, and must it for some pair?"""
    ever = always = False
    for pattern in patterns:
        base = pattern.removeprefix("*.")
        for host in hosts:
            told = [test(one, other) for one in registrable(base)
                    for other in registrable(host)
                    # one name has one registrable domain
                    if base != host or one == other]
            ever |= any(told)
            always |= all(told)
    return ever, always


def miss_class(patterns: list[str], hosts: list[str],
               domain: str) -> str | None:
    """The class of a policy that matches no host; None: not known here."""
    ever, always = ever_always(patterns, hosts, other_top)
    if ever:
        return "tld" if always else None
    candidates = [pattern for pattern in patterns
                  if pattern not in (f"mta-sts.{domain}", domain)
                  and not wrong_depth(pattern, hosts)]
    if any(is_typo(pattern, host)
           for pattern in candidates for host in hosts):
        return "typo"
    ever, always = ever_always(patterns, hosts,
                               lambda one, other: one == other)
    if ever:
        return "third_label" if always else None
    return "whole_domain"


def is_plain_miss(patterns: list[str], hosts: list[str],
                  domain: str) -> bool:
    """Well-formed patterns that match no host, in a class that is known."""
    return (all(len(label) <= LABEL_BYTES for pattern in patterns
                for label in pattern.split("."))
            and not any(matches(pattern, host)
                        for pattern in patterns for host in hosts)
            and miss_class(patterns, hosts, domain) is not None)


def above(host: str) -> str:
    """The name over a host, or the host where only a top level is left."""
    parent = host.partition(".")[2]
    return parent if "." in parent else host


def other_end(host: str) -> str:
    """The same name under another top level."""
    end = ".test" if host.endswith(".example") else ".example"
    return host.rpartition(".")[0] + end


def strays(kind: str, hosts: list[str], domain: str,
           former: tuple[str, ...] = ()) -> list[str]:
    """Patterns as people get them wrong; none is meant to match.

    former: the patterns of an earlier MX set, where the domain had one.
    """
    if kind == "none_self":
        return [f"mta-sts.{domain}"]
    if kind == "none_domain":
        return [domain]
    if kind == "none_stale":
        return list(former) or ["mx1.former-provider.example",
                                "*.former-provider.example"]
    if kind == "none_whole":
        return ["mail.unheard-of.test"]
    if kind == "none_third_label":
        return [f"earlier-relay.{above(hosts[0])}"]
    if kind == "none_depth":
        return [f"*.{host}" for host in hosts]
    if kind == "none_tld":
        return [other_end(host) for host in hosts]
    if kind == "none_typo":
        return [host[0] + host for host in hosts]  # a doubled first letter
    raise ValueError(f"no such kind of mismatch: {kind}")
