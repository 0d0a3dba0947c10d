# SPDX-License-Identifier: Apache-2.0
"""summarize FILE...: adoption and misconfiguration tables of a scan.

Several files are read as parts (shards) of one scan and counted together.
"""

import argparse
import os
import sys

from mxcensus_scripts import program, store, tables, text, trouble

GROUPS = ("tld", "rank", "operator")
FORMATS = ("text", "markdown", "csv", "json")


class Parser(argparse.ArgumentParser):
    """Usage errors in one line, with the exit status of the program."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise trouble.Trouble(f"{message}; see --help")


def positive(value: str) -> int:
    """A number of at least one."""
    if not value.isdigit() or not 0 < int(value) < 1 << 53:
        raise argparse.ArgumentTypeError(f"{value!r} is no positive number")
    return int(value)


def group_keys(value: str) -> list[str]:
    """The comma-separated list of --by, each key once."""
    keys = list(dict.fromkeys(value.split(",")))
    for key in keys:
        if key not in GROUPS:
            raise argparse.ArgumentTypeError(
                f"{key!r} is none of {', '.join(GROUPS)}")
    return keys


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = Parser(
        prog="summarize", description="Adoption and misconfiguration tables "
        "of a scan. Several files count as the parts of one scan.")
    parser.add_argument("files", nargs="+", metavar="FILE",
                        help="a .mxc file")
    parser.add_argument("--by", type=group_keys, default=[], metavar="KEYS",
                        help="also by group: " + ", ".join(GROUPS)
                        + " (comma-separated)")
    parser.add_argument("--format", choices=FORMATS, default="text",
                        help="default: text")
    parser.add_argument("--top", type=positive, metavar="N",
                        help="the largest groups to show, the others as one; "
                        "ranks are all shown (default: 20, in csv and json "
                        "1000)")
    parser.add_argument("--rank-bin", type=positive, metavar="N",
                        help="ranks in one group of --by rank (default: a "
                        "power of ten that makes at most ten groups)")
    parser.add_argument("--mxcensus", metavar="PATH",
                        help="the program that reads FILE (default: "
                        "$MXCENSUS, the one beside the scripts, PATH)")
    return parser.parse_args(arguments)


def check_readable(files: list[str]) -> None:
    """Say which file is missing before any work is done."""
    for file in files:
        if os.path.isdir(file):
            raise trouble.Trouble(f"{file}: is a folder; name a .mxc file")
        try:
            with open(file, "rb"):
                pass
        except OSError as error:
            raise trouble.Trouble(f"{file}: cannot read: {error.strerror}"
                                  ) from error
    same = len(files) - len({os.path.realpath(file) for file in files})
    if same:
        raise trouble.Trouble("the same file is named twice")


def shown_groups(chosen: argparse.Namespace, key: str) -> int:
    """How many groups are shown one by one.  Ranks have a width instead."""
    if key == "rank":
        return 1 << 31
    if chosen.top is not None:
        return chosen.top
    return 20 if chosen.format in ("text", "markdown") else 1000


def summarize(chosen: argparse.Namespace) -> tables.Summary:
    """Load, measure, count."""
    reader = program.Program(program.find(chosen.mxcensus))
    with store.opened(reader, chosen.files) as (records, scans):
        summary = tables.Summary(scans)
        severities = reader.severities()
        if not severities:
            summary.warnings.append("mxcensus schema names no findings; "
                                    "severities are missing")
        repeated = records.repeated_lines() if len(scans) > 1 else 0
        if repeated:
            summary.warnings.append(
                f"{repeated:,} input lines have a record in several files; "
                "these are not parts of one scan and count more than once")
        records.measure(severities, chosen.rank_bin)
        for table in tables.TABLES:
            rows = (records.adoption("everything").get("all", [])
                    if table == "adoption" else records.rows(table))
            summary.tables[table] = [tables.Row(**row) for row in rows]
        for key in chosen.by:
            groups = records.adoption(key, shown_groups(chosen, key))
            summary.by[key] = tables.in_order(key, {
                group: [tables.Row(**row) for row in rows]
                for group, rows in groups.items()})
    return summary


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    check_readable(chosen.files)
    summary = summarize(chosen)
    for scan in summary.scans:
        if not scan.complete:
            summary.warnings.append(f"{scan.file}: has no end record; the "
                                    "scan is unfinished")
    for warning in summary.warnings:
        print(f"summarize: warning: {warning}", file=sys.stderr)
    if chosen.format == "csv":
        tables.write_csv(summary, sys.stdout)
    elif chosen.format == "json":
        tables.write_json(summary, sys.stdout)
    elif chosen.format == "markdown":
        text.write_markdown(summary, sys.stdout)
    else:
        text.write_text(summary, sys.stdout)


if __name__ == "__main__":
    trouble.run("summarize", main)
