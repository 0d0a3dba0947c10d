# SPDX-License-Identifier: Apache-2.0
"""What a report says of earlier scans: events and transitions since the last
of them, as `diff` counts them, and a line through all of them.
"""

import argparse
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mxcensus_scripts import command, report_figures, store
from mxcensus_scripts.program import Program
from mxcensus_scripts.trouble import Trouble

# Operators and providers named for an event.
BY = 3


def compared(reader: Program | None, old: str, chosen: argparse.Namespace
             ) -> dict[str, Any] | None:
    """Events and transitions between two scans; none where these scripts
    come without `diff`."""
    if find_spec("mxcensus_scripts.changes") is None:
        return None
    events = import_module("mxcensus_scripts.changes")
    diff = import_module("mxcensus_scripts.diff")
    with store.opened(reader, [old, chosen.input], events.NEEDS,
                      scans=store.GIVEN,
                      progress=command.progress(chosen)) as records:
        inputs = diff.two(records)
        events.find(records, reader, set(events.EVENTS))
        head = diff.header(diff.compare(records, argparse.Namespace(
            format="json", domains=0), inputs))
        counts = []
        for row in head["counts"]:
            names = [one["domain"] for one in events.each(
                records, row["event"], chosen.examples)
                ] if chosen.examples else []
            by = [one for one in row["by"][:BY] if chosen.examples
                  or one["events"] >= report_figures.LEAST_OPERATOR]
            counts.append(row | {"by": by, "names": names})
    return {"old": head["old"], "domains": head["domains"],
            "warnings": head["warnings"], "counts": counts,
            "regressions": head["regressions"],
            "matrices": {name: head["matrices"][name]
                         for name in ("verdict", "verdict_dane")
                         if name in head["matrices"]}}


def changes(reader: Program | None, told: dict[str, Any],
            chosen: argparse.Namespace) -> dict[str, Any]:
    """The members that earlier scans add to a report."""
    points = []
    for path in chosen.old:
        point = report_figures.of_scan(reader, path,
                                       command.progress(chosen))
        if point["scans"] != 1:
            raise Trouble(f"{path}: stands for {point['scans']} scans; a "
                          "report takes one scan an input")
        points.append(point | {"path": path})
    points.sort(key=lambda point: point["started"] or 0)
    newest = told["head"]["started"]
    warnings = [f"{point['file']}: is not older than {chosen.input}; is the "
                "order right?" for point in points
                if newest and (point["started"] or 0) >= newest]
    warnings += [f"{point['file']}: has no end record; the scan is unfinished"
                 for point in points if not point["complete"]]
    difference = compared(reader, points[-1]["path"], chosen)
    if difference is not None:
        warnings += [warning for warning in difference.pop("warnings")
                     if "no end record" not in warning
                     and "is older than" not in warning]
    trend = [{"started": point["started"], "items": point["items"]}
             for point in points]
    trend.append({"started": newest, "items": {
        row[1]: row[3:] for row in told["adoption"]}})
    return {"warnings": told["warnings"] + warnings, "changes": difference,
            "trend": trend}
