# SPDX-License-Identifier: Apache-2.0
"""The mxcensus program as seen from the scripts: where it is, and its records
as JSON lines.  The scripts never parse a .mxc file themselves.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from mxcensus_scripts.schema import Schema
from mxcensus_scripts.trouble import OURS, Trouble, one_line

# scripts/ of a checkout, PREFIX/lib/mxcensus/scripts of an installed copy
HOME = Path(__file__).resolve().parent.parent
BLOCK = 1 << 20
# How much JSON is put in one temporary file (there are two of a kind).
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


def kind_of(line: bytes) -> str:
    """The type of a record; the program prints it first."""
    if line.startswith(b'{"type":"'):
        return line[9:line.find(b'"', 9)].decode(errors="replace")
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    return str(record.get("type")) if isinstance(record, dict) else ""


@dataclass
class Pile:
    """The lines of one kind on their way into files, used in turns."""
    kind: str
    folder: Path
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    turn: int = 0

    def write(self) -> "Chunk":
        """Put what has gathered in a file."""
        path = self.folder / f"{self.kind}-{self.turn}.jsonl"
        with open(path, "wb") as out:
            out.writelines(self.lines)
        chunk = Chunk(self.kind, path, len(self.lines))
        self.lines, self.size, self.turn = [], 0, 1 - self.turn
        return chunk


@dataclass(frozen=True)
class Chunk:
    """A file of whole JSON lines of one kind."""
    kind: str
    path: Path
    n: int


class Dealer:
    """Deals the lines of a mixed stream out to files by kind."""

    def __init__(self, stream: IO[bytes], kinds: Sequence[str], folder: Path,
                 name: str) -> None:
        self.stream, self.name = stream, name
        self.piles = {kind: Pile(kind, folder) for kind in kinds}
        self.rest = b""
        self.is_over = False

    def _read(self) -> None:
        """Another block of the stream, cut at its last line break."""
        block = self.stream.read(BLOCK)
        cut = block.rfind(b"\n") + 1
        if not block:
            self.is_over = True
            lines, self.rest = [self.rest] if self.rest else [], b""
        else:
            whole = self.rest + block[:cut] if cut else b""
            # bytes.splitlines() breaks at \n and \r, and JSON has no bare \r
            lines = whole.splitlines(keepends=True)
            self.rest = block[cut:] if cut else self.rest + block
        if len(self.rest) > MAX_LINE:
            raise Trouble(f"{self.name}: mxcensus cat printed a line of more "
                          f"than {MAX_LINE >> 20} MiB", OURS)
        for line in lines:
            pile = self.piles.get(kind_of(line))
            if pile is None:
                raise Trouble(f"{self.name}: mxcensus cat printed a line that"
                              " is no record asked for", OURS)
            pile.lines.append(line)
            pile.size += len(line)

    def next(self) -> Chunk | None:
        """The next full file, at the end what is left, then none."""
        while True:
            for pile in self.piles.values():
                if pile.size >= CHUNK or (self.is_over and pile.lines):
                    return pile.write()
            if self.is_over:
                return None
            self._read()


class Program:
    """Runs the program's reading subcommands."""

    def __init__(self, path: str) -> None:
        self.path = path

    @contextmanager
    def records(self, file: str, kinds: Sequence[str], whole: bool = True
                ) -> Iterator[IO[bytes]]:
        """Standard output of `mxcensus cat --type KINDS FILE`; a bad end of
        the program is an error however much it printed before, unless less
        than the whole is wanted."""
        with tempfile.TemporaryFile() as talk:
            try:
                process = subprocess.Popen(
                    [self.path, "cat", "--type", ",".join(kinds),
                     named(file)],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=talk)
            except OSError as error:
                raise Trouble(f"{self.path}: cannot run: {error.strerror}"
                              ) from error
            assert process.stdout is not None
            try:
                yield process.stdout
                status = process.wait() if whole else 0
            finally:
                process.kill()
                process.stdout.close()
                process.wait()
            if status != 0:
                talk.seek(0)
                said = one_line(talk.read(4096).decode(errors="replace"))
                raise Trouble(f"{file}: mxcensus cat ended with status "
                              f"{status}: {said}")

    def feed(self, file: str, kinds: Sequence[str], scratch: Path,
             load: Callable[[Chunk], None]) -> None:
        """Call `load` with files of whole JSON lines, each of one kind and in
        the order of the records, until all records of these kinds have
        passed.

        The database reads from seekable files only with bounded memory (it
        keeps whatever came through a pipe), hence the detour.  While one
        chunk loads, a thread fills the next; a kind has two files, which are
        overwritten in turns.
        """
        # Left in reverse: a failure kills the program, so the thread ends.
        with (ThreadPoolExecutor(max_workers=1) as pump,
              self.records(file, kinds) as stream):
            dealer = Dealer(stream, kinds, scratch, file)
            filling = pump.submit(dealer.next)
            while (chunk := filling.result()) is not None:
                filling = pump.submit(dealer.next)
                load(chunk)
        for kind in kinds:
            for turn in (0, 1):
                (scratch / f"{kind}-{turn}.jsonl").unlink(missing_ok=True)

    def head(self, file: str) -> dict[str, Any]:
        """The `scan` record, which comes first; empty where there is none."""
        with self.records(file, ["scan"], whole=False) as stream:
            line = stream.readline(MAX_LINE)
        if not line:
            # there is none, or the program says why it cannot be read
            with self.records(file, ["scan"]) as stream:
                line = stream.read(MAX_LINE)
        try:
            record = json.loads(line) if line else {}
        except ValueError as error:
            raise Trouble(f"{file}: mxcensus cat printed no JSON: {error}",
                          OURS) from error
        return record if isinstance(record, dict) else {}

    def schema(self) -> Schema:
        """What `mxcensus schema` says."""
        try:
            printed = subprocess.run(
                [self.path, "schema"], stdin=subprocess.DEVNULL, check=True,
                capture_output=True, timeout=60).stdout
            said = json.loads(printed)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise Trouble(f"{self.path} schema: {one_line(str(error))}"
                          ) from error
        return Schema(said, f"{self.path} schema")


def named(file: str) -> str:
    """A file name that is no option."""
    return f"./{file}" if file.startswith("-") else file
