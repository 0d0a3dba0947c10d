# SPDX-License-Identifier: Apache-2.0
"""The odd servers, one row each, with what RFC 5321 and RFC 3207 make of them.

A row is the server (a world's smtp host), how far the dialogue gets, how the
attempt ends, and what differs from the facts that follow from these: the
lines configured up to that point, 220 and 250 as their codes.  Nothing here
was read off our own judge.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# odd.sh gives a greeting 8 s (11 s in full) and a session 10 s (30 s).
TEASER_S = 2.0
NEAR_S = 5.0
BEYOND_S = 14.0

BANNER = ["220 mx ESMTP"]
EHLO = ["250-mx", "250 STARTTLS"]
ANY = object()          # a fact that the RFCs leave open
SYNTAX = "502 5.5.1 what"

# How far a session gets: each reached step leaves its lines as facts.
STEPS = ("none", "banner", "ehlo", "helo", "starttls", "tls")


@dataclass
class Case:
    """One odd server."""
    name: str
    spec: dict[str, Any]
    reached: str
    outcome: str
    facts: dict[str, Any] = field(default_factory=dict)
    findings: tuple[str, ...] = ()


def _ok(name: str, findings: tuple[str, ...] = (), facts: Any = None,
        **spec: Any) -> Case:
    return Case(name, spec, "tls", "ok", facts or {}, findings)


def _greeting(name: str, outcome: str, *banner: str, reached: str = "banner",
              facts: Any = None, **spec: Any) -> Case:
    return Case(name, {"banner": list(banner), **spec}, reached, outcome,
                facts or {})


def _ehlo(name: str, outcome: str, *ehlo: str, reached: str = "ehlo",
          facts: Any = None, **spec: Any) -> Case:
    return Case(name, {"ehlo": list(ehlo), **spec}, reached, outcome,
                facts or {})


def _starttls(name: str, outcome: str, *reply: str, **facts: Any) -> Case:
    return Case(name, {"starttls": list(reply)}, "starttls", outcome, facts)


def _fault(fault: str, at: str, outcome: str, reached: str,
           after: int = 0, **more: Any) -> Case:
    """A fault in place of a reply, or of the rest of one."""
    name = f"{at}-{fault}".replace("_", "-") + ("-mid" if after else "")
    spec = {"fault": fault, "at": at, **more.pop("spec", {})}
    if after:
        spec["after"] = after
    return Case(name, spec, reached, outcome, more)


# RFC 5321 3.1, 4.2, 4.5.3: greetings.
_GREETINGS = [
    _ok("plain"),
    _ok("three-lines", banner=["220-mx ESMTP", "220-no spam", "220 please"]),
    _ok("code-alone", banner=["220"]),
    _ok("codes-alone", banner=["220-", "220 "], ehlo=["250-",
                                                      "250 STARTTLS"]),
    _ok("forty-lines", banner=["220-x"] * 39 + ["220 x"]),
    _ok("longest-line", banner=["220 " + "x" * 506]),
    # postscreen: a teaser at once, the last line when the client kept still
    _ok("teaser", banner=["220-wait", "220 mx"],
        delay={"banner": TEASER_S}),
    _ok("late", delay={"banner": NEAR_S}),
    _ok("slow", fault="slow", at="banner"),
    _ok("bytes-beyond-ascii", banner=["220 m\u00fcx \u0000\u0001 \u00ff"]),
    _ok("bare-lf", eol="\n"),
    _ok("lf-among-crlf", banner=["220-mx\n220 mx"],
        facts={"banner": ["220-mx", "220 mx"]}),
    _ok("cr-in-a-line", banner=["220 m\rx"]),
    # what programs in text mode make of CRLF; Postfix takes it
    _ok("cr-cr-lf", eol="\r\r\n"),
    _greeting("too-late", "greeting_timeout", "220 mx", reached="none",
              delay={"banner": BEYOND_S}),
    _greeting("teaser-and-too-late", "greeting_timeout", "220-wait",
              "220 mx", delay={"banner": BEYOND_S},
              facts={"banner": ["220-wait"], "banner_code": None,
                     "quit": None}),
    _greeting("unending", "greeting_timeout", "220-mx",
              facts={"banner_code": None, "quit": None}),
    _greeting("bare-cr", "greeting_timeout", "220 mx", reached="none",
              eol="\r"),
    _greeting("busy-421", "smtp_4yz", "421 4.3.2 busy"),
    _greeting("later-450", "smtp_4yz", "450 later"),
    _greeting("later-451", "smtp_4yz", "451-later", "451 please"),
    _greeting("no-554", "smtp_5yz", "554 5.7.1 no"),
    _greeting("no-550", "smtp_5yz", "550-no", "550 mail"),
    _greeting("no-521", "smtp_5yz", "521 mx takes no mail"),
    _greeting("no-554-closed", "smtp_5yz", "554 no", fault="close",
              at="banner", after=8, facts={"quit": ANY}),
    _greeting("wait-then-no", "smtp_5yz", "220-wait", "554 no",
              facts={"banner_code": 554}),
    _greeting("greets-250", "smtp_garbage", "250 hello"),
    _greeting("greets-354", "smtp_garbage", "354 go on"),
    _greeting("code-99", "smtp_garbage", "99 hello", reached="none",
              facts={"quit": True}),
    _greeting("code-2200", "smtp_garbage", "2200 hello", reached="none",
              facts={"quit": True}),
    _greeting("code-600", "smtp_garbage", "600 hello", reached="none",
              facts={"quit": True}),
    _greeting("code-glued", "smtp_garbage", "220mx", reached="none",
              facts={"quit": True}),
    _greeting("empty-line", "smtp_garbage", "", reached="none",
              facts={"quit": True}),
    _greeting("indented", "smtp_garbage", " 220 mx", reached="none",
              facts={"quit": True}),
    _greeting("http", "smtp_garbage", "HTTP/1.1 400 Bad Request", "",
              reached="none", facts={"quit": True}),
    # it speaks before its greeting is due
    _greeting("talks-first", "smtp_garbage", "hello", "220 mx",
              reached="none", facts={"quit": True}),
    # what comes before we speak answers what we say next (no 250)
    _greeting("greets-twice", "smtp_garbage", "220 mx", "220 mx",
              facts={"banner": ["220 mx"], "ehlo": ANY, "ehlo_code": ANY}),
    _greeting("greets-then-421", "smtp_4yz", "220 mx", "421 busy",
              facts={"banner": ["220 mx"], "banner_code": 220,
                     "ehlo": ["421 busy"], "ehlo_code": 421}),
]

_KEYWORDS = [("starttls", "starttls"), ("StartTLS", "mixed"),
             ("STARTTLS ", "space"), ("STARTTLS   ", "spaces"),
             ("STARTTLS\t", "tab"), ("STARTTLS x y=z", "parameters"),
             ("sTARTtls REQUIRED", "all-at-once")]
_NO_KEYWORDS = [("STARTTLSX", "longer"), ("XSTARTTLS", "prefixed"),
                ("XXXXXXXA", "masked"), ("X-STARTTLS", "extension"),
                ("AUTH STARTTLS", "parameter"), ("START TLS", "two-words")]

# RFC 5321 3.2, 4.1.1.1, 4.2.1 (x0z is syntax, x5z the mail system), 4.3.2.
_EHLO = [
    *(_ok(f"keyword-{name}", ehlo=["250-mx", f"250-{word}", "250 HELP"],
          ehlo_tls=["250 mx"]) for word, name in _KEYWORDS),
    *(_ehlo(f"keyword-{name}", "starttls_absent", "250-mx", f"250 {word}")
      for word, name in _NO_KEYWORDS),
    _ok("keyword-before-others", ehlo=["250-mx", "250-STARTTLS",
                                       "250-SIZE 10", "250 8BITMIME"]),
    _ok("ehlo-forty-lines", ehlo=["250-mx"] + ["250-X-A"] * 38
        + ["250 STARTTLS"]),
    _ok("ehlo-odd-bytes", ehlo=["250-m\u0000x", "250-X-\u00e9\u00ff",
                                "250 STARTTLS"]),
    _ok("ehlo-slow", fault="slow", at="ehlo"),
    _ok("ehlo-late", delay={"ehlo": TEASER_S}),
    # 3207 4: known from EHLO alone; the first line is the server's name
    _ehlo("absent", "starttls_absent", "250-mx", "250 SIZE"),
    _ehlo("absent-one-line", "starttls_absent", "250 mx"),
    _ehlo("name-is-keyword", "starttls_absent", "250 STARTTLS"),
    *(_ehlo(f"ehlo-{code}-helo", "starttls_absent", f"{code} what",
            reached="helo", helo="250 mx") for code in (500, 501, 502, 504)),
    _ehlo("helo-with-keyword", "starttls_absent", SYNTAX, reached="helo",
          helo=["250-mx", "250 STARTTLS"]),
    _ehlo("ehlo-502-with-keyword", "starttls_absent", "502-what",
          "502 STARTTLS", reached="helo", helo="250 mx"),
    # a refusal of us, whatever HELO then says: blocked is not absent
    _ehlo("ehlo-550-helo", "smtp_5yz", "550 5.7.1 no", reached="helo",
          helo="250 mx"),
    _ehlo("ehlo-554-helo", "smtp_5yz", "554 no", reached="helo",
          helo="250 mx"),
    _ehlo("ehlo-550-helo-550", "smtp_5yz", "550 no", reached="helo",
          helo="550 no"),
    _ehlo("ehlo-554-helo-554", "smtp_5yz", "554 no", reached="helo",
          helo="554 no"),
    _ehlo("ehlo-502-helo-550", "smtp_5yz", SYNTAX, reached="helo",
          helo="550 no"),
    _ehlo("ehlo-550-helo-450", "smtp_4yz", "550 no", reached="helo",
          helo="450 later"),
    _ehlo("ehlo-502-helo-421", "smtp_4yz", SYNTAX, reached="helo",
          helo="421 busy"),
    _ehlo("ehlo-502-helo-354", "smtp_garbage", SYNTAX, reached="helo",
          helo="354 go on"),
    *(_ehlo(f"ehlo-{code}", "smtp_4yz", f"{code} later")
      for code in (421, 450, 451)),
    _ehlo("ehlo-451-lines", "smtp_4yz", "451-later", "451 STARTTLS"),
    _ehlo("ehlo-220", "smtp_garbage", "220 mx"),
    _ehlo("ehlo-354", "smtp_garbage", "354 mx"),
    _ehlo("ehlo-no-code", "smtp_garbage", "250-mx", "STARTTLS",
          facts={"ehlo": ["250-mx"], "ehlo_code": None}),
    _ehlo("ehlo-code-glued", "smtp_garbage", "250-mx", "250STARTTLS",
          facts={"ehlo": ["250-mx"], "ehlo_code": None}),
    _ehlo("ehlo-unending", "timeout", "250-mx", "250-STARTTLS",
          facts={"ehlo_code": None, "quit": None}),
    # 3.8: 421 may come at any point
    _ehlo("ehlo-then-421", "smtp_4yz", "250-mx", "250 STARTTLS",
          "421 4.4.2 bye", facts={"ehlo": EHLO, "ehlo_code": 250,
                                  "starttls_code": 421,
                                  "starttls_reply": "421 4.4.2 bye"}),
    # RFC 8689: REQUIRETLS means something inside TLS alone
    _ok("requiretls-in-clear", ("starttls.requiretls_before_tls",),
        ehlo=["250-mx", "250-REQUIRETLS", "250 STARTTLS"],
        ehlo_tls=["250-mx", "250 REQUIRETLS"]),
    _ok("requiretls-in-tls", ehlo_tls=["250-mx", "250 REQUIRETLS"]),
]

# RFC 3207 4: 220, 454 or 501; anything but 220 is a refusal.
_STARTTLS = [
    _ok("starttls-lines", starttls=["220-wait", "220 go"],
        facts={"starttls_reply": "220-wait"}),
    _ok("starttls-code-alone", starttls="220"),
    _ok("starttls-slow", fault="slow", at="starttls"),
    _ok("starttls-late", delay={"starttls": TEASER_S}),
    _starttls("starttls-454", "starttls_4yz", "454 4.7.0 not now"),
    _starttls("starttls-451", "starttls_4yz", "451-not", "451 now"),
    *(_starttls(f"starttls-{code}", "starttls_5yz", f"{code} no")
      for code in (501, 502, 503, 530, 554, 250, 235, 354)),
    _starttls("starttls-421", "smtp_4yz", "421 4.3.2 busy"),
    _starttls("starttls-no-code", "smtp_garbage", "go ahead",
              starttls_code=None, starttls_reply=None),
    _starttls("starttls-2200", "smtp_garbage", "2200 go",
              starttls_code=None, starttls_reply=None),
    _starttls("starttls-unending", "timeout", "220-go",
              starttls_code=None, quit=None),
    # 3207 6: what follows the 220 in clear text may be anybody's
    *(Case(f"injection-{name}", {"inject": text}, "starttls", "tls_failed",
           {"injection": True, "quit": None}, ("starttls.injection",))
      for name, text in (("line", "250 welcome\r\n"), ("byte", "2"),
                         ("lines", "250-mx\r\n250 AUTH\r\n"),
                         ("record", "\u0016\u0003\u0003"))),
]

_ALERTS = ("handshake_failure", "protocol_version", "unrecognized_name",
           "internal_error", "access_denied", "decode_error",
           "illegal_parameter", "unexpected_message")
_NO_QUIT = {"quit": None}
_WHOLE = 512            # more bytes than any reply here has

# RFC 3207 4.1, 4.2; RFC 8446 6; RFC 6066 3.
_TLS = [
    *(Case(f"alert-{name}".replace("_", "-"),
           {"fault": "tls_alert", "alert": name}, "starttls", "tls_alert",
           {"alert": name.replace("_", " "), **_NO_QUIT})
      for name in _ALERTS),
    _ok("alert-is-a-warning", fault="tls_warning", alert="unrecognized_name"),
    _ok("tls-slow", fault="slow", at="tls"),
    _ok("wants-sni", require_client_hello_sni=True),
    _ok("tls-1-2", tls={"max": "1.2"}, facts={"version": "1.2"}),
    _fault("garbage", "tls", "tls_failed", "starttls", **_NO_QUIT),
    _fault("close", "tls", "tls_failed", "starttls", **_NO_QUIT),
    _fault("reset", "tls", "tls_failed", "starttls", **_NO_QUIT),
    _fault("hang", "tls", "tls_timeout", "starttls", **_NO_QUIT),
    *(Case(f"{fault}-after-220", {"fault": fault, "at": "starttls",
                                  "after": _WHOLE},
           "starttls", "tls_failed", dict(_NO_QUIT))
      for fault in ("close", "reset")),
    # TLS stands: what is said in it takes nothing back
    _ok("tls-421", ehlo_tls=["421 4.3.2 busy"], facts={"quit": ANY}),
    _ok("tls-502", ehlo_tls=[SYNTAX]),
    _ok("tls-garbage-reply", ehlo_tls=["what?"], facts={"ehlo_tls": None}),
    _ok("starttls-again", ("starttls.offered_in_tls",),
        ehlo_tls=["250-mx", "250 STARTTLS"]),
    *(_fault(fault, "ehlo_tls", "ok", "tls", ehlo_tls=ANY, quit=ANY)
      for fault in ("close", "reset", "hang", "garbage", "endless",
                    "endless_line")),
    *(_fault(fault, "quit", "ok", "tls")
      for fault in ("close", "reset", "hang", "garbage", "endless",
                    "endless_line")),
]


# Three booleans tell what is wrong with a certificate; the session is fine.
_CERTIFICATES = [
    _ok(f"cert-{kind}".replace("_", "-"), cert={"kind": kind, **more},
        facts={wrong: False})
    for kind, wrong, more in (
        ("self_signed", "trusted", {}), ("untrusted", "trusted", {}),
        ("leaf_only", "trusted", {}), ("expired", "time_ok", {}),
        ("not_yet", "time_ok", {}),
        ("wrong_name", "name_ok", {"names": ["elsewhere.example"]}))]
_CERTIFICATES += [
    # Anonymous TLS 1.2 (RFC 7672 8.2): nothing to trust, no name, no date.
    _ok("cert-none", cert={"kind": "none"}, facts={
        "version": "1.2", "trusted": False, "name_ok": None,
        "time_ok": None})]

# No session at all: RFC 5321 4.5.4.1 tries again where nobody answers.
_UNREACHED = [
    Case("port-closed", {"fault": "refuse"}, "none", "connect_refused",
         {"starttls": "unreachable", "attempts": 1}, ("mx.unreachable",)),
    Case("black-hole", {"fault": "blackhole"}, "none", "connect_timeout"),
]


def _strikes() -> list[Case]:
    """Early ends, silence and floods at each step before TLS."""
    found: list[Case] = []
    ends = {"close": "closed", "reset": "reset", "endless": "smtp_garbage",
            "endless_line": "smtp_garbage", "garbage": "smtp_garbage"}
    before = {"banner": "none", "ehlo": "banner", "helo": "helo",
              "starttls": "ehlo"}
    for at, reached in before.items():
        spec = {"ehlo": [SYNTAX]} if at == "helo" else {}
        silence = "greeting_timeout" if at == "banner" else "timeout"
        for fault, outcome in {**ends, "hang": silence}.items():
            flood = fault.startswith("endless") or fault == "garbage"
            facts = {"quit": True if flood else None}
            if fault == "endless":
                # the lines that came before it was too much are kept
                facts.update(banner=ANY, ehlo=ANY, starttls_reply=ANY)
            found.append(_fault(fault, at, outcome, reached, spec=spec,
                                **facts))
            if fault in ("close", "reset", "hang"):
                found.append(_fault(fault, at, outcome, reached, after=3,
                                    spec=spec, **facts))
    return found


# A refusal for good, then the line is cut: still a refusal of us.
_CUT_REFUSALS = [
    Case("ehlo-550-helo-close", {"ehlo": ["550 no"], "fault": "close",
                                 "at": "helo"}, "helo", "smtp_5yz",
         {"quit": None}),
    Case("ehlo-550-helo-reset", {"ehlo": ["550 no"], "fault": "reset",
                                 "at": "helo"}, "helo", "smtp_5yz",
         {"quit": None}),
]

CASES = [*_GREETINGS, *_EHLO, *_STARTTLS, *_TLS, *_CERTIFICATES,
         *_UNREACHED, *_strikes(), *_CUT_REFUSALS]
