#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts.py [--domains N] [--keep DIR]: how long the commands of scripts/
take for a made scan, and how much memory, against their bars.

Prints a line a figure: bench NAME VALUE UNIT bar B ok|short.  The bars are for
a million domains on two cores with nothing else running; the processor time
beside them says what to expect of a busy machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from common import PROGRAM, ROOT, figure, print_machine

MEMORY_MB = 2048


@dataclass
class Cost:
    """What a command used; its memory is that of its largest process."""
    seconds: float
    cpu: float
    megabytes: float


def run(*command: str | Path, cwd: Path = ROOT) -> Cost:
    """Run a command to its end."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL,
                               stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: {command[0]} ended with status "
                 f"{process.returncode}")
    return Cost(time.monotonic() - start, used.ru_utime + used.ru_stime,
                used.ru_maxrss / 1024)


def measure(name: str, bar: float | None, *command: str | Path) -> None:
    """Time, processor time and memory of a command."""
    cost = run(*command)
    figure(f"scripts.{name}_s", cost.seconds, "s", bar)
    figure(f"scripts.{name}_cpu_s", cost.cpu, "s")
    if bar is not None:
        figure(f"scripts.{name}_rss_mb", cost.megabytes, "MB", MEMORY_MB)


def bench(folder: Path, n: int) -> None:
    """All figures, for n domains."""
    scan, tables = folder / "scan.mxc", folder / "tables"
    later, later_tables = folder / "later.mxc", folder / "later"
    scripts, make = ROOT / "scripts", ROOT / "tests/bench/make_scan.py"
    if not scan.exists():
        measure("make_scan", 90, sys.executable, make, str(n), "-o", scan)
    if not later.exists():
        run(sys.executable, make, str(n), "--wave", "1", "-o", later)
    measure("cat", None, PROGRAM, "cat", scan)
    measure("export", 60, scripts / "export", scan, "-o", tables, "--force")
    measure("summarize_parquet", 15, scripts / "summarize", tables)
    measure("summarize_mxc", 60, scripts / "summarize", scan)
    run(scripts / "export", later, "-o", later_tables, "--force")
    measure("diff", 30, scripts / "diff", tables, later_tables)
    measure("report", 60, scripts / "report", tables, "-o",
            folder / "page.html")
    size = sum(file.stat().st_size for file in tables.glob("*.parquet"))
    figure("scripts.parquet_size", size / 1e6, "MB")
    figure("scripts.mxc_size", scan.stat().st_size / 1e6, "MB")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures scripts/.")
    parser.add_argument("--domains", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="DIR",
                        help="work in DIR, with the scan.mxc that is there")
    chosen = parser.parse_args()
    print_machine(f"{chosen.domains:,} domains")
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        bench(chosen.keep, chosen.domains)
        return
    with tempfile.TemporaryDirectory(prefix="mxcensus-bench-") as folder:
        bench(Path(folder), chosen.domains)


if __name__ == "__main__":
    main()
