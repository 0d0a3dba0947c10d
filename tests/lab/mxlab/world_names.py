# SPDX-License-Identifier: Apache-2.0
"""Reading the list that a world is made for, and how its names relate.

Accepts one name a line or `rank,domain`, CRLF, a byte order mark, comments and
blank lines, U-labels.  A name below another of the list gets a zone of its own,
delegated from the closest enclosing one; what its ancestors may then be is
settled in world_plan.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
ROOMY = 180  # longest name that still has room for _25._tcp.<host>.


class ListError(Exception):
    """The list cannot be used; the text is for the person who gave it."""


@dataclass
class Entry:
    """One name of the list."""

    name: str
    rank: int | None = None
    parents: list[str] = field(default_factory=list)   # in the list, nearest
    children: list[str] = field(default_factory=list)  # first; all below

    @property
    def is_top(self) -> bool:
        """A top-level name: its zone is there anyway."""
        return "." not in self.name

    @property
    def is_odd(self) -> bool:
        """No room, or no host name: hosts below it could not be named."""
        return ("_" in self.name or len(self.name) > ROOMY
                or any(len(label) == 1 and label == "_"
                       for label in self.name.split(".")))

    def owns(self, name: str) -> bool:
        """Is this name ours to fill, and not inside a child's zone?"""
        return not any(name == child or name.endswith("." + child)
                       or child.endswith("." + name)
                       for child in self.children)


def a_label(label: str) -> str:
    """One label in lower case, A-label where it needs to be."""
    label = unicodedata.normalize("NFC", label.lower())
    if label.isascii():
        return label
    return "xn--" + label.encode("punycode").decode("ascii")


def normal(text: str) -> str | None:
    """The name as the world writes it, or None if it is no domain name."""
    labels = [a_label(label) for label in text.rstrip(".").split(".")]
    name = ".".join(labels)
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        return None
    return name


def split_line(line: str) -> tuple[int | None, str]:
    """The rank, if there is one, and the name."""
    first, comma, rest = line.partition(",")
    if comma and first.strip().isdigit():
        return int(first), rest.split(",")[0].strip()
    return None, first.strip()


def read_list(path: str) -> list[Entry]:
    """Every distinct name of the list, in its order."""
    try:
        data = (sys.stdin.buffer.read() if path == "-"
                else Path(path).read_bytes())
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ListError(f"cannot read the list {path}: {error}") from error
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        rank, word = split_line(line)
        name = normal(word)
        if name is None:
            print(f"world: {path}:{number}: {word!r} is no domain name, left "
                  "out", file=sys.stderr)
        elif name in entries:
            print(f"world: {path}:{number}: {name} again, left out",
                  file=sys.stderr)
        else:
            entries[name] = Entry(name, rank)
    if not entries:
        raise ListError(f"no domain name in {path}; one a line, or rank,name")
    relate(entries)
    return list(entries.values())


def relate(entries: dict[str, Entry]) -> None:
    """Tell every entry which others of the list are above and below it."""
    for entry in entries.values():
        labels = entry.name.split(".")
        for cut in range(1, len(labels)):
            above = entries.get(".".join(labels[cut:]))
            if above is not None:
                entry.parents.append(above.name)
                above.children.append(entry.name)
