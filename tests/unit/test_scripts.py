# SPDX-License-Identifier: Apache-2.0
"""The numbers of scripts/summarize: a small scan counted by hand, and random
scans counted a second time in plain Python.

    python3 -m unittest tests/unit/test_scripts.py
"""

import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scripts_records as records  # noqa: E402
import scripts_recount as recount  # noqa: E402
from scripts_stand_in import Scans, host, values  # noqa: E402


def usable(mode: str) -> dict[str, Any]:
    """The `sts` of a domain whose policy is fine."""
    return {"record": {"status": "ok"},
            "policy": {"status": "ok", "valid": True, "mode": mode}}


def by_hand() -> list[dict[str, Any]]:
    """Ten domains; each case of the adoption table at least once."""
    absent = {"record": {"status": "absent"},
              "policy": {"status": "none_tried"}}
    good = host("mx.a.example", "ok", "ok")
    rows: list[dict[str, Any]] = [
        # 1: everything right
        {"sts": usable("enforce"), "tlsrpt": {"status": "ok"},
         "mx_status": "ok", "mx": [good], "verdict": "enforce_ok",
         "verdict_dane": "enforce_ok", "findings": []},
        # 2: one host blocked to us: neither all nor not all
        {"sts": usable("testing"), "tlsrpt": {"status": "absent"},
         "mx_status": "ok", "findings": ["tlsrpt.absent"],
         "mx": [good, host("mx.b.test", "blocked")]},
        # 3: one host without STARTTLS settles "all", whatever is unknown
        {"sts": absent, "tlsrpt": {"status": "absent"}, "mx_status": "ok",
         "mx": [good, host("mx.c.test", "not_offered"),
                host("mx.d.test", "inconclusive", "inconclusive")]},
        # 4: a dead host says nothing; an expired certificate does
        {"sts": absent, "tlsrpt": {"status": "invalid"}, "mx_status": "ok",
         "mx": [host("mx.e.test", "ok", "mismatch", tls="1.2",
                     time_ok=False), host("mx.f.test", "unreachable")]},
        # 5: nobody there at all: outside the STARTTLS rows
        {"sts": {"record": {"status": "inconclusive"}},
         "tlsrpt": {"status": "absent"}, "mx_status": "ok",
         "mx": [host("mx.f.test", "unreachable")]},
        # 6: policy host timed out: stored as tcp, verdict inconclusive
        {"sts": {"record": {"status": "ok"}, "policy": {"status": "tcp"}},
         "tlsrpt": {"status": "inconclusive"}, "mx_status": "inconclusive",
         "verdict": "inconclusive"},
        # 7: policy host refused: a plain no
        {"sts": {"record": {"status": "ok"}, "policy": {"status": "tcp"}},
         "tlsrpt": {"status": "absent"}, "mx_status": "null_mx",
         "verdict": "invalid", "findings": ["sts.policy.tcp"]},
        # 8: no such name, most keys left out
        {"mx_status": "nxdomain", "verdict": "none"},
        # 9: implicit MX, broken record whose policy was fetched anyway
        {"sts": {"record": {"status": "multiple"},
                 "policy": {"status": "ok", "mode": "none"}},
         "tlsrpt": {"status": "absent"}, "mx_status": "implicit",
         "mx": [host("i.example", "refused")],
         "findings": ["sts.record.multiple", "tlsrpt.absent",
                      "tlsrpt.absent"]},
        # 10: nothing is known
        {"verdict": None},
    ]
    for line, row in enumerate(rows, 1):
        row |= {"type": "domain", "line": line, "name": f"d{line}.example"}
    hosts = {h["host"]: h for row in rows for h in row.get("mx", [])}
    return ([{"type": "scan"}]
            + [h | {"type": "mx"} for h in hosts.values()] + rows
            + [{"type": "end", "reason": "complete"}])


# item: numerator, denominator, inconclusive; counted by hand from the above
BY_HAND = {
    "domains": (10, 10, 0),
    "exists": (7, 8, 2),
    "mx": (5, 8, 2),
    "null_mx": (1, 8, 2),
    "mx_implicit": (1, 8, 2),
    "mx_none": (0, 8, 2),
    "mx_invalid": (0, 8, 2),
    "sts_record": (5, 8, 2),
    "sts_record_mx": (2, 4, 1),
    "sts_record_valid": (4, 5, 0),
    "policy_usable": (2, 3, 1),
    "mode_enforce": (1, 3, 0),
    "mode_testing": (1, 3, 0),
    "mode_none": (1, 3, 0),
    "tlsrpt_record": (2, 8, 2),
    "tlsrpt_record_mx": (2, 5, 0),
    "tlsrpt_valid": (1, 2, 0),
    "tlsrpt_with_sts": (1, 4, 1),
    "starttls_all": (2, 3, 1),
    "starttls_any": (4, 4, 0),
    "cert_all": (1, 3, 1),
    "cert_tls": (1, 2, 2),
    "dane_published": (4, 5, 0),
    "dane_complete": (1, 4, 0),
    "dane_any": (3, 5, 0),
    "dane_all": (1, 5, 0),
    "uncertain": (4, 10, 0),
}


class TestByHand(Scans):
    """Ten domains that a person can check."""

    def setUp(self) -> None:
        super().setUp()
        self.tables = self.summary(self.write("s.mxc", by_hand()))["tables"]

    def test_adoption(self) -> None:
        got = {row["item"]: (row["numerator"], row["denominator"],
                             row["inconclusive"])
               for row in self.tables["adoption"]}
        for item, expected in BY_HAND.items():
            with self.subTest(item=item):
                self.assertEqual(got.pop(item), expected)
        self.assertEqual(got, {}, "rows nobody counted")

    def test_shares(self) -> None:
        for row in self.tables["adoption"]:
            if row["denominator"]:
                self.assertAlmostEqual(
                    row["share"], row["numerator"] / row["denominator"])
            else:
                self.assertIsNone(row["share"])

    def test_policy(self) -> None:
        got = {row["item"]: (row["numerator"], row["denominator"],
                             row["inconclusive"])
               for row in self.tables["policy"]}
        for item, figures in (("tried", (4, 4, 1)), ("ok", (3, 4, 0)),
                              ("tcp", (1, 4, 1)), ("tls", (0, 4, 0))):
            self.assertEqual(got[item], figures)
            # none of these has an address
            self.assertEqual(got[f"{item}_unclassified"], figures)

    def test_starttls(self) -> None:
        pair, one = "Per domain and MX host", "Per distinct MX host"
        self.assertEqual(values(self.tables["starttls"]), {
            (pair, "ok"): (4, 6, 0), (pair, "not_offered"): (1, 6, 0),
            (pair, "refused"): (1, 6, 0),
            (pair, "unreachable"): (2, None, 0),
            (pair, "blocked"): (0, None, 1),
            (pair, "inconclusive"): (0, None, 1),
            (one, "ok"): (2, 4, 0), (one, "not_offered"): (1, 4, 0),
            (one, "refused"): (1, 4, 0), (one, "unreachable"): (1, None, 0),
            (one, "blocked"): (0, None, 1),
            (one, "inconclusive"): (0, None, 1)})

    def test_tls(self) -> None:
        self.assertEqual(values(self.tables["tls"]), {
            ("Per domain and MX host", "1.3"): (3, 4, None),
            ("Per domain and MX host", "1.2"): (1, 4, None),
            ("Per distinct MX host", "1.3"): (1, 2, None),
            ("Per distinct MX host", "1.2"): (1, 2, None)})

    def test_verdicts(self) -> None:
        got = values(self.tables["verdicts"])
        self.assertEqual(got["MTA-STS senders", "(missing)"], (6, 10, None))
        self.assertEqual(got["MTA-STS senders", "invalid"], (1, 10, None))
        self.assertEqual(got["DANE senders", "enforce_ok"], (1, 10, None))

    def test_findings(self) -> None:
        self.assertEqual(
            [(row["section"], row["item"], row["numerator"])
             for row in self.tables["findings"]],
            [("error", "sts.policy.tcp", 1), ("error", "sts.record.multiple", 1),
             ("info", "tlsrpt.absent", 2)])


class TestRecount(Scans):
    """Random scans against a second count that shares no code."""

    def test_all_tables(self) -> None:
        for seed, n in ((1, 1500), (2, 700), (3, 1)):
            with self.subTest(seed=seed):
                lines = list(records.scan_records(n, seed))
                got = self.summary(self.write("s.mxc", lines))["tables"]
                expected = recount.tables(lines, records.schema())
                for table, rows in expected.items():
                    self.assertEqual(values(got[table]), rows, table)
                by_item = {(table, row["item"]): (
                    row["numerator"], row["denominator"],
                    row["inconclusive"])
                    for table, rows in got.items() for row in rows}
                for item, figures in recount.further(lines).items():
                    self.assertEqual(by_item[item], figures, item)

    def test_groups(self) -> None:
        lines = list(records.scan_records(600, 4))
        domains = [line for line in lines if line["type"] == "domain"]
        got = self.summary(self.write("s.mxc", lines), "--by",
                           "tld,rank,operator", "--rank-bin", "250")["by"]
        for key, groups in got.items():
            expected = recount.groups(domains, key, 250)
            self.assertEqual({group["group"] for group in groups},
                             set(expected), key)
            for group in groups:
                self.assertEqual(values(group["adoption"]),
                                 recount.adoption(expected[group["group"]]))
        self.assertEqual([group["group"] for group in got["rank"]],
                         ["1-250", "251-500", "501-750"])

    def test_others(self) -> None:
        lines = list(records.scan_records(600, 4))
        domains = [line for line in lines if line["type"] == "domain"]
        file = self.write("s.mxc", lines)
        groups = self.summary(file, "--by", "operator", "--top", "3"
                              )["by"]["operator"]
        self.assertEqual(len(groups), 4)
        self.assertEqual(groups[3]["group"], "(others)")
        rest = [domain for name, members in
                recount.groups(domains, "operator", 1).items()
                if name not in {group["group"] for group in groups}
                for domain in members]
        self.assertEqual(values(groups[3]["adoption"]),
                         recount.adoption(rest))

    def test_parts(self) -> None:
        lines = list(records.scan_records(400, 5))
        whole = self.summary(self.write("whole.mxc", lines))
        domains = [line for line in lines if line["type"] == "domain"]
        rest = [line for line in lines if line["type"] != "domain"]
        parts = [self.write("-one part.mxc", rest + domains[:150]),
                 self.write("two.mxc", rest + domains[150:])]
        # a name that looks like an option, from where it lies
        got = self.summary("--", "-one part.mxc", parts[1])
        self.assertEqual(got["tables"], whole["tables"])
        self.assertEqual(got["warnings"], [])
        self.assertEqual([f["domains"] for f in got["files"]], [150, 250])

    def test_host_probed_twice(self) -> None:
        one = self.write("1.mxc", [
            {"type": "mx", "host": "MX.a.example", "starttls": "blocked"},
            {"type": "mx", "host": "mx.b.example", "starttls": "ok"}])
        two = self.write("2.mxc", [
            {"type": "mx", "host": "mx.a.example", "starttls": "refused"},
            {"type": "mx", "host": "mx.b.example", "starttls": "inconclusive"}])
        for files in ((one, two), (two, one)):
            got = values(self.summary(*files)["tables"]["starttls"])
            self.assertEqual(got, {
                ("Per distinct MX host", "ok"): (1, 2, 0),
                ("Per distinct MX host", "refused"): (1, 2, 0)})

    def test_host_asked_again(self) -> None:
        """Of two records in one file the later one counts."""
        first = {"type": "mx", "host": "mx.a.example", "starttls": "ok"}
        later = {**first, "starttls": "refused"}
        for lines, word in (([first, later], "refused"),
                            ([later, first], "ok")):
            got = self.summary(self.write("twice.mxc", lines))
            self.assertEqual(values(got["tables"]["starttls"]), {
                ("Per distinct MX host", word): (1, 1, 0)})
            self.assertEqual(got["files"][0]["mx_hosts"], 1)

    def test_same_lines_twice(self) -> None:
        lines = list(records.scan_records(20, 6))
        got = self.summary(self.write("a.mxc", lines),
                           self.write("b.mxc", lines))
        self.assertIn("20 input lines", " ".join(got["warnings"]))


if __name__ == "__main__":
    unittest.main()
