# SPDX-License-Identifier: Apache-2.0
"""tests/lab/evolve_compare.py: it passes what was made, and nothing else.

    python3 -m unittest tests/unit/test_scripts_diff_evolve.py
"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MADE = [("a.example", "withdrawn", "enforce", "none"),
        ("b.example", "mx_changed_policy_stale", None, None),
        ("c.example", "adopted", None, None)]
FOUND = [("a.example", "withdrawn", "enforce", "none"),
         ("a.example", "policy_changed", "1", "2"),
         ("b.example", "mx_changed", "x", "y"),
         ("b.example", "policy_stale", "all", "none"),
         ("c.example", "adopted", "absent", "enforce")]
Rows = list[tuple[str, str, str | None, str | None]]


def lines(rows: Rows) -> list[dict[str, str | None]]:
    """Rows as objects."""
    return [dict(zip(("domain", "event", "from", "to"), row))
            for row in rows]


class TestCompare(unittest.TestCase):
    """Each way in which the two can differ."""

    def compare(self, made: Rows, found: Rows, *arguments: str,
                verdicts: int = 0) -> tuple[int, str]:
        """Exit status and what was printed; `verdicts`: how many the matrix
        has from none to enforce_ok."""
        with tempfile.TemporaryDirectory() as folder:
            events, diff = Path(folder, "e.jsonl"), Path(folder, "d.json")
            events.write_text("".join(json.dumps(line) + "\n"
                                      for line in lines(made)))
            diff.write_text(json.dumps({
                "events": lines(found), "matrices": {"verdict": [
                    {"from": "none", "to": "enforce_ok", "domains": verdicts},
                    {"from": "none", "to": "none", "domains": 7},
                    {"from": "none", "to": "inconclusive", "domains": 5}]}}))
            process = subprocess.run(
                [sys.executable, str(ROOT / "tests/lab/evolve_compare.py"),
                 str(events), str(diff), *arguments], text=True,
                capture_output=True, timeout=60, check=False)
        return process.returncode, process.stdout + process.stderr

    def test_as_made(self) -> None:
        status, shown = self.compare(list(MADE), list(FOUND))
        self.assertEqual(status, 0, shown)
        self.assertTrue(shown.endswith("transitions: 3 of 3 as made\n"))

    def test_each_loss_shows(self) -> None:
        for n, row in enumerate(FOUND):
            if row[1] == "policy_changed":
                continue
            status, shown = self.compare(list(MADE), FOUND[:n]
                                         + FOUND[n + 1:])
            self.assertEqual(status, 1)
            self.assertIn(f"{row[0]}: made ", shown)
            self.assertIn("transitions: 2 of 3 as made", shown)

    def test_more_than_made_shows(self) -> None:
        for extra in (("c.example", "tlsrpt_added", "absent", "present"),
                      ("d.example", "adopted", "absent", "none"),
                      ("c.example", "policy_changed", "1", "2")):
            status, shown = self.compare(list(MADE), [*FOUND, extra])
            self.assertEqual(status, 1)
            self.assertIn(f"{extra[0]}: found {extra[1]}", shown)
        self.assertEqual(self.compare(list(MADE), [*FOUND, extra],
                                      "--ignore", "policy_changed")[0], 0)

    def test_verdicts(self) -> None:
        """Made and found must agree in number; what is unknown is none."""
        one: Rows = [("a.example", "verdict", "none", "enforce_ok")]
        self.assertEqual(self.compare(one, [], verdicts=1)[0], 0)
        self.assertEqual(self.compare(one, [], verdicts=0)[0], 1)
        self.assertEqual(self.compare(one, [], verdicts=2)[0], 1)

    def test_unseen(self) -> None:
        """A look-up that failed hides; whatever is found is one too many."""
        made: Rows = [("a.example", "lookup_failed_this_week", None, None)]
        self.assertEqual(self.compare(made, [])[0], 0)
        found: Rows = [("a.example", "removed_abruptly", "enforce", "none")]
        self.assertEqual(self.compare(made, found)[0], 1)

    def test_instead(self) -> None:
        """A roll may mend what was stale."""
        made: Rows = [("a.example", "tlsa_rolled", None, None)]
        for event, status in (("tlsa_rolled", 0), ("dane_repaired", 0),
                              ("dane_broken", 1)):
            self.assertEqual(self.compare(made, [
                ("a.example", event, "x", "y")])[0], status)

    def test_values_and_nothing(self) -> None:
        wrong: Rows = [("a.example", "withdrawn", "testing", "none")]
        self.assertEqual(self.compare(wrong, list(FOUND[:2]))[0], 1)
        self.assertEqual(self.compare([], [])[0], 1)


if __name__ == "__main__":
    unittest.main()
