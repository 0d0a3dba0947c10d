#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scan.py [--domains N]: a whole scan of N domains, all stages, against the
bulk lab on the same machine (tests/lab/BULK.md).

The scan has its default workers and windows; nothing waits by the clock but
the retry of a temporary failure.  What it wrote is compared with what each
name's records mean: a figure of a scan that is wrong is worth nothing.  Prints
a line a figure: bench NAME VALUE UNIT bar B ok|short.  Run it in
tests/lab/in-net.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common import PROGRAM, ROOT, figure, print_machine

sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.dont_write_bytecode = True

from mxlab import bulk, records  # noqa: E402
from mxlab.bulk_served import Ports, Served, server_program  # noqa: E402
from mxlab.errors import LabError  # noqa: E402

SAMPLE_S = 1.0
SAY_S = 60.0
RSS_BAR_MB = 400


@dataclass
class Run:
    """What a scan cost."""
    seconds: float
    cpu_us: float
    peak_mb: float
    file_bytes: int


def peak_mb(pid: int, before: float) -> float:
    """The most memory so far (VmHWM); what was, where it has just ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return before
    for line in text.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return before


def scan(folder: Path, options: list[str], domains: int) -> Run:
    """One scan of folder/list, watched once a second."""
    out = folder / "scan.mxc"
    begin = said = time.monotonic()
    process = subprocess.Popen([PROGRAM, "scan", *options, "--quiet",
                                folder / "list", "-o", out])
    peak, pid = 0.0, 0
    try:
        while not pid:
            # a small scan is over within a second
            time.sleep(min(SAMPLE_S, domains / 100_000))
            peak = peak_mb(process.pid, peak)
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if time.monotonic() - said >= SAY_S:
                said = time.monotonic()
                print(f"# {said - begin:.0f} s, {peak:.0f} MB, "
                      f"{out.stat().st_size:,} bytes, load "
                      f"{os.getloadavg()[0]:.1f}", flush=True)
    except BaseException:
        process.kill()
        raise
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: the scan ended with status {process.returncode}")
    return Run(seconds, (used.ru_utime + used.ru_stime) * 1e6, peak,
               out.stat().st_size)


def count_wrong(file: Path, domains: int) -> int:
    """Domains that are not as their names say, strangers among them."""
    tally = bulk.BulkTally(domains, show=20)
    for record in records.read(file, PROGRAM, "domain"):
        tally.take(record)
    status = tally.finish()
    wrong = domains - tally.count_good + tally.strangers
    return wrong or status  # a record too many is wrong as well


def bench(folder: Path, chosen: argparse.Namespace) -> None:
    """List, server, scan, figures."""
    domains = chosen.domains
    with open(folder / "list", "w", encoding="ascii") as listed:
        bulk.write_list(domains, listed)
    program = server_program(chosen.server)
    with Served(program, folder, Ports()) as served:
        options = (folder / "scan.args").read_text().split() + chosen.options
        run = scan(folder, options, domains)
        counts: dict[str, Any] = served.end()
    figure("scan.rate", domains / run.seconds, "1/s")
    figure("scan.cpu_us", run.cpu_us / domains, "us")
    figure("scan.server_share", counts["cpu_us"] / run.cpu_us, "x")
    figure("scan.server_dns_us",
           counts["dns_cpu_us"] / max(1, counts["dns_queries"]), "us")
    figure("scan.rss_mb", run.peak_mb, "MB", RSS_BAR_MB)
    figure("scan.file_bytes", run.file_bytes / domains, "B")
    figure("scan.queries", counts["dns_queries"] / domains, "1/domain")
    figure("scan.contacts",
           counts["smtp_sessions"] + counts["https_requests"], "sessions")
    figure("scan.wrong", count_wrong(folder / "scan.mxc", domains),
           "domains", 0)


def main() -> None:
    """The command line; what follows -- goes to the scan."""
    parser = argparse.ArgumentParser(description="Measures a whole scan.")
    parser.add_argument("--domains", type=bulk.names_given, default=50_000,
                        metavar="N")
    parser.add_argument("--server", default=None, metavar="PROGRAM",
                        help="the server of the bulk lab")
    parser.add_argument("--keep", type=Path, default=None, metavar="FOLDER",
                        help="leave list and scan there")
    parser.add_argument("options", nargs="*", metavar="OPTION",
                        help="more options of the scan, behind --")
    chosen = parser.parse_args()
    if not chosen.domains:
        parser.error("--domains: choose at least 1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print_machine(f"{chosen.domains:,} domains")
    try:
        if chosen.keep:
            chosen.keep.mkdir(parents=True, exist_ok=True)
            (chosen.keep / "scan.mxc").unlink(missing_ok=True)
            bench(chosen.keep, chosen)
            return
        with tempfile.TemporaryDirectory(prefix="mxcensus-bench-") as folder:
            bench(Path(folder), chosen)
    except LabError as why:
        sys.exit(f"bench: {why}")


if __name__ == "__main__":
    main()
