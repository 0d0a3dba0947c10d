# SPDX-License-Identifier: Apache-2.0
"""`mxcensus parse`: the kinds that judge what was met on the wire.

Each test asks one process about a few lines and compares the members that
matter; every good line stands beside near misses.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import subprocess
import unittest
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("MXCENSUS", str(ROOT / "build" / "mxcensus"))
BODY = "version: STSv1\nmode: enforce\nmx: *.a.example\nmax_age: 86400\n"
NOW = 1_800_000_000


def ask(kind: str, *inputs: Any) -> list[dict[str, Any]]:
    """The answers to the inputs; objects are sent as JSON text."""
    lines = "".join(json.dumps({"input": one if isinstance(one, str)
                                else json.dumps(one)}) + "\n"
                    for one in inputs)
    done = subprocess.run([PROGRAM, "parse", kind], input=lines.encode(),
                          capture_output=True, timeout=60, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Names(unittest.TestCase):
    """Names as the scanner reads them."""

    def test_registrable(self) -> None:
        """The registrable part by the Public Suffix List, in A-labels."""
        expected = {"mx1.mail.foo.co.uk": "foo.co.uk",
                    "Mail.B\u00fccher.DE.": "xn--bcher-kva.de",
                    "a.b.example": "b.example", "co.uk": "co.uk"}
        for name, answer in zip(expected, ask("name", *expected)):
            self.assertTrue(answer["valid"], name)
            self.assertEqual(answer["registrable"], expected[name])

    def test_no_name(self) -> None:
        """What is no name says why, and has no parts."""
        for bad, why in (("a..example", "empty_label"),
                         ("192.0.2.1", "is_address")):
            answer = ask("name", bad)[0]
            self.assertEqual((answer["valid"], answer["why"]), (False, why))
            self.assertNotIn("registrable", answer)


class Http(unittest.TestCase):
    """How a fetch went, by the judge of a scan."""

    def check(self, expected: tuple[bool, str, list[str]],
              **told: Any) -> None:
        """One fetch that is good but for what is told."""
        fetch = {"status": 200, "body": BODY, "host": "mta-sts.a.example",
                 **told}
        answer = ask("http", fetch)[0]
        self.assertEqual((answer.get("valid"), answer.get("status"),
                          answer.get("findings")), expected, told)

    def test_good(self) -> None:
        """Each of these is a policy that a sender uses."""
        for told in ({}, {"cert": "ok"}, {"content_type": "TEXT/plain"},
                     {"cert": "wildcard SAN *.a.example"},
                     {"content_length": len(BODY)}):
            self.check((True, "ok", []), **told)

    def test_layers(self) -> None:
        """The first layer that fails, with its finding."""
        for layer, finding, told in (
                ("dns", "dns", {"outcome": "nxdomain"}),
                ("tcp", "tcp", {"outcome": "connect_refused"}),
                ("tls", "tls", {"outcome": "tls_alert"}),
                ("tls", "cert_expired", {"cert": "expired"}),
                ("tls", "cert_not_yet", {"cert": "not yet valid"}),
                ("tls", "cert_self_signed", {"cert": "self-signed"}),
                ("tls", "cert_untrusted", {"cert": "not trusted"}),
                ("tls", "cert_name", {"cert": "CN only, no SAN"}),
                ("tls", "cert_name", {"cert": "SAN *.b.example"}),
                ("tls", "tls", {"cert": "none"}),
                ("http", "redirect", {"status": 301}),
                ("http", "http_status", {"status": 201}),
                ("http", "http", {"then": "connection closed"}),
                ("http", "http", {"content_length": 1000}),
                ("syntax", "empty", {"body": ""}),
                ("inconclusive", "too_large", {"content_length": 65537})):
            self.check((False, layer, [f"sts.policy.{finding}"]), **told)

    def test_media_type(self) -> None:
        """SHOULD (RFC 8461 3.2): usable, told apart, ambiguous."""
        self.check((True, "ok", ["sts.policy.content_type"]),
                   content_type="text/html")
        self.check((True, "ok", ["sts.policy.content_type"]),
                   content_type=None)
        plain, other = ask("http", "text/plain;charset=utf-8", "text/html")
        self.assertTrue(plain["valid"] and not plain["ambiguous"])
        self.assertFalse(other["valid"])

    def test_not_understood(self) -> None:
        """No guesses."""
        for told in ({"cert": "purple"}, {"status": "200"}, {"then": "?"},
                     {"outcome": "bored"}, {"body_b64": "*"}):
            fetch = {"status": 200, "body": BODY, **told}
            self.assertEqual(list(ask("http", fetch)[0]), ["error"], told)


class Eval(unittest.TestCase):
    """A policy and one host."""

    def check(self, expected: tuple[bool, bool | None, str],
              **told: Any) -> None:
        """A host that passes but for what is told."""
        facts = {"policy": {"mode": "enforce", "mx": ["*.a.example"]},
                 "mx": "MX.a.example.", "starttls": True, "cert_valid": True,
                 **told}
        answer = ask("sts-eval", facts)[0]
        self.assertEqual((answer.get("valid"), answer.get("deliver"),
                          answer.get("verdict")), expected, told)

    def test_enforce(self) -> None:
        """All three checks of RFC 8461 4 and TLS 1.2 (7.2)."""
        self.check((True, True, "enforce_ok"))
        self.check((True, True, "enforce_ok"), tls="1.2")
        for told in ({"mx": "a.example"}, {"mx": "b.mx.a.example"},
                     {"starttls": False}, {"cert_valid": False},
                     {"cert": "expired"}, {"tls": "1.1"}):
            self.check((False, False, "enforce_fail"), **told)

    def test_other_modes(self) -> None:
        """Testing delivers and reports; none and no policy ask nothing."""
        testing = {"mode": "testing", "mx": ["*.a.example"]}
        self.check((True, True, "testing_ok"), policy=testing)
        self.check((True, True, "testing_fail"), policy=testing,
                   starttls=False)
        self.check((True, True, "none"), policy={"mode": "none"},
                   starttls=False)
        self.check((True, True, "none"), policy=None, starttls=False)
        self.check((False, True, "invalid"), policy={"mode": "enforce"})

    def test_match_alone(self) -> None:
        """Without facts of a connection: does the policy name the host?"""
        policy = {"mode": "testing", "mx": ["mx.a.example"]}
        names = ask("sts-eval", {"policy": policy, "mx": "mx.a.example"},
                    {"policy": policy, "mx": "b.example"})
        self.assertEqual([one["valid"] for one in names], [True, False])
        self.assertEqual([one["match"] for one in names], [True, False])
        self.assertIsNone(names[0]["deliver"])

    def test_no_smuggling(self) -> None:
        """A value is a value, never another line of the policy."""
        policy = {"mode": "none\nmx: mx.a.example", "mx": []}
        self.assertIn("error", ask("sts-eval", {"policy": policy,
                                                "mx": "mx.a.example"})[0])


def certificate(name: str) -> bytes:
    """A self-signed certificate, good through 2027, as DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (x509.CertificateBuilder().subject_name(who).issuer_name(who)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(datetime.datetime(2026, 1, 1))
            .not_valid_after(datetime.datetime(2027, 12, 31))
            .sign(key, hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.DER)


class Chain(unittest.TestCase):
    """TLSA records against a chain."""

    def test_leaf(self) -> None:
        """DANE-EE: the digest decides; names and dates do not."""
        der = certificate("other.example")
        digest = hashlib.sha256(der).hexdigest()
        chain = [base64.b64encode(der).decode()]
        ask_one = {"base_domain": "mx.a.example", "chain_der_b64": chain,
                   "time": NOW}
        good, late, bad, none, short = ask(
            "tlsa-chain", {**ask_one, "tlsa": [f"3 0 1 {digest}"]},
            {**ask_one, "tlsa": [f"3 0 1 {digest}"], "time": 2 * NOW},
            {**ask_one, "tlsa": [f"3 0 1 {digest[:-2]}00"]},
            {**ask_one, "tlsa": [f"1 0 1 {digest}"]},
            {**ask_one, "tlsa": ["3 0 one"]})
        self.assertTrue(good["valid"] and late["valid"])
        self.assertEqual((good["usable"], good["matched"], good["depth"]),
                         (1, 0, 0))
        self.assertEqual(bad["findings"], ["dane.mismatch"])
        self.assertFalse(bad["ambiguous"])
        self.assertEqual(none["findings"], ["dane.unusable"])
        self.assertTrue(none["ambiguous"])
        self.assertIn("tlsa", short["error"])


class Report(unittest.TestCase):
    """RFC 8460 4.4."""

    def good(self) -> dict[str, Any]:
        """A report without fault."""
        return {"organization-name": "a", "report-id": "1",
                "contact-info": "tls@a.example",
                "date-range": {"start-datetime": "2026-01-01T00:00:00Z",
                               "end-datetime": "2026-01-01T23:59:59Z"},
                "policies": [{
                    "policy": {"policy-type": "sts",
                               "policy-domain": "b.example"},
                    "summary": {"total-successful-session-count": 1,
                                "total-failure-session-count": 1},
                    "failure-details": [{"result-type": "tlsa-invalid",
                                         "failed-session-count": 1}]}]}

    def check(self, report: Any, valid: bool, ambiguous: bool,
              reasons: list[str]) -> None:
        """Valid or not, and the reasons word by word."""
        answer = ask("rpt-json", report)[0]
        self.assertEqual((answer["valid"], answer["ambiguous"],
                          answer["reasons"]), (valid, ambiguous, reasons))

    def test_reports(self) -> None:
        """Faults by their path; what the RFC leaves open is no fault."""
        self.check(self.good(), True, False, [])
        self.check("not json", False, False, ["the text is no JSON object"])
        self.check("[]", False, False, ["the text is no JSON object"])
        bad = self.good()
        bad["policies"][0]["failure-details"][0]["result-type"] = "new"
        bad["policies"][0]["summary"]["total-failure-session-count"] = -1
        self.check(bad, False, True, [
            "policies[0].summary.total-failure-session-count is no integer "
            "from 0 up",
            "policies[0].failure-details[0].result-type is no result type of "
            "RFC 8460 section 4.3"])
        bad = self.good()
        bad["policies"].append("x")
        del bad["date-range"]["end-datetime"]
        self.check(bad, False, False, ["date-range.end-datetime is missing",
                                       "policies[1] is no object"])
        odd = self.good()
        odd["date-range"]["end-datetime"] = "2025-01-01T00:00:00Z"
        self.check(odd, True, True, [])

    def test_results(self) -> None:
        """RFC 8460 4.3; a registry may add to the list."""
        known, new, empty = ask("rpt-result", "sts-webpki-invalid",
                                "sts-invalid", "")
        self.assertEqual((known["valid"], known["ambiguous"]), (True, False))
        self.assertEqual((new["valid"], new["ambiguous"]), (False, True))
        self.assertEqual((empty["valid"], empty["ambiguous"]), (False, False))


if __name__ == "__main__":
    unittest.main()
