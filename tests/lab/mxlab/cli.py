# SPDX-License-Identifier: Apache-2.0
"""What the command lines of both labs share."""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Callable

from mxlab.errors import LabError


def add_scan(command: argparse.ArgumentParser) -> None:
    """The file to be looked at, and how: `file`, `mxcensus`, `show`."""
    command.add_argument("file", type=Path,
                         help="what the scan wrote (.mxc)")
    command.add_argument("--mxcensus", default=None,
                         help="the program that reads it")
    command.add_argument("--show", type=int, default=50,
                         help="differences to print at most")


def run_main(name: str, work: Callable[[], int]) -> int:
    """Errors of ours are one line on stderr and status 3."""
    try:
        return work()
    except LabError as why:
        print(f"{name}: {why}", file=sys.stderr)
        return 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return 130
