# SPDX-License-Identifier: Apache-2.0
"""manners_who.py FILE.mxc LOG: does scripts/who tell what the servers saw?

Every connection in the log within the time asked for, and no other.
"""
from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mxlab.manners import CLOCKS_S, Entry, Log, by_address  # noqa: E402

WHO = Path(__file__).resolve().parents[2] / "scripts" / "who"
WINDOWS = 6


def who(*arguments: str) -> dict[str, Any]:
    """What the script says."""
    done = subprocess.run([WHO, *arguments, "--json"], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def split(answer: dict[str, Any]) -> tuple[list[Entry], list[Entry]]:
    """Sessions, and fetches."""
    told = answer["connections"]
    return ([one for one in told if one["kind"] == "smtp"],
            [one for one in told if one["kind"] == "https"])


def counted(entries: list[Entry]) -> Counter[str]:
    """Connections by address."""
    return Counter(entry["address"] for entry in entries)


def when(moment: float) -> str:
    """A time as who takes it."""
    return datetime.fromtimestamp(moment, timezone.utc).isoformat()


def times(told: list[Entry], seen: list[Entry]) -> list[str]:
    """The server accepted while the session is said to have lasted."""
    faults = []
    told = sorted(told, key=lambda one: one["begin"])
    for one, entry in zip(told, seen):
        if not (one["exact"] and one["begin"] / 1000 - CLOCKS_S
                <= entry["time"] <= one["end"] / 1000 + CLOCKS_S):
            faults.append(f"{one['address']}: told {one['begin']} to "
                          f"{one['end']}, seen {entry['time']}")
    return faults


def everything(file: str, log: Log) -> tuple[int, list[str]]:
    """The whole internet, of all times."""
    four, six = who(file, "0.0.0.0/0"), who(file, "::/0")
    sessions, fetches = map(lambda pair: pair[0] + pair[1],
                            zip(split(four), split(six)))
    faults = []
    for what, told, seen in (("sessions", counted(sessions),
                              counted(log.smtp)),
                             ("fetches", counted(fetches),
                              counted(log.https + log.nginx))):
        for address in sorted(told.keys() | seen.keys()):
            if told[address] != seen[address]:
                faults.append(f"{address}: {told[address]} {what} told, "
                              f"{seen[address]} seen")
    for address, seen in by_address(log.smtp).items():
        faults += times([one for one in sessions
                         if one["address"] == address], seen)
    for one in sessions:
        own = one["host"].removeprefix("mx.")
        if own != one["host"] and one["domains"] != [own]:
            faults.append(f"{one['host']}: because of {one['domains']}")
    return len(sessions) + len(fetches), faults


def in_windows(file: str, log: Log) -> tuple[int, list[str]]:
    """Times that begin and end between the sessions of an address."""
    rng, faults, n = random.Random(1), [], 0
    busy = [some for some in by_address(log.smtp).items() if len(some[1]) > 4]
    for address, seen in rng.sample(busy, WINDOWS):
        gaps = [(a["over"] + b["time"]) / 2 for a, b in zip(seen, seen[1:])]
        first, last = sorted(rng.sample(range(len(gaps)), 2))
        answer = who(file, address,
                     f"{when(gaps[first])}/{when(gaps[last])}")
        told = split(answer)[0]
        wanted = seen[first + 1:last + 1]
        n += len(wanted)
        if len(told) != len(wanted):
            faults.append(f"{address}: {len(told)} told, {len(wanted)} seen")
        faults += times(told, wanted)
        rest = answer["at_other_times"]["connections"]
        if rest != len(seen) - len(wanted):
            faults.append(f"{address}: {rest} at other times")
    return n, faults


def by_name(file: str, log: Log) -> tuple[int, list[str]]:
    """An operator."""
    told = split(who(file, "bigop.example"))[0]
    seen = [e for e in log.smtp if e["host"].endswith(".bigop.example")]
    same = counted(told) == counted(seen)
    return len(seen), [] if same else [
        f"bigop.example: {len(told)} told, {len(seen)} seen"]


def main() -> int:
    """All of it; exit status 1 where one connection differs."""
    file, log = sys.argv[1], Log(Path(sys.argv[2]))
    faults: list[str] = []
    for part in (everything, in_windows, by_name):
        n, found = part(file, log)
        print(f"manners: who: {part.__name__}: {n} connections, "
              f"{len(found)} faults")
        faults += found
        if n == 0:
            faults.append(f"{part.__name__}: nothing to compare")
    for text in faults[:20]:
        print(text)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
