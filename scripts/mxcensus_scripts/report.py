# SPDX-License-Identifier: Apache-2.0
"""report INPUT [OLD...] -o PAGE.html: a scan as one page for people.

The page is one file that loads nothing.  Earlier scans add what has changed
since the last of them, and a line through all of them.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from mxcensus_scripts import (
    command, report_changes, report_domains, report_figures, report_page,
    store, trouble)
from mxcensus_scripts.inputs import Input
from mxcensus_scripts.store import Store
from mxcensus_scripts.trouble import Trouble

EXAMPLES = 5


def natural(value: str) -> int:
    """A number from 0."""
    return 0 if value == "0" else command.positive(value)


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "report", "A scan as one HTML page that loads nothing. Each input is "
        "a scan; INPUT is the one to tell of, OLD are earlier scans of the "
        "same list.", many=False)
    parser.add_argument("input", metavar="INPUT", help=command.INPUT_HELP)
    parser.add_argument("old", nargs="*", metavar="OLD",
                        help="earlier scans, in any order")
    parser.add_argument("-o", "--output", required=True, metavar="FILE",
                        help="the page to write, - for standard output; a "
                        "page that is there is replaced")
    parser.add_argument("--title", metavar="TEXT",
                        help="heading of the page")
    parser.add_argument("--domain", action="append", default=[],
                        metavar="NAME", help="tell of this domain in any "
                        "case, at #domain=NAME; may be repeated")
    parser.add_argument("--examples", type=natural, default=EXAMPLES,
                        metavar="N", help="domains to name for each finding "
                        f"(default: {EXAMPLES}); 0: the page names no domain "
                        "but those of --domain")
    return parser.parse_args(arguments)


def single(records: Store, path: str) -> Input:
    """The one scan that an input is."""
    if len(records.inputs) != 1:
        raise Trouble(f"{path}: stands for {len(records.inputs)} scans; a "
                      "report takes one scan an input")
    return records.inputs[0]


def tell(chosen: argparse.Namespace) -> dict[str, Any]:
    """All that the page says, but for what has changed."""
    reader = command.reader(chosen.mxcensus, [chosen.input, *chosen.old])
    with store.opened(reader, [chosen.input], report_figures.NEEDS,
                      progress=command.progress(chosen)) as records:
        one = single(records, chosen.input)
        told = report_figures.figures(records, reader, one,
                                      chosen.examples)
        told["domains"] = report_domains.domains(
            records, chosen.domain, bool(chosen.examples))
    told["title"] = chosen.title or "Mail transport security"
    if chosen.old:
        told |= report_changes.changes(reader, told, chosen)
    return told


def write(page: str, output: str) -> None:
    """Put the page in its place, whole or not at all."""
    if output == "-":
        sys.stdout.write(page)
        return
    target = Path(output)
    # A file of mkstemp() is for its owner alone; a page is made to be shown.
    mask = os.umask(0)
    os.umask(mask)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".report-",
                                    suffix=".html")
    try:
        with open(handle, "w", encoding="utf-8") as out:
            out.write(page)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    command.check_inputs([chosen.input, *chosen.old])
    if chosen.output != "-" and not Path(chosen.output).parent.is_dir():
        raise Trouble(f"{Path(chosen.output).parent}: no such folder")
    told = tell(chosen)
    for warning in told["warnings"]:
        print(f"report: warning: {warning}", file=sys.stderr)
    write(report_page.page(told), chosen.output)


if __name__ == "__main__":
    trouble.run("report", main)
