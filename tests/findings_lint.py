#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""findings_lint.py [ROOT]: keeps scanner/rules/findings.def honest.

Checks every row of the table, and that every finding is shown by example: at
least one case that raises it and one near miss that does not.  Examples are

    tests/cases/*.case     blocks that begin `case NAME`, with the lines
                           `raises CODE` and `not CODE`
    tests/worlds/*.jsonl   `expect.findings` of a line raises; a `not CODE`
                           in its `kinds` marks a near miss

A failed delivery has a result type in RFC 8460 4.3, and so has every finding
that tells of one: those of the areas in CAUSES_FAILURE that are no mere
information, but for the few in TYPELESS.

Prints `FILE:LINE: rule` for each fault, how many findings have all they need
and each part of it, then `N passed, N failed`; a finding counts once, and so
does an example that names what does not exist.
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
CAUSES_FAILURE = {"STS_POLICY", "STARTTLS", "CERT", "DANE"}
# ... and which of these a sender reports nothing of, and why.
TYPELESS = {
    "sts.policy.tls_old":
        "The fetch succeeds; RFC 8461 leaves the version to the sender.",
    "sts.policy.content_type":
        "The media type is a SHOULD; most senders take the policy.",
    "sts.policy.too_large":
        "The limit is the sender's own (MAY); others take the policy.",
    "sts.policy.max_age_short":
        "The policy is valid, and protects for a short time.",
    "sts.policy.key_as_extension":
        "The finding of the bad value beside it has sts-policy-invalid.",
    "sts.policy.duplicate_key":
        "The first entry counts and the policy is valid.",
    "sts.policy.key_case":
        "The key is an extension; what then lacks has a finding of its own.",
    "sts.policy.addresses_disagree":
        "The address that a sender meets decides; its failure has a finding "
        "of its own there.",
    "sts.policy.null_mx":
        "Nobody sends mail to such a domain, so nothing fails.",
    "starttls.injection":
        "Closest is validation-failure, which starttls.tls_failed has; by "
        "itself it tells of the server's buffer.",
    "starttls.requiretls_before_tls":
        "A sender does not read the keyword there; nothing fails.",
    "starttls.offered_in_tls":
        "A sender does not use it again; nothing fails.",
    "dane.mx_insecure":
        "DANE does not apply, so nothing is checked that could fail.",
    "dane.some_unusable":
        "The usable records decide; the others are skipped.",
}
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


def section_faults(row: Finding) -> Iterator[str]:
    """A finding names the section that demands what it misses."""
    if not row.section.strip():
        yield "the section is empty"
    elif not re.fullmatch(r"[1-9]\d*(\.[1-9]\d*)*", row.section):
        yield f"{row.section!r} is no number of a section"


def sentence_faults(row: Finding) -> Iterator[str]:
    """A finding is told in one sentence."""
    if not row.sentence.endswith("."):
        yield "the sentence does not end with a full stop"
    if row.sentence != " ".join(row.sentence.split()):
        yield "the sentence has stray blanks"
    if not row.sentence[:1].isupper():
        yield "the sentence does not begin with a capital"


def has_type(row: Finding) -> bool:
    """Is there a result type that a sender would report?"""
    return (row.area in CAUSES_FAILURE and row.severity != "INFO"
            and row.code not in TYPELESS)


def type_faults(row: Finding) -> Iterator[str]:
    """The result type stands where there is one and only there."""
    if has_type(row) and row.result == "NONE":
        yield (f"{row.code} has no result type of RFC 8460 section 4.3; if "
               "there is none for it, say why in TYPELESS of findings_lint.py")
    if not has_type(row) and row.result not in ("NONE", ""):
        yield (f"{row.code} has the result type {row.result}, though no "
               "delivery fails by it")


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
    yield from section_faults(row)
    yield from sentence_faults(row)
    yield from type_faults(row)


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


def figures(rows: list[Finding], examples: Examples, bad: set[int]) -> str:
    """How many findings have what they need, in all and part by part."""
    typed = [row for row in rows if has_type(row)]
    parts = {
        "raised": sum(bool(examples.raised[row.code]) for row in rows),
        "near miss": sum(bool(examples.missed[row.code]) for row in rows),
        "section": sum(not list(section_faults(row)) for row in rows),
        "sentence": sum(not list(sentence_faults(row)) for row in rows),
    }
    whole = sum(row.line not in bad for row in rows)
    n_typed = sum(not list(type_faults(row)) for row in typed)
    return (f"findings: {whole} of {len(rows)} "
            f"({100 * whole / max(len(rows), 1):.1f} %) have all they need: "
            + ", ".join(f"{part} {n}" for part, n in parts.items())
            + f", result type {n_typed} of {len(typed)} that have one")


def check(root: Path) -> int:
    """Prints everything; the number of faulty findings and examples."""
    rows, other = read_table((root / TABLE).read_text(encoding="utf-8"))
    examples = read_examples(root, {row.code for row in rows})
    other += examples.faults
    if not rows:
        other.append(f"{TABLE}:1: no findings in the table")
    faulty = [*table_faults(rows), *coverage_faults(rows, examples)]
    for row, fault in faulty:
        print(f"{TABLE}:{row.line}: {fault}")
    for fault in other:
        print(fault)
    lines = {row.line for row, _ in faulty}
    bad = len(lines)
    print(figures(rows, examples, lines))
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
