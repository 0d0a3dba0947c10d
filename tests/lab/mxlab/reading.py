# SPDX-License-Identifier: Apache-2.0
"""Reading a world: one JSON object a line, checked before anything starts.

A mistyped key would silently make another world than its author meant, so
unknown keys are refused with file and line.  `expect` is carried along and
read by `check` alone.
"""
from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mxlab import dnsname
from mxlab.errors import LabError
from mxlab.session import ALERTS

KINDS = ("trusted", "self_signed", "untrusted", "expired", "not_yet",
         "wrong_name", "leaf_only", "with_root", "none")
KEYS = ("p256", "rsa2048", "rsa1024")
VERSIONS = ("1.0", "1.1", "1.2", "1.3")
FAULTS = ("refuse", "blackhole", "reset", "hang", "slow", "garbage",
          "tls_alert", "endless", "close")
SMTP_FAULTS = (*FAULTS, "endless_line", "tls_warning")
SMTP_REPLIES = ("banner", "ehlo", "helo", "starttls", "ehlo_tls", "quit")
SMTP_AT = ("connect", "tls", *SMTP_REPLIES)
SERVERS = ("lab", "postfix", "postscreen", "postscreen_deep", "exim")
DELAY_CAP_S = 60
POLICY_AT = ("connect", "tls", "http")
DNS_FAULTS = ("servfail", "refused", "silent", "bogus", "truncate")

TOP_KEYS = frozenset((
    "domain", "signed", "exists", "records", "policy", "smtp", "expect",
    "rank", "list", "dns", "tlsa", "story", "kind", "kinds", "plan"))
CERT_KEYS = frozenset(("names", "kind", "key", "cn_only", "days",
                       "generation"))
TLS_KEYS = frozenset(("min", "max"))
POLICY_KEYS = frozenset(("body", "body_b64", "status", "headers", "cert",
                         "fault", "at", "host", "tls", "addresses",
                         "per_address"))
SMTP_KEYS = frozenset((
    "banner", "ehlo", "ehlo_tls", "helo", "starttls", "cert", "tls", "fault",
    "at", "flaky", "inject", "require_client_hello_sni", "addresses",
    "per_address", "server", "split", "delay", "eol", "after", "alert"))
TLSA_PARAMETERS = ("usage", "selector", "mtype")
TLSA_KEYS = frozenset((*TLSA_PARAMETERS, "right", "data", "as",
                       "generation", "of"))
TLSA_OF = ("leaf", "issuer", "root")


@dataclass
class Line:
    """One world line; names are normal (lower case, no final dot)."""
    where: str
    domain: str
    signed: bool | None = None
    exists: bool = True
    records: list[str] = field(default_factory=list)
    policy: dict[str, Any] | None = None
    smtp: dict[str, dict[str, Any]] = field(default_factory=dict)
    dns: str | dict[str, str] | None = None
    tlsa: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    listed: bool = True
    rank: int | None = None
    expect: Any = None


def read_worlds(paths: list[Path]) -> list[Line]:
    """Every line of every file; a domain may stand in one line only."""
    lines: list[Line] = []
    seen: dict[str, str] = {}
    for path in paths:
        for where, value in _objects(path):
            line = _line(where, value)
            if line.domain in seen:
                raise LabError(f"{where}: {line.domain} stands in "
                               f"{seen[line.domain]} already; "
                               "give a domain one line")
            seen[line.domain] = where
            lines.append(line)
    if not lines:
        raise LabError(f"{paths[0]}: no world line in it")
    return lines


def _objects(path: Path):
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise LabError(f"{path}: cannot read the world ({why})") from None
    for number, raw in enumerate(text.split("\n"), 1):
        if not raw.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            value = json.loads(raw)
        except ValueError as why:
            raise LabError(f"{where}: not JSON ({why})") from None
        yield where, value


def _known(where: str, what: str, value: Any, keys: frozenset[str]) -> dict:
    if not isinstance(value, dict):
        raise LabError(f"{where}: {what} must be an object")
    odd = sorted(set(value) - keys)
    if odd:
        raise LabError(f"{where}: {what}: unknown key {odd[0]!r}; known are "
                       f"{', '.join(sorted(keys))}")
    return value


def _one_of(where: str, what: str, value: Any, words: tuple[str, ...]) -> None:
    if value not in words:
        raise LabError(f"{where}: {what}: {value!r} is none of "
                       f"{', '.join(words)}")


def _line(where: str, value: Any) -> Line:
    _known(where, "world line", value, TOP_KEYS)
    if not isinstance(value.get("domain"), str):
        raise LabError(f"{where}: `domain` is missing")
    domain = dnsname.normal(value["domain"])
    dnsname.labels(domain)
    if domain == "":
        raise LabError(f"{where}: the root is no domain to list")
    line = Line(where, domain, value.get("signed"),
                value.get("exists", True), value.get("records") or [],
                value.get("policy"), value.get("smtp") or {},
                value.get("dns"), value.get("tlsa") or {},
                value.get("list", True) is not False, value.get("rank"),
                value.get("expect"))
    if not (isinstance(line.records, list)
            and all(isinstance(one, str) for one in line.records)):
        raise LabError(f"{where}: `records` must be a list of strings")
    _check_policy(line)
    line.smtp = {dnsname.normal(host): spec or {}
                 for host, spec in line.smtp.items()}
    for host, spec in line.smtp.items():
        _check_smtp(where, host, spec)
    _check_dns(line)
    _check_tlsa(line)
    _check_exists(line)
    return line


def _check_exists(line: Line) -> None:
    if line.exists is not False:
        return
    if line.records or line.smtp or line.policy or line.tlsa or line.dns:
        raise LabError(f"{line.where}: {line.domain} does not exist, so it "
                       "has no records, policy, smtp, tlsa or dns")


def _check_cert(where: str, what: str, cert: Any) -> None:
    if cert is None:
        return
    _known(where, f"{what}: cert", cert, CERT_KEYS)
    _one_of(where, f"{what}: cert.kind", cert.get("kind", "trusted"), KINDS)
    _one_of(where, f"{what}: cert.key", cert.get("key", "p256"), KEYS)
    _check_generation(where, f"{what}: cert", cert)
    days = cert.get("days")
    if days is not None and not (
            isinstance(days, list) and len(days) == 2
            and all(type(day) is int for day in days) and days[0] < days[1]):
        raise LabError(f"{where}: {what}: cert.days: {days!r} is no window "
                       "[from, to] in whole days relative to now")


def _check_generation(where: str, what: str, spec: dict[str, Any]) -> None:
    number = spec.get("generation", 0)
    if type(number) is not int or number < 0:
        raise LabError(f"{where}: {what}: generation {number!r}: not a "
                       "number from 0")


def _check_tls(where: str, what: str, tls: Any) -> None:
    if tls is None:
        return
    _known(where, f"{what}: tls", tls, TLS_KEYS)
    for key, version in tls.items():
        _one_of(where, f"{what}: tls.{key}", version, VERSIONS)


def _check_policy(line: Line) -> None:
    if line.policy is not None:
        _check_policy_spec(line.where, line.policy)


def _check_policy_spec(where: str, spec: Any) -> None:
    what = "policy"
    _known(where, what, spec, POLICY_KEYS)
    _check_cert(where, what, spec.get("cert"))
    _check_tls(where, what, spec.get("tls"))
    fault = spec.get("fault")
    redirect = isinstance(fault, str) and fault.startswith("redirect:")
    if fault is not None and not redirect:
        _one_of(where, "policy.fault (or redirect:URL)", fault,
                (*FAULTS, "nxdomain"))
    if spec.get("at") is not None:
        _one_of(where, "policy.at", spec["at"], POLICY_AT)
    status = spec.get("status", 200)
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise LabError(f"{where}: policy.status {status!r}: not 200 to 599")
    policy_body(where, spec)
    _check_addresses(where, what, spec)
    for own in spec.get("per_address") or []:
        _check_policy_spec(where, own or {})


def policy_body(where: str, spec: dict[str, Any]) -> bytes:
    """The bytes that a policy host serves."""
    if spec.get("body_b64") is None:
        return (spec.get("body") or "").encode("utf-8")
    try:
        return base64.b64decode(spec["body_b64"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise LabError(f"{where}: policy.body_b64 is no base64") from None


def _check_addresses(where: str, what: str, spec: dict[str, Any]) -> None:
    count = spec.get("addresses", 1)
    if not isinstance(count, int) or not 1 <= count <= 64:
        raise LabError(f"{where}: {what}: addresses must be 1 to 64")


def _check_smtp(where: str, host: str, spec: Any) -> None:
    what = f"smtp {host}"
    dnsname.labels(host)
    _known(where, what, spec, SMTP_KEYS)
    for key in ("banner", "ehlo", "ehlo_tls"):
        lines = spec.get(key)
        if lines is not None and not (
                isinstance(lines, list)
                and all(isinstance(one, str) for one in lines)):
            raise LabError(f"{where}: {what}: {key} must be a list of lines")
    _check_cert(where, what, spec.get("cert"))
    _check_tls(where, what, spec.get("tls"))
    if spec.get("fault") is not None:
        _one_of(where, f"{what}: fault", spec["fault"], SMTP_FAULTS)
    if spec.get("at") is not None:
        _one_of(where, f"{what}: at", spec["at"], SMTP_AT)
    if spec.get("server") is not None:
        _one_of(where, f"{what}: server", spec["server"], SERVERS)
    _check_course(where, what, spec)
    _check_addresses(where, what, spec)
    for own in spec.get("per_address") or []:
        _check_smtp(where, host, own or {})


def _check_course(where: str, what: str, spec: dict[str, Any]) -> None:
    """The keys that say in which pieces and when replies leave."""
    if spec.get("alert") is not None:
        _one_of(where, f"{what}: alert", spec["alert"], tuple(ALERTS))
    split = spec.get("split")
    if split not in (None, "bytes") and not _is_count(split):
        raise LabError(f"{where}: {what}: split {split!r} is neither "
                       "\"bytes\" nor a number from 1")
    if spec.get("after") is not None and not _is_count(spec["after"]):
        raise LabError(f"{where}: {what}: after {spec['after']!r} is no "
                       "number of bytes from 1")
    if not isinstance(spec.get("eol") or "", str):
        raise LabError(f"{where}: {what}: eol must be a string")
    delay = _known(where, f"{what}: delay", spec.get("delay") or {},
                   frozenset(SMTP_REPLIES))
    for moment, seconds in delay.items():
        if not isinstance(seconds, (int, float)) \
                or not 0 <= seconds <= DELAY_CAP_S:
            raise LabError(f"{where}: {what}: delay.{moment}: not 0 to "
                           f"{DELAY_CAP_S} seconds")


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _check_dns(line: Line) -> None:
    if isinstance(line.dns, str):
        _one_of(line.where, "dns", line.dns, DNS_FAULTS)
    elif line.dns is not None:
        if not isinstance(line.dns, dict):
            raise LabError(f"{line.where}: dns must be a word or an object")
        for key, fault in line.dns.items():
            if len(key.split()) != 2:
                raise LabError(f"{line.where}: dns: {key!r} is not "
                               "`owner TYPE`")
            _one_of(line.where, f"dns {key}", fault, DNS_FAULTS)


def _check_tlsa(line: Line) -> None:
    line.tlsa = {dnsname.normal(host): rows
                 for host, rows in line.tlsa.items()}
    for host, rows in line.tlsa.items():
        for row in rows:
            what = f"tlsa {host}"
            _known(line.where, what, row, TLSA_KEYS)
            _check_parameters(line.where, what, row)
            _check_generation(line.where, what, row)
            if row.get("of") is not None:
                _one_of(line.where, f"{what}: of", row["of"], TLSA_OF)
            if row.get("as") is None:
                continue
            _known(line.where, f"{what}: as", row["as"],
                   frozenset(TLSA_PARAMETERS))
            _check_parameters(line.where, f"{what}: as", row["as"])
            if row.get("data") is not None:
                raise LabError(f"{line.where}: {what}: `as` says how data "
                               "are computed, `data` gives them; drop one")


def _check_parameters(where: str, what: str, row: dict[str, Any]) -> None:
    for key in TLSA_PARAMETERS:
        if not isinstance(row.get(key), int):
            raise LabError(f"{where}: {what}: {key} must be a number")
