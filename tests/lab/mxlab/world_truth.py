# SPDX-License-Identifier: Apache-2.0
"""From what was configured to what a sender would do: the verdict rules.

The tables of kinds (world_txt, world_policy, world_hosts) say what each single
piece of a configuration means.  This module puts the pieces of one domain
together: RFC 8461 section 5 for `verdict`, RFC 7672 section 2.2 for
`verdict_dane`, and the findings that need more than one piece.  It is written
from the RFCs and shares nothing with the scanner's judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .world_mx import miss_class, mistakes
from .world_vocab import in_order

DAY = 86400
BAD_STARTTLS = ("not_offered", "refused", "tls_failed")


@dataclass
class Host:
    """One MX host as one domain sees it."""

    name: str
    preference: int
    starttls: str = "ok"
    tls: str | None = None
    trusted: bool | None = None
    name_ok: bool | None = None
    time_ok: bool | None = None
    in_policy: bool | None = None
    dane: str = "absent"
    findings: tuple[str, ...] = ()       # whoever names this host has them
    cert_findings: tuple[str, ...] = ()  # only where a usable policy applies
    tlsa_marks: tuple[str, ...] = ()     # see dane_marks()

    def fails(self) -> bool:
        """Known not to be acceptable under the policy."""
        return (self.in_policy is False
                or self.starttls in BAD_STARTTLS
                or False in (self.trusted, self.name_ok, self.time_ok)
                or self.tls in ("1.0", "1.1"))

    def passes(self) -> bool:
        """Known to be acceptable under the policy."""
        return (not self.fails() and self.in_policy is True
                and self.starttls == "ok" and self.tls in ("1.2", "1.3")
                and None not in (self.trusted, self.name_ok, self.time_ok))

    def protects(self) -> bool | None:
        """TLS with a certificate that holds, whatever any policy says."""
        checks = (self.trusted, self.name_ok, self.time_ok)
        if self.starttls in BAD_STARTTLS or False in checks:
            return False
        return True if self.starttls == "ok" and None not in checks else None

    def facts(self) -> dict:
        """The element of `mx` in a domain record."""
        return {"host": self.name, "preference": self.preference,
                "in_policy": self.in_policy, "starttls": self.starttls,
                "tls": self.tls, "trusted": self.trusted,
                "name_ok": self.name_ok, "time_ok": self.time_ok,
                "dane": self.dane}


@dataclass
class Facts:
    """One domain, piece by piece, before anything is concluded."""

    record: str = "absent"
    record_id: str | None = None
    policy: str = "none_tried"
    policy_timeout: bool = False  # status tcp because of a connect time-out
    valid: bool | None = None
    mode: str | None = None
    max_age: int | None = None
    patterns: list[str] | None = None
    tlsrpt: str = "absent"
    rua: list[str] = field(default_factory=list)
    mx_status: str = "ok"
    hosts: list[Host] = field(default_factory=list)
    findings: set[str] = field(default_factory=set)
    domain: str = ""
    record_time: int | None = None  # that the id of the record tells

    def mx_match(self) -> str | None:
        """Do the patterns of a valid policy match the hosts?"""
        if (not self.valid or self.mode not in ("enforce", "testing")
                or self.mx_status not in ("ok", "implicit")
                or not self.hosts):
            return None
        inside = [bool(host.in_policy) for host in self.hosts]
        return "all" if all(inside) else "some" if any(inside) else "none"

    def mx_class(self) -> str | None:
        """In what way nothing matches."""
        if self.mx_match() != "none":
            return None
        found = miss_class(self.patterns or [],
                           [host.name for host in self.hosts], self.domain)
        if found is None:
            raise ValueError(f"{self.domain}: the class of its mismatch "
                             "depends on the Public Suffix List")
        return found

    def wants_hosts(self) -> bool:
        """A usable policy that asks something of the MX hosts."""
        return self.policy == "ok" and self.mode in ("enforce", "testing")


def dane_status(*, tlsa: str | None, host_secure: bool, mx_secure: bool,
                starttls: str) -> str:
    """RFC 7672 2.2 for one host.

    tlsa: what the published set would say of the certificate (None, "ok",
    "mismatch", "unusable"), "bogus" for a broken proof, "failed" for a
    look-up that failed without any word on DNSSEC.
    """
    if tlsa == "bogus":
        return "bogus"
    if tlsa == "failed":
        return "inconclusive"
    if tlsa is None or not host_secure:
        return "absent"
    if not mx_secure:
        return "insecure"
    if tlsa == "unusable":
        return "unusable"
    if starttls == "ok":
        return tlsa
    if starttls in BAD_STARTTLS:
        return "mismatch"
    return "inconclusive"


def lacks_tls(host: Host) -> bool:
    """Unusable records still demand TLS (RFC 7672 2.2)."""
    return host.dane == "unusable" and host.starttls in BAD_STARTTLS


def dane_marks(host: Host) -> set[str]:
    """What else holds of a TLSA set, as this domain sees it."""
    holds = {"some_unusable": host.dane in ("ok", "mismatch"),
             "wrong_parameters": (host.dane == "mismatch"
                                  and host.starttls == "ok"),
             "ta_not_sent": host.dane == "ok",
             "lookup_failed": host.dane == "inconclusive"}
    return {f"dane.{mark}" for mark in host.tlsa_marks if holds[mark]}


def dane_findings(hosts: list[Host]) -> set[str]:
    """What the TLSA records of the hosts mean for the domain."""
    found = set()
    for host in hosts:
        found |= dane_marks(host)
        if host.dane == "mismatch":
            plain = host.starttls in ("not_offered", "refused")
            found.add("dane.no_starttls" if plain else "dane.mismatch")
        elif host.dane in ("unusable", "bogus"):
            found.add(f"dane.{host.dane}")
            if lacks_tls(host) and host.starttls != "tls_failed":
                found.add("dane.no_starttls")
        elif host.dane == "insecure":
            found.add("dane.mx_insecure")
    states = {host.dane for host in hosts}
    if "absent" in states and states & {"ok", "mismatch", "unusable"}:
        found.add("dane.partial")
    return found


def verdict_dane(mx_status: str, hosts: list[Host]) -> str:
    """What a sender that does DANE would do (RFC 7672)."""
    if mx_status == "inconclusive":
        return "inconclusive"
    states = ["mismatch" if lacks_tls(host) else host.dane for host in hosts]
    if mx_status in ("null_mx", "nxdomain", "absent"):
        return "none"
    if not set(states) & {"ok", "mismatch", "bogus", "inconclusive",
                          "unusable"}:
        return "none"
    if set(states) <= {"unusable", "absent", "insecure"}:
        return "invalid"
    fails = sum(state in ("mismatch", "bogus") for state in states)
    passes = sum(state in ("ok", "absent", "insecure", "unusable")
                 for state in states)
    if fails == 0 and "ok" in states:
        return "enforce_ok"
    if fails and passes:
        return "enforce_degraded"
    if fails == len(states):
        return "enforce_fail"
    return "inconclusive"


def verdict_before_hosts(facts: Facts) -> str | None:
    """The verdict where record, policy or MX decide alone, else None."""
    if facts.record == "absent":
        return "none"
    if facts.record == "inconclusive":
        return "inconclusive"
    if facts.record in ("invalid", "multiple"):
        return "invalid"
    if facts.policy == "inconclusive" or facts.policy_timeout:
        return "inconclusive"
    if facts.policy != "ok":
        return "invalid"
    if facts.mode == "none" or facts.mx_status in ("null_mx", "nxdomain",
                                                   "absent"):
        return "none"
    if facts.mx_status == "inconclusive":
        return "inconclusive"
    return None if facts.hosts else "none"


def verdict(facts: Facts) -> str:
    """What an RFC 8461 sender without a cache would do today."""
    early = verdict_before_hosts(facts)
    if early is not None:
        return early
    fails = sum(host.fails() for host in facts.hosts)
    passes = sum(host.passes() for host in facts.hosts)
    if facts.mode == "testing":
        if fails:
            return "testing_fail"
        return "testing_ok" if passes else "inconclusive"
    if passes:
        return "enforce_degraded" if fails else "enforce_ok"
    return "enforce_fail" if fails == len(facts.hosts) else "inconclusive"


def match_findings(facts: Facts) -> set[str]:
    """How the patterns of a usable policy miss the hosts."""
    matched = facts.mx_match() if facts.wants_hosts() else None
    if matched not in ("some", "none"):
        return set()
    found = mistakes(facts.patterns or [],
                     [host.name for host in facts.hosts], facts.domain)
    if matched == "some":
        return found | {"sts.policy.mx_partial"}
    return found | {"sts.policy.mx_mismatch",
                    f"sts.policy.mx_{facts.mx_class()}"}


def age_findings(facts: Facts) -> set[str]:
    """A max_age that does not suit the mode (RFC 8461 3.2, 8.3).

    Google's help has two weeks of testing; a withdrawn policy is to be
    forgotten within a day.
    """
    if not facts.valid or facts.max_age is None:
        return set()
    longest = {"testing": 14 * DAY, "none": DAY}.get(facts.mode or "")
    if longest is not None and facts.max_age > longest:
        return {"sts.policy.max_age_long"}
    if facts.mode != "none" and facts.max_age < DAY:
        return {"sts.policy.max_age_short"}
    return set()


def joint_findings(facts: Facts, decided: str) -> set[str]:
    """The findings that follow from several pieces together."""
    found = match_findings(facts) | age_findings(facts)
    for host in facts.hosts:
        found.update(host.findings)
        if facts.wants_hosts():
            found.update(host.cert_findings)
    if {True, False} <= {host.protects() for host in facts.hosts}:
        found.add("mx.hosts_disagree")
    if facts.record == "ok" and facts.mx_status == "null_mx":
        found.add("sts.policy.null_mx")
    if facts.tlsrpt == "absent" and facts.record in ("ok", "invalid",
                                                     "multiple"):
        found.add("tlsrpt.absent")
        if facts.policy == "ok" and facts.mode == "testing":
            found.add("tlsrpt.absent_testing")
    if decided == "enforce_ok" and any(
            host.in_policy and host.starttls in ("inconclusive", "blocked")
            for host in facts.hosts):
        found.add("mx.some_inconclusive")
    return found


def conclude(facts: Facts) -> dict:
    """The whole expectation of one domain."""
    decided = verdict(facts)
    found = facts.findings | joint_findings(facts, decided)
    found |= dane_findings(facts.hosts)
    record: dict = {"status": facts.record}
    if facts.record_id is not None:
        record["id"] = facts.record_id
    if facts.record_time is not None:
        record["id_time"] = facts.record_time
    policy: dict = {"status": facts.policy}
    if facts.policy != "inconclusive":
        policy["valid"] = facts.valid
    if facts.valid:
        policy.update(mode=facts.mode, max_age=facts.max_age)
        if facts.patterns:
            policy["mx"] = facts.patterns
    for key, word in (("mx_match", facts.mx_match()),
                      ("mx_class", facts.mx_class())):
        if word is not None:
            policy[key] = word
    hosts = sorted(facts.hosts, key=lambda host: (host.preference, host.name))
    return {"verdict": decided,
            "verdict_dane": verdict_dane(facts.mx_status, facts.hosts),
            "findings": in_order(found),
            "sts": {"record": record, "policy": policy},
            "tlsrpt": {"status": facts.tlsrpt, "rua": facts.rua},
            "mx_status": facts.mx_status,
            "mx": [host.facts() for host in hosts]}
