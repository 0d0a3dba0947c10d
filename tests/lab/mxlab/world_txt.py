# SPDX-License-Identifier: Apache-2.0
"""The kinds of TXT answer at _mta-sts and _smtp._tls, each with its meaning.

A kind holds the ways to write it (one is drawn) and what a sender concludes:
the status and the findings of RFC 8461 section 3.1 or RFC 8460 section 3.
Templates know {id}, {future} and {domain}; `|` separates the character-strings
of one RR, which a reader joins without a space.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import NamedTuple


class Txt(NamedTuple):
    """One way to write a kind: the RRs, and the destinations they name."""

    rrs: tuple[str, ...]
    rua: tuple[str, ...] = ()


@dataclass(frozen=True)
class TxtKind:
    """What stands in the zone and what follows from it."""

    ways: tuple[Txt, ...]
    status: str
    findings: tuple[str, ...] = ()
    # own | wildcard | provider (an alias to one) | dangling (an alias to
    # nothing)
    owner: str = "own"
    fault: str | None = None
    future: bool = False  # the id is the one of {future}


def one(*texts: str) -> tuple[Txt, ...]:
    """Ways that publish a single RR each."""
    return tuple(Txt((text,)) for text in texts)


def to(text: str, *rua: str) -> Txt:
    """A TLS-RPT record with the destinations it names."""
    return Txt((text,), rua)


SPF = "v=spf1 -all"
GOOD_STS = "v=STSv1; id={id};"
GOOD_RPT = "v=TLSRPTv1; rua=mailto:tls-reports@{domain}"
PROVIDER_ID = "20250101T000000"
PROVIDER_TIME = 1735689600

STS = {
    "ok": TxtKind(one(GOOD_STS, "v=STSv1; id={id}", "v=STSv1;id={id};",
                      "v=STSv1;\tid={id} ;"), "ok"),
    "ok_extension": TxtKind(one("v=STSv1; id={id}; note=see-policy;",
                                "v=STSv1; x-made.by=hand; id={id}"), "ok"),
    "ok_two_strings": TxtKind(one("v=STSv1; |id={id};", "v=ST|Sv1; id={id};"),
                              "ok"),
    "ok_alias": TxtKind(one("v=STSv1; id=" + PROVIDER_ID), "ok",
                        owner="provider"),
    "multiple": TxtKind((Txt((GOOD_STS, "v=STSv1; id={id}0;")),),
                        "multiple", ("sts.record.multiple",)),
    "version": TxtKind(one("v=STSv2; id={id};", "v=stsv1; id={id};",
                           "V=STSv1; id={id};", "STSv1; id={id};",
                           "v = STSv1; id={id};", "v=STSv1, id={id}",
                           "id={id};", "v=STSv10; id={id};"),
                       "invalid", ("sts.record.version",)),
    "id_missing": TxtKind(one("v=STSv1;", "v=STSv1; note=tomorrow;"),
                          "invalid", ("sts.record.id_missing",)),
    "id_invalid": TxtKind(one("v=STSv1; id=2025-01-31;", "v=STSv1; id={id}.1;",
                              "v=STSv1; id={id}_2",
                              "v=STSv1; id=" + "0123456789" * 3 + "012;"),
                          "invalid", ("sts.record.id_invalid",)),
    # legal as an extension that is named id, and a good id behind it
    "id_as_extension": TxtKind(
        one("v=STSv1; id=x-y; id={id};", "v=STSv1; id=2025-01-31; id={id}",
            "v=STSv1; id=" + "0123456789" * 3 + "012; id={id};"),
        "invalid", ("sts.record.id_invalid", "sts.record.duplicate_field",
                    "sts.record.id_as_extension")),
    "id_in_future": TxtKind(one("v=STSv1; id={future};",
                                "v=STSv1;id={future}"), "ok",
                            ("sts.record.id_in_future",), future=True),
    "syntax": TxtKind(one("v=STSv1; id={id};;", "v=STSv1; id={id}; enforce",
                          "v=STSv1; id={id}; mode: enforce;",
                          "v=STSv1; id={id} "),
                      "invalid", ("sts.record.syntax",)),
    "duplicate_field": TxtKind(one("v=STSv1; id={id}; id={id}2;",
                                   "v=STSv1; id={id}; a=b; a=c"),
                               "ok", ("sts.record.duplicate_field",)),
    "space": TxtKind(one("v=STSv1 ; id={id};", "v=STSv1 ;id={id}"), "ok",
                     ("sts.record.space_before_semicolon",)),
    "unrelated": TxtKind((Txt((GOOD_STS, SPF)),
                          Txt(("site-check=7c1f", GOOD_STS))), "ok",
                         ("sts.record.unrelated_txt",)),
    "wildcard_spf": TxtKind(one(SPF), "absent", owner="wildcard"),
    "dangling": TxtKind((Txt(()),), "absent", ("sts.record.dangling",),
                        owner="dangling"),
    "servfail": TxtKind(one(GOOD_STS), "inconclusive", fault="servfail"),
    "none": TxtKind((Txt(()),), "absent"),
}

TLSRPT = {
    "mailto": TxtKind((to(GOOD_RPT, "mailto:tls-reports@{domain}"),
                       to("v=TLSRPTv1;rua=mailto:postmaster@{domain};",
                          "mailto:postmaster@{domain}")), "ok"),
    "https": TxtKind((to("v=TLSRPTv1; rua=https://reports.{domain}/v1/tls",
                         "https://reports.{domain}/v1/tls"),), "ok"),
    "several": TxtKind((
        to("v=TLSRPTv1; rua=mailto:tls@{domain},https://tls.{domain}/in",
           "mailto:tls@{domain}", "https://tls.{domain}/in"),
        to("v=TLSRPTv1; rua=https://tls.{domain}/in , mailto:tls@{domain};",
           "https://tls.{domain}/in", "mailto:tls@{domain}")), "ok"),
    "several_rua": TxtKind((
        to("v=TLSRPTv1; rua=mailto:tls@{domain}; rua=https://tls.{domain}/in",
           "mailto:tls@{domain}", "https://tls.{domain}/in"),
        to("v=TLSRPTv1;rua=https://tls.{domain}/in;rua=mailto:tls@{domain};",
           "https://tls.{domain}/in", "mailto:tls@{domain}")),
        "ok", ("tlsrpt.several_rua",)),
    "rua_partly": TxtKind((
        to("v=TLSRPTv1; rua=mailto:tls@{domain},ftp://reports.{domain}/in",
           "mailto:tls@{domain}", "ftp://reports.{domain}/in"),
        to("v=TLSRPTv1; rua=tel:+15550100, https://tls.{domain}/in",
           "tel:+15550100", "https://tls.{domain}/in")),
        "ok", ("tlsrpt.rua_partly",)),
    "several_partly": TxtKind((
        to("v=TLSRPTv1; rua=ftp://reports.{domain}/in; "
           "rua=mailto:tls@{domain}",
           "ftp://reports.{domain}/in", "mailto:tls@{domain}"),),
        "ok", ("tlsrpt.several_rua", "tlsrpt.rua_partly")),
    "multiple": TxtKind((Txt((GOOD_RPT,
                              "v=TLSRPTv1; rua=mailto:other@{domain}")),),
                        "multiple", ("tlsrpt.multiple",)),
    "version": TxtKind(one("v=TLSRPT1; rua=mailto:tls@{domain}",
                           "v=tlsrptv1; rua=mailto:tls@{domain}",
                           "v=TLSRPTv2; rua=mailto:tls@{domain}",
                           "rua=mailto:tls@{domain}"),
                       "invalid", ("tlsrpt.version",)),
    "syntax": TxtKind(one("v=TLSRPTv1; rua=mailto:tls@{domain};;",
                          "v=TLSRPTv1; rua=mailto:tls@{domain}; daily"),
                      "invalid", ("tlsrpt.syntax",)),
    "rua_missing": TxtKind(one("v=TLSRPTv1;", "v=TLSRPTv1; note=later;"),
                           "invalid", ("tlsrpt.rua_missing",)),
    "rua_scheme": TxtKind(one("v=TLSRPTv1; rua=ftp://reports.{domain}/in",
                              "v=TLSRPTv1; rua=tel:+15550100"),
                          "invalid", ("tlsrpt.rua_scheme",)),
    "space": TxtKind((to("v=TLSRPTv1 ; rua=mailto:tls@{domain}",
                         "mailto:tls@{domain}"),), "ok",
                     ("tlsrpt.space_before_semicolon",)),
    "unrelated": TxtKind((Txt((GOOD_RPT, SPF),
                              ("mailto:tls-reports@{domain}",)),
                          Txt(("site-check=7c1f", GOOD_RPT),
                              ("mailto:tls-reports@{domain}",))), "ok",
                         ("tlsrpt.unrelated_txt",)),
    "servfail": TxtKind(one(GOOD_RPT), "inconclusive", fault="servfail"),
    "absent": TxtKind((Txt(()),), "absent"),
}


STAMPS = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S",
          "%Y%m%dT%H%M%SZ", "%Y%m%d%H%M%SZ", "%Y%m%dT%H%M", "%Y%m%dT%H")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def stamp(rng: random.Random, first: int, last: int) -> tuple[str, int]:
    """An id that reads as a time in these years, and that time.

    Ten digits are seconds alone: as YYYYMMDDHH they would be both, so the
    hour is written behind a T.
    """
    begin = datetime(first, 1, 1, tzinfo=timezone.utc)
    end = datetime(last + 1, 1, 1, tzinfo=timezone.utc)
    at = begin + timedelta(seconds=rng.randrange(
        int((end - begin).total_seconds())))
    seconds = int((at - EPOCH).total_seconds())
    form = rng.randrange(len(STAMPS) + 2)
    if form == len(STAMPS):
        return str(seconds), seconds
    if form > len(STAMPS):
        return f"{seconds}{rng.randrange(1000):03d}", seconds
    text = at.strftime(STAMPS[form])
    read = datetime.strptime(text, STAMPS[form]).replace(tzinfo=timezone.utc)
    return text, int((read - EPOCH).total_seconds())


def opaque(rng: random.Random) -> str:
    """An id that is no time: a serial, a digest, a day that never was."""
    way = rng.randrange(4)
    if way == 0:
        return str(rng.randrange(1, 100000))
    if way == 1:
        return f"{rng.choice('ghkmnpqrvwxyz')}{rng.randrange(16 ** 8):08x}"
    if way == 2:
        return f"20{rng.randrange(19, 26)}{rng.choice(('1301', '0230'))}"
    return f"20{rng.randrange(19, 26)}0101{rng.choice('abcd')}"


def draw_id(rng: random.Random, turn: int = 0) -> tuple[str, int | None]:
    """The id after so many changes, and the time that it tells.

    rng must be the same for all turns: each draws one more id, and none is
    an earlier one.
    """
    seen: dict[str, int | None] = {}
    while True:
        text, seconds = (stamp(rng, 2019, 2025) if rng.random() < 0.7
                         else (opaque(rng), None))
        if len(seen) == turn and text not in seen:
            return text, seconds
        seen[text] = seconds


def quoted(text: str) -> str:
    """TXT data in presentation form, `|` cutting the character-strings."""
    parts = text.split("|")
    escaped = (part.replace("\\", "\\\\").replace('"', '\\"')
               .replace("\t", "\\009") for part in parts)
    return " ".join(f'"{part}"' for part in escaped)


def rr_lines(owner: str, texts: tuple[str, ...], **words: str) -> list[str]:
    """One zone line per RR."""
    return [f"{owner}. 300 IN TXT {quoted(text.format(**words))}"
            for text in texts]
