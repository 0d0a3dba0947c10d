# SPDX-License-Identifier: Apache-2.0
"""differ.py A B: where two stable dumps differ, field by field, for a person.

Records are matched by their key (domain line, MX host, certificate); at most
40 differences are shown.
"""
import itertools
import json
import sys
from collections.abc import Iterator
from typing import Any

Key = tuple[str, str]


def load(path: str) -> dict[Key, dict[str, Any]]:
    """The records of a dump by type and key."""
    records = {}
    with open(path, encoding="utf-8") as f:
        for row in map(json.loads, f):
            key = row.get("line") or row.get("host") or row.get("sha256")
            records[row["type"], str(key)] = row
    return records


def differences(a: Any, b: Any, path: str = "") -> Iterator[str]:
    """Paths at which a and b are not the same."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            yield from differences(a.get(name), b.get(name), f"{path}.{name}")
    elif isinstance(a, list) and isinstance(b, list):
        for i, (x, y) in enumerate(itertools.zip_longest(a, b)):
            yield from differences(x, y, f"{path}[{i}]")
    elif a != b:
        yield f"{path}: {str(a)[:60]} / {str(b)[:60]}"


def main() -> None:
    a, b = load(sys.argv[1]), load(sys.argv[2])
    lines = (f"{kind} {key} {where}"
             for kind, key in sorted(a.keys() | b.keys())
             for where in differences(a.get((kind, key)), b.get((kind, key))))
    for line in itertools.islice(lines, 40):
        print(line)


if __name__ == "__main__":
    main()
