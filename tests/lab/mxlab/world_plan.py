# SPDX-License-Identifier: Apache-2.0
"""Who is what: one plan a name, every kind at least once.

A plan names a kind in each section; world_build turns it into a world line.
Where the list is long enough, one name is set aside for each kind before the
rest is drawn by weight, so that a world of a thousand names holds an example
of everything.  settle() then removes contradictions, so that what a plan says
is what the world shows.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace

from .world_hosts import DANE, HOSTS
from .world_mx import is_reserved
from .world_names import Entry
from .world_policy import POLICIES
from .world_providers import POLICY_HOUSE, PROVIDERS
from .world_rates import Rates
from .world_txt import STS, TLSRPT

# Existence kinds whose zone is served by the fault server.
ZONE_FAULTS = ("zone_servfail", "zone_silent")
MX_FAULTS = {"mx_servfail": "servfail", "mx_refused": "refused",
             "mx_truncated": "truncate"}
IMPLICIT = ("implicit", "implicit_refuse")
WITH_HOSTS = ("mail", *IMPLICIT, "null_beside", "literal_beside",
              "localhost_beside", "mx_truncated")
WITH_POLICY = ("mail", *IMPLICIT, "null_mx_sts", "mx_truncated",
               "mx_servfail", "mx_refused")
HARMLESS = ("mail", *IMPLICIT, "no_mail", "null_mx")
# How these miss a domain's own hosts depends on the public suffix above them.
BY_SUFFIX = ("none_self", "none_domain", "none_third_label", "none_tld")


@dataclass(frozen=True)
class Plan:
    """One kind of each section, and how often each was renewed."""

    existence: str = "mail"
    operator: str = "own"
    hosts: tuple[str, ...] = ("tls13",)
    sts: str = "none"
    policy: str = "ok"
    mode: str = "enforce"
    max_age: str = "604800"
    consistency: str = "all"
    tlsrpt: str = "absent"
    dane: str = "none"
    signed: bool = False
    provider: str = POLICY_HOUSE
    # what only the weeks of a world bring (world_change.py)
    id_turn: int = 0            # how often the id was changed
    policy_generation: int = 0  # how often the certificate was renewed
    mx_generation: int = 0
    tlsa_generation: int = 0    # that stale TLSA records belong to
    former: tuple[str, ...] = ()  # patterns left of an earlier MX set
    lapse: str = ""             # the look-up that fails this week
    leaving: bool = False       # mode none stands, the record goes next
    past: dict | None = None    # the plan before the name vanished

    @classmethod
    def read(cls, told: dict) -> "Plan":
        """A plan as told() wrote it."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value
                      for key, value in told.items()})

    def told(self) -> dict:
        """What differs from the usual plan, for the world line."""
        return {one.name: list(value) if isinstance(value, tuple) else value
                for one in fields(self)
                if (value := getattr(self, one.name)) != one.default}

    def has_fault(self) -> bool:
        """Does the zone need the fault server?"""
        return (self.existence in (*ZONE_FAULTS, *MX_FAULTS)
                or bool(STS[self.sts].fault or TLSRPT[self.tlsrpt].fault)
                or POLICIES[self.policy].dns is not None
                or self.own() and any(HOSTS[kind].dns for kind in self.hosts))

    def own(self) -> bool:
        """Does the domain run its MX hosts itself?"""
        return self.operator == "own" and self.existence in WITH_HOSTS

    def fetched(self) -> bool:
        """Does the record make a scanner fetch the policy?"""
        return STS[self.sts].status in ("ok", "invalid", "multiple")

    def kinds(self) -> list[str]:
        """What can be seen of the plan, as `section.kind`."""
        seen = [f"existence.{self.existence}"]
        if self.existence in WITH_HOSTS:
            seen.append(f"operator.{self.operator}")
        if self.own():
            seen += [f"host.{kind}" for kind in dict.fromkeys(self.hosts)]
        if self.sts != "none":
            seen.append(f"sts.{self.sts}")
        if self.fetched():
            seen += [f"policy.{self.policy}", f"mode.{self.mode}",
                     f"max_age.{self.max_age}"]
            if self.existence in WITH_HOSTS and self.mode != "none":
                seen.append(f"consistency.{self.consistency}")
        if self.tlsrpt != "absent":
            seen.append(f"tlsrpt.{self.tlsrpt}")
        if self.signed:
            seen.append("signed")
        if self.dane != "none" or self.signed and self.own():
            seen.append(f"dane.{self.dane}")
        if self.lapse:
            seen.append(f"lapse.{self.lapse}")
        return seen


def must(section: str, kind: str, rng: random.Random) -> Plan:
    """A plan in which one kind is plainly visible."""
    plan = Plan(sts="ok", tlsrpt="mailto")
    if section == "existence":
        plan = replace(plan, existence=kind, tlsrpt="absent",
                       sts="ok" if kind in WITH_POLICY else "none")
    elif section == "host":
        partner = ("tls13",) if rng.random() < 0.5 else ()
        plan = replace(plan, hosts=(kind, *partner))
    elif section == "dane":
        plan = replace(plan, dane=kind, signed=True)
    elif section == "consistency" and kind.startswith("partial"):
        plan = replace(plan, consistency=kind, hosts=("tls13", "tls13"))
    else:
        plan = replace(plan, **{section: kind})
    return plan


def draw(rates: Rates, rng: random.Random) -> Plan:
    """A plan by the weights alone."""
    existence = rates.draw(rng, "existence")
    operator = rates.draw(rng, "operator")
    hosts = [rates.draw(rng, "host")]
    if rates.happens(rng, "second_host"):
        hosts.append(rates.draw(rng, "host"))
    with_sts = (existence in WITH_POLICY and rates.happens(rng, "sts")
                or existence == "null_mx_sts")
    share = "tlsrpt_with_sts" if with_sts else "tlsrpt_without_sts"
    signed = rates.happens(rng, "signed")
    return Plan(
        existence, operator, tuple(hosts),
        rates.draw(rng, "sts") if with_sts else "none",
        rates.draw(rng, "policy"), rates.draw(rng, "mode"),
        rates.draw(rng, "max_age"), rates.draw(rng, "consistency"),
        rates.draw(rng, "tlsrpt") if rates.happens(rng, share) else "absent",
        rates.draw(rng, "dane") if signed else "none", signed,
        rng.choice(list(PROVIDERS)))


def settle_place(plan: Plan, entry: Entry) -> Plan:
    """Respect where the name stands: above others, odd, or a top level."""
    if entry.is_top:
        return Plan(existence="no_mail", signed=True)
    if entry.is_odd:
        keep = plan.existence in ("mail", "no_mail", "nxdomain", "null_mx")
        plan = Plan(existence=plan.existence if keep else "mail",
                    operator="big_a", signed=plan.signed)
    if not entry.children:
        return plan
    if plan.existence not in HARMLESS:
        plan = replace(plan, existence="mail")
    if plan.sts == "wildcard_spf" or not (
            entry.owns(f"_mta-sts.{entry.name}")
            and entry.owns(f"mta-sts.{entry.name}")):
        plan = replace(plan, sts="none")
    if not entry.owns(f"_smtp._tls.{entry.name}"):
        plan = replace(plan, tlsrpt="absent")
    if plan.operator == "own" and plan.existence == "mail" and any(
            not entry.owns(f"{label}.{entry.name}")
            for label in ("mx", "mx1", "mx2", "mail", "box1", "box2")):
        plan = replace(plan, operator="big_b", dane="none")
    if plan.has_fault() or DANE[plan.dane].dns:
        plan = Plan(operator="big_b", signed=plan.signed)
    return plan


def fits(kind: str, entry: Entry) -> bool:
    """Can a host of this kind be had below (or at) this name?"""
    return not HOSTS[kind].apex or entry.name.count(".") == 1


def settle_hosts(plan: Plan, entry: Entry) -> Plan:
    """Kinds that need a place of their own: one host at the name itself."""
    hosts: list[str] = []
    for kind in plan.hosts:
        taken = HOSTS[kind].apex and any(HOSTS[one].apex for one in hosts)
        hosts.append("tls13" if taken or not fits(kind, entry) else kind)
    if plan.existence in IMPLICIT:
        hosts = [hosts[0] if HOSTS[hosts[0]].plain else "tls13"]
        if plan.existence == "implicit_refuse":
            hosts = ["refuse"]
        plan = replace(plan, operator="own", dane="none")
    return replace(plan, hosts=tuple(hosts))


def settle_mismatch(plan: Plan, entry: Entry) -> Plan:
    """Below a real suffix, mismatches are shown with the hosts of a house."""
    if (plan.consistency in BY_SUFFIX and plan.fetched() and plan.own()
            and not is_reserved(entry.name) and plan.dane == "none"
            and plan.existence not in IMPLICIT):
        return replace(plan, operator="big_a")
    return plan


def settle_dane(plan: Plan) -> Plan:
    """A DANE kind brings its own hosts; faults and DANE do not mix."""
    if plan.existence != "mail" or plan.has_fault():
        return replace(plan, dane="none")
    kind = DANE[plan.dane]
    if plan.dane == "none":
        return plan
    if plan.operator != "own" and kind.operator == "own":
        return replace(plan, dane="none")
    return replace(plan, signed=kind.signed, operator=kind.operator,
                   hosts=kind.hosts)


def settle_policy(plan: Plan) -> Plan:
    """Kinds of record, policy and MX that would hide each other."""
    if plan.existence not in WITH_POLICY:
        plan = replace(plan, sts="none")
    if plan.sts == "wildcard_spf":
        plan = replace(plan, tlsrpt="absent")
    if plan.existence == "null_mx_sts":
        plan = replace(plan, sts="ok", policy="ok")
    if STS[plan.sts].status != "ok":
        plan = replace(plan, policy="ok")
    needed = POLICIES[plan.policy].mode
    if needed and plan.mode == "none":
        plan = replace(plan, mode=needed)
    if plan.mode != "none" and plan.policy == "duplicate_key":
        plan = replace(plan, consistency="all")
    return plan


def settle(plan: Plan, entry: Entry, secure_above: bool) -> Plan:
    """Remove what contradicts itself; what is left can be served."""
    plan = settle_place(plan, entry)
    if not secure_above:
        # DNSSEC below an unsigned zone is an island that nobody can reach
        plan = replace(plan, signed=False, dane="none")
        if plan.existence == "zone_bogus":
            plan = replace(plan, existence="mail")
    plan = settle_hosts(plan, entry)
    plan = settle_policy(plan)
    plan = settle_mismatch(plan, entry)
    plan = settle_dane(plan)
    if plan.has_fault():
        plan = replace(plan, signed=False)
    if plan.existence in ("nxdomain", *ZONE_FAULTS, "zone_bogus"):
        plan = Plan(existence=plan.existence,
                    signed=plan.existence == "zone_bogus")
    return plan


def reserve(free: list[Entry], wanted: list[tuple[str, str]],
            rng: random.Random) -> dict[str, Plan]:
    """A name for each kind while there are any, the picky ones first."""
    left = list(free)
    reserved: dict[str, Plan] = {}

    def picky(one: tuple[str, str]) -> bool:
        return one[0] == "host" and HOSTS[one[1]].apex

    for section, kind in sorted(wanted, key=picky, reverse=True):
        at = next((at for at, entry in enumerate(left)
                   if not picky((section, kind)) or fits(kind, entry)), None)
        if at is not None:
            reserved[left.pop(at).name] = must(section, kind, rng)
    return reserved


def choose(entries: list[Entry], rates: Rates,
           seed: str) -> list[tuple[Entry, Plan]]:
    """The plan of every name, in the order of the list."""
    rng = random.Random(f"{seed}/kinds")
    free = [entry for entry in entries
            if not (entry.parents or entry.children or entry.is_top
                    or entry.is_odd)]
    rng.shuffle(free)
    wanted = rates.kinds()
    rng.shuffle(wanted)
    reserved = reserve(free, wanted, rng)
    secure: dict[str, bool] = {}
    plans: dict[str, Plan] = {}
    for entry in sorted(entries, key=lambda entry: entry.name.count(".")):
        plan = reserved.get(entry.name)
        if plan is None:
            plan = draw(rates, random.Random(f"{seed}/{entry.name}/draw"))
        above = all(secure[name] for name in entry.parents)
        plans[entry.name] = settle(plan, entry, above)
        secure[entry.name] = plans[entry.name].signed
    return [(entry, plans[entry.name]) for entry in entries]
