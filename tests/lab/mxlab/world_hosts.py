# SPDX-License-Identifier: Apache-2.0
"""The kinds of MX host, of mail operator and of TLSA set, with their meaning.

A host kind says what the lab serves (`smtp`, written into the world line) and
what a probe with the host's own name must see.  `findings` hold for whoever
names the host, `cert_findings` only under a usable policy (RFC 8461 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class HostKind:
    """One MX host: what it does and what is seen of it."""

    smtp: dict | None = field(default_factory=dict)  # None: nobody listens
    starttls: str = "ok"
    tls: str | None = "1.3"
    trusted: bool | None = True
    name_ok: bool | None = True
    time_ok: bool | None = True
    findings: tuple[str, ...] = ()
    cert_findings: tuple[str, ...] = ()
    plain: bool = True        # an address, no alias: may be the domain itself
    records: tuple[str, ...] = ()   # extra zone lines; {host}
    alias: bool = False       # {host} is a CNAME to a box of another name
    dns: str | None = None    # fault of the address look-up
    greets: bool = True       # banner and EHLO lines are the ordinary ones
    apex: bool = False        # the domain itself, one label below its suffix


def cert(kind: str, **seen: object) -> HostKind:
    """STARTTLS works; the certificate is of some kind."""
    findings = {"self_signed": "mx.cert_self_signed",
                "untrusted": "mx.cert_untrusted",
                "leaf_only": "mx.cert_untrusted",
                "expired": "mx.cert_expired", "not_yet": "mx.cert_not_yet",
                "wrong_name": "mx.cert_name"}
    found = (findings[kind],)
    if kind == "leaf_only":
        found += ("mx.cert_incomplete",)
    return HostKind({"cert": {"kind": kind}}, cert_findings=found, **seen)


def no_tls(status: str, *findings: str, greets: bool = True,
           **smtp: object) -> HostKind:
    """No TLS session comes about."""
    return HostKind(dict(smtp), status, None, None, None, None, findings,
                    greets=greets)


def two(other: dict, seen: HostKind, first: dict | None = None) -> HostKind:
    """Two addresses; the second differs from a good server."""
    return replace(seen, smtp={"addresses": 2,
                               "per_address": [first or {}, other]})


KEYWORDS = ["250-{host}", "250-PIPELINING", "250-SIZE 20480000"]
NO_KEYWORD = ["250-{host}", "250-PIPELINING", "250 8BITMIME"]
ABSENT = ("starttls.absent",)
FAILED = ("starttls.tls_failed",)
DISAGREE = ("mx.addresses_disagree",)
SOON = {"kind": "trusted", "days": [-85, 5]}
GOOD = HostKind()

HOSTS = {
    "tls13": HostKind({"tls": {"max": "1.3"}}),
    "tls12": HostKind({"tls": {"max": "1.2"}}, tls="1.2"),
    "tls11": HostKind({"tls": {"min": "1.0", "max": "1.1"}}, tls="1.1",
                      cert_findings=("mx.tls_old",)),
    "tls10": HostKind({"tls": {"min": "1.0", "max": "1.0"}}, tls="1.0",
                      cert_findings=("mx.tls_old",)),
    "slow": HostKind({"fault": "slow"}),
    "flaky": HostKind({"flaky": 1}),
    # STARTTLS
    "not_offered": no_tls("not_offered", *ABSENT, ehlo=NO_KEYWORD),
    "helo_only": no_tls("not_offered", *ABSENT,
                        ehlo=["502 5.5.1 command not implemented"],
                        helo="250 {host}"),
    "refused": no_tls("refused", "starttls.refused",
                      starttls="554 5.7.3 TLS not available for you"),
    "refused_501": no_tls("refused", "starttls.refused",
                          starttls="501 5.5.4 syntax error"),
    "starttls_454": no_tls("inconclusive",
                           starttls="454 4.7.0 TLS not available"),
    "tls_alert": no_tls("tls_failed", *FAILED, fault="tls_alert", at="tls"),
    "tls_garbage": no_tls("tls_failed", *FAILED, fault="garbage", at="tls"),
    "tls_close": no_tls("tls_failed", *FAILED, fault="close", at="tls"),
    "tls_reset": no_tls("tls_failed", *FAILED, fault="reset", at="tls"),
    # plain text behind the 220: nothing that follows can be trusted
    "injection": no_tls("tls_failed", *FAILED, "starttls.injection",
                        inject="250 ok\r\n"),
    # RFC 8689 2: inside TLS only
    "requiretls": HostKind({"ehlo_tls": [*KEYWORDS, "250 REQUIRETLS"]}),
    "requiretls_plain": HostKind(
        {"ehlo": [*KEYWORDS, "250-REQUIRETLS", "250 STARTTLS"]},
        findings=("starttls.requiretls_before_tls",)),
    # RFC 3207 4.2
    "starttls_again": HostKind({"ehlo_tls": [*KEYWORDS, "250 STARTTLS"]},
                               findings=("starttls.offered_in_tls",)),
    "tls_hang": no_tls("inconclusive", fault="hang", at="tls"),
    # before STARTTLS
    "banner_421": no_tls("inconclusive",
                         banner=["421 4.3.2 {host} too busy"]),
    "banner_554": no_tls("blocked", banner=["554 5.7.1 {host} not for you"]),
    "ehlo_421": no_tls("inconclusive", ehlo=["421 4.7.0 {host} closing"]),
    "ehlo_550": no_tls("blocked", ehlo=["550 5.7.1 go away"],
                       helo="550 5.7.1 go away"),
    "refuse": no_tls("unreachable", "mx.unreachable", fault="refuse",
                     greets=False),
    "blackhole": no_tls("inconclusive", fault="blackhole", greets=False),
    "hang": no_tls("inconclusive", fault="hang", greets=False),
    "reset": no_tls("inconclusive", fault="reset", greets=False),
    "close": no_tls("inconclusive", fault="close", greets=False),
    "ehlo_close": no_tls("inconclusive", fault="close", at="ehlo"),
    # certificates
    "self_signed": cert("self_signed", trusted=False),
    "untrusted": cert("untrusted", trusted=False),
    "leaf_only": cert("leaf_only", trusted=False),
    "expired": cert("expired", time_ok=False),
    "not_yet": cert("not_yet", time_ok=False),
    "wrong_name": cert("wrong_name", name_ok=False),
    "cn_only": HostKind({"cert": {"kind": "trusted", "cn_only": True}},
                        name_ok=False,
                        cert_findings=("mx.cert_name", "mx.cert_cn_only")),
    "expires_soon": HostKind({"cert": SOON},
                             cert_findings=("mx.cert_expires_soon",)),
    "short_lived": HostKind({"cert": {"kind": "trusted", "days": [-1, 5]}}),
    # RFC 9525 6.3 leaves open whether a wildcard over a suffix counts
    "wildcard_suffix": HostKind(
        {"cert": {"kind": "trusted", "names": ["*.{above}"]}}, apex=True,
        cert_findings=("mx.cert_wildcard_suffix",)),
    "rsa2048": HostKind({"cert": {"kind": "trusted", "key": "rsa2048"}}),
    # several addresses
    "two_alike": two({}, replace(GOOD, plain=False)),
    "two_one_without": two(
        {"ehlo": NO_KEYWORD},
        replace(GOOD, starttls="not_offered", findings=ABSENT + DISAGREE,
                plain=False)),
    "two_one_expired": two(
        {"cert": {"kind": "expired"}},
        replace(GOOD, time_ok=False, findings=DISAGREE,
                cert_findings=("mx.cert_expired",), plain=False)),
    "two_one_expires_soon": two(
        {"cert": SOON}, replace(GOOD, plain=False,
                                cert_findings=("mx.cert_expires_soon",))),
    "two_one_wrong_name": two(
        {"cert": {"kind": "wrong_name"}},
        replace(GOOD, name_ok=False, findings=DISAGREE,
                cert_findings=("mx.cert_name",), plain=False)),
    # a name that another address does not show is wrong all the same
    "two_none_good": two(
        {"cert": {"kind": "wrong_name"}},
        replace(GOOD, starttls="not_offered", name_ok=False, findings=ABSENT,
                cert_findings=("mx.cert_name",), plain=False),
        first={"ehlo": NO_KEYWORD}),
    "two_one_refused": two({"fault": "refuse"}, replace(GOOD, plain=False)),
    # names
    "alias": HostKind(findings=("mx.cname",), plain=False, alias=True),
    "no_address": HostKind(None, "unreachable", None, None, None, None,
                           ("mx.no_address",), plain=False),
    "special": HostKind(None, "unreachable", None, None, None, None,
                        ("mx.special_address",), plain=False,
                        records=("{host}. 300 IN A 10.20.30.40",)),
    "address_servfail": HostKind(None, "inconclusive", None, None, None, None,
                                 plain=False, dns="servfail"),
}


def tlsa(usage: int, selector: int, mtype: int, right: bool = True) -> dict:
    """One TLSA record; the lab computes its data from the chain it issues."""
    return {"usage": usage, "selector": selector, "mtype": mtype,
            "right": right}


@dataclass(frozen=True)
class DaneKind:
    """The TLSA sets of a domain's own hosts, or a host elsewhere."""

    sets: tuple[tuple[dict, ...], ...] = ()  # per host, first to last
    says: str | None = None     # of the certificate: see dane_status()
    hosts: tuple[str, ...] = ("tls13",)
    operator: str = "own"
    signed: bool = True
    marks: tuple[str, ...] = ()  # what else holds of the sets
    dns: str | None = None       # fault of the look-up of TLSA


def misplaced(usage: int, selector: int, mtype: int,
              *right: int) -> DaneKind:
    """Data that belong to the chain under other parameters."""
    row = tlsa(usage, selector, mtype) | {
        "as": dict(zip(("usage", "selector", "mtype"), right))}
    return DaneKind(((row,),), "mismatch", marks=("wrong_parameters",))


EE = tlsa(3, 1, 1)
EE_OTHER = tlsa(3, 1, 1, False)

DANE = {
    "none": DaneKind(),
    "ee": DaneKind(((EE,),), "ok"),
    "ee_cert": DaneKind(((tlsa(3, 0, 1),),), "ok"),
    "ee_sha512": DaneKind(((tlsa(3, 1, 2),),), "ok"),
    "ta": DaneKind(((tlsa(2, 1, 1),),), "ok"),
    "ta_cert": DaneKind(((tlsa(2, 0, 1),),), "ok"),
    "ta_full": DaneKind(((tlsa(2, 0, 0),),), "ok"),
    # RFC 7672 3.1.2: the anchor stands in the record and is not sent
    "ta_not_sent": DaneKind(((tlsa(2, 0, 0),),), "ok", ("leaf_only",),
                            marks=("ta_not_sent",)),
    "ta_key_not_sent": DaneKind(((tlsa(2, 1, 0),),), "ok", ("leaf_only",),
                                marks=("ta_not_sent",)),
    "rollover": DaneKind(((EE_OTHER, EE),), "ok"),
    "all_hosts": DaneKind(((EE,), (EE,)), "ok", ("tls13", "tls12")),
    "partial": DaneKind(((EE,),), "ok", ("tls13", "tls13")),
    # RFC 7671 5.1: names and dates of a DANE-EE certificate are ignored
    "ee_self_signed": DaneKind(((EE,),), "ok", ("self_signed",)),
    "ee_expired": DaneKind(((EE,),), "ok", ("expired",)),
    "ee_wrong_name": DaneKind(((EE,),), "ok", ("wrong_name",)),
    "mismatch": DaneKind(((EE_OTHER,),), "mismatch"),
    # the data of a certificate that was replaced: see Plan.tlsa_generation
    "stale": DaneKind(((EE,),), "mismatch"),
    "mismatch_ta": DaneKind(((tlsa(2, 1, 1, False),),), "mismatch"),
    "wrong_selector": misplaced(3, 0, 1, 3, 1, 1),
    "wrong_usage": misplaced(2, 1, 1, 3, 1, 1),
    "wrong_usage_ta": misplaced(3, 1, 1, 2, 1, 1),
    "some_unusable": DaneKind(((tlsa(1, 1, 1), EE),), "ok",
                              marks=("some_unusable",)),
    "some_unusable_mismatch": DaneKind(
        ((tlsa(0, 0, 1, False), EE_OTHER),), "mismatch",
        marks=("some_unusable",)),
    "lookup_failed": DaneKind(((EE,),), "failed", marks=("lookup_failed",),
                              dns="servfail"),
    "unusable": DaneKind(((tlsa(1, 1, 1),),), "unusable"),
    "unusable_pkix_ta": DaneKind(((tlsa(0, 0, 1),),), "unusable"),
    "no_starttls": DaneKind(((EE,),), "ok", ("not_offered",)),
    "starttls_refused": DaneKind(((EE,),), "ok", ("refused",)),
    "tls_failed": DaneKind(((EE,),), "ok", ("tls_alert",)),
    "unreachable": DaneKind(((EE,),), "ok", ("refuse",)),
    "insecure_mx": DaneKind(operator="dane_ee", signed=False),
    "bogus_host": DaneKind(operator="lapsed"),
}


@dataclass(frozen=True)
class Operator:
    """A mail house whose hosts many domains share."""

    zone: str
    hosts: tuple[str, ...]      # labels below the zone
    kind: str = "tls13"
    signed: bool = False
    tlsa: tuple[dict, ...] = ()
    says: str | None = None
    postfix: bool = False
    dns: str | None = None      # fault of the whole zone


OPERATORS = {
    "big_a": Operator("harbour-mail.example",
                      ("mx1", "mx2", "alt1.mx", "alt2.mx")),
    "big_b": Operator("cloudpost.test", ("inbound",)),
    "dane_ee": Operator("signed-post.example", ("mx1", "mx2"), signed=True,
                        tlsa=(EE,), says="ok"),
    "dane_ta": Operator("anchor-mail.test", ("mx",), signed=True,
                        tlsa=(tlsa(2, 1, 1),), says="ok"),
    "postfix": Operator("letterbox-house.example", ("mx-a", "mx-b"),
                        signed=True, postfix=True),
    "isp": Operator("valley-isp.test", ("mail",), "tls12"),
    "cut_rate": Operator("cut-rate-hosting.example", ("cluster7",),
                         "wrong_name"),
    "plain": Operator("old-relay.test", ("relay",), "not_offered"),
    "lapsed": Operator("lapsed-keys.example", ("mx",), signed=True,
                       dns="bogus"),
}
