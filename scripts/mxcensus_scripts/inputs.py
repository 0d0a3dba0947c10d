# SPDX-License-Identifier: Apache-2.0
"""What INPUT on a command line stands for: which files it consists of, which
scan it belongs to, and in which order scans came.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mxcensus_scripts.trouble import Trouble

# How inputs become scans: all are parts of one; each is one, as given; each
# is one but for the shards of a scan, by time.
TOGETHER, GIVEN, BY_TIME = "together", "given", "by time"


@dataclass
class Input:
    """A .mxc file, or the tables of one scan that export wrote."""
    path: str
    # what to call it: the path, and of a partitioned folder the date
    name: str
    # Parquet files by record type; none for a .mxc file
    tables: dict[str, list[str]] = field(default_factory=dict)
    is_folder: bool = False
    number: int = 0
    scan_no: int = 1
    head: Mapping[str, Any] = field(default_factory=dict)
    # from here on known once the records are loaded
    domains: int = 0
    mx_hosts: int = 0
    complete: bool = False

    @property
    def started(self) -> int:
        """Milliseconds since 1970; 0 where the scan record has no time."""
        value = self.head.get("started")
        return value if isinstance(value, int) else 0


def table_name(kind: str) -> str:
    """The relation of a record type; END is a word of SQL."""
    return "end_" if kind == "end" else kind


def find(path: str, kinds: Sequence[str]) -> list[Input]:
    """The inputs that a path stands for, one for each date of a partitioned
    folder."""
    folder = Path(path)
    if not folder.is_dir():
        return [Input(path, path)]
    flat = {kind: [str(folder / f"{kind}.parquet")] for kind in kinds
            if (folder / f"{kind}.parquet").is_file()}
    dates: dict[str, dict[str, list[str]]] = {}
    for kind in kinds:
        for file in sorted(folder.glob(f"{kind}/date=*/*.parquet"),
                           key=by_number):
            dates.setdefault(file.parent.name, {}).setdefault(
                kind, []).append(str(file))
    found = [Input(path, f"{path} ({date})", dates[date], True)
             for date in sorted(dates)]
    if flat:
        found.insert(0, Input(path, path, flat, True))
    if not found or any("domain" not in one.tables for one in found):
        raise Trouble(f"{path}: is a folder that export did not write: it "
                      "has no domain.parquet")
    return found


def by_number(file: Path) -> tuple[int, str]:
    """part-10 comes after part-9."""
    digits = re.findall(r"\d+", file.stem)
    return (int(digits[-1]) if digits else 0, str(file))


def shard(one: Input) -> tuple[str, str, str] | None:
    """List, number of shards and which of them, where an input is a shard."""
    options = one.head.get("options")
    for option in options if isinstance(options, list) else ():
        match = re.fullmatch(r"shard=(\d+)/(\d+)", str(option))
        if match and match[2] != "1":
            return (str(one.head.get("list_sha256")), match[2], match[1])
    return None


def number(inputs: Sequence[Input], scans: str) -> None:
    """Say of each input which one it is and which scan it belongs to."""
    for n, one in enumerate(inputs, 1):
        one.number = n
        one.scan_no = n if scans == GIVEN else 1
    if scans != BY_TIME:
        return
    groups: list[list[Input]] = []
    for one in sorted(inputs, key=lambda one: (one.started, one.number)):
        place = shard(one)
        for group in groups:
            others = [shard(other) for other in group]
            if place and place not in others and all(
                    other and other[:2] == place[:2] for other in others):
                group.append(one)
                break
        else:
            groups.append([one])
    for n, group in enumerate(groups, 1):
        for one in group:
            one.scan_no = n
