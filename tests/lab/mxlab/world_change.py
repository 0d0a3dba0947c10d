# SPDX-License-Identifier: Apache-2.0
"""What may happen to one domain in one week, as changes of its plan.

A change takes the plan, and gives the plan of next week, or None where it
cannot happen.  Beside it stands what can be seen of it in a world line: an
event whose sight is the same in both weeks has not happened.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Callable

from .world_hosts import DANE
from .world_lapse import LAPSES
from .world_plan import Plan
from .world_policy import POLICIES, PolicyKind
from .world_providers import PROVIDERS
from .world_txt import STS, TLSRPT

Change = Callable[[Plan, random.Random, dict], "Plan | None"]

GOOD_RECORDS = tuple(name for name, kind in STS.items() if kind.status == "ok"
                     and kind.owner == "own" and not kind.future)
BAD_RECORDS = tuple(name for name, kind in STS.items()
                    if kind.status in ("invalid", "multiple"))
GOOD_POLICIES = ("ok", "ok_forms", "ok_charset", "ok_wildcard_cert",
                 "ok_alias")
BAD_POLICIES = ("dns", "tcp_refused", "tls_alert", "cert_name",
                "cert_untrusted", "cert_self_signed", "cert_none", "http_404",
                "http_500", "redirect", "html", "syntax", "version", "mode",
                "max_age", "mx_missing", "mx_invalid")
ALL_INSIDE = ("all", "all_wildcard", "wider")
MAX_AGES = ("86400", "604800", "1209600")  # none brings a finding
HOUSES = ("big_a", "big_b", "isp")
PLAIN_HOSTS = ("tls13", "tls12", "rsa2048")
ROLLED = ("ee", "ee_cert", "ee_sha512")
REMOVABLE = tuple(name for name, kind in DANE.items()
                  if kind.sets and kind.says == "ok" and kind.dns is None)


# ---- what is said of a plan

def published(plan: Plan) -> bool:
    """A good record of the domain's own, and a good policy behind it."""
    return (plan.existence == "mail" and plan.sts in GOOD_RECORDS
            and plan.policy in GOOD_POLICIES)


def in_force(plan: Plan) -> bool:
    """The same, and the policy asks for something."""
    return published(plan) and plan.mode in ("enforce", "testing")


def anew(plan: Plan, **changes: object) -> Plan:
    """The plan with changes, told by another id."""
    return replace(plan, id_turn=plan.id_turn + 1, **changes)


def plain_hosts(plan: Plan) -> bool:
    """Own hosts about whose certificates nothing else is said."""
    return (plan.existence == "mail" and plan.own() and plan.dane == "none"
            and all(kind in PLAIN_HOSTS for kind in plan.hosts))


# ---- MTA-STS

def adopted(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """A record and a policy where there were none."""
    if plan.existence != "mail" or plan.sts != "none":
        return None
    return anew(plan, sts="ok", policy="ok", consistency="all",
                mode=rng.choice(("testing", "enforce")), max_age="604800")


def withdrawn(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """RFC 8461 8.3: mode none for a day, under a new id; then nothing."""
    return anew(plan, mode="none", max_age="86400", leaving=True) \
        if in_force(plan) else None


def removed(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """The end of what `withdrawn` began."""
    return replace(plan, sts="none", leaving=False) if plan.leaving else None


def removed_abruptly(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """Record and policy are gone while senders still enforce it."""
    return replace(plan, sts="none") if in_force(plan) else None


def mode_changed(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """From testing to enforce or back."""
    other = {"testing": "enforce", "enforce": "testing"}
    return anew(plan, mode=other[plan.mode]) if in_force(plan) else None


def record_broken(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """The record is one that senders must ignore."""
    return replace(plan, sts=rng.choice(BAD_RECORDS)) \
        if published(plan) else None


def record_repaired(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """It is good again."""
    if (plan.existence != "mail" or plan.sts not in BAD_RECORDS
            or plan.policy not in GOOD_POLICIES):
        return None
    return anew(plan, sts="ok")


def policy_broken(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """Some layer of the policy fails; of a provider's, the name."""
    if not in_force(plan):
        return None
    return replace(plan, policy="dns_dangling" if plan.policy == "ok_alias"
                   else rng.choice(BAD_POLICIES))


def policy_repaired(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """The policy can be had again."""
    kind = POLICIES[plan.policy]
    if (plan.existence != "mail" or STS[plan.sts].status != "ok"
            or kind.status in ("ok", "inconclusive") or kind.timeout):
        return None
    return replace(
        plan, policy="ok_alias" if kind.alias else "ok",
        policy_generation=plan.policy_generation + shows_certificate(kind))


def shows_certificate(kind: PolicyKind) -> bool:
    """Is the certificate what is wrong, so that the next one is another?  A
    host that has none for the name never shows any."""
    return bool(kind.cert) and kind.cert.get("kind") != "none"


def other_age(plan: Plan, rng: random.Random) -> Plan:
    """Another max_age."""
    return replace(plan, max_age=rng.choice(
        [age for age in MAX_AGES if age != plan.max_age]))


def policy_changed_same_id(plan: Plan, rng: random.Random,
                           _: dict) -> Plan | None:
    """Senders that have the old policy do not learn of it."""
    return other_age(plan, rng) if in_force(plan) else None


def id_changed_same_policy(plan: Plan, _: random.Random,
                           __: dict) -> Plan | None:
    """Senders fetch what they have."""
    return anew(plan) if in_force(plan) else None


def policy_changed(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """As it should be; a policy of an earlier MX set follows at last."""
    if not in_force(plan):
        return None
    if plan.former:
        return anew(plan, consistency="all", former=())
    return anew(other_age(plan, rng))


def provider_moved(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """An alias points to another provider."""
    if (plan.existence != "mail" or STS[plan.sts].status != "ok"
            or "ok_alias" not in (plan.sts, plan.policy)):
        return None
    return replace(plan, provider=rng.choice(
        [zone for zone in PROVIDERS if zone != plan.provider]))


# ---- MX

def elsewhere(plan: Plan, rng: random.Random) -> Plan | None:
    """The mail goes to another house."""
    if plan.existence != "mail" or plan.dane != "none":
        return None
    return replace(plan, operator=rng.choice(
        [house for house in HOUSES if house != plan.operator]))


def mx_changed(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """And the policy, where there is one, follows."""
    moved = elsewhere(plan, rng)
    if moved is None or plan.sts == "none":
        return moved
    if not in_force(plan) or plan.consistency not in ALL_INSIDE:
        return None
    return anew(moved)


def mx_changed_policy_stale(plan: Plan, rng: random.Random,
                            line: dict) -> Plan | None:
    """And the policy goes on to name the old hosts."""
    moved = elsewhere(plan, rng)
    if (moved is None or not in_force(plan)
            or plan.consistency not in ALL_INSIDE):
        return None
    patterns = line["expect"]["sts"]["policy"].get("mx")
    if not patterns:
        return None
    if line["policy"]["body"].startswith("max_age"):  # turned round
        patterns = patterns[::-1]
    return replace(moved, consistency="none_stale", former=tuple(patterns))


# ---- certificates and TLSA records

def certificate_renewed(plan: Plan, rng: random.Random,
                        _: dict) -> Plan | None:
    """Another key, for the policy host or for the MX hosts or for both."""
    ways = [way for way, can in (("policy", in_force(plan)),
                                 ("mx", plain_hosts(plan))) if can]
    if not ways:
        return None
    ways = ways if rng.random() < 0.3 else [rng.choice(ways)]
    return replace(
        plan, policy_generation=plan.policy_generation + ("policy" in ways),
        mx_generation=plan.mx_generation + ("mx" in ways))


def certificate_expired(plan: Plan, rng: random.Random,
                        _: dict) -> Plan | None:
    """Nobody renewed it."""
    ways = []
    if in_force(plan) and plan.policy == "ok":
        ways.append(replace(plan, policy="cert_expired"))
    if plain_hosts(plan) and plan.hosts[0] == "tls13":
        ways.append(replace(plan, hosts=("expired", *plan.hosts[1:])))
    return rng.choice(ways) if ways else None


def tlsa_stale(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """The key of the MX host is another one, its TLSA records are not."""
    if plan.existence != "mail" or plan.dane != "ee":
        return None
    return replace(plan, dane="stale", tlsa_generation=plan.mx_generation,
                   mx_generation=plan.mx_generation + 1)


def tlsa_rolled(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """Key and TLSA records change together, or the records catch up."""
    if plan.existence != "mail":
        return None
    if plan.dane == "stale":
        return replace(plan, dane="ee", tlsa_generation=0)
    return replace(plan, mx_generation=plan.mx_generation + 1) \
        if plan.dane in ROLLED else None


def dane_added(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """TLSA records for a signed host that had none."""
    kinds = {("tls13",): "ee", ("tls13", "tls13"): "partial"}
    if (plan.existence != "mail" or not plan.signed or not plan.own()
            or plan.dane != "none" or plan.hosts not in kinds):
        return None
    return replace(plan, dane=kinds[plan.hosts])


def dane_removed(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """They are gone."""
    return replace(plan, dane="none") \
        if plan.existence == "mail" and plan.dane in REMOVABLE else None


# ---- TLS-RPT, the domain itself, look-ups

def tlsrpt_added(plan: Plan, rng: random.Random, _: dict) -> Plan | None:
    """A good TLS-RPT record."""
    if (plan.existence not in ("mail", "no_mail") or plan.tlsrpt != "absent"
            or plan.sts == "wildcard_spf"):
        return None
    return replace(plan, tlsrpt=rng.choice(("mailto", "https", "several")))


def tlsrpt_removed(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """None any more."""
    return replace(plan, tlsrpt="absent") if (
        plan.existence in ("mail", "no_mail")
        and TLSRPT[plan.tlsrpt].status == "ok") else None


def vanished(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """The name is no longer registered."""
    return Plan("nxdomain", past=plan.told()) \
        if plan.existence in ("mail", "no_mail") else None


def appeared(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """The name is there (again); new ones have mail and nothing else."""
    if plan.existence != "nxdomain":
        return None
    return Plan.read(plan.past) if plan.past else Plan(operator="big_a")


def lookup_failed(plan: Plan, rng: random.Random, line: dict) -> Plan | None:
    """One look-up fails for a week; zones stay signed, so unsigned ones."""
    if plan.existence != "mail" or plan.signed or plan.has_fault():
        return None
    truth = line["expect"]
    can = {"mx": True, "zone": True, "sts": plan.sts in GOOD_RECORDS,
           "tlsrpt": truth["tlsrpt"]["status"] == "ok",
           "policy": plan.policy in GOOD_POLICIES[:-1] and plan.fetched(),
           "host": plan.own() and plan.hosts in (("tls13",), ("tls12",))}
    return replace(plan, lapse=rng.choice([one for one in LAPSES if can[one]]))


def lookup_back(plan: Plan, _: random.Random, __: dict) -> Plan | None:
    """And is answered in the next."""
    return replace(plan, lapse="") if plan.lapse else None


# ---- what can be seen

def see_sts(line: dict) -> dict:
    """Record and policy."""
    record, policy = (line["expect"]["sts"][one]
                      for one in ("record", "policy"))
    return {"record": record["status"], "id": record.get("id"),
            "policy": policy["status"], "mode": policy.get("mode"),
            "max_age": policy.get("max_age"), "mx": policy.get("mx")}


def see_mx(line: dict) -> dict:
    """Hosts, and whether the policy names them."""
    return {"hosts": [host["host"] for host in line["expect"]["mx"]],
            "mx_match": line["expect"]["sts"]["policy"].get("mx_match"),
            "id": line["expect"]["sts"]["record"].get("id")}


def see_certificates(line: dict) -> dict:
    """How often they were renewed, and whether they are in date."""
    plan = Plan.read(plan_of(line))
    return {"policy": line["expect"]["sts"]["policy"]["status"],
            "policy_generation": plan.policy_generation,
            "mx_generation": plan.mx_generation,
            "mx_in_date": [host["time_ok"] for host in line["expect"]["mx"]]}


def see_tlsa(line: dict) -> dict:
    """What TLSA records say, and of which key."""
    plan = Plan.read(plan_of(line))
    told = (plan.tlsa_generation if plan.dane == "stale"
            else plan.mx_generation)
    return {"dane": [host["dane"] for host in line["expect"]["mx"]],
            "mx_generation": plan.mx_generation,
            "tlsa_generation": told if "tlsa" in line else None}


def see_aliases(line: dict) -> dict:
    """Where record and policy host are delegated to."""
    rows = [row.split() for row in line.get("records", [])]
    ends = {row[0].rstrip("."): row[4].rstrip(".") for row in rows
            if row[3] == "CNAME"}
    return {label: ends.get(f"{label}.{line['domain']}")
            for label in ("_mta-sts", "mta-sts")}


def see_tlsrpt(line: dict) -> dict:
    """The TLS-RPT record."""
    return dict(line["expect"]["tlsrpt"])


def see_existence(line: dict) -> dict:
    """Is there such a domain?"""
    return {"exists": line.get("exists", True),
            "mx_status": line["expect"]["mx_status"]}


def see_lookup(line: dict) -> dict:
    """Which look-up fails."""
    return {"lookup": plan_of(line).get("lapse")}


def plan_of(line: dict) -> dict:
    """The plan in a world line, without the seed beside it."""
    return {key: value for key, value in line["plan"].items()
            if key != "seed"}


@dataclass(frozen=True)
class Event:
    """A change, what is seen of it, and what it keeps others from."""

    change: Change
    see: Callable[[dict], dict]
    areas: frozenset[str]


def about(see: Callable[[dict], dict], areas: str,
          *changes: Change) -> dict[str, Event]:
    """Events of one kind, by the names of their changes."""
    return {change.__name__: Event(change, see, frozenset(areas.split()))
            for change in changes}


EVENTS = {
    **about(see_sts, "sts", adopted, withdrawn, removed, removed_abruptly,
            mode_changed, record_broken, record_repaired, policy_broken,
            policy_repaired, policy_changed_same_id, id_changed_same_policy,
            policy_changed),
    **about(see_mx, "sts mx", mx_changed, mx_changed_policy_stale),
    **about(see_certificates, "sts mx", certificate_renewed,
            certificate_expired),
    **about(see_tlsa, "mx", tlsa_stale, tlsa_rolled, dane_added,
            dane_removed),
    **about(see_aliases, "sts", provider_moved),
    **about(see_tlsrpt, "tlsrpt", tlsrpt_added, tlsrpt_removed),
    **about(see_existence, "sts mx tlsrpt", appeared, vanished),
    "lookup_failed_this_week": Event(lookup_failed, see_lookup,
                                     frozenset(("sts", "mx", "tlsrpt"))),
    "lookup_back": Event(lookup_back, see_lookup,
                         frozenset(("sts", "mx", "tlsrpt"))),
}


def alongside(event: str, old: Plan, new: Plan) -> list[str]:
    """What else happened by the same change.

    Of record and policy, the events that name a mode, a beginning or an end
    say everything; so do those of the whole domain.
    """
    found = []
    if event == "certificate_expired" and old.policy != new.policy:
        found.append("policy_broken")
    if event == "mx_changed" and old.id_turn != new.id_turn:
        found.append("policy_changed")
    if (event in ("policy_repaired", "tlsa_stale", "tlsa_rolled")
            and (old.policy_generation, old.mx_generation)
            != (new.policy_generation, new.mx_generation)):
        found.append("certificate_renewed")
    return found


# What last week has begun and this week ends, whatever the rates.
FORCED = ("removed", "lookup_back")
