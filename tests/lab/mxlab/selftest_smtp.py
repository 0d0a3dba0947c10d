# SPDX-License-Identifier: Apache-2.0
"""The lab's own test, SMTP that is odd or other people's.

Looked at with openssl, posttls-finger and a plain socket; run by selftest.
"""
from __future__ import annotations

import json

from mxlab.selftest_tools import Lab, want


def test_smtp_real(lab: Lab) -> None:
    """openssl, and Postfix's own client where it is installed."""
    for name, version in (("postfix-rsa", "TLSv1.2"), ("exim", "TLSv1.3"),
                          ("exim-rsa", "TLSv1.2"),
                          ("postscreen-deep", "TLSv1.3")):
        said = lab.s_client(name)
        want("Verification: OK" in said and version in said, (name, said))
        finger = lab.finger(name)
        want(finger is None or "Verified TLS connection established" in finger
             and version in finger, (name, finger))


def test_smtp_pieces(lab: Lab) -> None:
    for name, first in (("bytes", b"2"), ("cut", b"220 m")):
        # a busy machine may bring two segments at once
        seen = [lab.first_segment(name) for _ in range(5)]
        want(first in seen, (name, seen))
    said = lab.talk("cut", "EHLO x", "QUIT")
    want(said.startswith(b"220 mx ESMTP\r\n250-") and b"221 " in said, said)
    want(lab.first_segment("teaser") == b"220-wait\r\n", "teaser")
    said = lab.talk("after", "EHLO x")
    want(said.endswith(b"\r\n250-"), said)


def test_smtp_alerts(lab: Lab) -> None:
    said = lab.s_client("alert-name")
    want("unrecognized name" in said, said)
    want("Verification: OK" in lab.s_client("warned"), "a warning")


def test_smtp_early(lab: Lab) -> None:
    """Who speaks before a greeting has ended is noted, here and there."""
    log = lab.folder / "log"
    lab.talk("teaser", "EHLO early.test")
    lab.talk("postscreen", "EHLO early.test")
    entries = [json.loads(line) for line in
               (log / "contacts.jsonl").read_text().splitlines()]
    want(any(entry["host"] == "mx.teaser.example" and entry.get("early")
             for entry in entries), "the lab's own server")
    if (log / "postfix.log").exists():
        want("PREGREET" in (log / "postfix.log").read_text(), "postscreen")
    said = lab.s_client("postscreen")
    want("Verification: OK" in said, said)
