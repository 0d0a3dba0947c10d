#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns_window.py [--rounds N] [--server PROGRAM]: the window that adapts beside
fixed ones, against a resolver that is clean, that loses 5 %, and that drops
all beyond 5,000 answers a second.

Every round asks with each window in turn, so that they meet the same machine;
figures are the medians of the rounds, the best fixed window is the one whose
median is best.  Prints a line a figure: bench NAME VALUE UNIT bar B ok|short.
Run it in tests/lab/in-net.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("MXCENSUS") or str(ROOT / "build/mxcensus")
ADDRESS, PORT = "127.53.9.2", 5301
FIXED = (30, 100, 300, 1000, 3000)
ADAPTS = 0
QUESTIONS = 3               # a domain
LEAST = 0.9


@dataclass(frozen=True)
class Line:
    """A resolver, and how many domains show what it can."""
    name: str
    loss: float
    rate: int
    domains: int
    most_queries: float     # an answer


LINES = (Line("clean", 0, 0, 200_000, 1.01),
         Line("loss", 0.05, 0, 100_000, 1.2),
         Line("drop", 0, 5000, 10_000, 1.2))


@dataclass
class Asked:
    """One scan."""
    rate: float             # answers a second
    queries: float          # an answer
    lost: int


def scan(folder: Path, line: Line, window: int) -> Asked:
    """Asks once for all names of the list."""
    out = folder / "scan.mxc"
    start = time.monotonic()
    subprocess.run(
        [PROGRAM, "scan", "--resolver", f"{ADDRESS}:{PORT}", "--stages",
         "dns", "--allow-net", "127.0.0.0/8", "--quiet", "--force",
         "--dns-window", str(window), folder / line.name, "-o", out],
        check=True)
    seconds = time.monotonic() - start
    told = json.loads(subprocess.run(
        [PROGRAM, "info", "--json", out], capture_output=True,
        check=True).stdout)
    answers = told["outcomes"].get("nxdomain", 0)
    return Asked(answers / seconds, told["dns_queries"] / answers,
                 line.domains * QUESTIONS - answers)


def figure(name: str, value: float, unit: str, bar: float | None = None,
           most: bool = True) -> None:
    """One line; a bar is the most, or the least, that is allowed."""
    text = f"bench dns.{name} {value:.6g} {unit}"
    if bar is not None:
        held = value <= bar if most else value >= bar
        text += f" bar {bar:g} {'ok' if held else 'short'}"
    print(text, flush=True)


def measure(folder: Path, line: Line, rounds: int, server: str) -> None:
    """All windows against one resolver."""
    (folder / line.name).write_text("".join(
        f"d{i:07d}.bench\n" for i in range(line.domains)))
    asked: dict[int, list[Asked]] = {w: [] for w in (ADAPTS, *FIXED)}
    process = subprocess.Popen(
        [server, ADDRESS, str(PORT), str(line.loss), str(line.rate)])
    try:
        time.sleep(0.2)
        for _ in range(rounds):
            for window, list_ in asked.items():
                list_.append(scan(folder, line, window))
    finally:
        process.terminate()
        process.wait()
    rates = {w: statistics.median(a.rate for a in list_)
             for w, list_ in asked.items()}
    best = max(FIXED, key=lambda w: rates[w])
    print(f"# {line.name}: " + ", ".join(
        f"{w or 'adapts'} {rate:,.0f}/s" for w, rate in rates.items()))
    figure(f"window_{line.name}", rates[ADAPTS] / rates[best],
           f"of window {best}", LEAST, most=False)
    figure(f"window_{line.name}_queries",
           max(a.queries for a in asked[ADAPTS]), "an answer",
           line.most_queries)
    figure(f"window_{line.name}_lost",
           max(a.lost for a in asked[ADAPTS]), "questions", 0)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures DNS windows.")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--server", default=str(ROOT / "build/bench/dns_lossy"),
                        metavar="PROGRAM", help="tests/bench/dns_lossy.c")
    chosen = parser.parse_args()
    if not Path(chosen.server).exists():
        sys.exit(f"bench: {chosen.server} is missing: make bench-window")
    with tempfile.TemporaryDirectory() as folder:
        for line in LINES:
            measure(Path(folder), line, chosen.rounds, chosen.server)


if __name__ == "__main__":
    main()
