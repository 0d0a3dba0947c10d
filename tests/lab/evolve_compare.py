#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evolve_compare.py [--ignore EVENTS] EVENTS.jsonl DIFF.json: did `scripts/diff
--format json` find exactly the transitions that the generator of an evolving
world made, and no others?

EVENTS.jsonl has lines {"domain", "event", "from", "to"}.  Prints each
difference and last `transitions: N of M as made`; exit status 1 unless all
are and nothing else was found.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

# A word of the generator that diff tells as other events.
MEANS = {
    "mx_changed_policy_stale": {"mx_changed", "policy_stale"},
    "policy_stale": {"mx_changed", "policy_stale"},
    "removed": {"removed_properly"},
    "removed_after_none": {"removed_properly"},
}
# What an event brings along by itself, which the generator need not name.
BRINGS = {
    "withdrawn": {"policy_changed"},
    "mode_changed": {"policy_changed"},
    "appeared": {"adopted", "tlsrpt_added"},
    "vanished": {"removed_abruptly", "removed_properly", "removed",
                 "tlsrpt_removed"},
    "tlsa_stale": {"certificate_renewed"},
    "tlsa_rolled": {"certificate_renewed"},
    "certificate_expired": {"policy_broken", "dane_broken"},
    "certificate_broken": {"certificate_renewed"},
    "certificate_repaired": {"certificate_renewed"},
    "policy_repaired": {"certificate_renewed"},
    "provider_moved": {"certificate_renewed", "policy_changed"},
    "starttls_lost": {"dane_broken"},
    "starttls_gained": {"dane_repaired"},
}
# Events that may be told as another: a roll that mends what was stale.
INSTEAD = {"tlsa_rolled": "dane_repaired"}
# Events whose `from` and `to` are the modes of the policy, so that both agree.
VALUED = ("withdrawn", "mode_changed")
# Verdicts of those who could not be asked, or are in one list alone.
UNKNOWN = {"inconclusive", "(missing)", "(not in list)"}
# What nobody could see: diff must find nothing of it.
UNSEEN = ("lookup_failed_this_week", "lookup_back")


Found = dict[tuple[str, str], dict[str, str]]
Matrix = Counter[tuple[str, str]]


def read(made_file: str, diff_file: str, ignored: set[str]
         ) -> tuple[list[dict[str, Any]], Found, Matrix]:
    """The lines of the generator, what diff found by domain and event, and
    its matrix of verdicts that changed and are known."""
    made = [json.loads(line) for line in
            Path(made_file).read_text(encoding="utf-8").splitlines()
            if line.strip()]
    diff = json.loads(Path(diff_file).read_text(encoding="utf-8"))
    return ([line for line in made if line["event"] not in ignored],
            {(row["domain"], row["event"]): row for row in diff["events"]
             if row["event"] not in ignored},
            Counter({(row["from"], row["to"]): row["domains"]
                     for row in diff["matrices"]["verdict"]
                     if row["from"] != row["to"] and not {
                         row["from"], row["to"]} & UNKNOWN}))


def word(value: Any) -> Any:
    """A mode, also where the generator tells the whole state."""
    return value.get("mode") if isinstance(value, dict) else value


def fault(line: dict[str, Any], found: dict[tuple[str, str], dict[str, str]],
          ignored: set[str]) -> str | None:
    """Why a transition was not found as made."""
    if line["event"] in UNSEEN:
        return None  # whatever is found besides is told below
    for event in sorted(MEANS.get(line["event"], {line["event"]}) - ignored):
        row = (found.get((line["domain"], event))
               or found.get((line["domain"], INSTEAD.get(event, ""))))
        if row is None:
            return f"made {line['event']}, found no {event}"
        for key in ("from", "to") if event in VALUED else ():
            if word(line.get(key)) not in (None, row[key]):
                return (f"made {event} {key} {line[key]}, found {key} "
                        f"{row[key]}")
    return None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compares the events that a "
                                     "world was made to have with a diff.")
    parser.add_argument("made", metavar="EVENTS.jsonl")
    parser.add_argument("diff", metavar="DIFF.json")
    parser.add_argument("--ignore", default="", metavar="EVENTS",
                        help="events of diff that are not compared")
    chosen = parser.parse_args()
    ignored = {word for word in chosen.ignore.split(",") if word}
    made, found, matrix = read(chosen.made, chosen.diff, ignored)
    if not made:
        sys.exit("evolve_compare.py: no transitions were made")
    allowed: dict[str, set[str]] = {}
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    verdicts = Counter((line["from"], line["to"]) for line in made
                       if line["event"] == "verdict")
    for pair in sorted(verdicts | matrix):
        right["verdict"] += min(verdicts[pair], matrix[pair])
        if verdicts[pair] != matrix[pair]:
            wrong["verdict"] += abs(verdicts[pair] - matrix[pair])
            print(f"verdict {' to '.join(pair)}: made {verdicts[pair]}, "
                  f"found {matrix[pair]}")
    for line in made:
        if line["event"] == "verdict":
            continue
        allowed.setdefault(line["domain"], set()).update(
            MEANS.get(line["event"], {line["event"]}),
            {INSTEAD.get(line["event"], line["event"])},
            BRINGS.get(line["event"], ()))
        why = fault(line, found, ignored)
        (wrong if why else right)[line["event"]] += 1
        if why:
            print(f"{line['domain']}: {why}")
    extra = [key for key in found if key[1] not in allowed.get(key[0], ())]
    for domain, event in sorted(extra):
        row = found[domain, event]
        print(f"{domain}: found {event} ({row['from']} to {row['to']}), "
              "which nobody made")
    for event in sorted(right | wrong):
        print(f"  {event:26} {right[event]} of {right[event] + wrong[event]}")
    if ignored:
        print(f"not compared: {', '.join(sorted(ignored))}")
    print(f"found besides: {len(extra)}")
    print(f"transitions: {right.total()} of {len(made)} as made")
    sys.exit(1 if extra or wrong else 0)


if __name__ == "__main__":
    main()
