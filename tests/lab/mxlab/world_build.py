# SPDX-License-Identifier: Apache-2.0
"""From a plan to a world line: what the lab serves and what a scan must find.

Both are written side by side, from the same table of kinds: whoever adds a
record here adds what it means in the next line.  Keys are those of
tests/lab/README.md.
"""

from __future__ import annotations

import random
from dataclasses import replace

from .world_hosts import DANE, HOSTS, OPERATORS, HostKind, Operator
from .world_lapse import hide
from .world_mx import is_plain_miss, strays
from .world_names import Entry
from .world_plan import IMPLICIT, MX_FAULTS, WITH_HOSTS, ZONE_FAULTS, Plan
from .world_policy import POLICIES, Body
from .world_providers import POLICY_HOUSE, PROVIDERS, Provider
from .world_truth import Facts, Host, conclude, dane_status
from .world_txt import (PROVIDER_ID, PROVIDER_TIME, STS, TLSRPT, Txt, TxtKind,
                        draw_id, rr_lines, stamp)

# MX targets that are no hosts, and what they are.
NO_HOSTS = {"literal": (("192.0.2.25",), "mx.address_literal"),
            "localhost": (("localhost", "mail.localhost"), "mx.localhost")}
COMMON_NAME_BYTES = 64  # X.520; the lab leaves a longer one out


def fill(value: object, **words: str) -> object:
    """Templates in nested lists and objects."""
    if isinstance(value, str):
        for key, word in words.items():
            value = value.replace("{" + key + "}", word)
        return value
    if isinstance(value, list):
        return [fill(item, **words) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, **words) for key, item in value.items()}
    return value


def cert_codes(codes: tuple[str, ...], host: str) -> tuple[str, ...]:
    """The findings that remain where the host fits no common name."""
    return tuple(code for code in codes
                 if len(host) <= COMMON_NAME_BYTES
                 or not code.endswith(".cert_cn_only"))


def smtp_spec(kind: HostKind, host: str, box: str) -> dict:
    """What the lab needs to serve one host; box differs for an alias."""
    spec: dict = {}
    if kind.greets:
        spec["banner"] = [f"220 {box} ESMTP"]
        spec["ehlo"] = [f"250-{box}", "250-PIPELINING", "250-SIZE 20480000",
                        "250 STARTTLS"]
        spec["starttls"] = "220 2.0.0 ready"
    spec.update(fill(kind.smtp or {}, host=box, above=box.partition(".")[2]))
    if kind.tls is not None:
        cert = spec.setdefault("cert", {"kind": "trusted"})
        if cert["kind"] != "wrong_name" and "names" not in cert:
            cert["names"] = [host] if host == box else [host, box]
    return spec


def renewed(cert: dict, generation: int) -> dict:
    """The certificate that took the place of so many others."""
    return cert | ({"generation": generation} if generation else {})


class Site:
    """One world line in the making, and the facts beside it.

    Every choice that no plan makes has a source of chance of its own, so that
    a plan that changes in one place leaves all others as they are.
    """

    def __init__(self, entry: Entry, plan: Plan, seed: str) -> None:
        self.entry = entry
        self.plan = plan
        self.name = entry.name
        self.seed = seed
        self.secure = plan.signed  # settled: all zones above are secure
        self.records: list[str] = []
        self.dns: dict[str, str] = {}
        self.smtp: dict[str, dict] = {}
        self.tlsa: dict[str, list] = {}
        self.policy: dict | None = None
        self.facts = Facts(domain=entry.name)

    def rng(self, what: str) -> random.Random:
        """The chance behind one choice."""
        return random.Random(f"{self.seed}/{self.name}/{what}")

    @property
    def provider(self) -> Provider:
        """Who publishes for this domain, where somebody does."""
        return PROVIDERS[self.plan.provider]

    def add(self, owner: str, rest: str) -> None:
        """One record of this zone."""
        self.records.append(f"{owner}. 300 IN {rest}")

    def mx(self, preference: int, host: str) -> None:
        """One MX record."""
        self.add(self.name, f"MX {preference} {host}{'.' * (host != '.')}")

    # ---- TXT records

    def put_txt(self, label: str, kind: TxtKind, **more: str) -> \
            tuple[Txt, dict]:
        """Publish one way of a kind; returns it and its words."""
        owner = f"{label}.{self.name}"
        way = self.rng(label).choice(kind.ways)
        words = {"domain": self.name, **more}
        if kind.owner == "provider":
            self.add(owner, f"CNAME {self.provider.text()}.")
        elif kind.owner == "dangling":
            # to a name that is gone, or to one without TXT
            target = self.rng("dangling").choice((
                self.provider.gone(self.name), f"mta-sts.{POLICY_HOUSE}"))
            self.add(owner, f"CNAME {target}.")
        elif kind.owner == "wildcard":
            self.records += rr_lines(f"*.{self.name}", way.rrs, **words)
        else:
            self.records += rr_lines(owner, way.rrs, **words)
        if kind.fault:
            self.dns[f"{owner} TXT"] = kind.fault
        return way, words

    def put_sts(self) -> None:
        """The record at _mta-sts."""
        kind = STS[self.plan.sts]
        text, seconds = draw_id(self.rng("id"), self.plan.id_turn)
        # far enough ahead for whenever the world is scanned
        future, then = stamp(self.rng("future"), 2080, 2098)
        self.put_txt("_mta-sts", kind, id=text, future=future)
        self.facts.record = kind.status
        self.facts.findings.update(kind.findings)
        if kind.owner == "provider":
            text, seconds = PROVIDER_ID, PROVIDER_TIME
        if kind.future:
            text, seconds = future, then
        if kind.status == "ok":
            self.facts.record_id, self.facts.record_time = text, seconds

    def put_tlsrpt(self) -> None:
        """The record at _smtp._tls."""
        kind = TLSRPT[self.plan.tlsrpt]
        way, words = self.put_txt("_smtp._tls", kind)
        self.facts.tlsrpt = kind.status
        self.facts.findings.update(kind.findings)
        self.facts.rua = [uri.format(**words) for uri in way.rua]

    # ---- the policy

    def alias_target(self, alias: str) -> str:
        """Where the policy host points to: host, gone or text."""
        if alias == "text":  # a name that is there and has no address
            return self.provider.text()
        return (self.provider.host if alias == "host"
                else self.provider.gone)(self.name)

    def put_policy(self) -> None:
        """The policy host, and what a fetch brings."""
        kind = POLICIES[self.plan.policy]
        facts, host = self.facts, f"mta-sts.{self.name}"
        names = [one.name for one in facts.hosts] or [f"mx.{self.name}"]
        patterns, inside = self.patterns(names)
        body = Body(self.plan.mode, int(self.plan.max_age), patterns)
        text = self.rng("policy").choice(kind.edits)(body)
        cert = {"kind": "trusted", "names": [host]} | kind.cert
        if cert["kind"] == "wrong_name":
            del cert["names"]
        cert = renewed(cert, self.plan.policy_generation)
        served = {"body": text, "cert": cert} | kind.serve
        served.setdefault("headers", {"content-type": "text/plain"})
        self.policy = fill(served, domain=self.name)
        if kind.alias:
            self.add(host, f"CNAME {self.alias_target(kind.alias)}.")
        if kind.dns:
            self.dns[f"{host} A"] = self.dns[f"{host} AAAA"] = kind.dns
        facts.policy, facts.valid = kind.status, kind.valid
        facts.policy_timeout = kind.timeout
        facts.findings.update(cert_codes(kind.findings, host))
        if kind.valid:
            facts.mode, facts.max_age = body.mode, body.max_age
            facts.patterns = self.read_back(text, patterns)
            if body.mode != "none":
                for one in facts.hosts:
                    one.in_policy = one.name in inside

    @staticmethod
    def read_back(text: str, patterns: list[str]) -> list[str]:
        """The patterns in the order of the file (one way turns it round)."""
        return patterns if text.startswith("version") else patterns[::-1]

    def patterns(self, names: list[str]) -> tuple[list[str], set[str]]:
        """The mx lines of the policy, and the hosts that they match."""
        kind = self.plan.consistency
        if kind.startswith("partial"):
            also = [f"mta-sts.{self.name}", self.name]
            if len(names) > 1 and self.name not in names:
                return [names[0], *also[:2 * (kind == "partial_stray")]], \
                    {names[0]}
            self.plan = replace(self.plan, consistency="all")
        if kind.startswith("none_"):
            wrong = strays(kind, names, self.name, self.plan.former)
            if is_plain_miss(wrong, names, self.name):
                return wrong, set()
            self.plan = replace(self.plan, consistency="all")
        if kind == "all_wildcard" and all(
                name.count(".") >= 2 for name in names):
            parents = [name.partition(".")[2] for name in names]
            return [f"*.{parent}" for parent in dict.fromkeys(parents)], \
                set(names)
        if kind == "wider":
            return [*names, f"backup.{POLICY_HOUSE}"], set(names)
        return list(names), set(names)

    # ---- MX hosts

    def put_hosts(self) -> None:
        """The MX records that name hosts, and the hosts where they are ours."""
        if self.plan.operator != "own":
            self.use_operator(OPERATORS[self.plan.operator])
            return
        if self.plan.existence in IMPLICIT:
            self.own_host(self.name, 0, HOSTS[self.plan.hosts[0]], 0)
            return
        labels = (["mx1", "mx2"] if len(self.plan.hosts) > 1
                  else [self.rng("label").choice(["mx", "mail"])])
        for index, (label, kind) in enumerate(zip(labels, self.plan.hosts)):
            host = (self.name if HOSTS[kind].apex
                    else f"{label}.{self.name}")
            preference = 10 * (index + 1)
            self.mx(preference, host)
            self.own_host(host, preference, HOSTS[kind], index)

    def own_host(self, host: str, preference: int, kind: HostKind,
                 index: int) -> None:
        """One host in this zone."""
        box = host
        if kind.alias:
            box = f"box{index + 1}.{self.name}"
            self.add(host, f"CNAME {box}.")
        if kind.smtp is not None:
            spec = self.smtp[box] = smtp_spec(kind, host, box)
            if "cert" in spec:
                spec["cert"] = renewed(spec["cert"], self.plan.mx_generation)
        self.records += [line.format(host=host) for line in kind.records]
        if kind.dns:
            self.dns[f"{host} A"] = self.dns[f"{host} AAAA"] = kind.dns
        dane = DANE[self.plan.dane]
        says, marks = "failed" if kind.dns else None, ()
        if index < len(dane.sets):
            self.tlsa[host] = list(dane.sets[index])
            says, marks = dane.says, dane.marks
            if self.plan.dane == "stale":
                self.tlsa[host] = [row | {"generation":
                                          self.plan.tlsa_generation}
                                   for row in dane.sets[index]]
            if dane.dns:
                self.dns[f"_25._tcp.{host} TLSA"] = dane.dns
        self.see_host(host, preference, kind, says, self.secure, marks)

    def use_operator(self, house: Operator) -> None:
        """MX records towards a mail house."""
        kind = HOSTS[house.kind]
        says = house.says
        if house.dns:
            kind, says = HOSTS["address_servfail"], house.dns
        for index, label in enumerate(house.hosts):
            host = f"{label}.{house.zone}"
            self.mx(10 * (index + 1), host)
            self.see_host(host, 10 * (index + 1), kind, says, house.signed)

    def see_host(self, host: str, preference: int, kind: HostKind,
                 tlsa: str | None, host_secure: bool,
                 marks: tuple[str, ...] = ()) -> None:
        """What a probe of the host tells this domain."""
        found = kind.findings
        if self.plan.existence in IMPLICIT:
            # nobody named a web server as a mail host
            found = tuple(code for code in found if code != "mx.unreachable")
        self.facts.hosts.append(Host(
            host, preference, kind.starttls, kind.tls, kind.trusted,
            kind.name_ok, kind.time_ok,
            dane=dane_status(tlsa=tlsa, host_secure=host_secure,
                             mx_secure=self.secure, starttls=kind.starttls),
            findings=found,
            cert_findings=cert_codes(kind.cert_findings, host),
            tlsa_marks=marks))

    def put_mx(self) -> None:
        """Everything that the MX look-up brings."""
        existence, facts = self.plan.existence, self.facts
        facts.mx_status = {
            "implicit": "implicit", "implicit_refuse": "implicit",
            "no_mail": "absent",
            "nxdomain": "nxdomain", "null_mx": "null_mx",
            "null_mx_sts": "null_mx", "null_beside": "invalid",
            "literal_only": "invalid", "localhost_only": "invalid",
            "mx_servfail": "inconclusive",
            "mx_refused": "inconclusive"}.get(existence, "ok")
        if existence in WITH_HOSTS:
            self.put_hosts()
        if existence in ("null_mx", "null_mx_sts"):
            self.mx(0, ".")
        if existence == "null_beside":
            self.mx(0, ".")
            facts.findings.add("mx.null_not_alone")
        if existence.partition("_")[0] in NO_HOSTS:
            targets, code = NO_HOSTS[existence.partition("_")[0]]
            target = self.rng("target").choice(targets)
            self.mx(90, target)
            facts.findings.add(code)
            facts.hosts.append(Host(target, 90, "unreachable"))
        if existence in ("mx_servfail", "mx_refused"):
            self.mx(10, f"mx.{self.name}")
        if existence in MX_FAULTS:
            self.dns[f"{self.name} MX"] = MX_FAULTS[existence]

    # ---- the line

    def line(self) -> dict:
        """The finished world line."""
        line: dict = {"domain": self.name}
        if self.entry.rank is not None:
            line["rank"] = self.entry.rank
        line["kinds"] = self.plan.kinds()
        line["plan"] = {"seed": self.seed} | self.plan.told()
        if self.plan.existence == "nxdomain":
            self.facts.mx_status = "nxdomain"
            return line | {"exists": False, "expect": conclude(self.facts)}
        line["signed"] = self.plan.signed
        if self.plan.existence in (*ZONE_FAULTS, "zone_bogus"):
            return line | self.dark_zone()
        self.put_mx()
        self.put_sts()
        self.put_tlsrpt()
        if self.plan.fetched():
            self.put_policy()
        # as shown in the end
        line["kinds"] = self.plan.kinds()
        line["plan"] = {"seed": self.seed} | self.plan.told()
        if self.plan.lapse == "zone":
            return line | self.dark_zone()
        if self.plan.lapse:
            hide(self)
        line["records"] = self.records
        for key in ("dns", "policy", "smtp", "tlsa"):
            if getattr(self, key):
                line[key] = getattr(self, key)
        return line | {"expect": conclude(self.facts)}

    def dark_zone(self) -> dict:
        """A zone of which nothing can be learned."""
        self.mx(10, OPERATORS["big_a"].hosts[0] + "."
                + OPERATORS["big_a"].zone)
        facts = Facts(domain=self.name, record="inconclusive",
                      tlsrpt="inconclusive", mx_status="inconclusive")
        return {"records": self.records,
                "dns": ("servfail" if self.plan.lapse else
                        self.plan.existence.removeprefix("zone_")),
                "expect": conclude(facts)}


def house_line(house: Operator) -> dict:
    """The world line of a mail house; nobody scans it as a domain."""
    kind = HOSTS[house.kind]
    smtp, tlsa = {}, {}
    for label in house.hosts:
        host = f"{label}.{house.zone}"
        smtp[host] = smtp_spec(kind, host, host)
        if house.postfix:
            smtp[host] = {"server": "postfix", "cert": smtp[host]["cert"]}
        if house.tlsa:
            tlsa[host] = list(house.tlsa)
    line: dict = {"domain": house.zone, "list": False, "signed": house.signed}
    if house.dns:
        line["dns"] = house.dns
    line["smtp"] = smtp
    return line | ({"tlsa": tlsa} if tlsa else {})


def provider_line(provider: Provider) -> dict:
    """A provider to which records and policy hosts are delegated."""
    line = {"domain": provider.zone, "list": False, "signed": False,
            "records": rr_lines(provider.text(),
                                (f"v=STSv1; id={PROVIDER_ID}",))}
    if provider.zone == POLICY_HOUSE:
        line["policy"] = {
            "body": "version: STSv1\nmode: none\nmax_age: 86400\n",
            "headers": {"content-type": "text/plain"}}
    return line
