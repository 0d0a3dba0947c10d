#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other projects' test vectors and published policies through our rules.

Runs vectors.jsonl and policies.jsonl (../shared/data beside the checkout, or
--data) through `mxcensus parse` and compares the answers with what the RFCs
say.  Prints each disagreement and ends with `N passed, N failed, N skipped`.

A row on which the RFC is silent passes when the answer admits that a reading
was taken (`ambiguous`).  Rows told in words are made into questions
(vectors_told.py); those that tell of look-ups are skipped and counted, as long
as the case that has the story is there.  A row that nothing answers fails.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Iterator, NamedTuple

import vectors_told as told

ROOT = Path(__file__).resolve().parents[2]

KINDS = {
    ("mtasts-txt", None): "sts-record",
    ("mtasts-txt", "rrset"): "sts-rrset",
    ("mtasts-policy", None): "sts-policy",
    ("mx-pattern-match", None): "mx-match",
    ("tlsrpt-txt", None): "tlsrpt-record",
    ("tlsrpt-txt", "rrset"): "tlsrpt-rrset",
    ("cert-name-match", None): "cert-name",
    ("tlsa", "record"): "tlsa",
    ("tlsa", "chain"): "tlsa-chain",
    ("mtasts-http", None): "http",
    ("mtasts-http", "content-type"): "http",
    ("mtasts-eval", None): "sts-eval",
    ("rpt-json", None): "rpt-json",
    ("rpt-result", "token"): "rpt-result",
    ("rpt-result", "policy-type"): "rpt-json",
}
CHAIN = ("tlsa", "scenario")
RESULT = ("rpt-result", None)
PARSED = ("id", "mode", "max_age", "mx", "rua")


class Told(NamedTuple):
    """What was made of the rows told in words."""

    questions: dict[str, dict[str, Any]]
    result_types: dict[str, str | None]  # of findings
    skipped: Counter[str]
    passed: list[str]
    failed: list[str]


class Row(NamedTuple):
    """One question, what the answer must hold, and where it comes from."""

    name: str
    question: dict[str, Any]
    wanted: dict[str, Any]
    why: str


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def report_with(policy_type: str) -> str:
    """A report that is good but for the policy type: rows tell it alone."""
    return json.dumps({
        "organization-name": "a.example", "report-id": "1",
        "contact-info": "tls@a.example",
        "date-range": {"start-datetime": "2026-01-01T00:00:00Z",
                       "end-datetime": "2026-01-01T23:59:59Z"},
        "policies": [{"policy": {"policy-type": policy_type,
                                 "policy-domain": "b.example"},
                      "summary": {"total-successful-session-count": 1,
                                  "total-failure-session-count": 0}}]})


def question(raw: dict[str, Any]) -> dict[str, Any]:
    """The line for `mxcensus parse`."""
    if raw.get("sub") == "policy-type":
        return {"input": report_with(raw["input"])}
    keys = ("input", "input_b64", "ctx")
    return {key: raw[key] for key in keys if raw.get(key) is not None}


def wanted_of_vector(raw: dict[str, Any]) -> dict[str, Any]:
    """What the RFC says, value by value where the row parses."""
    if raw["rfc"] == "silent":
        return {"ambiguous": True}
    wanted: dict[str, Any] = {"valid": raw["rfc"] == "valid"}
    parsed = raw.get("rfc_parsed")
    if raw["rfc"] == "valid" and parsed:
        wanted.update({key: parsed[key] for key in PARSED if key in parsed})
    return wanted


def take_result(raw: dict[str, Any], made: Told) -> None:
    """The result type of an event: what the findings for it carry."""
    wanted = raw["expected"]["result_type"]
    got = {made.result_types.get(code) for code in told.RESULTS[raw["input"]]}
    if raw["rfc"] == "silent":
        good = bool(got) and None not in got
    else:
        good = got == {wanted}
    if raw["id"] in told.DIFFER:
        made.skipped["rpt-result: we differ: " + told.DIFFER[raw["id"]]] += 1
        if good:
            made.failed.append(f"{raw['id']}: we do not differ any more; "
                               "take it out of vectors_told.py")
    elif good:
        made.passed.append(raw["id"])
    else:
        made.failed.append(f"{raw['id']}: wanted {wanted}, got {got}")


def take_told(raw: dict[str, Any], made: Told) -> None:
    """A row told in words that is no question for `mxcensus parse`."""
    kind = "/".join(filter(None, (raw["kind"], raw.get("sub"))))
    if (raw["kind"], raw.get("sub")) == RESULT and \
            raw["input"] in told.RESULTS:
        take_result(raw, made)
    elif raw["input"] not in told.ELSEWHERE:
        made.failed.append(f"{raw['id']}: {kind}: nothing answers it; name "
                           "it in vectors.py or vectors_told.py")
    elif told.is_elsewhere(ROOT, raw["input"]):
        made.skipped[f"{kind}: look-ups, told in "
                     f"{told.ELSEWHERE[raw['input']][0]}"] += 1
    else:
        made.failed.append(f"{raw['id']}: not in "
                           + ": ".join(told.ELSEWHERE[raw["input"]]))


def vector_rows(path: Path, rows: dict[str, list[Row]], made: Told) -> None:
    """Sorts the vectors by kind."""
    for raw in read_lines(path):
        key = (raw["kind"], raw.get("sub"))
        why = raw.get("rfc_reason") or raw["source"]
        if key == CHAIN and raw["input"] in made.questions:
            rows["tlsa-chain"].append(Row(
                raw["id"], made.questions[raw["input"]],
                wanted_of_vector(raw), why))
        elif key not in KINDS:
            take_told(raw, made)
        else:
            rows[KINDS[key]].append(Row(raw["id"], question(raw),
                                        wanted_of_vector(raw), why))


def policy_rows(path: Path, rows: dict[str, list[Row]]) -> None:
    """Published policies: the strict reading, and whether lenient ones pass."""
    for raw in read_lines(path):
        expected = raw["expected"]
        wanted = {"valid": expected["valid"],
                  "valid_lenient": expected["lenient_valid"],
                  **{key: expected[key] for key in ("mode", "max_age", "mx")}}
        rows["sts-policy"].append(Row(raw["id"], {"input": raw["text"]},
                                      wanted, expected["reason"]))


def answers(program: Path, kind: str, rows: list[Row]) -> list[dict[str, Any]]:
    """All questions of one kind through one process."""
    lines = "".join(json.dumps(row.question) + "\n" for row in rows)
    done = subprocess.run([str(program), "parse", kind], input=lines.encode(),
                          capture_output=True, timeout=120, check=False)
    out = [json.loads(line) for line in done.stdout.splitlines()]
    if len(out) != len(rows):
        raise SystemExit(f"{program} parse {kind}: {len(out)} answers to "
                         f"{len(rows)} lines: {done.stderr.decode().strip()}")
    return out


def result_types(program: Path) -> dict[str, str | None]:
    """The RFC 8460 result type of each finding, or None."""
    done = subprocess.run([str(program), "schema"], stdout=subprocess.PIPE,
                          timeout=60, check=True)
    return {row["code"]: row.get("result_type")
            for row in json.loads(done.stdout)["findings"]}


def compare(kind: str, row: Row, answer: dict[str, Any]) -> bool:
    """Says what differs."""
    different = {key: answer.get(key) for key, value in row.wanted.items()
                 if answer.get(key) != value}
    for key, got in different.items():
        print(f"{row.name} ({kind}): {key}: wanted {row.wanted[key]!r}, "
              f"got {got!r}: {row.why[:120]}")
    return not different


def main() -> int:
    """Reads, asks, compares, counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mxcensus", type=Path,
                        default=ROOT / "build" / "mxcensus")
    parser.add_argument("--data", type=Path,
                        default=ROOT.parent / "shared" / "data")
    options = parser.parse_args()
    if not options.mxcensus.exists():
        print(f"{options.mxcensus}: no such program; run make first")
        return 1
    rows: dict[str, list[Row]] = defaultdict(list)
    made = Told(told.chain_questions(), result_types(options.mxcensus),
                Counter(), [], [])
    for name in ("vectors.jsonl", "policies.jsonl"):
        path = options.data / name
        if not path.exists():
            print(f"skipped: {path} is absent")
            made.skipped[name] += 1
        elif name == "vectors.jsonl":
            vector_rows(path, rows, made)
        else:
            policy_rows(path, rows)
    passed, failed = len(made.passed), len(made.failed)
    print("".join(f"{fault}\n" for fault in made.failed), end="")
    for kind, of_kind in sorted(rows.items()):
        for row, answer in zip(of_kind, answers(options.mxcensus, kind,
                                                of_kind), strict=True):
            if compare(kind, row, answer):
                passed += 1
            else:
                failed += 1
    for kind, count in sorted(made.skipped.items()):
        print(f"skipped: {count} of {kind}")
    print(f"{passed} passed, {failed} failed, "
          f"{sum(made.skipped.values())} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
