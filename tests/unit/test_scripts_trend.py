# SPDX-License-Identifier: Apache-2.0
"""scripts/trend: four weeks by hand, churn told from change, intervals, and
stale policies as the IMC 2025 study counts them.

    python3 -m unittest tests/unit/test_scripts_trend.py
"""

import json
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scripts_records as records  # noqa: E402
from scripts_pairs import (  # noqa: E402
    STARTED, WEEK_MS, Commands, Record, changed, good, host, scan)
from mxcensus_scripts import trend_text  # noqa: E402
from mxcensus_scripts.trend import counted  # noqa: E402

ABSENT = {"sts.record.status": "absent",
          "sts.policy": {"status": "none_tried"}, "verdict": "none"}
LOST = ABSENT | {"sts.record.status": "inconclusive"}


def week(n: int, names: str, with_sts: str, lost: str = "") -> list[Record]:
    """A scan of domains of one letter."""
    return scan([changed(good(f"{name}.example"), LOST if name in lost
                         else {} if name in with_sts else ABSENT)
                 for name in names], [], n)


WEEKS = (
    week(0, "abcdefghij", "ab"),
    # two adopt
    week(1, "abcdefghij", "abcd"),
    # two without leave the list, two with join it
    week(2, "abcdefghkl", "abcdkl"),
    # one cannot be seen
    week(3, "abcdefghkl", "abcdk", "l"),
)


class TestTrend(Commands):
    """Small series."""

    def row(self, trend: Any, item: str, table: str = "adoption"
            ) -> list[Record]:
        """The points of a row."""
        found = [row for row in trend["rows"]
                 if (row["table"], row["item"]) == (table, item)]
        self.assertEqual(len(found), 1, item)
        return found[0]["points"]

    def weeks(self) -> list[str]:
        """The four scans, not in order of time."""
        files = [self.write(f"w{n}.mxc", lines)
                 for n, lines in enumerate(WEEKS)]
        return [files[n] for n in (2, 0, 3, 1)]

    def test_by_hand(self) -> None:
        trend = self.json_of("trend", *self.weeks())
        self.assertEqual([(one["joined"], one["left"])
                          for one in trend["scans"]],
                         [(None, None), (0, 0), (2, 2), (0, 0)])
        self.assertEqual([one["started"] for one in trend["scans"]],
                         [STARTED + n * WEEK_MS for n in range(4)])
        points = self.row(trend, "sts_record")
        self.assertEqual(
            [(one["numerator"], one["denominator"], one["inconclusive"])
             for one in points],
            [(2, 10, 0), (4, 10, 0), (6, 10, 0), (5, 9, 1)])
        for one, change, churn in zip(points[1:], (0.2, 0.0, 5 / 9 - 0.6),
                                      (0.0, 0.2, 0.0)):
            self.assertAlmostEqual(one["change"], change)
            self.assertAlmostEqual(one["churn"], churn)
        self.assertEqual([one["change_numerator"] for one in points],
                         [None, 2, 0, -1])
        self.assertEqual([one["joined_numerator"] for one in points],
                         [None, 0, 2, 0])
        self.assertEqual([one["left_numerator"] for one in points],
                         [None, 0, 0, 0])
        # of those with a record all are usable: nothing moves
        self.assertEqual({one["share"] for one in self.row(
            trend, "policy_usable")}, {1.0})
        # a verdict that a scan lacks is none of all
        lost = self.row(trend, "enforce_ok", "verdicts")
        self.assertEqual([one["numerator"] for one in lost], [2, 4, 6, 5])

    def test_as_summarize(self) -> None:
        """Each scan's rows are those of a summary of it."""
        files = []
        for seed in (1, 2, 3):
            lines = list(records.scan_records(400, seed))
            lines[0]["started"] = STARTED + seed * WEEK_MS
            files.append(self.write(f"s{seed}.mxc", lines))
        trend = self.json_of("trend", "--tables", ",".join(counted()), *files)
        compared = 0
        for n, file in enumerate(files):
            summary = self.json_of("summarize", file)
            for table, rows in summary["tables"].items():
                for row in rows if table in counted() else ():
                    got = [one["points"][n] for one in trend["rows"] if
                           (one["table"], one["section"], one["item"]) == (
                               table, row["section"], row["item"])]
                    self.assertEqual(
                        [(one["numerator"], one["denominator"]) for one
                         in got], [(row["numerator"], row["denominator"] if
                                    row["item"] != "inconclusive" else
                                    got[0]["denominator"])])
                    compared += 1
            total = self.row(trend, "domains")[n]
            self.assertEqual(total["numerator"], 400)
        self.assertGreater(compared, 100)

    def test_numbers_add_up(self) -> None:
        """What changed, joined and left is the whole difference."""
        files = []
        for seed in (4, 5):
            lines = list(records.scan_records(600, seed))
            lines[0]["started"] = STARTED + seed * WEEK_MS
            files.append(self.write(f"s{seed}.mxc", lines))
        trend = self.json_of("trend", *files)
        self.assertGreater(trend["scans"][1]["joined"], 100)
        moved = 0
        for row in trend["rows"]:
            old, new = row["points"]
            self.assertEqual(
                new["numerator"] - old["numerator"],
                new["change_numerator"] + new["joined_numerator"]
                - new["left_numerator"], row["item"])
            moved += new["joined_numerator"] > 0
            if new["change"] is not None and row["table"] != "history":
                self.assertAlmostEqual(new["share"] - old["share"],
                                       new["change"] + new["churn"])
        self.assertGreater(moved, 20)

    def test_shards_are_one_scan(self) -> None:
        shards = []
        for part in (1, 2):
            lines = [line for line in WEEKS[0] if line["type"] != "domain"
                     or line["line"] % 2 == part % 2]
            head = lines[0] | {"options": [f"shard={part}/2"],
                               "list_sha256": "00",
                               "started": STARTED + part}
            shards.append(self.write(f"p{part}.mxc", [head, *lines[1:]]))
        later = self.write("later.mxc", WEEKS[1])
        points = self.row(self.json_of("trend", *shards, later),
                          "sts_record")
        self.assertEqual([(one["numerator"], one["denominator"])
                          for one in points], [(2, 10), (4, 10)])

    def test_sample(self) -> None:
        low, high = trend_text.wilson(10, 100) or (0, 0)
        self.assertAlmostEqual(low, 0.055229, 5)
        self.assertAlmostEqual(high, 0.174366, 5)
        self.assertIsNone(trend_text.wilson(0, 0))
        self.assertEqual((trend_text.wilson(0, 10) or (1, 1))[0], 0.0)
        files = self.weeks()
        plain = self.row(self.json_of("trend", *files), "sts_record")[0]
        self.assertIsNone(plain["low"])
        drawn = self.row(self.json_of("trend", *files, "--sample"),
                         "sts_record")[0]
        self.assertAlmostEqual(drawn["low"], 0.056682, 5)
        self.assertAlmostEqual(drawn["high"], 0.509838, 5)

    def test_shapes(self) -> None:
        files = self.weeks()
        for more in ((), ("--sample",)):
            shown = self.good("trend", *files, *more)
            for line in shown.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())
            self.assertRegex(shown, r"STS record, of .*▁▅█▇ +20\.00")
        self.assertRegex(self.good("trend", *files), r"STS record, of all "
                         r"domains +▁▅█▇ +20\.00 +55\.56 +\+15\.56 +\+20\.00")
        plain = self.good("trend", *files, PYTHONUTF8="0",
                          PYTHONIOENCODING="ascii")
        self.assertTrue(plain.isascii())
        self.assertIn("| MTA-STS: STS record, of all domains | 20.00 | 40.00 "
                      "| 60.00 | 55.56 | +15.56 | +20.00 |",
                      self.good("trend", *files, "--format", "markdown"))
        rows = self.csv_of("trend", *files)
        trend = self.json_of("trend", *files)
        self.assertEqual(len(rows), 4 * len(trend["rows"]))
        one = [row for row in rows if row["item"] == "sts_record"][2]
        self.assertEqual((one["scan"], one["numerator"], one["share"],
                          one["joined_numerator"]), ("3", "6", "0.6", "2"))

    def test_one_scan_and_trouble(self) -> None:
        file = self.write("w.mxc", WEEKS[0])
        self.assertIn("20.00", self.good("trend", file))
        for arguments in ((), (file, file), (file, "--tables", "colours")):
            process = self.run_it("trend", *arguments)
            self.assertEqual(process.returncode, 1)
            self.assertEqual(process.stderr.count("\n"), 1)


def stale(n: int, scan_no: int) -> Record:
    """Domain n of the study's 1,023 mismatches, in one of three scans: 400
    left the hosts of their policy before the second, 244 before the third,
    the others never had them, though some come near."""
    name = f"d{n}.example"
    old = f"mx.old{n}.example"
    pattern = f"*.old{n}.example" if n % 2 else old
    if n >= 644:
        # two labels, the bare name, and no earlier host of the policy's
        old = (f"a.b.old{n}.example", f"old{n}.example",
               f"mx.else{n}.example")[n % 3]
        pattern = f"*.old{n}.example"
    at_home = n < 644 and scan_no < (1 if n < 400 else 2)
    far = old if at_home or (n >= 644 and scan_no == 0) else (
        f"mx{scan_no}.away{n}.example")
    return changed(good(name), {
        "mx": [host(far, in_policy=at_home)], "sts.policy.mx": [pattern],
        "sts.policy.mx_match": "all" if at_home else "none",
        "sts.policy.mx_class": None if at_home else "domain"})


class TestHistory(Commands):
    """IMC 2025, section on inconsistency: 644 of 1,023 are stale."""

    def test_golden(self) -> None:
        files = [self.write(f"{n}.mxc", scan(
            [stale(d, n) for d in range(1023)], [], n)) for n in range(3)]
        trend = json.loads(self.good(
            "trend", *files, "--tables", "history", "--format", "json"))
        (row,) = trend["rows"]
        self.assertEqual(row["item"], "policy_stale_history")
        self.assertEqual(
            [(one["numerator"], one["denominator"], one["inconclusive"])
             for one in row["points"]],
            [(0, 0, 379), (400, 779, 0), (644, 1023, 0)])

    def test_unknown_past(self) -> None:
        """No earlier scan knew the MX hosts: nothing is said."""
        first = changed(stale(0, 0), {"mx_status": "inconclusive", "mx": []})
        files = [self.write("0.mxc", scan([first], [])),
                 self.write("1.mxc", scan([stale(0, 1)], [], 1))]
        trend = self.json_of("trend", *files, "--tables", "history")
        last = trend["rows"][0]["points"][1]
        self.assertEqual((last["numerator"], last["denominator"],
                          last["inconclusive"]), (0, 0, 1))


if __name__ == "__main__":
    unittest.main()
