#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds output/SCHEMA.md to the tables of the program.

The parts of SCHEMA.md between `<!-- table NAME -->` and `<!-- end -->` are
made from `mxcensus schema`, which prints the tables that the encoder itself
is made from; a part that differs is a failure.  `--write` brings them up to
date.  The program is $MXCENSUS, else build/mxcensus.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "output" / "SCHEMA.md"
PART = re.compile(r"(<!-- table ([a-z_]+) -->\n)(.*?)(<!-- end -->)", re.S)
RECORDS = ("scan", "domain", "mx", "cert", "end", "session")
TYPES = {
    "STR": "text", "BIN": "bytes", "UINT": "number", "INT": "number",
    "BOOL": "true, false", "TIME": "ms since 1970",
    "SECONDS": "s since 1970", "WORD": "word", "MAP": "map",
    "COUNTS": "word to number", "STRS": "list of text",
    "BINS": "list of bytes", "WORDS": "list of words",
    "MAPS": "list of maps", "STRLISTS": "list of lists of text",
}
Row = dict[str, Any]


def cell(text: str) -> str:
    """Text that Markdown neither splits nor formats."""
    return re.sub(r"([|<>*_`\\])", r"\\\1", text)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def field_type(row: Row) -> str:
    """What a field holds, with a link to the map or the set of words."""
    text = TYPES[row["type"]]
    if row["type"] in ("MAP", "MAPS"):
        text += f" [{row['sub']}](#{row['sub']})"
    elif row["type"] in ("WORD", "WORDS"):
        text += f" of [{row['sub']}](#words-{row['sub']})"
    return text


def fields(schema: Row, wanted: Callable[[str], bool]) -> str:
    """One heading and table for each object."""
    parts = []
    objects = dict.fromkeys(row["object"] for row in schema["fields"])
    for name in filter(wanted, objects):
        rows = [[f"`{row['name']}`", field_type(row),
                 cell(row["sentence"])
                 + ("" if row["stable"] else " *Volatile.*")]
                for row in schema["fields"] if row["object"] == name]
        parts.append(f"\n### {name}\n\n"
                     + table(["field", "holds", "meaning"], rows))
    return "".join(parts) + "\n"


def records(schema: Row) -> str:
    """The record types."""
    return fields(schema, lambda name: name in RECORDS)


def maps(schema: Row) -> str:
    """The maps inside records."""
    return fields(schema, lambda name: name not in RECORDS)


def outcomes(schema: Row) -> str:
    """How attempts end."""
    rows = [[f"`{row['word']}`", row["layer"], row["class"],
             cell(row["sentence"])] for row in schema["outcomes"]]
    return ("\n### Words: outcome\n\n"
            + table(["word", "layer", "class", "meaning"], rows) + "\n")


def words(schema: Row) -> str:
    """The closed sets of words that fields name."""
    used = {row["sub"] for row in schema["fields"]
            if row["type"] in ("WORD", "WORDS")}
    parts = []
    for name in dict.fromkeys(row["set"] for row in schema["vocabulary"]):
        if name not in used:
            continue
        rows = [[f"`{row['word']}`", cell(row["sentence"])]
                for row in schema["vocabulary"] if row["set"] == name]
        parts.append(f"\n### Words: {name}\n\n"
                     + table(["word", "meaning"], rows))
    return "".join(parts) + "\n"


def findings(schema: Row) -> str:
    """The catalogue of findings."""
    rows = [[f"`{row['code']}`", row["severity"],
             f"{row['rfc']} {row['section']}", cell(row["sentence"])]
            for row in schema["findings"]]
    return "\n" + table(["code", "severity", "rule", "meaning"], rows) + "\n"


MAKERS: dict[str, Callable[[Row], str]] = {
    "records": records, "maps": maps, "outcomes": outcomes, "words": words,
    "findings": findings,
}


def dangling(text: str) -> list[str]:
    """Links to headings that are not there."""
    anchors = {re.sub(r"[^a-z0-9_ -]", "", line.lower()).replace(" ", "-")
               for line in re.findall(r"^#+ (.*)$", text, re.M)}
    return [link for link in re.findall(r"\]\(#([^)]*)\)", text)
            if link not in anchors]


def load(program: str) -> Row:
    """The tables as the program prints them."""
    try:
        done = subprocess.run([program, "schema"], stdout=subprocess.PIPE,
                              check=True, timeout=60)
        schema: Row = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        sys.exit(f"schema_lint: {program} schema: {error}; build it first")
    return schema


def main() -> int:
    """Compare, or bring up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true",
                        help="bring SCHEMA.md up to date")
    arguments = parser.parse_args()
    schema = load(os.environ.get("MXCENSUS", str(ROOT / "build/mxcensus")))
    text = SCHEMA.read_text(encoding="utf-8")
    made = PART.sub(
        lambda m: m[1] + MAKERS[m[2]](schema) + m[4], text)
    if arguments.write:
        SCHEMA.write_text(made, encoding="utf-8")
        text = made
    failed = [f"table {old[2]} differs; run tests/schema_lint.py --write"
              for old, new in zip(PART.finditer(text), PART.finditer(made))
              if old[3] != new[3]]
    there = [m[2] for m in PART.finditer(text)]
    failed += [f"table {name} is missing" for name in MAKERS
               if name not in there]
    failed += [f"link to #{link} leads nowhere" for link in dangling(text)]
    if f"format {schema['format']}" not in text:
        failed.append(f"format {schema['format']} is not described")
    for fault in failed:
        print(f"output/SCHEMA.md: {fault}")
    checks = len(MAKERS) * 2 + len(re.findall(r"\]\(#", text)) + 1
    print(f"{checks - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
