# SPDX-License-Identifier: Apache-2.0
"""Records of a scan, read through `mxcensus cat`.

The lab looks at a file as any other reader would: by the program's JSON
lines, one at a time, so that a large scan fits into little memory.
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Iterator

from mxlab.errors import LabError

ROOT = Path(__file__).resolve().parents[3]


def program(given: str | None) -> str:
    """The mxcensus to run: option, environment, or the build tree's."""
    path = given or os.environ.get("MXCENSUS") \
        or str(ROOT / "build" / "mxcensus")
    found = shutil.which(path)
    if found is None:
        raise LabError(f"{path}: no such program; build it with make, or "
                       "name it with --mxcensus or MXCENSUS")
    return found


def schema(given: str | None) -> dict[str, Any]:
    """What the program says of its records and options."""
    said = subprocess.run([program(given), "schema"], check=True,
                          stdout=subprocess.PIPE).stdout
    return json.loads(said)


def read(file: Path, given: str | None,
         only: str | None = None) -> Iterator[dict[str, Any]]:
    """Every record of a file, or those of one type."""
    if not file.is_file():
        raise LabError(f"{file}: no such file; what did the scan write?")
    command = [program(given), "cat", *(["--type", only] if only else []),
               str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        for number, raw in enumerate(reader.stdout, 1):
            try:
                record = json.loads(raw)
            except ValueError as why:
                reader.kill()
                raise LabError(f"{file}: line {number} of `mxcensus cat` is "
                               f"not JSON ({why})") from None
            if isinstance(record, dict):
                yield record
    if reader.returncode != 0:
        raise LabError(f"{file}: `mxcensus cat` ended with status "
                       f"{reader.returncode}")
