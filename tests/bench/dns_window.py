#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns_window.py [--rounds N] [--server PROGRAM]: the window that adapts beside
fixed ones, against a resolver that is clean, that loses 5 %, and that drops
all beyond 5,000 answers a second.

Every round asks with each window in turn, so that they meet the same machine;
figures are the medians of the rounds.  The best fixed window is the one whose
median is best, of those that ask as little as the adapting one must.  Where
questions are lost, a rate is that of the names by which a long list exceeds a
short one: start and end, where a question may be waited for six times, are in
both.  Prints a line a figure: bench NAME VALUE UNIT bar B ok|short.
Run it in tests/lab/in-net.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from common import PROGRAM, ROOT, figure, print_machine

ADDRESS, PORT = "127.53.9.2", 5301
ADAPTS = 0
QUESTIONS = 3               # a domain
LEAST = 0.9


@dataclass(frozen=True)
class Line:
    """A resolver, and how many domains show what it can."""
    name: str
    loss: float
    rate: int
    domains: tuple[int, int]  # of the two lists; none in the first
    most_queries: float     # an answer
    fixed: tuple[int, ...]  # windows, the best of them well within


# A question lost holds its place for 0.8 s: below 300 nothing moves there.
LINES = (Line("clean", 0, 0, (0, 400_000), 1.01,
              (100, 300, 1000, 3000, 10000)),
         Line("loss", 0.05, 0, (100_000, 300_000), 1.2, (3000, 10000)),
         Line("drop", 0, 5000, (5_000, 15_000), 1.2, (100, 300, 500, 1000)))


@dataclass
class Asked:
    """One scan."""
    seconds: float
    answers: int
    queries: int
    lost: int


def scan(folder: Path, name: str, domains: int, window: int) -> Asked:
    """Asks once for all names of the list."""
    if domains == 0:
        return Asked(0, 0, 0, 0)
    out = folder / "scan.mxc"
    start = time.monotonic()
    subprocess.run(
        [PROGRAM, "scan", "--resolver", f"{ADDRESS}:{PORT}", "--stages",
         "dns", "--allow-net", "127.0.0.0/8", "--quiet", "--force",
         "--dns-window", str(window), folder / name, "-o", out],
        check=True)
    seconds = time.monotonic() - start
    told = json.loads(subprocess.run(
        [PROGRAM, "info", "--json", out], capture_output=True,
        check=True).stdout)
    answers = told["outcomes"].get("nxdomain", 0)
    return Asked(seconds, answers, told["dns_queries"],
                 domains * QUESTIONS - answers)


@dataclass
class Pair:
    """Of one window in one round."""
    rate: float             # answers a second
    queries: float          # an answer
    lost: int


def pair(folder: Path, line: Line, window: int) -> Pair:
    """Both lists."""
    short, long = (scan(folder, f"{line.name}-{n}", n, window)
                   for n in line.domains)
    return Pair((long.answers - short.answers)
                / (long.seconds - short.seconds),
                long.queries / long.answers, short.lost + long.lost)


def measure(folder: Path, line: Line, rounds: int, server: str) -> None:
    """All windows against one resolver."""
    for n in line.domains:
        (folder / f"{line.name}-{n}").write_text("".join(
            f"d{i:07d}.bench\n" for i in range(n)))
    asked: dict[int, list[Pair]] = {w: []
                                    for w in (ADAPTS, *line.fixed)}
    process = subprocess.Popen(
        [server, ADDRESS, str(PORT), str(line.loss), str(line.rate)])
    try:
        time.sleep(0.2)
        for _ in range(rounds):
            for window, list_ in asked.items():
                list_.append(pair(folder, line, window))
    finally:
        process.terminate()
        process.wait()
    rates = {w: statistics.median(a.rate for a in list_)
             for w, list_ in asked.items()}
    queries = {w: max(a.queries for a in list_)
               for w, list_ in asked.items()}
    best = max((w for w in line.fixed if queries[w] <= line.most_queries),
               key=lambda w: rates[w])
    print(f"# {line.name}: " + ", ".join(
        f"{w or 'adapts'} {rate:,.0f}/s {queries[w]:.2f} queries"
        for w, rate in rates.items()))
    figure(f"dns.window_{line.name}", rates[ADAPTS] / rates[best],
           f"of window {best}", LEAST, most=False)
    figure(f"dns.window_{line.name}_queries",
           queries[ADAPTS], "an answer", line.most_queries)
    figure(f"dns.window_{line.name}_lost",
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
    print_machine(f"{chosen.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        for line in LINES:
            measure(Path(folder), line, chosen.rounds, chosen.server)


if __name__ == "__main__":
    main()
