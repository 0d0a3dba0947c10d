# SPDX-License-Identifier: Apache-2.0
"""checklist_lint.py against a small tree: a good one passes, and every rule of
the lint is broken once and must be named.

    python3 -m unittest tests/unit/test_checklist.py
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

from test_lints import FINDING, TABLE, TESTS, Tree

CHECKLIST = "tests/cases/checklist.tsv"
RULES = "tests/cases/rules.tsv"


def checklist_rows() -> list[list[str]]:
    """The heading and 105 rows, of each kind one and facts."""
    rows = [[str(n + 1), f"thing t{n + 1} of a host", "fact", "-", "mx.host",
             "-"] for n in range(105)]
    rows[1][2:] = ["finding", "mx.one", "mx.host mx.tls", "It is one more."]
    rows[2][2:] = ["no", "-", "-", "Nobody would ask for it."]
    return [["number", "check", "kind", "findings", "facts", "note"], *rows]


def rule_rows() -> list[list[str]]:
    """The heading, 65 rules and two open questions."""
    numbers = [str(n + 1) for n in range(65)] + ["2.2.1", "2.2.2"]
    rows = [[n, f"rule t{n.replace('.', '')}", "a.c:one_thing", "mx.one", "-"]
            for n in numbers]
    rows[4][2:] = ["a.py:two a.c", "-", "It binds senders alone."]
    return [["number", "rule", "where", "findings", "note"], *rows]


def full_list() -> str:
    """The list in full, as its Markdown has it."""
    items = "\n".join(f"{n}. Text about t{n}\n   and more." for n in
                      range(1, 66))
    rows = "\n".join(f"| {n} | check t{n} | - |" for n in range(1, 106))
    return (f"# Rules\n\n## 1. Rules\n\n### 1.1 Names\n\n{items}\n\n"
            "### 1.2 Rest\n\ntext\n\n## 2. Disagreements\n\n### 2.1 Some\n\n"
            "- no bullet that counts\n\n### 2.2 Open\n\n- about t221\n"
            "  in two lines\n- about t222\n\n### 2.3 Other\n\n- nothing\n\n"
            f"## 3. List\n\n### 3.1 All\n\n{rows}\n")


class TestChecklist(Tree):
    """checklist_lint.py"""

    def setUp(self) -> None:
        super().setUp()
        self.put(TABLE, FINDING)
        self.put("output/record.def", 'R(mx, host, STR, "", STABLE, "A.")\n'
                 'R(mx, tls, STR, "", STABLE, "B.")\n')
        self.put("a.c", "static int\none_thing(int a)\n{\n\treturn other(a);"
                 "\n}\n")
        self.put("a.py", "def two() -> None:\n    pass\n")
        self.put("rules.md", full_list())
        self.write(checklist_rows(), rule_rows())

    def write(self, checklist: list[list[str]], rules: list[list[str]]
              ) -> None:
        for name, rows in ((CHECKLIST, checklist), (RULES, rules)):
            self.put(name, "# a comment\n" + "".join(
                "\t".join(row) + "\n" for row in rows))

    def lint(self, rules: str = "rules.md") -> tuple[list[str], list[int]]:
        """The lines printed, and how many passed, failed and were skipped."""
        process = subprocess.run(
            [sys.executable, str(TESTS / "checklist_lint.py"), str(self.root),
             "--rules", str(self.root / rules)], text=True, timeout=60,
            capture_output=True, check=False)
        self.assertEqual(process.stderr, "")
        *lines, last = process.stdout.splitlines()
        match = re.fullmatch(
            r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", last)
        assert match is not None, last
        counts = [int(number or 0) for number in match.groups()]
        self.assertEqual(process.returncode, 1 if counts[1] else 0)
        return lines, counts

    def broken(self, wanted: str, n_failed: int = 1) -> None:
        """So many faults, and this among them."""
        lines, counts = self.lint()
        self.assertEqual(counts[1], n_failed, lines)
        self.assertTrue(any(re.search(wanted, line) for line in lines),
                        f"{lines} have no {wanted}")

    def test_good(self) -> None:
        lines, counts = self.lint()
        self.assertEqual(counts, [172, 0, 0], lines)
        self.assertEqual(lines, [
            "checklist: 1 findings, 103 facts, 1 no",
            "rules: 66 with findings, 1 that only bind others, or us"])

    def test_full_list_absent(self) -> None:
        lines, counts = self.lint("nowhere.md")
        self.assertEqual(counts, [172, 0, 1])
        self.assertRegex(lines[-1], "^skipped: .*absent")

    def test_checklist_cells(self) -> None:
        """One cell of line 3, 4 or 5 is wrong."""
        for line, column, cell, wanted in (
                (4, 3, "mx.two", "mx.two is no finding"),
                (4, 3, "-", "a finding without a code"),
                (4, 4, "mx.port", "mx.port is no field"),
                (4, 4, "tls", "tls is no field"),
                (4, 5, "because", "the note is no sentence"),
                (3, 2, "maybe", "none of finding, fact, no"),
                (3, 3, "mx.one", "a fact has fields and no codes"),
                (3, 4, "-", "a fact has fields and no codes"),
                (5, 5, "-", "a no has its reason"),
                (5, 4, "mx.host", "a no has its reason"),
                (3, 1, "-", "says nothing")):
            with self.subTest(wanted=wanted, cell=cell):
                rows = checklist_rows()
                rows[line - 2][column] = cell
                self.write(rows, rule_rows())
                self.broken(f"^{CHECKLIST}:{line}: .*{wanted}")

    def test_rule_cells(self) -> None:
        """One cell of line 3 or 7 is wrong."""
        for line, column, cell, wanted in (
                (3, 2, "-", "lives nowhere"),
                (3, 2, "b.c:one_thing", "b.c does not exist"),
                (3, 2, "b.c", "b.c does not exist"),
                (3, 2, "a.c:other", "a.c has no function other"),
                (3, 2, "a.c:one", "a.c has no function one"),
                (3, 2, "a.py:three", "a.py has no function three"),
                (3, 3, "mx.two", "mx.two is no finding"),
                (3, 3, "-", "neither a finding nor a reason"),
                (7, 4, "-", "neither a finding nor a reason"),
                (7, 4, "no", "the note is no sentence")):
            with self.subTest(wanted=wanted, cell=cell):
                rows = rule_rows()
                rows[line - 2][column] = cell
                self.write(checklist_rows(), rows)
                self.broken(f"^{RULES}:{line}: .*{wanted}")

    def test_numbers(self) -> None:
        for table, make in ((CHECKLIST, checklist_rows), (RULES, rule_rows)):
            for change, wanted, n_failed in (
                    (lambda rows: rows.pop(50), "number 50 is there nowhere",
                     2),
                    (lambda rows: rows.insert(9, list(rows[9])),
                     "number 9 is there twice", 1),
                    (lambda rows: rows.append(["999", *rows[1][1:]]),
                     "999 is no number", 2),
                    (lambda rows: rows.insert(3, rows.pop(9)),
                     "out of order", 1),
                    (lambda rows: rows[5].append("x"), "7 cells, 6 wanted|"
                     "6 cells, 5 wanted", 3),
                    (lambda rows: rows[0].reverse(), "the heading is not",
                     1 + len(make()) - 1)):
                with self.subTest(table=table, wanted=wanted):
                    rows = make()
                    change(rows)
                    both = {CHECKLIST: checklist_rows(), RULES: rule_rows()}
                    both[table] = rows
                    self.write(both[CHECKLIST], both[RULES])
                    lines, counts = self.lint()
                    self.assertTrue(any(re.search(f"^{table}:.*({wanted})",
                                                  line) for line in lines),
                                    lines)
                    if wanted != "the heading is not":
                        self.assertEqual(counts[1], n_failed, lines)
                    self.assertGreater(counts[1], 0)

    def test_against_the_full_list(self) -> None:
        """A number more there, a number less, and a row that slipped."""
        text = full_list()
        for old, new, wanted in (
                ("| 9 | check t9 |", "| 9 | other |",
                 f"^{CHECKLIST}:11: no word is shared .*: other"),
                ("9. Text about t9\n", "9. Other\n",
                 f"^{RULES}:11: no word is shared"),
                ("- about t222\n", "- other\n",
                 f"^{RULES}:69: no word is shared"),
                ("| 9 | check t9 | - |\n", "",
                 f"^{CHECKLIST}:11: the rules have no number 9"),
                ("- about t222\n", "", "the rules have no number 2.2.2"),
                ("- about t222\n", "- about t222\n- more\n",
                 "number 2.2.3 of the rules is there nowhere"),
                ("| 9 |", "| 106 | check | - |\n| 9 |",
                 "number 106 of the rules is there nowhere")):
            with self.subTest(wanted=wanted):
                self.put("rules.md", text.replace(old, new, 1))
                self.broken(wanted)

    def test_real_tables(self) -> None:
        """The tables of this checkout have all numbers."""
        root = Path(TESTS).parent
        for table, n in ((CHECKLIST, 105), (RULES, 65 + 14)):
            lines = (root / table).read_text(encoding="utf-8").splitlines()
            rows = [line for line in lines if not line.startswith("#")]
            self.assertEqual(len(rows) - 1, n)


if __name__ == "__main__":
    unittest.main()
