# SPDX-License-Identifier: Apache-2.0
"""scripts/reports --scan: hand-written TLS reports beside a small scan.

    python3 -m unittest tests/unit/test_scripts_reports_scan.py
"""

import sys
import unittest
from pathlib import Path
from typing import Any

import msgpack
import zstandard

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_stand_in import host  # noqa: E402
from test_scripts_reports import (  # noqa: E402
    POLICY, REAL, Reports, failure, policy, report)


def scanned(body: str = "\r\n".join(POLICY) + "\r\n",
            **facts: Any) -> list[dict[str, Any]]:
    """A scan of a.example, whose mx1 is well and whose mx2 has no STARTTLS."""
    mx1 = host("mx1.a.example", "ok", "ok", **facts)
    mx2 = host("mx2.a.example", "not_offered")
    usable = {"status": "ok", "mode": "enforce", "body": body}
    return [
        {"type": "scan"},
        mx1 | {"type": "mx", "addresses": [
            {"address": "192.0.2.1", "tls": {"not_before": 1704672000}},
            {"address": "2001:db8::1", "tls": {"not_before": 1704672000}}]},
        mx2 | {"type": "mx", "addresses": [{"address": "192.0.2.2"}]},
        {"type": "domain", "line": 1, "name": "a.example",
         "verdict": "enforce_ok", "verdict_dane": "enforce_fail",
         "findings": ["starttls.absent", "mx.cert_expires_soon"],
         "sts": {"record": {"status": "ok"}, "policy": usable},
         "mx": [mx1 | {"in_policy": True}, mx2 | {"in_policy": False}]},
        {"type": "domain", "line": 2, "name": "b.example",
         "verdict": "none"},
        {"type": "end", "reason": "complete"}]


class TestBesideScan(Reports):
    """What senders saw beside what the scan saw."""

    def compare(self, lines: list[dict[str, Any]], *reports: dict[str, Any]
                ) -> dict[str, Any]:
        for n, one in enumerate(reports):
            self.put(f"{n}.json", one)
        self.scan = self.write("s.mxc", lines)
        return self.said(str(self.reports), "--scan", self.scan)["scan"]

    def test_real_program(self) -> None:
        """A .mxc file in place of stored lines."""
        told = report("Alpha", "1", 9, policy("a.example", 5, 6, failure(
            "certificate-expired", 6), policy_string=POLICY))
        expected = self.compare(scanned(), told)
        stored = self.folder / "real.mxc"
        stored.write_bytes(zstandard.ZstdCompressor(
            write_checksum=True).compress(b"".join(
                map(msgpack.packb, scanned()))))
        got = self.said(str(self.reports), "--scan", str(stored),
                        "--mxcensus", str(REAL))["scan"]
        self.assertEqual(len(got["mx"]), 1)
        self.assertEqual((got["mx"], got["domains"]),
                         (expected["mx"], expected["domains"]))

    def hosts(self, *failures: dict[str, Any], **facts: Any
              ) -> dict[tuple[str, str], dict[str, Any]]:
        rows = self.compare(scanned(**facts), report(
            "Alpha", "1", 9, policy("a.example", 0, 1, *failures)))["mx"]
        return {(row["item"], row["section"]): row for row in rows}

    def test_hosts(self) -> None:
        got = self.hosts(
            failure("certificate-expired", 5, receiving_ip="192.0.2.1"),
            failure("certificate-expired", 2, receiving_ip="192.0.2.9"),
            failure("starttls-not-supported", 3, "mx2.a.example",
                    receiving_ip="198.51.100.9"),
            failure("validation-failure", 1, "mx2.a.example"),
            failure("certificate-expired", 9, "mx2.a.example"),
            failure("certificate-expired", 4, "mx9.a.example"))
        self.assertEqual([(item, result, row["failed"], row["agrees"],
                           row["is_other_address"])
                          for (item, result), row in got.items()], [
            ("mx1.a.example", "certificate-expired", 7, False, False),
            ("mx2.a.example", "starttls-not-supported", 3, True, True),
            # it is not in the policy
            ("mx2.a.example", "validation-failure", 1, True, False),
            # no TLS, so nothing is known of a certificate
            ("mx2.a.example", "certificate-expired", 9, None, False),
            ("mx9.a.example", "certificate-expired", 4, None, False),
        ])
        row = got["mx1.a.example", "certificate-expired"]
        self.assertEqual(row["findings"], ["mx.cert_expires_soon"])
        self.assertEqual((row["starttls"], row["trusted"], row["name_ok"],
                          row["time_ok"], row["dane"]),
                         ("ok", True, True, True, "ok"))
        self.assertFalse(got["mx9.a.example", "certificate-expired"
                             ]["is_scanned"])
        self.assertFalse(row["is_newer_certificate"])

    def test_every_result_type(self) -> None:
        """(the scan as it is, the scan with everything wrong)"""
        wrong = {"trusted": False, "name_ok": False, "time_ok": False,
                 "dane": "mismatch"}
        wanted = {
            "starttls-not-supported": (False, False),
            "certificate-host-mismatch": (False, True),
            "certificate-expired": (False, True),
            "certificate-not-trusted": (False, True),
            "validation-failure": (False, True),
            "tlsa-invalid": (False, True),
            "dnssec-invalid": (False, False),
            "dane-required": (False, False),
            "sts-webpki-invalid": (None, None),
            "of-tomorrow": (None, None)}
        told = report("Alpha", "1", 9, policy("a.example", 0, 1, *(
            failure(result, 1) for result in wanted)))
        for n, facts in enumerate(({}, wrong)):
            lines = scanned()
            lines[1] |= facts
            self.assertEqual(
                {row["section"]: row["agrees"]
                 for row in self.compare(lines, told)["mx"]},
                {result: states[n] for result, states in wanted.items()})

    def test_renewed(self) -> None:
        lines = scanned()
        for address in lines[1]["addresses"]:
            address["tls"]["not_before"] = 1704844800  # the 10th
        self.compare(lines, report("Alpha", "1", 9, policy(
            "a.example", 0, 1, failure("certificate-expired", 1,
                                       receiving_ip="192.0.2.77"))))
        said = self.good(str(self.reports), "--scan", self.scan)
        self.assertIn("reported of addresses that were not scanned; "
                      "certificate issued since", said)
        self.assertLessEqual(max(map(len, said.splitlines())), 80)
        for form in ("markdown", "csv"):
            self.assertIn("certificate issued since", self.good(
                str(self.reports), "--scan", self.scan, "--format", form))

    def test_domains(self) -> None:
        rows = self.compare(
            scanned(),
            report("Alpha", "1", 9,
                   policy("a.example", 90, 0, policy_string=["old"]),
                   policy("a.example", 8, 2, type_="tlsa"),
                   policy("b.example", 7, 0, type_="no-policy-found"),
                   policy("c.example", 1, 1)),
            report("Alpha", "2", 10, policy(
                "a.example", 5, 0, policy_string=POLICY)))["domains"]
        self.assertEqual([(row["item"], row["section"], row["failed"],
                           row["sessions"], row["verdict"], row["agrees"],
                           row["policy_same"], row["policies"])
                          for row in rows], [
            ("a.example", "tlsa", 2, 10, "enforce_fail", True, None, 0),
            ("a.example", "sts", 0, 95, "enforce_ok", True, "same", 2),
            ("b.example", "no-policy-found", 0, 7, "none", True, None, 0),
            ("c.example", "sts", 1, 2, None, None, None, 0)])

    def test_domains_that_disagree(self) -> None:
        """Failures that the scan does not see go first."""
        rows = self.compare(
            scanned(), report("Alpha", "1", 9,
                              policy("a.example", 50, 0, type_="tlsa"),
                              policy("a.example", 1, 4, failure(
                                  "sts-policy-fetch-error", 4, "")),
                              policy("b.example", 7, 0),
                              policy("c.example", 1, 9)))["domains"]
        self.assertEqual([(row["item"], row["section"], row["agrees"])
                          for row in rows], [
            ("a.example", "sts", False), ("a.example", "tlsa", False),
            ("b.example", "sts", False), ("c.example", "sts", None)])
        self.assertEqual(rows[0]["results"], ["sts-policy-fetch-error"])

    def test_policies(self) -> None:
        body = "\n".join(POLICY)
        shuffled = [POLICY[0], POLICY[3].replace(": ", ":"), *POLICY[1:3]]
        cases = (
            (POLICY, body, "same"), (POLICY, body + "\r\n\r\n", "same"),
            (body, body, "same"), ([body + "\n"], body, "same"),
            (shuffled, body, "rewritten"),
            (POLICY[:-1] + ["max_age: 86401"], body, "differs"),
            (POLICY[:-1], body, "differs"), ([], body, None),
            (POLICY, None, None))
        domain = scanned()[3]
        lines = [{"type": "scan"}] + [domain | {
            "line": n, "name": f"d{n}.example", "sts": {"policy": {
                "status": "ok", "mode": "enforce", "body": ours}}}
            for n, (_, ours, _) in enumerate(cases)]
        rows = self.compare(lines, report("Alpha", "1", 9, *(
            policy(f"d{n}.example", 1, 0, policy_string=told)
            for n, (told, _, _) in enumerate(cases))))["domains"]
        got = {row["item"]: (row["policy_same"], row["agrees"])
               for row in rows}
        self.assertEqual(got, {
            f"d{n}.example": (wanted, wanted != "differs")
            for n, (_, _, wanted) in enumerate(cases)})
        self.assertEqual([row["agrees"] for row in rows],
                         [False] * 2 + [True] * 7)


if __name__ == "__main__":
    unittest.main()
