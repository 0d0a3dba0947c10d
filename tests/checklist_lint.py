#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""checklist_lint.py [ROOT] [--rules FILE]: keeps two tables honest.

tests/cases/checklist.tsv says of everything that checkers of single domains
look at what a scan makes of it: a finding, a recorded fact, or a stated "no".
tests/cases/rules.tsv says of every rule where it lives and which finding shows
that it is broken.  Numbers must be complete, and codes, fields, files and
functions must exist.

FILE (../shared/rules.md beside the checkout) holds both lists in full: the
numbers must be the same, and each row must share a word with its text there,
so that no row slips.  Where it is absent that part is skipped and counted.

Prints `FILE:LINE: fault` for each, what the tables hold, then `N passed, N
failed`; a row counts once.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from findings_lint import TABLE, read_table

CHECKLIST = "tests/cases/checklist.tsv"
RULES = "tests/cases/rules.tsv"
FIELDS = "output/record.def"
HEADS = {
    CHECKLIST: ["number", "check", "kind", "findings", "facts", "note"],
    RULES: ["number", "rule", "where", "findings", "note"],
}
N_CHECKS = 105
N_RULES = 65
OPEN = "2.2."  # the numbers of open questions begin so
STOP_WORDS = set("and any are but for has his its not one only that the their "
                 "then there with without".split())


@dataclass(frozen=True)
class Row:
    """A line of a table; an empty cell is written as a dash."""
    table: str
    line: int
    cell: dict[str, str]

    def list(self, name: str) -> list[str]:
        """The words of a cell."""
        return self.cell[name].split()

    @property
    def text(self) -> str:
        """The row in our words."""
        return self.cell["check" if "check" in self.cell else "rule"]


@dataclass(frozen=True)
class Known:
    """What rows may name."""
    root: Path
    codes: set[str]
    fields: set[str]


def read_rows(root: Path, table: str, faults: list[str]) -> list[Row]:
    """The rows below the heading; comments begin with #."""
    rows: list[Row] = []
    head: list[str] = []
    text = (root / table).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split("\t")
        if line.startswith("#"):
            continue
        if not head:
            head = cells
            if head != HEADS[table]:
                faults.append(f"{table}:{number}: the heading is not "
                              + ", ".join(HEADS[table]))
                return rows
        elif len(cells) != len(head):
            faults.append(f"{table}:{number}: {len(cells)} cells, "
                          f"{len(head)} wanted")
        else:
            rows.append(Row(table, number, {
                name: "" if cell == "-" else cell
                for name, cell in zip(head, cells)}))
    return rows


def wanted_numbers(table: str, rows: list[Row]) -> list[str]:
    """Which numbers a table must hold, in order."""
    if table == CHECKLIST:
        return [str(n + 1) for n in range(N_CHECKS)]
    n_open = sum(row.cell["number"].startswith(OPEN) for row in rows)
    return ([str(n + 1) for n in range(N_RULES)]
            + [f"{OPEN}{n + 1}" for n in range(max(n_open, 1))])


def number_faults(table: str, rows: list[Row]) -> Iterator[str]:
    """Numbers that are missing, unknown, repeated or out of order."""
    wanted = wanted_numbers(table, rows)
    there = [row.cell["number"] for row in rows]
    for number in wanted:
        if there.count(number) != 1:
            yield f"{table}:1: number {number} is there " + (
                "twice" if number in there else "nowhere")
    for row in rows:
        if row.cell["number"] not in wanted:
            yield f"{table}:{row.line}: {row.cell['number']} is no number"
    if sorted(there) == sorted(wanted) and there != wanted:
        yield f"{table}:1: the numbers are out of order"


def is_sentence(text: str) -> bool:
    """Several words that begin large and end with a full stop."""
    return (re.fullmatch(r"[A-Z`].*\.", text) is not None
            and len(text.split()) > 2 and text == " ".join(text.split()))


def kind_faults(row: Row) -> Iterator[str]:
    """A row of the checklist holds what its kind says."""
    kind = row.cell["kind"]
    has = {name: bool(row.cell[name]) for name in ("findings", "facts", "note")}
    if kind == "finding":
        if not has["findings"]:
            yield "a finding without a code"
    elif kind == "fact":
        if has["findings"] or not has["facts"]:
            yield "a fact has fields and no codes"
    elif kind == "no":
        if has["findings"] or has["facts"] or not has["note"]:
            yield "a no has its reason and nothing else"
    else:
        yield f"{kind or 'an empty cell'} is none of finding, fact, no"


def place_fault(root: Path, place: str) -> str:
    """What is wrong with FILE:FUNCTION, or FILE where all of it is meant."""
    file, colon, function = place.partition(":")
    try:
        text = (root / file).read_text(encoding="utf-8")
    except OSError:
        return f"{file} does not exist"
    if colon and not re.search(
            rf"^(?:{re.escape(function)}\(|def {re.escape(function)}\()",
            text, re.M):
        return f"{file} has no function {function}"
    return ""


def row_faults(row: Row, known: Known) -> Iterator[str]:
    """What is wrong with one row by itself."""
    if not row.text:
        yield "the row says nothing"
    for code in row.list("findings"):
        if code not in known.codes:
            yield f"{code} is no finding"
    if row.cell["note"] and not is_sentence(row.cell["note"]):
        yield "the note is no sentence"
    if row.table == CHECKLIST:
        yield from kind_faults(row)
        for name in row.list("facts"):
            if name not in known.fields:
                yield f"{name} is no field of a record"
        return
    if not row.cell["where"]:
        yield "the rule lives nowhere"
    for place in row.list("where"):
        if fault := place_fault(known.root, place):
            yield fault
    if not row.cell["findings"] and not row.cell["note"]:
        yield "neither a finding nor a reason why there is none"


def words(text: str) -> set[str]:
    """The words that tell."""
    return {word for word in re.findall(r"[a-z0-9_]{2,}", text.lower())
            if word not in STOP_WORDS}


def shared_texts(text: str) -> dict[str, dict[str, str]]:
    """The two lists of the rules, by our numbers."""
    first, _, rest = text.partition("\n## 2.")
    second, _, third = rest.partition("\n## 3.")
    items = re.findall(r"^(\d+)\. (.*?)(?=^\d+\. |^#|\n\n|\Z)",
                       first.partition("\n## 1.")[2], re.M | re.S)
    opened = second.partition("\n### 2.2")[2].partition("\n### ")[0]
    bullets = re.findall(r"^- (.*?)(?=^- |\n\n|\Z)", opened, re.M | re.S)
    return {
        RULES: dict(items) | {f"{OPEN}{n}": bullet
                              for n, bullet in enumerate(bullets, 1)},
        CHECKLIST: dict(re.findall(r"^\| (\d+) \| (.*?) \|", third, re.M)),
    }


def shared_faults(table: str, rows: list[Row], texts: dict[str, str]
                  ) -> Iterator[tuple[int, str]]:
    """Where a table and the full list are not about the same."""
    there = {row.cell["number"] for row in rows}
    for number in texts:
        if number not in there:
            yield 1, f"number {number} of the rules is there nowhere"
    for row in rows:
        text = texts.get(row.cell["number"])
        if text is None:
            yield row.line, f"the rules have no number {row.cell['number']}"
        elif not words(text) & words(row.text):
            yield row.line, "no word is shared with the rules: " \
                + " ".join(text.split())[:60]


def summary(tables: dict[str, list[Row]]) -> str:
    """What the tables hold."""
    kinds = [row.cell["kind"] for row in tables[CHECKLIST]]
    n_shown = sum(bool(row.cell["findings"]) for row in tables[RULES])
    return (f"checklist: {kinds.count('finding')} findings, "
            f"{kinds.count('fact')} facts, {kinds.count('no')} no\n"
            f"rules: {n_shown} with findings, "
            f"{len(tables[RULES]) - n_shown} that only bind others, or us")


def check(root: Path, rules: Path) -> int:
    """Prints everything; the number of faults."""
    found, _ = read_table((root / TABLE).read_text(encoding="utf-8"))
    fields = re.findall(r"^R\((\w+), (\w+),",
                        (root / FIELDS).read_text(encoding="utf-8"), re.M)
    known = Known(root, {row.code for row in found},
                  {".".join(field) for field in fields})
    other: list[str] = []
    bad: dict[tuple[str, int], list[str]] = {}
    tables = {table: read_rows(root, table, other) for table in HEADS}
    texts = (shared_texts(rules.read_text(encoding="utf-8"))
             if rules.exists() else {})
    for table, rows in tables.items():
        other += number_faults(table, rows)
        for row in rows:
            if faults := list(row_faults(row, known)):
                bad[table, row.line] = faults
        if texts:
            for line, fault in shared_faults(table, rows, texts[table]):
                bad.setdefault((table, line), []).append(fault)
    for (table, line), faults in sorted(bad.items()):
        print("".join(f"{table}:{line}: {fault}\n" for fault in faults),
              end="")
    print("".join(f"{fault}\n" for fault in other) + summary(tables))
    if not texts:
        print("skipped: the list in full (shared/rules.md) is absent")
    n_rows = sum(map(len, tables.values()))
    n_bad = len(bad.keys() & {(row.table, row.line) for rows in tables.values()
                              for row in rows})
    n_failed = len(bad) + len(other)
    print(f"{n_rows - n_bad} passed, {n_failed} failed"
          + ("" if texts else ", 1 skipped"))
    return n_failed


def main() -> int:
    """The command; exit status 1 on any fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path,
                        default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--rules", type=Path)
    options = parser.parse_args()
    rules = options.rules or options.root / ".." / "shared" / "rules.md"
    try:
        return 1 if check(options.root, rules) else 0
    except OSError as error:
        print(f"checklist_lint.py: {error.filename}: {error.strerror}",
              file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
