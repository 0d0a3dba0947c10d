#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""findings_lint.py [ROOT]: keeps scanner/rules/findings.def honest.

Checks every row of the table, and that every finding is shown by example: at
least one case that raises it and one near miss that does not.  Examples are

    tests/cases/*.case     blocks that begin `case NAME`, with the lines
                           `raises CODE` and `not CODE`
    tests/worlds/*.jsonl   `expect.findings` of a line raises; a `not CODE`
                           in its `kinds` marks a near miss

Prints `FILE:LINE: rule` for each fault, the share of findings that have both,
then `N passed, N failed`; a finding counts once, and so does an example that
names what does not exist.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TABLE = "scanner/rules/findings.def"
# Area and how its codes begin.
AREAS = {"STS_RECORD": "sts.record.", "STS_POLICY": "sts.policy.",
         "TLSRPT": "tlsrpt.", "MX": "mx.", "STARTTLS": "starttls.",
         "CERT": "mx.", "DANE": "dane."}
SEVERITIES = {"ERROR", "WARNING", "INFO"}
# RFC 8460 section 4.3, a closed list
RESULTS = {"NONE", "STARTTLS_NOT_SUPPORTED", "CERTIFICATE_HOST_MISMATCH",
           "CERTIFICATE_EXPIRED", "CERTIFICATE_NOT_TRUSTED",
           "VALIDATION_FAILURE", "TLSA_INVALID", "DNSSEC_INVALID",
           "DANE_REQUIRED", "STS_POLICY_FETCH_ERROR", "STS_POLICY_INVALID",
           "STS_WEBPKI_INVALID"}
STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(
    r"^F\(\s*(\w+)\s*,\s*" + STRING + r"\s*,\s*(\w+)\s*,\s*(\w+)\s*,\s*"
    + STRING + r"\s*,\s*" + STRING + r"\s*,\s*(\w+)\s*,\s*"
    + STRING + r"\s*\)", re.M)


@dataclass(frozen=True)
class Finding:
    """A row of the table."""
    line: int
    symbol: str
    code: str
    area: str
    severity: str
    rfc: str
    section: str
    result: str
    sentence: str


@dataclass
class Examples:
    """Who shows which finding, by code; and what is wrong with them."""
    raised: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list))
    missed: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)


def read_table(text: str) -> tuple[list[Finding], list[str]]:
    """The rows, and a fault for everything that looks like a row and is
    none."""
    bare = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text,
                  flags=re.S)
    rows = [Finding(bare.count("\n", 0, match.start()) + 1, *match.groups())
            for match in ROW.finditer(bare)]
    read = {row.line for row in rows}
    faults = [f"{TABLE}:{number}: cannot read this row"
              for number, line in enumerate(bare.splitlines(), 1)
              if line.startswith("F(") and number not in read]
    return rows, faults


def row_faults(row: Finding) -> Iterator[str]:
    """What is wrong with one row by itself."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", row.symbol):
        yield f"{row.symbol} is no upper-case symbol"
    if not re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)+", row.code):
        yield f"{row.code} is no code of lower-case words and dots"
    if row.area not in AREAS:
        yield f"{row.area} is no area"
    elif not row.code.startswith(AREAS[row.area]):
        yield f"{row.code} does not begin {AREAS[row.area]} as its area does"
    if row.severity not in SEVERITIES:
        yield f"{row.severity} is no severity"
    if row.result not in RESULTS:
        yield f"{row.result} is no result type of RFC 8460 section 4.3"
    if not re.fullmatch(r"RFC [1-9]\d*", row.rfc):
        yield f"{row.rfc!r} is no RFC"
    if not row.section.strip():
        yield "the section is empty"
    if not row.sentence.endswith("."):
        yield "the sentence does not end with a full stop"
    if row.sentence != " ".join(row.sentence.split()):
        yield "the sentence has stray blanks"
    if not row.sentence[:1].isupper():
        yield "the sentence does not begin with a capital"


def table_faults(rows: list[Finding]) -> Iterator[tuple[Finding, str]]:
    """Faults of all rows, repeated names included."""
    seen: set[str] = set()
    for row in rows:
        for name in (row.symbol, row.code):
            if name in seen:
                yield row, f"{name} is there twice"
            seen.add(name)
        for fault in row_faults(row):
            yield row, fault


def read_case(path: Path, where: str, codes: set[str], found: Examples
              ) -> None:
    """The `raises` and `not` lines of a .case file."""
    is_inside = False
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        word, _, rest = line.strip().partition(" ")
        if word == "case":
            is_inside = True
        elif word in ("raises", "not"):
            code = rest.strip()
            place = f"{where}:{number}"
            if code not in codes:
                found.faults.append(f"{place}: {code} is no finding")
            elif not is_inside:
                found.faults.append(f"{place}: stands before the first case")
            else:
                (found.raised if word == "raises" else found.missed)[
                    code].append(place)


def read_world(path: Path, where: str, codes: set[str], found: Examples
               ) -> None:
    """What the lines of a world expect, and which near misses they mark."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        place = f"{where}:{number}"
        if not line.strip():
            continue
        try:
            world = json.loads(line)
            expected = (world.get("expect") or {}).get("findings")
            kinds = world.get("kinds") or []
        except (ValueError, AttributeError) as error:
            found.faults.append(f"{place}: no world line: {error}")
            continue
        near = [kind[4:] for kind in kinds if str(kind).startswith("not ")]
        for code in (expected or []) + near:
            if code not in codes:
                found.faults.append(f"{place}: {code} is no finding")
        for code in expected or []:
            found.raised[code].append(place)
        for code in near:
            if expected is None:
                found.faults.append(f"{place}: marked as near miss of {code} "
                                    "without expecting findings")
            elif code in expected:
                found.faults.append(f"{place}: marked as near miss of {code} "
                                    "and expected to raise it")
            else:
                found.missed[code].append(place)


def read_examples(root: Path, codes: set[str]) -> Examples:
    """All cases and worlds."""
    found = Examples()
    for folder, ending, read in (("cases", "case", read_case),
                                 ("worlds", "jsonl", read_world)):
        for path in sorted((root / "tests" / folder).glob(f"*.{ending}")):
            read(path, path.relative_to(root).as_posix(), codes, found)
    return found


def coverage_faults(rows: list[Finding], examples: Examples
                    ) -> Iterator[tuple[Finding, str]]:
    """Findings that nobody shows, or shows only half."""
    for row in rows:
        lacks = [what for what, places in
                 (("case that raises it", examples.raised[row.code]),
                  ("near miss", examples.missed[row.code])) if not places]
        if lacks:
            yield row, f"{row.code} has no " + " and no ".join(lacks)


def check(root: Path) -> int:
    """Prints everything; the number of faulty findings and examples."""
    rows, other = read_table((root / TABLE).read_text(encoding="utf-8"))
    examples = read_examples(root, {row.code for row in rows})
    other += examples.faults
    if not rows:
        other.append(f"{TABLE}:1: no findings in the table")
    unshown = list(coverage_faults(rows, examples))
    faulty = list(table_faults(rows)) + unshown
    for row, fault in faulty:
        print(f"{TABLE}:{row.line}: {fault}")
    for fault in other:
        print(fault)
    bad = len({row.line for row, _ in faulty})
    shown = len(rows) - len(unshown)
    print(f"findings: {shown} of {len(rows)} "
          f"({100 * shown / max(len(rows), 1):.1f} %) have a case that raises "
          "them and a near miss")
    print(f"{len(rows) - bad} passed, {bad + len(other)} failed")
    return bad + len(other)


def main(arguments: list[str]) -> int:
    """The command; exit status 1 on any fault."""
    root = Path(arguments[0] if arguments
                else Path(__file__).resolve().parent.parent)
    try:
        return 1 if check(root) else 0
    except OSError as error:
        print(f"findings_lint.py: {error.filename}: {error.strerror}",
              file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
