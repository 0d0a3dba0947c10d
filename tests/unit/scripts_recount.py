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

SECOND_LEVEL = {"ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "gv",
                "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"}
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
    """Who runs a host, by the README's rule of thumb."""
    labels = host.lower().split(".")
    if len(labels) > 2 and labels[-2] in SECOND_LEVEL and (
            labels[-1] not in ("com", "net", "org")):
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])


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


def tables(lines: list[dict[str, Any]], schema: dict[str, Any]
           ) -> dict[str, Table]:
    """All tables of a scan."""
    domains = [line for line in lines if line["type"] == "domain"]
    tried = [d for d in domains
             if status(d, "sts", "policy", "status") not in (None,
                                                             "none_tried")]
    known = Counter(d["sts"]["policy"]["status"] for d in tried
                    if policy_state(d) is not None)
    unknown = Counter(d["sts"]["policy"]["status"] for d in tried
                      if policy_state(d) is None)
    policy: Table = {
        ("Where an STS record asks for it", item): (
            known[item], None if item == "inconclusive" else known.total(),
            unknown[item]) for item in known | unknown}
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
    return {"adoption": adoption(domains), "policy": policy,
            "starttls": starttls, "tls": tls, "verdicts": verdicts,
            "findings": findings}
