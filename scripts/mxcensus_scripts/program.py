# SPDX-License-Identifier: Apache-2.0
"""The mxcensus program as seen from the scripts: where it is, and its records
as JSON lines.  The scripts never parse a .mxc file themselves.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from mxcensus_scripts.trouble import OURS, Trouble, one_line

# scripts/ of a checkout, PREFIX/lib/mxcensus/scripts of an installed copy
HOME = Path(__file__).resolve().parent.parent
BLOCK = 1 << 20
# How much JSON is put in one temporary file (there are two at a time).
CHUNK = 64 << 20
# A record larger than this is no record (a policy body is capped at 64 KiB).
MAX_LINE = 16 << 20


def find(option: str | None) -> str:
    """The program to run: as told, else beside the scripts, else in PATH."""
    for told in (option, os.environ.get("MXCENSUS")):
        if told:
            path = shutil.which(told)
            if path is None:
                raise Trouble(f"{told}: no program there to read scans with; "
                              "correct --mxcensus or MXCENSUS")
            return path
    for beside in ("../build/mxcensus", "../../../bin/mxcensus"):
        path = shutil.which(HOME / beside)
        if path is not None:
            return path
    path = shutil.which("mxcensus")
    if path is None:
        raise Trouble("mxcensus not found; build it with make, or name it "
                      "with --mxcensus PATH")
    return path


class Program:
    """Runs the program's reading subcommands."""

    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def _records(self, file: str, kind: str) -> Iterator[IO[bytes]]:
        """Standard output of `mxcensus cat --type KIND FILE`; a bad end of
        the program is an error however much it printed before."""
        with tempfile.TemporaryFile() as talk:
            try:
                process = subprocess.Popen(
                    [self.path, "cat", "--type", kind, named(file)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=talk)
            except OSError as error:
                raise Trouble(f"{self.path}: cannot run: {error.strerror}"
                              ) from error
            assert process.stdout is not None
            try:
                yield process.stdout
                status = process.wait()
            finally:
                process.kill()
                process.stdout.close()
                process.wait()
            if status != 0:
                talk.seek(0)
                said = one_line(talk.read(4096).decode(errors="replace"))
                raise Trouble(f"{file}: mxcensus cat ended with status "
                              f"{status}: {said}")

    def feed(self, file: str, kind: str, scratch: Path,
             load: Callable[[str], None]) -> None:
        """Call `load` with files of whole JSON lines until all records of a
        kind have passed.

        The database reads from seekable files only with bounded memory (it
        keeps whatever came through a pipe), hence the detour.  While one chunk
        loads, a thread fills the other; each is overwritten in its turn.
        """
        chunks = [scratch / "chunk-0.jsonl", scratch / "chunk-1.jsonl"]
        # Left in reverse: a failure kills the program, so the thread ends.
        with (ThreadPoolExecutor(max_workers=1) as pump,
              self._records(file, kind) as records):
            rest: bytes | None = b""
            filling = pump.submit(fill, chunks[0], b"", records, file)
            while rest is not None:
                rest = filling.result()
                full = chunks[0]
                chunks.reverse()
                if rest is not None:
                    filling = pump.submit(fill, chunks[0], rest, records, file)
                load(str(full))
        for chunk in chunks:
            chunk.unlink(missing_ok=True)

    def first(self, file: str, kind: str) -> list[dict[str, Any]]:
        """All records of a rare kind (`scan`, `end`), parsed."""
        with self._records(file, kind) as records:
            lines = records.read(MAX_LINE).splitlines()
        try:
            parsed = [json.loads(line) for line in lines if line.strip()]
        except ValueError as error:
            raise Trouble(f"{file}: mxcensus cat printed no JSON: {error}",
                          OURS) from error
        return [record for record in parsed if isinstance(record, dict)
                and record.get("type") == kind]

    def severities(self) -> dict[str, str]:
        """Severity by finding code, out of `mxcensus schema`; empty where the
        program has no catalogue to show."""
        try:
            printed = subprocess.run(
                [self.path, "schema"], stdin=subprocess.DEVNULL, check=True,
                capture_output=True, timeout=60).stdout
            findings = json.loads(printed)["findings"]
            return {row["code"]: str(row["severity"]).lower()
                    for row in findings}
        except (OSError, subprocess.SubprocessError, ValueError, KeyError,
                TypeError):
            return {}


def named(file: str) -> str:
    """A file name that is no option."""
    return f"./{file}" if file.startswith("-") else file


def fill(chunk: Path, rest: bytes, records: IO[bytes], file: str
         ) -> bytes | None:
    """Write whole lines to the chunk file, beginning with `rest`; returns what
    follows the last line break, or None at the end of the records."""
    with open(chunk, "wb") as out:
        while out.tell() < CHUNK:
            block = records.read(BLOCK)
            if not block:
                out.write(rest)
                return None
            cut = block.rfind(b"\n") + 1
            if cut:
                out.write(rest)
                out.write(block[:cut])
                rest = block[cut:]
            else:
                rest += block
            if len(rest) > MAX_LINE:
                raise Trouble(f"{file}: mxcensus cat printed a line of more "
                              f"than {MAX_LINE >> 20} MiB", OURS)
    return rest
