# SPDX-License-Identifier: Apache-2.0
"""A line on standard error that says how far long work has come.  It is shown
to people at a terminal only, and cleared when something else is said.
"""

import sys
import time
from typing import TextIO

# Work that is done sooner needs no line.
PATIENCE_S = 1.0
INTERVAL_S = 0.2


class Progress:
    """Counts what has been done of one thing after the other."""

    def __init__(self, quiet: bool = True, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.shown = not quiet and self.out.isatty()
        self.begun = time.monotonic()
        self.last = 0.0
        self.counts: dict[str, int] = {}
        self.what = ""
        self.is_drawn = False

    def start(self, what: str) -> None:
        """Another thing begins, such as a file."""
        self.what = what
        self.counts = {}
        self.begun = time.monotonic()
        self._draw()

    def add(self, kind: str, n: int) -> None:
        """So many more records of a kind are through."""
        self.counts[kind] = self.counts.get(kind, 0) + n
        self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        spent = now - self.begun
        if not self.shown or now - self.last < INTERVAL_S or (
                spent < PATIENCE_S and not self.is_drawn):
            return
        self.last = now
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in self.counts.items())
        rate = sum(self.counts.values()) / max(spent, 0.001)
        line = f"{self.what}: {kinds or '...'}"
        if self.counts:
            line += f" ({rate:,.0f} records/s)"
        self.out.write(f"\r\033[K{line[:120]}")
        self.out.flush()
        self.is_drawn = True

    def clear(self) -> None:
        """Nothing is under way any more."""
        if self.is_drawn:
            self.out.write("\r\033[K")
            self.out.flush()
        self.is_drawn = False
