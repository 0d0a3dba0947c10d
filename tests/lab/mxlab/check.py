# SPDX-License-Identifier: Apache-2.0
"""`lab check`: does a scan say what the world says?

For every listed domain `expect` must be contained in the domain record.
Objects are compared key by key, lists element by element (objects with a
`host` by host), `findings` as sets, and a field that is absent equals null.
"""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

from mxlab import records
from mxlab.errors import LabError
from mxlab.reading import Line, read_worlds

SHOWN_CHARS = 160


def short(value: Any) -> str:
    """A value as it fits into a line."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= SHOWN_CHARS:
        return text
    return text[:SHOWN_CHARS] + "..."


def _said(path: str, expected: Any, got: Any) -> str:
    return f"{path}: expected {short(expected)}, got {short(got)}"


def _is_hosts(value: Any) -> bool:
    return bool(value) and all(isinstance(one, dict) and "host" in one
                               for one in value)


def differences(path: str, expected: Any, got: Any) -> Iterator[str]:
    """Every place where a record is not as expected."""
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            yield _said(path, expected, got)
            return
        for key, value in expected.items():
            yield from differences(f"{path}.{key}" if path else key, value,
                                   got.get(key))
    elif isinstance(expected, list):
        yield from _lists(path, expected, got)
    elif isinstance(expected, bool) or isinstance(got, bool):
        if expected is not got:
            yield _said(path, expected, got)
    elif expected != got:
        yield _said(path, expected, got)


def _lists(path: str, expected: list, got: Any) -> Iterator[str]:
    if not isinstance(got, list):
        if expected or got is not None:
            yield _said(path, expected, got)
        return
    if path.rpartition(".")[2] == "findings":
        yield from _findings(path, expected, got)
    elif _is_hosts(expected) and _is_hosts(got):
        yield from _hosts(path, expected, got)
    elif len(expected) != len(got):
        yield _said(path, expected, got)
    else:
        for at, (one, other) in enumerate(zip(expected, got)):
            yield from differences(f"{path}[{at}]", one, other)


def _findings(path: str, expected: list, got: list) -> Iterator[str]:
    missing = sorted(set(expected) - set(got))
    extra = sorted(set(map(str, got)) - set(expected))
    if missing:
        yield f"{path}: expected {', '.join(missing)}, not found"
    if extra:
        yield f"{path}: found {', '.join(extra)}, not expected"
    if len(set(map(str, got))) != len(got):
        yield f"{path}: a finding is listed twice: {short(got)}"


def _hosts(path: str, expected: list, got: list) -> Iterator[str]:
    left = list(got)
    for one in expected:
        same = [other for other in left if other.get("host") == one["host"]]
        if not same:
            yield f"{path}[{one['host']}]: expected, not found"
            continue
        # Two MX of one host differ by preference: take the nearer one.
        best = min(same, key=lambda other: (
            other.get("preference") != one.get("preference")))
        left.remove(best)
        yield from differences(f"{path}[{one['host']}]", one, best)
    for other in left:
        yield f"{path}[{other['host']}]: found, not expected"


class Tally:
    """Counts while the records pass by."""

    def __init__(self, lines: list[Line], show: int) -> None:
        self.wanted = {line.domain: line for line in lines if line.listed}
        self.seen: dict[str, int] = {}
        self.good: set[str] = set()
        self.strangers = 0
        self.show = show
        self.hidden = 0

    def say(self, text: str) -> None:
        """Print a difference while there is room."""
        if self.show > 0:
            self.show -= 1
            print(text)
        else:
            self.hidden += 1

    def take(self, record: dict[str, Any]) -> None:
        """Compare one domain record."""
        name = str(record.get("name")).lower().rstrip(".")
        line = self.wanted.get(name)
        if line is None:
            self.strangers += 1
            self.say(f"{name}: a record, but not in the list")
            return
        self.seen[name] = self.seen.get(name, 0) + 1
        found = list(differences("", line.expect or {}, record))
        for text in found:
            self.say(f"{name}: {text}")
        if found:
            self.good.discard(name)
        elif self.seen[name] == 1:
            self.good.add(name)

    def finish(self) -> int:
        """The last lines and the exit status."""
        missing = [name for name in self.wanted if name not in self.seen]
        doubled = [name for name, count in self.seen.items() if count > 1]
        for name in missing:
            self.say(f"{name}: no record")
        for name in doubled:
            self.say(f"{name}: {self.seen[name]} records")
        return self.close(len(missing), len(doubled), len(self.good),
                          len(self.wanted))

    def close(self, missing: int, doubled: int, good: int,
              wanted: int) -> int:
        """Print the last lines; returns the exit status."""
        if self.hidden:
            print(f"... and {self.hidden} more")
        print(f"records: {missing} missing, {doubled} doubled, "
              f"{self.strangers} unexpected")
        print(f"truth: {good} of {wanted} domains as expected")
        whole = not (missing or doubled or self.strangers)
        return 0 if whole and good == wanted else 1


def check(folder: Path, file: Path, given: str | None, show: int) -> int:
    """Compare a file with the world kept in DIR."""
    world = folder / "world.jsonl"
    if not world.is_file():
        raise LabError(f"{folder}: no world in it; run lab up first")
    tally = Tally(read_worlds([world]), show)
    for record in records.read(file, given):
        if record.get("type") == "domain":
            tally.take(record)
    return tally.finish()
