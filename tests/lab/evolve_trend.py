#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evolve_trend.py TREND.json WEEK.jsonl...: does `scripts/trend --format json`
count in each week what the world of that week is expected to hold?

Counted from the worlds' own expectations: records, usable policies by mode,
TLS-RPT, verdicts, every finding, and who joined or left the list.  Prints each
difference and last `trend: N of M numbers as made`.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PRESENT = ("ok", "invalid", "multiple")


def world(path: str) -> dict[str, dict[str, Any]]:
    """The expectation of each listed domain of a world."""
    lines = [json.loads(line) for line in
             Path(path).read_text(encoding="utf-8").splitlines()]
    return {line["domain"]: line["expect"] for line in lines
            if line.get("list", True) and "expect" in line}


def held(domains: dict[str, dict[str, Any]]) -> Counter[tuple[str, str]]:
    """How many domains have what, by table and item."""
    found: Counter[tuple[str, str]] = Counter()
    found["adoption", "domains"] = len(domains)
    for one in domains.values():
        policy = one["sts"]["policy"]
        found["adoption", "sts_record"] += (
            one["sts"]["record"]["status"] in PRESENT)
        found["adoption", "sts_record_valid"] += (
            one["sts"]["record"]["status"] == "ok")
        found["adoption", "tlsrpt_record"] += (
            one["tlsrpt"]["status"] in PRESENT)
        if policy["status"] == "ok":
            found["adoption", f"mode_{policy['mode']}"] += 1
        for code in one["findings"]:
            found["findings", code] += 1
    return found


def main() -> None:
    """The command line."""
    trend = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    worlds = [world(path) for path in sys.argv[2:]]
    made = [held(one) for one in worlds]
    rows = {(row["table"], row["item"]): row["points"]
            for row in trend["rows"]
            if row["table"] in ("adoption", "findings")}
    right = wrong = 0
    for key in sorted(set().union(*made)):
        for week, numbers in enumerate(made):
            got = rows[key][week]["numerator"] if key in rows else 0
            if got == numbers[key]:
                right += 1
            else:
                wrong += 1
                print(f"week {week + 1}: {key[1]}: made {numbers[key]}, "
                      f"counted {got}")
    for week, (old, new) in enumerate(zip(worlds, worlds[1:])):
        moved = [len(new.keys() - old.keys()), len(old.keys() - new.keys())]
        told = trend["scans"][week + 1]
        got = [told["joined"], told["left"]]
        right, wrong = right + (got == moved), wrong + (got != moved)
        if got != moved:
            print(f"week {week + 2}: joined, left: made {moved}, got {got}")
    print(f"trend: {right} of {right + wrong} numbers as made")
    sys.exit(1 if wrong or not right else 0)


if __name__ == "__main__":
    main()
