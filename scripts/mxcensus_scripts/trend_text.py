# SPDX-License-Identifier: Apache-2.0
"""A time series of rows and its shapes: text with small curves, Markdown, CSV
and JSON.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby
from math import sqrt
from typing import Any, TextIO

from mxcensus_scripts.tables import TABLES
from mxcensus_scripts.text import Printer, clipped, escaped, percent

FORMAT = 1
# 95 per cent of a normal distribution lie within so many deviations.
Z = 1.959963984540054
BARS = "▁▂▃▄▅▆▇█"
ASCII_BARS = "_.-~=+*#"
# Scans of which a curve is drawn; of more, as many evenly among them.
CURVE = 12
LABEL = 28
COLUMNS = ("scan", "file", "started", "domains", "table", "section", "item",
           "numerator", "denominator", "share", "inconclusive", "low", "high",
           "change", "churn", "change_numerator", "joined_numerator",
           "left_numerator")


def wilson(n: int, of: int) -> tuple[float, float] | None:
    """The 95 per cent interval of a share in the population, from a sample
    (Wilson 1927)."""
    if of == 0:
        return None
    share = n / of
    centre = share + Z * Z / (2 * of)
    reach = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    return (max(0.0, (centre - reach) / whole),
            min(1.0, (centre + reach) / whole))


@dataclass
class Scan:
    """One moment of the series."""
    file: str
    started: int
    list: str
    domains: int
    complete: bool

    @property
    def day(self) -> str:
        """When it began."""
        if not self.started:
            return "no date"
        return datetime.fromtimestamp(
            self.started / 1000, timezone.utc).strftime("%Y-%m-%d")


@dataclass(frozen=True)
class Point:
    """One number of one scan."""
    numerator: int
    denominator: int | None
    inconclusive: int | None

    @property
    def share(self) -> float | None:
        """A share of nothing does not exist."""
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class Step:
    """The domains that the lists of two scans in a row both have."""
    old: Point
    new: Point

    @property
    def change(self) -> float | None:
        """By how much their share moved."""
        if self.old.share is None or self.new.share is None:
            return None
        return self.new.share - self.old.share


@dataclass
class Series:
    """A row over all scans."""
    table: str
    section: str
    item: str
    label: str
    points: list[Point]
    steps: list[Step]

    def churn(self, n: int) -> float | None:
        """What the list did to the share between scan n and the next."""
        shares = self.points[n].share, self.points[n + 1].share
        change = self.steps[n].change
        if shares[0] is None or shares[1] is None or change is None:
            return None
        return shares[1] - shares[0] - change

    def moved(self) -> tuple[float | None, float | None]:
        """Change and churn over all steps that can be told."""
        told = [(change, churn) for n, step in enumerate(self.steps)
                if (change := step.change) is not None
                and (churn := self.churn(n)) is not None]
        if not told:
            return None, None
        return sum(row[0] for row in told), sum(row[1] for row in told)


@dataclass
class Trend:
    """Everything that is printed."""
    scans: list[Scan]
    # names that joined and left between each scan and the next
    lists: list[tuple[int, int]]
    series: list[Series]
    sample: bool
    warnings: list[str]


def step_values(row: Series, n: int) -> dict[str, Any]:
    """How the row came from scan n - 1 to scan n."""
    if n == 0:
        return dict.fromkeys(COLUMNS[-5:])
    step = row.steps[n - 1]
    return {"change": step.change, "churn": row.churn(n - 1),
            "change_numerator": step.new.numerator - step.old.numerator,
            "joined_numerator": row.points[n].numerator - step.new.numerator,
            "left_numerator":
                row.points[n - 1].numerator - step.old.numerator}


def values(trend: Trend, row: Series, n: int) -> dict[str, Any]:
    """One number with what is needed to judge it."""
    one = row.points[n]
    interval = wilson(one.numerator, one.denominator or 0) if (
        trend.sample) else None
    return {"numerator": one.numerator, "denominator": one.denominator,
            "share": one.share, "inconclusive": one.inconclusive,
            "low": interval[0] if interval else None,
            "high": interval[1] if interval else None,
            **step_values(row, n)}


def write_csv(trend: Trend, out: TextIO) -> None:
    """One line a row and scan."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in trend.series:
        for n, scan in enumerate(trend.scans):
            writer.writerow({
                "scan": n + 1, "file": scan.file, "started": scan.started,
                "domains": scan.domains, "table": row.table,
                "section": row.section, "item": row.item,
                **values(trend, row, n)})


def write_json(trend: Trend, out: TextIO) -> None:
    """One object; `points` of a row in the order of `scans`."""
    json.dump({
        "format": FORMAT, "sample": trend.sample, "warnings": trend.warnings,
        "scans": [{"file": scan.file, "started": scan.started or None,
                   "list": scan.list, "domains": scan.domains,
                   "complete": scan.complete,
                   "joined": trend.lists[n - 1][0] if n else None,
                   "left": trend.lists[n - 1][1] if n else None}
                  for n, scan in enumerate(trend.scans)],
        "rows": [{"table": row.table, "section": row.section,
                  "item": row.item, "label": row.label,
                  "points": [values(trend, row, n)
                             for n in range(len(trend.scans))]}
                 for row in trend.series],
    }, out, indent=1, ensure_ascii=False)
    out.write("\n")


def curve(shares: Sequence[float | None], fancy: bool) -> str:
    """Shares as bars between the lowest and the highest of them."""
    if len(shares) > CURVE:
        shares = [shares[round(n * (len(shares) - 1) / (CURVE - 1))]
                  for n in range(CURVE)]
    known = [share for share in shares if share is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    bars = BARS if fancy else ASCII_BARS
    drawn = ""
    for share in shares:
        if share is None:
            drawn += " "
        elif high == low:
            drawn += bars[0 if high == 0 else 3]
        else:
            drawn += bars[round((share - low) / (high - low) * 7)]
    return drawn


def points(value: float | None) -> str:
    """A difference of shares, in percentage points with a sign."""
    if value is None:
        return "–"
    if abs(value) < 0.00005:
        return "0" if value == 0 else f"{'+' if value > 0 else '-'}<.01"
    return f"{value * 100:+.2f}"


def introduction(trend: Trend) -> list[str]:
    """Which scans, and what their lists have in common."""
    lines = []
    for n, scan in enumerate(trend.scans):
        line = f"{scan.day} {scan.file}: {scan.domains:,} domains"
        if n:
            joined, left = trend.lists[n - 1]
            line += f", {joined:,} joined, {left:,} left"
        lines.append(line + ("" if scan.complete else ", unfinished"))
    return lines


def title(table: str) -> str:
    """The name of a table; that of a history is its section's."""
    return TABLES.get(table, table.capitalize())


def ends(trend: Trend, row: Series) -> tuple[str, str]:
    """The first and the last share in words, the last with its interval."""
    last = row.points[-1]
    text = percent(last.share)
    if trend.sample:
        interval = wilson(last.numerator, last.denominator or 0)
        text = "–" if interval is None else (
            f"{percent(interval[0])}..{percent(interval[1])}")
    return percent(row.points[0].share), text


def write_text(trend: Trend, out: TextIO) -> None:
    """One line a row, for a terminal."""
    printer = Printer(out, out.isatty())
    for line in introduction(trend):
        printer.line(clipped(line, 1000))
    last = 14 if trend.sample else 6
    latest_head = "95 % of last" if trend.sample else "last %"
    label = LABEL + 6 - last
    for table, rows in groupby(trend.series, lambda row: row.table):
        printer.line()
        printer.heading(title(table), f"{'':{label + 2}} {'':{CURVE}} "
                        f"{'first':>6} {latest_head:>{last}} "
                        f"{'change':>7} {'churn':>7}")
        for section, members in groupby(rows, lambda row: row.section):
            printer.line(section)
            for row in members:
                change, churn = row.moved()
                first, latest = ends(trend, row)
                drawn = curve([one.share for one in row.points],
                              printer.fancy)
                printer.line(
                    f"  {clipped(row.label, label):{label}} "
                    f"{drawn:{CURVE}} {first:>6} {latest:>{last}} "
                    f"{points(change):>7} {points(churn):>7}")


def write_markdown(trend: Trend, out: TextIO) -> None:
    """The shares of all scans, for a page or an issue."""
    out.write("# mxcensus trend\n\n")
    for line in introduction(trend):
        out.write(f"- {escaped(line)}\n")
    days = " | ".join(scan.day for scan in trend.scans)
    for table, rows in groupby(trend.series, lambda row: row.table):
        out.write(f"\n## {title(table)}\n\n| | {days} | change | churn |\n"
                  f"|---|{'---:|' * (len(trend.scans) + 2)}\n")
        for row in rows:
            change, churn = row.moved()
            shares = " | ".join(percent(one.share) for one in row.points)
            out.write(f"| {escaped(row.section)}: {escaped(row.label)} "
                      f"| {shares} | {points(change)} | {points(churn)} |\n")
