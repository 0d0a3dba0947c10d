# SPDX-License-Identifier: Apache-2.0
"""Files of records made by hand, and the program that reads them."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import msgpack
import zstandard

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
MXCENSUS = os.environ.get("MXCENSUS", str(BUILD / "mxcensus"))
GOLDEN = ROOT / "tests" / "golden"
Record = dict[str, Any]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    """The program, to its end."""
    return subprocess.run([MXCENSUS, *map(str, arguments)], timeout=60,
                          capture_output=True, check=False)


def json_lines(text: bytes) -> list[Record]:
    """Every line parsed."""
    return [json.loads(line) for line in text.splitlines()]


def frame(*records: Record) -> bytes:
    """One frame of records as another writer would make it."""
    packed = b"".join(msgpack.packb(record) for record in records)
    return zstandard.ZstdCompressor(write_checksum=True).compress(packed)


def stored(path: Path) -> list[Record]:
    """The records of a file, read without the program."""
    with path.open("rb") as file:
        plain = zstandard.ZstdDecompressor().stream_reader(
            file, read_across_frames=True).read()
    unpacker = msgpack.Unpacker()
    unpacker.feed(plain)
    return list(unpacker)
