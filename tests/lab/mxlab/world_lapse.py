# SPDX-License-Identifier: Apache-2.0
"""A look-up that fails for one week, over a configuration that stays.

The name server fails for one question or for the whole zone, and what this
hides is expected as inconclusive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .world_policy import POLICIES
from .world_truth import Host
from .world_txt import STS, TLSRPT

if TYPE_CHECKING:
    from .world_build import Site

# What may fail: MX, the two TXT records, the addresses of the policy host or
# of the one MX host, or the whole zone (which Site.dark_zone() writes).
LAPSES = ("mx", "sts", "tlsrpt", "policy", "host", "zone")


def no_policy(site: "Site", status: str) -> None:
    """Nothing of the policy is learned."""
    facts = site.facts
    facts.policy, facts.valid, facts.policy_timeout = status, None, False
    facts.mode = facts.max_age = facts.patterns = None
    facts.findings -= set(POLICIES[site.plan.policy].findings)
    for host in facts.hosts:
        host.in_policy = None


def hide_mx(site: "Site") -> None:
    """The MX records cannot be had."""
    site.dns[f"{site.name} MX"] = "servfail"
    site.facts.mx_status, site.facts.hosts = "inconclusive", []


def hide_sts(site: "Site") -> None:
    """The STS record cannot be had, so nobody asks for a policy."""
    site.dns[f"_mta-sts.{site.name} TXT"] = "servfail"
    no_policy(site, "none_tried")
    facts = site.facts
    facts.record = "inconclusive"
    facts.record_id = facts.record_time = None
    facts.findings -= set(STS[site.plan.sts].findings)


def hide_tlsrpt(site: "Site") -> None:
    """The TLS-RPT record cannot be had."""
    site.dns[f"_smtp._tls.{site.name} TXT"] = "servfail"
    site.facts.tlsrpt, site.facts.rua = "inconclusive", []
    site.facts.findings -= set(TLSRPT[site.plan.tlsrpt].findings)


def fail_addresses(site: "Site", host: str) -> None:
    """The addresses of a host cannot be had."""
    site.dns[f"{host} A"] = site.dns[f"{host} AAAA"] = "servfail"


def hide_policy(site: "Site") -> None:
    """The policy host has a name and nobody says where it is."""
    fail_addresses(site, f"mta-sts.{site.name}")
    no_policy(site, "inconclusive")


def hide_host(site: "Site") -> None:
    """The same for the MX host."""
    site.facts.hosts = [
        Host(host.name, host.preference, "inconclusive",
             in_policy=host.in_policy, dane="inconclusive")
        for host in site.facts.hosts]
    for host in site.facts.hosts:
        fail_addresses(site, host.name)


def hide(site: "Site") -> None:
    """Let the look-up of the plan fail."""
    {"mx": hide_mx, "sts": hide_sts, "tlsrpt": hide_tlsrpt,
     "policy": hide_policy, "host": hide_host}[site.plan.lapse](site)
