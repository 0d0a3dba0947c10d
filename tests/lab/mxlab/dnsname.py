# SPDX-License-Identifier: Apache-2.0
"""Domain names: text, wire and canonical order (RFC 1035 5.1, RFC 4034 6).

A name is kept as lower-case text without the trailing dot; the root is the
empty string.  Escapes (a backslash and a character, or three digits) are
understood, since worlds hold odd names on purpose.
"""
from __future__ import annotations

from mxlab.errors import LabError


def normal(text: str) -> str:
    """Lower case, no trailing dot: the form every table is keyed by."""
    name = text.strip().lower()
    if name.endswith(".") and not name.endswith("\\."):
        name = name[:-1]
    return name


def labels(name: str) -> list[bytes]:
    """Split a normal name; refuse what no DNS message can carry."""
    if name == "":
        return []
    if "\\" in name:
        found = _escaped_labels(name)
    else:
        found = [part.encode("latin-1", "replace")
                 for part in name.split(".")]
    total = 1 + sum(len(label) + 1 for label in found)
    if total > 255 or any(not 0 < len(label) < 64 for label in found):
        raise LabError(f"{name}: not a domain name (an empty or long label)")
    return found


def _escaped_labels(name: str) -> list[bytes]:
    found: list[bytes] = []
    label = bytearray()
    i = 0
    while i < len(name):
        char = name[i]
        if char == "\\" and name[i + 1:i + 4].isdigit():
            label.append(int(name[i + 1:i + 4]) & 255)
            i += 4
            continue
        if char == "\\" and i + 1 < len(name):
            i += 1
            label += name[i].encode("latin-1", "replace")
        elif char == ".":
            found.append(bytes(label))
            label.clear()
        else:
            label += char.encode("latin-1", "replace")
        i += 1
    found.append(bytes(label))
    return found


def wire(name: str) -> bytes:
    """The uncompressed wire form, in canonical (lower) case."""
    out = bytearray()
    for label in labels(name):
        out.append(len(label))
        out += label
    out.append(0)
    return bytes(out)


def order(name: str) -> tuple[bytes, ...]:
    """Sort key for the canonical order of names (RFC 4034 6.1)."""
    return tuple(reversed(labels(name)))


def parents(name: str) -> list[str]:
    """The name itself, then every name above it, the root last."""
    chain = [name]
    while name:
        at = name.find(".")
        while at > 0 and name[at - 1] == "\\":
            at = name.find(".", at + 1)
        name = name[at + 1:] if at >= 0 else ""
        chain.append(name)
    return chain


def below(name: str, apex: str) -> bool:
    """True when name is apex or stands somewhere under it."""
    return apex == "" or name == apex or name.endswith("." + apex)


def absolute(name: str) -> str:
    """The form that zone files want."""
    return name + "."
