# SPDX-License-Identifier: Apache-2.0
"""The small world of the lab's own test: one line per behaviour.

Names say what stands there: mx.<kind>.example for SMTP servers,
mta-sts.<kind>.test for policy hosts, the rest for DNS.
"""
from __future__ import annotations

import base64
from typing import Any

POLICY = ("version: STSv1\nmode: enforce\nmx: mx.good.example\n"
          "max_age: 86400\n")
LATIN = b"version: STSv1\r\n\xff\xfe\r\n"
KINDS = ("self_signed", "untrusted", "expired", "not_yet", "wrong_name",
         "leaf_only", "none")

SMTP: dict[str, dict[str, Any]] = {
    "postfix": {"server": "postfix"},
    "postfix-rsa": {"server": "postfix", "cert": {"key": "rsa2048"},
                    "tls": {"max": "1.2"}},
    "postscreen": {"server": "postscreen"},
    "postscreen-deep": {"server": "postscreen_deep"},
    "exim": {"server": "exim"},
    "exim-rsa": {"server": "exim", "cert": {"key": "rsa2048"},
                 "tls": {"max": "1.2"}},
    "bytes": {"banner": ["220 mx ESMTP"], "split": "bytes"},
    "cut": {"banner": ["220 mx ESMTP"], "split": 5},
    "teaser": {"banner": ["220-wait", "220 mx"], "delay": {"banner": 1}},
    "alert-name": {"fault": "tls_alert", "alert": "unrecognized_name"},
    "warned": {"fault": "tls_warning", "alert": "unrecognized_name"},
    "after": {"fault": "close", "at": "ehlo", "after": 4},
    "tls10": {"tls": {"min": "1.0", "max": "1.0"}},
    "tls12": {"tls": {"max": "1.2"}},
    "rsa1024": {"cert": {"key": "rsa1024"}},
    "rsa2048": {"cert": {"key": "rsa2048"}},
    "cn-only": {"cert": {"cn_only": True}},
    "plain": {"ehlo": ["250-mx.plain.example", "250 PIPELINING"]},
    "refused": {"starttls": "454 4.7.0 not today"},
    "helo": {"ehlo": ["502 5.5.1 no"], "helo": "250 good old days"},
    "shut": {"banner": ["554 5.7.1 no service"]},
    "busy": {"banner": ["421 4.3.2 busy"]},
    "flaky": {"flaky": 1},
    "inject": {"inject": "250 injected\r\n"},
    "inside": {"ehlo_tls": ["250-mx.inside.example", "250 X-INSIDE"]},
    "again": {"ehlo_tls": ["250-mx.again.example", "250 STARTTLS"]},
    "days": {"cert": {"days": [-85, 5]}},
    "days-over": {"cert": {"days": [-9, -2]}},
    "upper": {"cert": {"names": ["*.example"]}},
    "refuse": {"fault": "refuse"},
    "blackhole": {"fault": "blackhole"},
    "reset": {"fault": "reset"},
    "hang": {"fault": "hang"},
    "slow": {"fault": "slow"},
    "garbage": {"fault": "garbage"},
    "endless": {"fault": "endless"},
    "close": {"fault": "close"},
    "ehlo-close": {"fault": "close", "at": "ehlo"},
    "starttls-hang": {"fault": "hang", "at": "starttls"},
    "tls-alert": {"fault": "tls_alert"},
    "tls-garbage": {"fault": "garbage", "at": "tls"},
    "tls-close": {"fault": "close", "at": "tls"},
    "tls-reset": {"fault": "reset", "at": "tls"},
    "tls-hang": {"fault": "hang", "at": "tls"},
    "two": {"addresses": 2, "per_address": [{}, {"tls": {"max": "1.2"}}]},
}

POLICIES: dict[str, dict[str, Any]] = {
    "good": {"body": POLICY},
    "bytes": {"body_b64": base64.b64encode(LATIN).decode()},
    "html": {"body": "<html>", "headers": {"content-type": "text/html"}},
    "untyped": {"body": POLICY, "headers": {"content-type": None}},
    "gone": {"status": 404, "body": "nothing $here\n"},
    "moved": {"fault": "redirect:https://www.moved.test/x"},
    "header": {"body": POLICY, "headers": {"X-Lab": "yes; \"it\" is"}},
    "refuse": {"fault": "refuse"},
    "blackhole": {"fault": "blackhole"},
    "reset": {"fault": "reset"},
    "hang": {"fault": "hang"},
    "slow": {"fault": "slow", "body": POLICY},
    "garbage": {"fault": "garbage"},
    "no-http": {"fault": "garbage", "at": "http"},
    "tls-alert": {"fault": "tls_alert"},
    "endless": {"fault": "endless", "body": POLICY},
    "close": {"fault": "close"},
    "tls11": {"tls": {"max": "1.1"}, "body": POLICY},
    "hostless": {"host": False},
    "days": {"body": POLICY, "cert": {"days": [-5, 2]}},
    "triple": {"body": POLICY, "per_address": [
        {}, {"status": 404, "body": "none\n"}, {"fault": "garbage"}]},
}


def _dns_lines() -> list[dict[str, Any]]:
    texts = [f'{owner}.dns.example. 300 IN TXT "{owner}"'
             for owner in ("fine", "broken", "denied", "quiet", "long", "bad")]
    return [
        {"domain": "dns.example", "signed": True, "records": [
            *texts, '*.wild.dns.example. TXT "wild card" "in two"',
            "alias.dns.example. CNAME fine.dns.example.",
            "dns.example. MX 10 mx.good.example.", "dns.example. MX 0 ."],
         "dns": {"broken.dns.example TXT": "servfail",
                 "denied.dns.example TXT": "refused",
                 "quiet.dns.example TXT": "silent",
                 "long.dns.example TXT": "truncate",
                 "bad.dns.example TXT": "bogus",
                 "nothing.dns.example TXT": "servfail"}},
        {"domain": "child.dns.example", "signed": True,
         "records": ['child.dns.example. TXT "child"']},
        {"domain": "bogus.example", "dns": "bogus",
         "records": ['bogus.example. TXT "x"']},
        {"domain": "dead.example", "signed": True, "dns": "silent",
         "records": ['dead.example. TXT "x"']},
        {"domain": "below.dead.example",
         "records": ['below.dead.example. TXT "x"']},
        {"domain": "absent.example", "exists": False, "rank": 7},
        {"domain": "odd.co.test", "signed": True, "list": False,
         "records": [r'odd.co.test. TXT "a\"b\\c\009d;"',
                     "odd.co.test. TYPE65300 \\# 3 010203",
                     "_443._tcp.odd.co.test. TLSA 3 1 1 " + "ab" * 32]},
    ]


def _rows() -> list[dict[str, Any]]:
    rows = [(usage, selector, mtype) for usage in (2, 3)
            for selector in (0, 1) for mtype in (0, 1, 2)]
    return [{"usage": usage, "selector": selector, "mtype": mtype}
            for usage, selector, mtype in rows]


def _tlsa_lines() -> list[dict[str, Any]]:
    """Right data under wrong parameters, an anchor that is not sent, and a
    question that fails where everything round it is secure."""
    rows = {"mx.dane.example": [
        {"usage": 3, "selector": 1, "mtype": 1,
         "as": {"usage": 3, "selector": 0, "mtype": 1}}],
        "mx.anchor.example": [{"usage": 2, "selector": selector, "mtype": 0}
                              for selector in (0, 1)],
        "mx.unasked.example": [{"usage": 3, "selector": 1, "mtype": 1}]}
    return [
        {"domain": "dane.example", "signed": True,
         "smtp": {"mx.dane.example": {}},
         "tlsa": {"mx.dane.example": rows["mx.dane.example"]}},
        {"domain": "anchor.example", "signed": True,
         "smtp": {"mx.anchor.example": {"cert": {"kind": "leaf_only"}}},
         "tlsa": {"mx.anchor.example": rows["mx.anchor.example"]}},
        {"domain": "unasked.example", "signed": True,
         "records": ['_smtp._tls.mx.unasked.example. TXT "v=TLSRPTv1; '
                     'rua=mailto:tls@unasked.example"'],
         "smtp": {"mx.unasked.example": {}},
         "tlsa": {"mx.unasked.example": rows["mx.unasked.example"]},
         "dns": {"_25._tcp.mx.unasked.example TLSA": "servfail"}}]


def world() -> list[dict[str, Any]]:
    """Every line."""
    lines = [{"domain": "good.example", "signed": True, "rank": 1,
              "records": ["good.example. 300 IN MX 10 mx.good.example."],
              "smtp": {"mx.good.example": {}},
              "tlsa": {"mx.good.example": [
                  *_rows(), {"usage": 3, "selector": 1, "mtype": 1,
                             "right": False}]}}]
    for kind in KINDS:
        lines.append({"domain": f"{kind.replace('_', '-')}.example",
                      "smtp": {f"mx.{kind.replace('_', '-')}.example":
                               {"cert": {"kind": kind}}}})
        lines.append({"domain": f"{kind.replace('_', '-')}.test",
                      "policy": {"body": POLICY, "cert": {"kind": kind}}})
    lines += [{"domain": f"{name}.example", "smtp": {f"mx.{name}.example":
                                                     spec}}
              for name, spec in SMTP.items()]
    lines += [{"domain": f"{name}.test", "policy": spec}
              for name, spec in POLICIES.items()]
    lines.append({"domain": "alias.test", "policy": {"body": POLICY},
                  "records": ["mta-sts.alias.test. CNAME mta-sts.good.test."]})
    return lines + _tlsa_lines() + _dns_lines()
