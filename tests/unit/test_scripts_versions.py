# SPDX-License-Identifier: Apache-2.0
"""The table of TLS versions offered alone, counted by hand."""

import json
import unittest
from typing import Any

import scripts_stand_in as stand_in

OK, ALERT, FAILED, BUSY, LOCAL = ("ok", "tls_alert", "tls_failed",
                                  "smtp_4yz", "local")
VERSIONS = ("1.0", "1.1", "1.2", "1.3")
# Of each address: the outcomes from 1.0 on; a session that was sent away is
# the last.
TRIES = ((ALERT, ALERT, OK, OK), (ALERT, ALERT, OK, OK),
         (OK, OK, OK, FAILED), (ALERT, FAILED, FAILED, OK),
         (LOCAL, LOCAL, OK, OK), (ALERT, OK, BUSY), ())
# item -> numerator, denominator, inconclusive
EXPECTED = {"1.3": (4, 5, 1), "1.2": (4, 5, 1), "1.1": (2, 5, 1),
            "1.0": (1, 5, 1), "lowest_1.3": (1, 6, 0),
            "lowest_1.2": (2, 5, 1), "lowest_1.1": (1, 5, 1),
            "lowest_1.0": (1, 5, 1), "lowest_none": (0, 6, 0)}


def scan(tries: tuple[tuple[str, ...], ...]) -> list[dict[str, Any]]:
    """One host with an address for each row."""
    def address(row: tuple[str, ...], i: int) -> dict[str, Any]:
        facts: dict[str, Any] = {"address": f"192.0.2.{i}", "starttls": "ok"}
        if row:
            facts["tls_versions"] = [
                {"version": version, "outcome": outcome}
                for version, outcome in zip(VERSIONS, row)]
        return facts

    return [{"type": "scan", "version": 1},
            {"type": "mx", "host": "mx.a.example", "starttls": "ok",
             "addresses": [address(row, i) for i, row in enumerate(tries)]},
            {"type": "domain", "line": 1, "name": "a.example",
             "verdict": "none", "mx_status": "ok",
             "mx": [stand_in.host("mx.a.example", "ok")]},
            {"type": "end", "reason": "complete"}]


class TestVersions(stand_in.Scans):
    """By hand."""

    def test_counts(self) -> None:
        file = self.write("s.mxc", scan(TRIES))
        rows = self.summary(file)["tables"]["tls_versions"]
        self.assertEqual(
            {row["item"]: (row["numerator"], row["denominator"],
                           row["inconclusive"]) for row in rows}, EXPECTED)

    def test_nothing_of_it(self) -> None:
        file = self.write("s.mxc", scan(((),)))
        self.assertNotIn("tls_versions", self.summary(file)["tables"])
        self.assertNotIn("tls_versions", self.good(file))
        asked = json.loads(self.good("--format", "json", "--table",
                                     "tls_versions", file))
        self.assertEqual(asked["tables"], {"tls_versions": []})


if __name__ == "__main__":
    unittest.main()
