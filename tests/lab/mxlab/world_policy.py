# SPDX-License-Identifier: Apache-2.0
"""The kinds of policy host and policy file, each with its meaning.

A kind says what the host does (`serve`, merged into the world line's
`policy`), how the well-formed file is spoilt (`edit`), and what a sender
concludes: the first layer that fails, whether the body that came is valid,
and the findings of RFC 8461 sections 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

LIMIT = 64 * 1024  # RFC 8461 3.3: what a sender need not read beyond


@dataclass
class Body:
    """A policy before it is written down."""

    mode: str
    max_age: int
    mx: list[str]

    def lines(self) -> list[str]:
        """The four kinds of line, well formed, in the usual order."""
        return ["version: STSv1", f"mode: {self.mode}",
                *(f"mx: {pattern}" for pattern in self.mx),
                f"max_age: {self.max_age}"]

    def text(self) -> str:
        """The file as most people write it."""
        return "\n".join(self.lines()) + "\n"


def crlf(body: Body) -> str:
    """Line ends as the prose has them."""
    return "\r\n".join(body.lines()) + "\r\n"


def reordered(body: Body) -> str:
    """Order is free, the last line end optional."""
    return "\n".join(reversed(body.lines()))


def extended(body: Body) -> str:
    """Unknown keys are ignored, trailing white space allowed."""
    return body.text() + "made-by: hand: with care \n"


def without(key: str) -> Callable[[Body], str]:
    """The file lacks every line of one key."""
    return lambda body: "".join(f"{line}\n" for line in body.lines()
                                if not line.startswith(key + ":"))


def instead(key: str, *values: str) -> Callable[[Body], str]:
    """The lines of one key are replaced by these values."""
    def edit(body: Body) -> str:
        kept = [line for line in body.lines()
                if not line.startswith(key + ":")]
        return "\n".join(kept + [f"{key}: {value}" for value in values]) + "\n"
    return edit


def plus(text: str) -> Callable[[Body], str]:
    """Something follows the file."""
    return lambda body: body.text() + text


def before(line: str) -> Callable[[Body], str]:
    """A line goes before the file, where it comes first."""
    return lambda body: f"{line}\n" + body.text()


def dotted(body: Body) -> str:
    """Every mx ends in the dot of a zone file."""
    return "".join(line + "." * line.startswith("mx:") + "\n"
                   for line in body.lines())


def blank_line(body: Body) -> str:
    """An empty line after the first: no *field*, so no policy."""
    return body.text().replace("\n", "\n\n", 1)


def indented(body: Body) -> str:
    """White space before a key that nobody needs."""
    return body.text() + "  note: indented\n"


def fixed(text: str) -> Callable[[Body], str]:
    """Something else altogether."""
    return lambda body: text


def padded(body: Body) -> str:
    """A policy behind more comment than a sender reads."""
    line = "note: " + "x" * 94 + "\n"
    return line * (LIMIT // len(line) + 64) + body.text()


def key_case(body: Body) -> str:
    """A key in the wrong case beside the right one: ignored."""
    return body.text() + f"Mode: {body.mode}\n"


@dataclass(frozen=True)
class PolicyKind:
    """What the policy host does and what follows from it."""

    status: str = "ok"
    findings: tuple[str, ...] = ()
    valid: bool | None = True       # of the body; None: none came
    edits: tuple[Callable[[Body], str], ...] = (Body.text,)
    serve: dict = field(default_factory=dict)
    cert: dict = field(default_factory=dict)
    mode: str | None = None         # a mode that the kind needs
    timeout: bool = False           # tcp because of a connect time-out
    alias: str | None = None        # at the provider: Site.alias_target()
    dns: str | None = None          # fault of the address look-up


def bad_file(code: str, *edits: Callable[[Body], str],
             also: tuple[str, ...] = (), mode: str | None = None) -> PolicyKind:
    """A file that came and is no policy."""
    return PolicyKind("syntax", (f"sts.policy.{code}", *also), False, edits,
                      mode=mode)


def bad_cert(*codes: str, **cert: object) -> PolicyKind:
    """A certificate that does not hold; the file behind it is fine."""
    return PolicyKind("tls", tuple(f"sts.policy.{code}" for code in codes),
                      cert=cert)


def bad_host(layer: str, /, *findings: str, timeout: bool = False,
             **serve: object) -> PolicyKind:
    """A host that hands out no file."""
    return PolicyKind(layer, findings, None, serve=serve, timeout=timeout)


EXTENSION = ("sts.policy.key_as_extension",)
FIRST_BAD = ("sts.policy.duplicate_key", *EXTENSION)
HTML = ("<!doctype html>\n<html><head><title>Welcome</title></head>\n"
        "<body><p>This site is under construction.</p></body></html>\n")

POLICIES = {
    "ok": PolicyKind(),
    "ok_forms": PolicyKind(edits=(crlf, reordered, extended)),
    "ok_charset": PolicyKind(serve={"headers": {
        "content-type": "text/plain; charset=utf-8"}}),
    "ok_wildcard_cert": PolicyKind(cert={"names": ["*.{domain}"]}),
    "ok_alias": PolicyKind(alias="host"),
    "cert_expires_soon": PolicyKind(
        findings=("sts.policy.cert_expires_soon",), cert={"days": [-85, 5]}),
    # five days are left of six: renewed every few days
    "cert_short_lived": PolicyKind(cert={"days": [-1, 5]}),
    # layers
    "dns": PolicyKind("dns", ("sts.policy.dns",), None, serve={"host": False}),
    "dns_dangling": PolicyKind("dns", ("sts.policy.dns",
                                       "sts.policy.dangling"), None,
                               serve={"host": False}, alias="gone"),
    # the target is there and has no address
    "dns_dangling_empty": PolicyKind("dns", ("sts.policy.dns",
                                             "sts.policy.dangling"), None,
                                     serve={"host": False},
                                     alias="text"),
    "dns_servfail": PolicyKind("inconclusive", valid=None, dns="servfail"),
    "tcp_refused": bad_host("tcp", "sts.policy.tcp", fault="refuse"),
    "tcp_blackhole": bad_host("tcp", "sts.policy.tcp", fault="blackhole",
                              timeout=True),
    "tls_alert": bad_host("tls", "sts.policy.tls", fault="tls_alert"),
    "tls_garbage": bad_host("tls", "sts.policy.tls", fault="garbage"),
    "tls_reset": bad_host("tls", "sts.policy.tls", fault="reset"),
    "tls_close": bad_host("tls", "sts.policy.tls", fault="close"),
    "cert_none": PolicyKind("tls", ("sts.policy.tls",), None,
                            cert={"kind": "none"}),
    "cert_name": bad_cert("cert_name", kind="wrong_name"),
    "cert_cn_only": bad_cert("cert_name", "cert_cn_only", cn_only=True),
    "cert_untrusted": bad_cert("cert_untrusted", kind="untrusted"),
    "cert_leaf_only": bad_cert("cert_untrusted", "cert_incomplete",
                               kind="leaf_only"),
    "cert_self_signed": bad_cert("cert_self_signed", kind="self_signed"),
    "cert_expired": bad_cert("cert_expired", kind="expired"),
    "cert_not_yet": bad_cert("cert_not_yet", kind="not_yet"),
    "http_404": bad_host("http", "sts.policy.http_status", status=404,
                         body="not found\n"),
    "http_403": bad_host("http", "sts.policy.http_status", status=403,
                         body="forbidden\n"),
    "http_500": bad_host("http", "sts.policy.http_status", status=500,
                         body="sorry\n"),
    "redirect": bad_host("http", "sts.policy.redirect",
                         fault="redirect:https://www.{domain}/mta-sts.txt"),
    "http_broken": bad_host("http", "sts.policy.http", fault="close",
                            at="http"),
    "tls_old": PolicyKind("ok", ("sts.policy.tls_old",),
                          serve={"tls": {"min": "1.0", "max": "1.1"}}),
    "hang": bad_host("inconclusive", fault="hang"),
    "slow": bad_host("inconclusive", fault="slow"),
    "endless": bad_host("inconclusive", "sts.policy.too_large",
                        fault="endless"),
    "too_large": PolicyKind("inconclusive", ("sts.policy.too_large",), None,
                            (padded,)),
    "content_type": PolicyKind("ok", ("sts.policy.content_type",), serve={
        "headers": {"content-type": "text/html"}}),
    # files
    "empty": bad_file("empty", fixed("")),
    "html": bad_file("html", fixed(HTML)),
    "bom": bad_file("bom", lambda body: "\ufeff" + body.text()),
    "syntax": bad_file("syntax", blank_line, indented, plus("enforce\n")),
    "version": bad_file("version", without("version"),
                        instead("version", "STSv2")),
    "mode": bad_file("mode", without("mode"), instead("mode", "report"),
                     instead("mode", "Enforce")),
    "max_age": bad_file("max_age", without("max_age"),
                        instead("max_age", "1w"), instead("max_age", "-1")),
    "max_age_range": bad_file("max_age_range",
                              instead("max_age", "31557601"),
                              instead("max_age", "99999999")),
    "mx_missing": bad_file("mx_missing", without("mx"), mode="enforce"),
    "mx_invalid": bad_file("mx_invalid",
                           instead("mx", "postmaster@mx.example"),
                           instead("mx", "*"),
                           instead("mx", "mx_1.example"),
                           mode="enforce"),
    "mx_trailing_dot": bad_file("mx_invalid", dotted,
                                also=("sts.policy.mx_trailing_dot",),
                                mode="enforce"),
    # RFC 8461 3.2, by its ABNF alone: a known key with a bad value is an
    # extension, and what remains may be a whole policy
    "mx_one_invalid": bad_file("mx_invalid", plus("mx: mail.*.example\n"),
                               also=EXTENSION, mode="enforce"),
    "mx_one_trailing_dot": bad_file(
        "mx_invalid", plus("mx: mx.example.\n"), before("mx: mx.example."),
        also=("sts.policy.mx_trailing_dot", *EXTENSION), mode="enforce"),
    "mode_first_bad": bad_file("mode", before("mode: report"),
                               before("mode: Enforce"), also=FIRST_BAD),
    "max_age_first_bad": bad_file("max_age", before("max_age: 1w"),
                                  before("max_age: soon"), also=FIRST_BAD),
    "version_first_bad": bad_file("version", before("version: STSv2"),
                                  also=FIRST_BAD),
    "key_case_mode": bad_file(
        "mode", lambda body: body.text().replace("mode:", "Mode:"),
        also=("sts.policy.key_case",)),
    "duplicate_key": PolicyKind("ok", ("sts.policy.duplicate_key",),
                                edits=(plus("mode: none\n"),
                                       plus("max_age: 60\n"))),
    "key_case": PolicyKind("ok", ("sts.policy.key_case",), edits=(key_case,)),
}
