# SPDX-License-Identifier: Apache-2.0
"""export INPUT... -o DIR: the records of scans as Parquet tables (or JSON
lines), one table a record type, for publishing and for other tools.

Everything is written to a hidden folder inside DIR first, so that DIR never
holds half a table.
"""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from mxcensus_scripts import command, publish, redact, store, trouble
from mxcensus_scripts.inputs import Input, table_name
from mxcensus_scripts.program import Chunk, Program
from mxcensus_scripts.schema import ALL, Field, Schema, literal, quoted
from mxcensus_scripts.store import Store
from mxcensus_scripts.trouble import Trouble

# Certificates and host records are large; two groups are in memory at once.
GROUP_ROWS = {"domain": 122_880}
GROUP_ROWS_ELSE = 40_960


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "export", "Writes the records of scans as tables, one a record type. "
        "Several inputs are the parts of one scan, or with --partition "
        "scans of several days.")
    parser.add_argument("-o", "--output", required=True, metavar="DIR",
                        help="the folder to write to")
    parser.add_argument("--format", choices=("parquet", "jsonl"),
                        default="parquet", help="default: parquet; jsonl has "
                        "the lines of `mxcensus cat` and needs .mxc files")
    parser.add_argument("--types", type=lambda text: text.split(","),
                        metavar="TYPES", help="only these record types, with "
                        "commas (default: all)")
    parser.add_argument("--partition", action="store_true",
                        help="DIR/TYPE/date=YYYY-MM-DD/part-N.parquet, by "
                        "the day (UTC) on which each scan began")
    parser.add_argument("--publish", action="store_true",
                        help="a folder to put online: mailboxes redacted, "
                        "with README.md and SHA256SUMS")
    parser.add_argument("--keep-mailboxes", action="store_true",
                        help="publish the mailboxes of rua fields as they are")
    parser.add_argument("--force", action="store_true",
                        help="replace tables that are there")
    return parser.parse_args(arguments)


def check_types(schema: Schema, wanted: list[str] | None) -> list[str]:
    """The record types to write, in the order of the schema."""
    for kind in wanted or ():
        if kind not in schema.kinds:
            raise Trouble(f"--types: {kind!r} is none of "
                          f"{', '.join(schema.kinds)}")
    return [kind for kind in schema.kinds if not wanted or kind in wanted]


def place(kind: str, one: Input | None, form: str, part: int) -> Path:
    """Where a table goes below DIR; `one` if it is a partition."""
    if one is None:
        return Path(f"{kind}.{form}")
    if not one.started:
        raise Trouble(f"{one.name}: has no scan record with a time; it "
                      "cannot be partitioned by date")
    day = datetime.fromtimestamp(one.started / 1000, timezone.utc)
    return Path(kind, f"date={day:%Y-%m-%d}", f"part-{part}.{form}")


def part_numbers(inputs: list[Input]) -> dict[int, int]:
    """Of each input, which part of its day it is, from 1."""
    seen: dict[Path, int] = {}
    numbers = {}
    for one in inputs:
        day = place("domain", one, "", 0).parent
        seen[day] = numbers[one.number] = seen.get(day, 0) + 1
    return numbers


def cell(schema: Schema, field: Field, value: str) -> str | None:
    """A column without mailboxes as SQL; none if it can have none."""
    if field.type == "MAPS" or not field.sub or field.type != "MAP":
        return None
    changes = {}
    for member in schema.objects.get(field.sub, []):
        inner = f"{value}.{quoted(member.name)}"
        if field.sub in redact.OBJECTS and member.name in redact.TEXTS:
            changes[member.name] = f"redacted_texts({inner})"
        elif field.sub in redact.OBJECTS and member.name == redact.PARTS:
            changes[member.name] = f"redacted_parts({inner})"
        elif (below := cell(schema, member, inner)) is not None:
            changes[member.name] = below
    if not changes:
        return None
    members = ", ".join(
        f"{quoted(member.name)} := "
        + changes.get(member.name, f"{value}.{quoted(member.name)}")
        for member in schema.objects[field.sub])
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({members}) END"


def query(records: Store, kind: str, clean: bool, one: Input | None) -> str:
    """The rows of a table as they are written."""
    cells = []
    for field in records.schema.objects[kind]:
        name = quoted(field.name)
        changed = cell(records.schema, field, name) if clean else None
        cells.append(f"{changed} AS {name}" if changed else name)
    where = f" WHERE file = {one.number}" if one else ""
    return f"SELECT {', '.join(cells)} FROM {table_name(kind)}{where}"


def write_parquet(records: Store, kinds: list[str], folder: Path,
                  chosen: argparse.Namespace) -> None:
    """All tables out of the database."""
    clean = chosen.publish and not chosen.keep_mailboxes
    if clean:
        records.db.execute(redact.macros())
    wholes: list[Input | None] = [None]
    if chosen.partition:
        wholes = list(records.inputs)
        parts = part_numbers(records.inputs)
    for kind in kinds:
        for one in wholes:
            file = folder / place(kind, one, "parquet",
                                  parts[one.number] if one else 0)
            file.parent.mkdir(parents=True, exist_ok=True)
            rows = GROUP_ROWS.get(kind, GROUP_ROWS_ELSE)
            records.db.execute(
                f"COPY ({query(records, kind, clean, one)}) TO "
                f"{literal(str(file))} (FORMAT parquet, COMPRESSION zstd, "
                f"ROW_GROUP_SIZE {rows})")


def check_parts(records: Store) -> None:
    """Two scans in one table could not be told apart."""
    repeated = records.repeated_lines() if len(records.inputs) > 1 else 0
    if repeated:
        raise Trouble(f"{repeated:,} input lines have a record in several "
                      "inputs: these are not parts of one scan; export each "
                      "by itself, or with --partition")


def check_heads(records: Store) -> None:
    """An empty file would make tables that say nothing was found."""
    for one in records.inputs:
        if not one.head:
            raise Trouble(f"{one.name}: has no scan record, so it is no scan "
                          "or was never begun")


def write_lines(reader: Program, inputs: list[Input], kinds: list[str],
                folder: Path, chosen: argparse.Namespace) -> None:
    """The lines of `mxcensus cat`, by record type."""
    clean = chosen.publish and not chosen.keep_mailboxes
    progress = command.progress(chosen)
    parts = part_numbers(inputs) if chosen.partition else {}
    for one in inputs:
        def append(chunk: Chunk, one: Input = one) -> None:
            file = folder / place(
                chunk.kind, one if chosen.partition else None, "jsonl",
                parts.get(one.number, 0))
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(chunk.path, "rb") as lines, open(file, "ab") as out:
                if clean:
                    out.writelines(map(redact.line, lines))
                else:
                    shutil.copyfileobj(lines, out)
            progress.add(chunk.kind, chunk.n)
        progress.start(one.name)
        with tempfile.TemporaryDirectory(prefix="mxcensus-") as scratch:
            reader.feed(one.path, kinds, Path(scratch), append)
    progress.clear()


@contextmanager
def staging(output: Path) -> Iterator[Path]:
    """A hidden folder in the output; nothing is left if the work fails."""
    is_ours = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=output, prefix=".export-"
                                         ) as folder:
            yield Path(folder)
    finally:
        if is_ours and not any(output.iterdir()):
            output.rmdir()


def check_output(output: Path, chosen: argparse.Namespace) -> None:
    """Nothing is overwritten that the user has not said may be."""
    if output.exists() and not output.is_dir():
        raise Trouble(f"{output}: is there and no folder")
    if not output.is_dir():
        return
    flat = sorted(output.glob(f"*.{chosen.format}"))
    parted = sorted(output.glob("*/date=*"))
    if flat and chosen.partition or parted and not chosen.partition:
        raise Trouble(f"{output}: holds an export of the other shape (with "
                      "and without --partition); choose another folder")
    if flat and not chosen.force:
        raise Trouble(f"{flat[0]}: is there; choose another folder, or "
                      "--force to replace it")


def move(folder: Path, output: Path, force: bool) -> None:
    """Put the finished tables in their place."""
    made = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    days = {file.relative_to(folder).parent for file in made} - {Path()}
    for day in sorted(days):
        if (output / day).exists() and not force:
            raise Trouble(f"{output / day}: is there; choose another folder, "
                          "or --force to replace it")
    for day in days:
        shutil.rmtree(output / day, ignore_errors=True)
        (output / day).mkdir(parents=True)
    for file in made:
        os.replace(file, output / file.relative_to(folder))


def export(chosen: argparse.Namespace) -> None:
    """Read, write, describe."""
    reader = command.reader(chosen.mxcensus, chosen.inputs)
    output = Path(chosen.output)
    check_output(output, chosen)
    schema = store.schema_of(reader, chosen.inputs)
    kinds = check_types(schema, chosen.types)
    if chosen.format == "jsonl" and any(
            os.path.isdir(path) for path in chosen.inputs):
        raise Trouble("--format jsonl is made from .mxc files, not from "
                      "folders")
    needed = kinds
    if chosen.format == "jsonl":
        needed = []
    elif "domain" not in kinds and not chosen.partition:
        needed = [*kinds, "domain"]
    with (staging(output) as folder,
          store.opened(reader, chosen.inputs,
                       {kind: ALL for kind in needed},
                       progress=command.progress(chosen)) as records):
        check_heads(records)
        if chosen.format == "jsonl":
            assert reader is not None
            write_lines(reader, records.inputs, kinds, folder, chosen)
        else:
            if not chosen.partition:
                check_parts(records)
            write_parquet(records, kinds, folder, chosen)
        publish.write_schema(schema, folder)
        page = publish.page(records, kinds, chosen)
        move(folder, output, chosen.force)
    if chosen.publish:
        publish.finish(output, page)


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    command.check_inputs(chosen.inputs)
    export(chosen)


if __name__ == "__main__":
    trouble.run("export", main)
