# SPDX-License-Identifier: Apache-2.0
"""Synthetic records with the published counts of a study: Ashiq, Fiebig,
Chung, "Unraveling the Complexities of MTA-STS Deployment and Management in
Securing Email" (ACM IMC 2025), snapshot of 29 September 2024; and of the DANE
study of Lee et al. (USENIX Security 2022).

Who manages a host is nowhere said: it follows from names, aliases and
addresses, shared by at least 50 domains, at most 5, or something between.

Two tables of the paper do not add up, and no number here follows them: the
columns of its policy errors print 9,588 and 1,393 where their layers add up to
9,538 and 1,443 (50 domains moved), and 463 alerts of 1,113 are 41.6 %, not the
43.6 % that are printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
RECORDS = 68_030
TLDS = {"com": 53_800, "net": 6_183, "org": 7_355, "se": 692}
# per cent of the MTA-STS domains of a TLD that have TLS-RPT too
TLSRPT = {"com": 72, "net": 52, "org": 75, "se": 54}
# provider, alias of mta-sts (a.com = customer), domains
PROVIDERS = (
    ("Tutanota", "_mta-sts.tutanota.de", 7_614),
    ("DMARCReport", "{dash}.mta-sts.dmarcinput.com", 7_293),
    ("PowerDMARC", "{dash}._mta.mta-sts.tech", 3_753),
    ("EasyDMARC", "{line}__mta_sts.easydmarc.pro", 2_222),
    ("Mailhardener", "{name}._mta-sts.mailhardener.com", 1_558),
    ("URIports", "{dash}._mta-sts.uriports.com", 1_100),
    ("Sendmarc", "{name}._mta-sts.sdmarc.net", 805),
    ("OnDMARC", "_mta-sts.{name}._mta-sts.smart.ondmarc.com", 451),
    # not in the table of the paper, nor in ours
    ("", "{dash}.policies.example.net", 3_795))
SELF, UNCLASSIFIED = 25_344, 14_095
# Domains that share an address: more than 5, fewer than 50.
FEW = 11
SELF_ERRORS = (["dns"] * 42 + ["tcp"] * 193 + ["name"] * 8_385
               + ["expired"] * 100 + ["self_signed"] * 386 + ["404"] * 250
               + ["500"] * 127 + ["mx"] * 50 + ["mode"] * 5)
# by provider, in the order of its domains; the rest of them is fine
THIRD_ERRORS = {
    "Tutanota": [""] * 7_492 + ["name"] * 122,
    "DMARCReport": ["alert"] * 354 + ["empty"] * 5,
    "": (["alert"] * 109 + ["name"] * 528 + ["tcp"] * 34 + ["404"] * 137
         + ["500"] * 78 + ["mx"] * 37 + ["version"] * 39)}
OTHER_ERRORS = ["500"] * 744 + ["name"] * 5_459
BAD_PATTERNS = ("postmaster@mail.example", "mail.example.", "")
NOT_TLS = ("dns", "tcp")
GOOD = {"trusted": True, "name_ok": True, "time_ok": True}
BAD_NAME = GOOD | {"name_ok": False}


@dataclass
class Domain:
    """What is decided of a domain before its record is made."""
    entity: str
    error: str = ""
    provider: str = ""
    alias: str = ""
    mx: str = "self"
    certificate: str = ""
    fault: str = ""
    mismatch: str = ""
    mode: str = "testing"
    pattern: str = "mail.example"
    findings: list[str] = field(default_factory=list)


def policy_hosts() -> list[Domain]:
    """All domains, with where their policy is and what is wrong with it."""
    def spread(entity: str, n: int, errors: list[str], **more: str
               ) -> list[Domain]:
        return [Domain(entity, errors[i] if i < len(errors) else "", **more)
                for i in range(n)]

    made = spread("self", SELF, SELF_ERRORS)
    made += spread("unclassified", UNCLASSIFIED, OTHER_ERRORS)
    for provider, alias, n in PROVIDERS:
        made += spread("third", n, THIRD_ERRORS.get(provider, []),
                       provider=provider, alias=alias)
    for n, d in enumerate(d for d in made if d.error == "mx"):
        d.pattern = BAD_PATTERNS[n % 3]
    return made


def give_mx(made: list[Domain]) -> None:
    """MX hosts: 23,512 domains manage their own, 40,683 have a third party's.
    26,414 have both mail and a usable policy at third parties, 7,492 of them
    at the same."""
    third = [d for d in made if d.entity == "third"]
    usable = [d for d in third if not d.error and d.provider != "Tutanota"]
    for d in third:
        d.mx = "tutanota" if d.provider == "Tutanota" else "google"
    for d in usable[18_922:]:
        d.mx = "self"
    others = [d for d in made if d.entity != "third"]
    failing = [d for d in others if d.error]
    working = [d for d in others if not d.error]
    for members, third_n, few in ((failing, 6_000, 1_000),
                                  (working, 6_826, 2_835)):
        for d in members[:third_n]:
            d.mx = "google"
        for d in members[third_n:third_n + few]:
            d.mx = "few"
    give_certificates(failing, working)
    give_mismatches([d for d in usable[:18_922]], [
        d for d in working if d.mx == "self" and not d.certificate])
    next(d for d in third if d.provider == "Tutanota").mismatch = "typo"
    faults = (["id_missing"] * 65 + ["id_invalid"] * 203 + ["version"] * 52
              + ["syntax"] * 2 + ["multiple"] * 9)
    for d, d.fault in zip((d for d in working if d.mx == "google"), faults):
        pass


def give_certificates(failing: list[Domain], working: list[Domain]) -> None:
    """1,046 domains with their own MX hosts have an invalid certificate, 993
    of them no valid one; at third parties 397 and 149; in all 1,326 have no
    valid one, and 269 of these enforce a policy."""
    def of(members: list[Domain], mx: str) -> list[Domain]:
        return [d for d in members if d.mx == mx]

    for members, every, partly in (
            (of(failing, "google"), 149, 248), (of(failing, "self"), 417, 0),
            (of(working, "self"), 576, 53), (of(working, "few"), 184, 0)):
        for d in members[:every]:
            d.certificate = "all"
        for d in members[every:every + partly]:
            d.certificate = "partial"
    for d in of(working, "self")[:269]:
        d.mode = "enforce"


def give_mismatches(different: list[Domain], own: list[Domain]) -> None:
    """Of policies whose patterns miss: 640 where two third parties are at
    work; 1,023 miss by the domain, 730 from the third label on, 63 by a typo,
    406 enforce."""
    for d in different[:640]:
        d.mismatch = "whole_domain"
    for d in different[:406]:
        d.mode = "enforce"
    classes = (["whole_domain"] * 383 + ["third_label"] * 730
               + ["typo"] * 62)
    for d, d.mismatch in zip(own, classes):
        pass
    for d in [d for d in own if d.mismatch == "third_label"][:597]:
        d.findings.append("sts.policy.mx_policy_host")


def names() -> Iterator[str]:
    """Domain names; the TLDs take turns as in a sorted list of hashes."""
    tlds = [tld for tld, n in TLDS.items() for _ in range(n)]
    for i in range(RECORDS):
        yield f"d{i}.{tlds[i * 7_919 % RECORDS]}"


def address(kind: int, n: int) -> str:
    """An address that nothing else has."""
    return f"{10 + kind}.{n >> 16}.{n >> 8 & 255}.{n & 255}"


def lookup(outcome: str = "ok", **more: Any) -> Record:
    """A question that was answered."""
    return {"outcome": outcome, "ad": False} | more


def record_of(d: Domain, stamp: str) -> Record:
    """The TXT record."""
    text = {"": f"v=STSv1; id={stamp};", "id_missing": "v=STSv1;",
            "id_invalid": "v=STSv1; id=2024-09-29;",
            "version": f"v=STSV1; id={stamp};",
            "syntax": f"v=STSv1; id={stamp}; mode: enforce;",
            "multiple": f"v=STSv1; id={stamp};"}[d.fault]
    if d.fault:
        d.findings.append("sts.record." + d.fault)
    made = {"status": {"": "ok", "multiple": "multiple"}.get(d.fault,
                                                             "invalid"),
            "txt": [text] * (2 if d.fault == "multiple" else 1),
            "lookup": lookup()}
    return made | ({} if d.fault else {"id": stamp,
                                       "id_time": 1_704_067_200})


def tls_of(error: str) -> Record:
    """The TLS session with a policy host."""
    if error == "alert":
        return {"outcome": "tls_alert", "alert": "unrecognized name"}
    facts = {"outcome": "ok", "version": "1.3", "group": "X25519MLKEM768"}
    return facts | GOOD | {
        "name": {"name_ok": False},
        "expired": {"time_ok": False, "expired": True},
        "self_signed": {"trusted": False, "self_signed": True},
    }.get(error, {})


def policy_of(d: Domain, i: int, name: str) -> Record:
    """The policy of a domain and how it was fetched."""
    chain = [d.alias.format(name=name, dash=name.replace(".", "-"),
                            line=name.replace(".", "_"))] if d.alias else []
    # the last few are more than six together, too
    place = {"self": i, "unclassified": min(i // FEW, SELF // FEW
                                            + UNCLASSIFIED // FEW - 1),
             # by its alias alone
             "third": i}[d.entity]
    where = address(("self", "unclassified", "third").index(d.entity), place)
    status = {"": "ok", "dns": "dns", "tcp": "tcp", "404": "http",
              "500": "http", "alert": "tls", "name": "tls", "expired": "tls",
              "self_signed": "tls"}.get(d.error, "syntax")
    a = lookup("nxdomain") if d.error == "dns" else lookup(
        addresses=[where], **({"cname": chain} if chain else {}))
    made: Record = {
        "status": status, "host": f"mta-sts.{name}", "a": a,
        "aaaa": lookup("nxdomain" if d.error == "dns" else "nodata"),
        "outcome": {"dns": "nxdomain", "tcp": "connect_refused",
                    "alert": "tls_alert"}.get(d.error, "ok")}
    if d.error not in NOT_TLS:
        made["tls"] = tls_of(d.error)
    if status == "http":
        made["http_status"] = int(d.error)
    elif status in ("ok", "syntax"):
        made |= {"http_status": 200, "content_type": "text/plain",
                 "valid": status == "ok"} | body_of(d)
    return made


def body_of(d: Domain) -> Record:
    """The file and what it says; what is wrong with it joins the findings."""
    if d.error == "empty":
        d.findings.append("sts.policy.empty")
        return {"body": ""}
    body = (f"version: STSv1\nmode: {d.mode}\nmx: {d.pattern}\n"
            "max_age: 604800\n")
    if d.error:
        d.findings.append({"mx": "sts.policy.mx_invalid"}.get(
            d.error, f"sts.policy.{d.error}"))
        return {"body": body}
    return {"body": body, "mode": d.mode, "max_age": 604_800,
            "mx": [d.pattern], "mx_match": "none" if d.mismatch else "all"
            } | ({"mx_class": d.mismatch} if d.mismatch else {})


def hosts_of(d: Domain, i: int, name: str) -> list[tuple[str, Record]]:
    """MX hosts with the facts of their certificates."""
    if d.mx == "tutanota":
        return [("mail.tutanota.de", GOOD)]
    if d.mx == "google" and not d.certificate and i % 5 == 0:
        # a name per customer; the address gives it away
        return [(f"mail.{name}", GOOD)]
    if d.mx == "google":
        bad, good = "bad.mxrouting.net", "good.mxrouting.net"
        return {"": [("aspmx.l.google.com", GOOD)], "all": [(bad, BAD_NAME)],
                "partial": [(bad, BAD_NAME), (good, GOOD)]}[d.certificate]
    below = name if d.mx == "self" else f"few{i // FEW}.test"
    first = GOOD if not d.certificate else BAD_NAME
    found = [(f"mx1-{i}.{below}", first)]
    return found + ([(f"mx2-{i}.{below}", GOOD)]
                    if d.certificate == "partial" else [])


def mx_record(host: str, facts: Record, n: int) -> Record:
    """The record of an MX host."""
    where = address(9, 0 if host.startswith("mail.d") else n)
    return {"type": "mx", "host": host, "starttls": "ok", "tls": "1.3",
            **facts, "dane": "absent", "a": lookup(addresses=[where]),
            "aaaa": lookup("nodata"), "addresses": [{
                "address": where, "starttls": "ok", "outcome": "ok",
                "banner_code": 220, "banner": [f"220 {host} ESMTP Postfix"],
                "ehlo_code": 250, "ehlo": [f"250-{host}", "250 STARTTLS"],
                "tls": {"outcome": "ok", "version": "1.3", **facts}}]}


def domain_record(d: Domain, i: int, name: str, has_tlsrpt: bool,
                  hosts: list[tuple[str, Record]]) -> Record:
    """The record of a domain."""
    sts = {"record": record_of(d, "20240101000000"),
           "policy": policy_of(d, i, name)}
    usable = sts["policy"]["status"] == "ok"
    return {"type": "domain", "line": i + 1, "name": name, "verdict": "none",
            "verdict_dane": "none", "sts": sts,
            "tlsrpt": {"status": "ok" if has_tlsrpt else "absent", "rua":
                       [f"mailto:reports@{name}"] if has_tlsrpt else []},
            "mx_status": "ok", "findings": d.findings,
            "mx_lookup": lookup(), "started": 1_727_568_000_000,
            "mx": [{"host": host, "preference": 10, "starttls": "ok",
                    "in_policy": not d.mismatch if usable else None,
                    "tls": "1.3", **facts, "dane": "absent"}
                   for host, facts in hosts]}


def published() -> Iterator[Record]:
    """All records of the study of MTA-STS."""
    made = policy_hosts()
    give_mx(made)
    yield {"type": "scan", "format": 1, "list": "golden"}
    seen: set[str] = set()
    of_tld = dict.fromkeys(TLDS, 0)
    for i, (d, name) in enumerate(zip(made, names())):
        tld = name.rsplit(".", 1)[1]
        of_tld[tld] += 1
        hosts = hosts_of(d, i, name)
        for host, facts in hosts:
            if host not in seen:
                seen.add(host)
                yield mx_record(host, facts, len(seen))
        yield domain_record(
            d, i, name, of_tld[tld] * 100 <= TLDS[tld] * TLSRPT[tld], hosts)
    yield {"type": "end", "reason": "complete"}


# secure answer, match, chain: hosts.  Nothing matches an empty chain.
MATRIX = {"secure_matched_ok": 7_021, "secure_matched_bad": 411,
          "secure_unmatched_ok": 287, "secure_unmatched_empty": 1,
          "secure_unmatched_bad": 80, "insecure_matched_ok": 1_500,
          "insecure_matched_bad": 33, "insecure_unmatched_ok": 17,
          "insecure_unmatched_empty": 2, "insecure_unmatched_bad": 618,
          "no_session": 30}
LETS_ENCRYPT = "CN=R11,O=Let's Encrypt,C=US"
OTHER_CA = "CN=Sectigo RSA,O=Sectigo Limited,C=GB"


def tlsa_host(n: int, cell: str, nth: int) -> Record:
    """An MX host of the DANE study; of 1,000, 906 have DANE-EE records, 46
    DANE-TA, 44 both."""
    usages = ([3] if n % 1_000 < 906 else [2] if n % 1_000 < 952 else
              [2, 3] if n % 1_000 < 996 else [1])
    secure, _, rest = cell.partition("_")
    record: Record = {
        "type": "mx", "host": f"mx.h{n}.example",
        "starttls": "not_offered" if rest == "session" else "ok",
        "dane": "insecure" if secure == "insecure" else
                "ok" if rest.startswith("matched") else "mismatch",
        "tlsa": {"lookup": {"outcome": "ok", "ad": secure != "insecure"},
                 "rr": [{"usage": usage, "selector": 1, "mtype": 1,
                         "data": b"", "usable": usage > 1}
                        for usage in usages]}}
    at: Record = {"address": address(9, n), "starttls": record["starttls"],
                  "outcome": "starttls_absent", "banner_code": 220}
    if rest != "session":
        matched, chain = rest.split("_")
        at |= {"outcome": "ok", "dane": {"matched": matched == "matched"},
               "tls": {"outcome": "ok", "version": "1.3"}}
        if chain != "empty":
            at["tls"] |= GOOD | {
                "trusted": chain == "ok",
                "chain": [bytes([nth % 5 != 0]) * 32]}
        # 11.8 % of the secure mismatches are wrong parameters
        if cell.startswith("secure_unmatched") and n % 1_000 % 17 < 2:
            at["dane"]["alternative"] = {"usage": 3, "selector": 0,
                                         "mtype": 1}
    return record | {"addresses": [at]}


def tlsa_hosts() -> list[Record]:
    """All MX hosts of the DANE study."""
    cells = [(cell, i) for cell, n in MATRIX.items() for i in range(n)]
    return [tlsa_host(n, cell, i) for n, (cell, i) in enumerate(cells)]


def dane_scan() -> Iterator[Record]:
    """10,000 MX hosts with TLSA records."""
    yield {"type": "scan", "format": 1}
    for byte, issuer in ((0, OTHER_CA), (1, LETS_ENCRYPT)):
        yield {"type": "cert", "sha256": bytes([byte]) * 32,
               "issuer": issuer, "self_issued": False}
    yield from tlsa_hosts()
    yield {"type": "end", "reason": "complete"}
