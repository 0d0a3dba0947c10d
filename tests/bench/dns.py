#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dns.py [--domains N] [--rounds N] [--loop PROGRAM]: the rate of the DNS
stage beside dnsperf and a bare loop, against one NSD with the same names.

Every round runs all three, so that they meet the same machine; figures are
the medians of the rounds.  Prints a line a figure: bench NAME VALUE UNIT bar B
ok|short.  Run it in tests/lab/in-net; dnsperf is a package of its own
(apt-get install dnsperf).
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from common import PROGRAM, ROOT, figure, print_machine, write_nsd_conf

ADDRESS, PORT = "127.53.9.1", 5300
MX_PART = 0.4               # of the domains; all else does not exist
OPERATORS = 1000
NSD_WAIT_S = 60
ANSWERS = {"ok", "nodata", "nxdomain", "none"}


@dataclass
class Scan:
    """What one scan cost."""
    rate: float             # answers a second, start and end included
    cpu_us: float           # an answer
    megabytes: float
    lost: int               # look-ups without an answer
    repeated: float         # queries beyond one a question, in parts


def write_world(folder: Path, n: int) -> None:
    """Zone, list, and the same questions for dnsperf."""
    chance = random.Random(1)
    # As long as names are: 7 to 24 letters before the last dot.
    names = [f"{i:x}".rjust(chance.randint(7, 24), "d") + ".bench"
             for i in range(n)]
    with open(folder / "zone", "w", encoding="ascii") as zone:
        zone.write(f"$TTL 3600\n. SOA ns. root. 1 3600 600 86400 300\n"
                   f". NS ns.\nns. A {ADDRESS}\n")
        for i in range(OPERATORS):
            zone.write(f"mx{i}.op.bench. A 127.72.{i >> 8}.{i & 255}\n")
        for name in names:
            if chance.random() < MX_PART:
                zone.write(f"{name}. MX 10 "
                           f"mx{chance.randrange(OPERATORS)}.op.bench.\n")
    chance.shuffle(names)
    (folder / "list").write_text("".join(f"{name}\n" for name in names))
    (folder / "queries").write_text("".join(
        f"{name} MX\n_mta-sts.{name} TXT\n_smtp._tls.{name} TXT\n"
        for name in names))
    write_nsd_conf(folder, ADDRESS, PORT)


def dnsperf(folder: Path, options: list[str]) -> float | None:
    """Answers a second; None while nobody answers."""
    done = subprocess.run(
        ["dnsperf", "-s", ADDRESS, "-p", str(PORT), "-d",
         folder / "queries", *options], capture_output=True, text=True,
        check=False)
    lost = re.search(r"Queries lost: +(\d+)", done.stdout)
    rate = re.search(r"Queries per second: +([\d.]+)", done.stdout)
    if not lost or not rate or float(rate[1]) == 0:
        return None
    return float(rate[1])


def start_nsd(folder: Path) -> subprocess.Popen:
    """NSD with the whole zone loaded."""
    with open(folder / "nsd.log", "w", encoding="utf-8") as log:
        server = subprocess.Popen(["nsd", "-d", "-c", folder / "nsd.conf"],
                                  stdout=log, stderr=log)
    end = time.monotonic() + NSD_WAIT_S
    while dnsperf(folder, ["-Q", "20", "-l", "1", "-t", "1"]) is None:
        if server.poll() is not None or time.monotonic() > end:
            server.kill()
            sys.exit("bench: NSD does not answer:\n"
                     + (folder / "nsd.log").read_text())
    return server


def bare_loop(program: str, folder: Path) -> tuple[float, float, int]:
    """Answers a second, microseconds an answer, lost."""
    done = subprocess.run([program, ADDRESS, str(PORT), folder / "queries"],
                          capture_output=True, text=True, check=True)
    rate, cpu_us, lost = done.stdout.split()
    return float(rate), float(cpu_us), int(lost)


def scan(folder: Path) -> Scan:
    """One scan at the default settings, records written."""
    out = folder / "scan.mxc"
    start = time.monotonic()
    process = subprocess.Popen(
        [PROGRAM, "scan", "--resolver", f"{ADDRESS}:{PORT}", "--stages",
         "dns", "--allow-net", "127.0.0.0/8", "--quiet", "--force",
         folder / "list", "-o", out])
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: the scan ended with status {process.returncode}")
    told = json.loads(subprocess.run(
        [PROGRAM, "info", "--json", out], capture_output=True,
        check=True).stdout)
    outcomes = told["outcomes"]
    lost = sum(n for word, n in outcomes.items() if word not in ANSWERS)
    answers = sum(outcomes.values()) - outcomes.get("none", 0) - lost
    return Scan(answers / seconds,
                (used.ru_utime + used.ru_stime) * 1e6 / answers,
                used.ru_maxrss / 1024, lost,
                told["dns_queries"] / answers - 1)


def bench(folder: Path, chosen: argparse.Namespace) -> None:
    """All rounds, then the figures."""
    # in a process of its own: a child's greatest size counts from the fork on
    writer = multiprocessing.Process(target=write_world,
                                     args=(folder, chosen.domains))
    writer.start()
    writer.join()
    server = start_nsd(folder)
    scans, perf, loops = [], [], []
    try:
        for _ in range(chosen.rounds):
            perf.append(dnsperf(folder, ["-n", "1", "-c", "4", "-T", "1",
                                         "-q", "500"]) or 0.0)
            loops.append(bare_loop(chosen.loop, folder))
            scans.append(scan(folder))
            print(f"# dnsperf {perf[-1]:,.0f}/s, bare loop "
                  f"{loops[-1][0]:,.0f}/s, scan {scans[-1].rate:,.0f}/s, "
                  f"load {os.getloadavg()[0]:.1f}", flush=True)
    finally:
        server.terminate()
        server.wait()
    median = statistics.median
    figure("dns.rate_ratio", median(s.rate / p for s, p in zip(scans, perf)),
           "x", 1.2, most=False)
    figure("dns.loop_ratio", median(l[0] / p for l, p in zip(loops, perf)), "x")
    figure("dns.rate", median(s.rate for s in scans), "1/s")
    figure("dns.cpu_us", median(s.cpu_us for s in scans), "us", 10)
    figure("dns.loop_cpu_us", median(loop[1] for loop in loops), "us")
    figure("dns.loop_lost", median(loop[2] for loop in loops), "queries")
    figure("dns.lost", max(s.lost for s in scans), "names", 0)
    figure("dns.repeated", max(s.repeated for s in scans), "parts", 0.2)
    figure("dns.rss_mb", max(s.megabytes for s in scans), "MB", 400)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures the DNS stage.")
    parser.add_argument("--domains", type=int, default=200_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--loop", default=str(ROOT / "build/bench/dns_loop"),
                        metavar="PROGRAM", help="tests/bench/dns_loop.c")
    chosen = parser.parse_args()
    for tool in ("dnsperf", "nsd"):
        if shutil.which(tool) is None:
            sys.exit(f"bench: {tool} is missing: apt-get install {tool}")
    print_machine(f"{chosen.domains:,} domains")
    with tempfile.TemporaryDirectory(prefix="mxcensus-bench-") as folder:
        bench(Path(folder), chosen)


if __name__ == "__main__":
    main()
