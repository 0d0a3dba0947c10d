# SPDX-License-Identifier: Apache-2.0
"""The tables of scripts/summarize counted a second time, in plain Python and
one domain after the other.  Written from scripts/README.md, not from the SQL:
where the two differ, one of them is wrong.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

# numerator, denominator, inconclusive
Figures = tuple[int, int | None, int | None]
Table = dict[tuple[str, str], Figures]

ANSWERED = ("ok", "not_offered", "refused", "tls_failed")
PAIR, ONE = "Per domain and MX host", "Per distinct MX host"


def status(domain: dict[str, Any], *keys: str) -> str | None:
    """A status below nested keys; nothing exists below no name."""
    value: Any = domain
    for key in keys:
        value = (value or {}).get(key)
    if value is None and domain.get("mx_status") == "nxdomain" and (
            keys[-1] == "status" and "policy" not in keys):
        return "absent"
    return value


def present(what: str | None) -> bool | None:
    """Is there a record, as far as anybody knows?"""
    if what in (None, "inconclusive"):
        return None
    return what != "absent"


def all_of(states: list[bool | None]) -> bool | None:
    """One no settles it, else one unknown leaves it open."""
    if False in states:
        return False
    return None if None in states else True


def any_of(states: list[bool | None]) -> bool | None:
    """One yes settles it, else one unknown leaves it open."""
    if True in states:
        return True
    return None if None in states else False


def works(host: dict[str, Any]) -> bool | None:
    """Does STARTTLS work on a host that is there?"""
    if host.get("starttls") in ANSWERED:
        return host["starttls"] == "ok"
    return None


def certified(host: dict[str, Any]) -> bool | None:
    """Does it also show a certificate that is valid in every respect?"""
    if works(host) is not True:
        return works(host)
    return all_of([host.get(key) for key in ("trusted", "name_ok",
                                             "time_ok")])


def published(host: dict[str, Any]) -> bool | None:
    """Has it TLSA records?"""
    if host.get("dane") in (None, "bogus", "inconclusive"):
        return None
    return host["dane"] != "absent"


def dane_ok(host: dict[str, Any]) -> bool | None:
    """Do they match?"""
    if host.get("dane") in (None, "inconclusive"):
        return None
    return host["dane"] == "ok"


class Counter3:
    """Yes, no and unknown under a name."""

    def __init__(self) -> None:
        self.count: Counter[tuple[str, str, bool | None]] = Counter()
        self.names: dict[tuple[str, str], None] = {}

    def add(self, section: str, item: str, asked: bool, state: bool | None
            ) -> None:
        """Count a domain if the question applies to it."""
        self.names[section, item] = None
        if asked:
            self.count[section, item, state] += 1

    def table(self) -> Table:
        """Numerator, denominator, inconclusive."""
        return {name: (self.count[*name, True],
                       self.count[*name, True] + self.count[*name, False],
                       self.count[*name, None]) for name in self.names}


def policy_state(domain: dict[str, Any]) -> bool | None:
    """Could the policy be used?"""
    got = status(domain, "sts", "policy", "status")
    if got in (None, "none_tried", "inconclusive"):
        return None
    if got == "tcp" and domain.get("verdict") == "inconclusive":
        return None
    return got == "ok"


def count_domain(c: Counter3, domain: dict[str, Any]) -> None:
    """All questions of the adoption table to one domain."""
    mx = domain.get("mx_status")
    mx = None if mx == "inconclusive" else mx
    for item, yes in (("exists", mx != "nxdomain"), ("mx", mx == "ok"),
                      ("null_mx", mx == "null_mx"),
                      ("mx_implicit", mx == "implicit"),
                      ("mx_none", mx == "absent"),
                      ("mx_invalid", mx == "invalid")):
        c.add("Domains", item, True, None if mx is None else yes)
    c.add("Domains", "domains", True, True)
    record = status(domain, "sts", "record", "status")
    has_sts, in_mail = present(record), mx == "ok"
    c.add("MTA-STS", "sts_record", True, has_sts)
    c.add("MTA-STS", "sts_record_mx", in_mail, has_sts)
    c.add("MTA-STS", "sts_record_valid", has_sts is True, record == "ok")
    usable = policy_state(domain)
    c.add("MTA-STS", "policy_usable", record == "ok", usable)
    fetched = status(domain, "sts", "policy", "status") == "ok"
    mode = status(domain, "sts", "policy", "mode")
    for name in ("enforce", "testing", "none"):
        c.add("MTA-STS", f"mode_{name}", fetched, mode and mode == name)
    tlsrpt = status(domain, "tlsrpt", "status")
    has_rpt = present(tlsrpt)
    c.add("TLS-RPT", "tlsrpt_record", True, has_rpt)
    c.add("TLS-RPT", "tlsrpt_record_mx", in_mail, has_rpt)
    c.add("TLS-RPT", "tlsrpt_valid", has_rpt is True, tlsrpt == "ok")
    c.add("TLS-RPT", "tlsrpt_with_sts", has_sts is True, has_rpt)
    unknown = count_hosts(c, in_mail, domain.get("mx") or [])
    c.add("Certainty", "uncertain", True, None in (mx, has_sts, has_rpt)
          or (record == "ok" and usable is None) or unknown)


def count_hosts(c: Counter3, in_mail: bool, hosts: list[dict[str, Any]]
                ) -> bool:
    """The questions to the hosts; true if one found no answer."""
    there = [h for h in hosts if h.get("starttls") != "unreachable"]
    with_tls = [h for h in there if works(h) is not False]
    place = "STARTTLS, of domains with MX"
    asked = in_mail and bool(there)
    every = all_of([works(h) for h in there])
    c.add(place, "starttls_all", asked, every)
    c.add(place, "starttls_any", asked, any_of([works(h) for h in there]))
    c.add(place, "cert_all", asked, all_of([certified(h) for h in there]))
    c.add(place, "cert_tls", in_mail and bool(with_tls),
          all_of([certified(h) for h in with_tls]))
    place = "DANE, of domains with MX"
    asked_dane = in_mail and bool(hosts)
    some = any_of([published(h) for h in hosts])
    c.add(place, "dane_published", asked_dane, some)
    c.add(place, "dane_complete", asked_dane and some is True,
          all_of([published(h) for h in hosts]))
    c.add(place, "dane_any", asked_dane, any_of([dane_ok(h) for h in hosts]))
    c.add(place, "dane_all", asked_dane, all_of([dane_ok(h) for h in hosts]))
    return (asked and every is None) or (asked_dane and some is None)


def adoption(domains: Iterable[dict[str, Any]]) -> Table:
    """The adoption table of some domains."""
    c = Counter3()
    for domain in domains:
        count_domain(c, domain)
    return c.table()


def operator(host: str) -> str:
    """Who runs a host: its registrable domain, as the stand-in for the
    program says it."""
    labels = host.lower().split(".")
    return ".".join(labels[-3 if labels[-2] == "co" else -2:])


def groups(domains: list[dict[str, Any]], key: str, rank_bin: int
           ) -> dict[str, list[dict[str, Any]]]:
    """Domains by group."""
    found: dict[str, list[dict[str, Any]]] = {}
    for domain in domains:
        mx = domain.get("mx_status")
        if key == "tld":
            group = domain["name"].rsplit(".", 1)[1]
        elif key == "rank":
            low = (domain["rank"] - 1) // rank_bin * rank_bin + 1
            group = f"{low}-{low + rank_bin - 1}"
        elif mx in ("ok", "implicit") and domain.get("mx"):
            group = operator(domain["mx"][0]["host"])
        else:
            group = ("(inconclusive)" if mx in (None, "inconclusive")
                     else "(no MX host)")
        found.setdefault(group, []).append(domain)
    return found


def host_tables(lines: list[dict[str, Any]]) -> tuple[Table, Table]:
    """The STARTTLS and the TLS version table."""
    starttls: Table = {}
    tls: Table = {}
    pairs = [h for d in lines if d["type"] == "domain"
             for h in d.get("mx") or []]
    hosts = {h["host"]: h for h in lines if h["type"] == "mx"}
    for place, members in ((PAIR, pairs), (ONE, list(hosts.values()))):
        seen = Counter(h["starttls"] for h in members)
        answered = sum(seen[s] for s in ANSWERED)
        for item, n in seen.items():
            starttls[place, item] = (
                (n, answered, 0) if item in ANSWERED else
                (n, None, 0) if item == "unreachable" else (0, None, n))
        versions = Counter(h["tls"] for h in members
                           if h["starttls"] == "ok")
        for item, n in versions.items():
            tls[place, item] = (n, versions.total(), None)
    return starttls, tls


def policies(c: Counter3, domain: dict[str, Any]) -> None:
    """How far the policy was fetched: the table policy, all hosts."""
    got = status(domain, "sts", "policy", "status")
    if got in (None, "none_tried"):
        return
    known = policy_state(domain) is not None
    for item, yes in (("tried", True), ("ok", got == "ok"),
                      ("error", got != "ok"), *(
                          (layer, got == layer) for layer in (
                              "dns", "tcp", "tls", "http", "syntax"))):
        # what is unknown stands in the row of its own layer
        c.add("policy", item, known or yes, yes if known else None)
    for mode in ("enforce", "testing", "none"):
        c.add("max_age", mode, got == "ok",
              status(domain, "sts", "policy", "mode") == mode)


def none_of(states: list[bool | None]) -> bool | None:
    """Not any."""
    some = any_of(states)
    return None if some is None else not some


def both(*states: bool | None) -> bool | None:
    """All of a few."""
    return all_of(list(states))


def negated(state: bool | None) -> bool | None:
    """Yes for no."""
    return None if state is None else not state


def mail(c: Counter3, domain: dict[str, Any]) -> None:
    """MX hosts with a policy: certificates, consistency, risk, cross."""
    if domain.get("mx_status") != "ok":
        return
    hosts = domain.get("mx") or []
    record = status(domain, "sts", "record", "status")
    has_sts, dane = present(record), any_of([published(h) for h in hosts])
    for item, sts, tlsa in (("both", True, True), ("sts_only", True, False),
                            ("dane_only", False, True),
                            ("neither", False, False)):
        c.add("cross", item, True, None if None in (has_sts, dane)
              else (has_sts, dane) == (sts, tlsa))
    there = [h for h in hosts if h.get("starttls") != "unreachable"]
    with_tls = [h for h in there if works(h) is not False]
    for prefix, members in (("", with_tls), ("strict_", there)):
        bad = [negated(certified(h)) for h in members]
        some, every = any_of(bad), all_of(bad)
        asked = record in ("ok", "invalid", "multiple") and bool(members)
        c.add("certificates", prefix + "some", asked, some)
        c.add("certificates", prefix + "all", asked, every)
        c.add("certificates", prefix + "partial", asked,
              both(some, negated(every)))
    if status(domain, "sts", "policy", "status") != "ok":
        return
    fits = [h.get("in_policy") for h in hosts]
    every, misses = all_of(fits), none_of(fits)
    open_ = every is not True and misses is not True and not (
        False in fits and True in fits)
    for item, yes in (("all", every is True), ("none", misses is True),
                      ("some", False in fits and True in fits)):
        c.add("consistency", item, True, None if open_ else yes)
    enforce = status(domain, "sts", "policy", "mode") == "enforce"
    c.add("risk", "enforce_risk", bool(there), both(enforce, none_of(
        [both(h.get("in_policy"), certified(h)) for h in there])))


def further(lines: list[dict[str, Any]]) -> Table:
    """Rows of the other tables, by table and item."""
    c = Counter3()
    for domain in lines:
        if domain["type"] == "domain":
            policies(c, domain)
            mail(c, domain)
    return c.table()


def tables(lines: list[dict[str, Any]], schema: dict[str, Any]
           ) -> dict[str, Table]:
    """The tables of which every row is counted again."""
    domains = [line for line in lines if line["type"] == "domain"]
    starttls, tls = host_tables(lines)
    verdicts: Table = {}
    for place, key in (("MTA-STS senders", "verdict"),
                       ("DANE senders", "verdict_dane")):
        for item, n in Counter(d[key] for d in domains).items():
            verdicts[place, item] = (n, len(domains), None)
    severity = {row["code"]: row["severity"] for row in schema["findings"]}
    findings: Table = {
        (severity[code], code): (n, len(domains), None) for code, n in
        Counter(f for d in domains for f in set(d["findings"])).items()}
    return {"adoption": adoption(domains), "starttls": starttls, "tls": tls,
            "verdicts": verdicts, "findings": findings}
