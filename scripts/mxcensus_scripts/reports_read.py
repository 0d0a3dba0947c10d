# SPDX-License-Identifier: Apache-2.0
"""Where TLS reports lie: JSON files, gzip, mails, mailboxes, folders of these
and standard input.  What a file is, is told by its content, not by its name.

Everything here came from strangers.  Sizes are bounded, and whatever cannot be
read becomes a Fault, which names the place and says why in one line.
"""

import email
import gzip
import io
import os
import re
import stat
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from typing import IO

from mxcensus_scripts.trouble import one_line

# A file, and one mail of a mailbox
FILE_MAX = 16 << 20
# What a file or an attachment may unpack to
TEXT_MAX = 64 << 20
# Attachments of one mail
PARTS_MAX = 100
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
# RFC 8460 section 6.4 and 6.5
TYPES = ("application/tlsrpt+json", "application/tlsrpt+gzip")


@dataclass(frozen=True)
class Found:
    """The text of what should be a report."""
    place: str
    text: bytes
    # what about its packing is not as the RFC has it
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fault:
    """A place without a report that can be read."""
    place: str
    why: str


class Unreadable(Exception):
    """Why something cannot be unpacked."""


def shown(text: str) -> str:
    """A text of others as one line without control characters."""
    return "".join(c if c.isprintable() else "?" for c in text)


def mebi(n: int) -> str:
    """A limit in words."""
    return f"{n >> 20} MiB"


def found(paths: Sequence[str]) -> Iterator[Found | Fault]:
    """Every report of files, folders and (as `-`) standard input."""
    for path in paths:
        if path == "-":
            yield from content("standard input", sys.stdin.buffer)
        elif os.path.isdir(path):
            yield from folder(path)
        else:
            yield from file(path)


def folder(path: str) -> Iterator[Found | Fault]:
    """All files below a folder, by name."""
    faults: list[OSError] = []
    for where, folders, names in os.walk(path, onerror=faults.append):
        folders.sort()
        for name in sorted(names):
            yield from file(os.path.join(where, name), True)
    for error in faults:
        yield Fault(shown(str(error.filename)),
                    f"cannot be read: {error.strerror}")


def file(path: str, plain: bool = False) -> Iterator[Found | Fault]:
    """The reports of one file; in a folder only plain ones are opened."""
    try:
        if plain and not stat.S_ISREG(os.stat(path).st_mode):
            yield Fault(shown(path), "is no plain file")
            return
        with open(path, "rb") as stream:
            yield from content(shown(path), stream)
    except OSError as error:
        yield Fault(shown(path), f"cannot be read: {error.strerror}")


def content(place: str, stream: IO[bytes]) -> Iterator[Found | Fault]:
    """The reports of a file's bytes."""
    head = stream.read(5)
    if head == b"From ":
        yield from mailbox(place, stream)
        return
    data = head + stream.read(FILE_MAX + 1 - len(head))
    if len(data) > FILE_MAX:
        yield Fault(place, f"is larger than {mebi(FILE_MAX)}")
    elif not data.startswith(GZIP):
        yield from plain_text(place, data)
    else:
        try:
            text = unzipped(data)
        except Unreadable as why:
            yield Fault(place, str(why))
            return
        if text.startswith(b"From "):
            yield from mailbox(place, io.BytesIO(text[5:]))
        else:
            yield from plain_text(place, text)


def plain_text(place: str, text: bytes) -> Iterator[Found | Fault]:
    """A report or a mail."""
    if text.removeprefix(BOM).lstrip()[:1] in (b"{", b"["):
        yield report(place, text)
    elif HEADER.match(text):
        yield from mail(place, text)
    elif not text.strip():
        yield Fault(place, "is empty")
    else:
        yield Fault(place, "is neither JSON nor gzip nor a mail")


def report(place: str, text: bytes, *deviations: str) -> Found:
    """A text for the judge, who does not take a byte order mark."""
    if text.startswith(BOM):
        return Found(place, text[len(BOM):],
                     (*deviations, "byte order mark before the text"))
    return Found(place, text, deviations)


def unzipped(data: bytes) -> bytes:
    """What gzip holds, as far as it is not too much."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            text = stream.read(TEXT_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(
            f"is no whole gzip file: {one_line(shown(str(error)))}"
        ) from error
    if len(text) > TEXT_MAX:
        raise Unreadable(f"unpacks to more than {mebi(TEXT_MAX)}")
    return text


def mailbox(place: str, stream: IO[bytes]) -> Iterator[Found | Fault]:
    """The mails of an mbox file, of which `From ` has been read: one begins
    at such a line behind an empty one."""
    number, size, lines = 1, 0, [b""]
    was_empty, starts = False, False
    for line in iter(lambda: stream.readline(1 << 16), b""):
        if starts and was_empty and line.startswith(b"From "):
            yield from boxed(f"{place}, mail {number}", lines, size)
            number, size, lines = number + 1, 0, []
        elif lines == [b""]:
            # the rest of the first line of all
            lines = []
        else:
            size += len(line)
            if size <= FILE_MAX:
                lines.append(line)
        was_empty = starts and line in (b"\n", b"\r\n")
        starts = line.endswith(b"\n")
    yield from boxed(f"{place}, mail {number}", lines, size)


def boxed(place: str, lines: list[bytes], size: int
          ) -> Iterator[Found | Fault]:
    """One mail of a mailbox."""
    if size > FILE_MAX:
        yield Fault(place, f"is larger than {mebi(FILE_MAX)}")
    else:
        yield from mail(place, b"".join(lines))


def mail(place: str, data: bytes) -> Iterator[Found | Fault]:
    """The reports that a mail carries (RFC 8460 section 5.3)."""
    try:
        parts = attachments(email.message_from_bytes(data))
    except Exception as error:  # noqa: BLE001
        # Of headers that are odd enough, the library may raise anything.
        yield Fault(place, "is a mail that cannot be read: "
                    + one_line(shown(repr(error))))
        return
    if not parts:
        yield Fault(place, "is a mail without a TLS report")
    for n, (type_, text) in enumerate(parts, 1):
        where = place if len(parts) == 1 else f"{place}, report {n}"
        deviations = []
        if type_ not in TYPES:
            deviations.append("attachment of another type than "
                              "application/tlsrpt+json and +gzip")
        elif text.startswith(GZIP) != type_.endswith("gzip"):
            deviations.append("attachment is not what its type says")
        try:
            yield report(where, unzipped(text) if text.startswith(GZIP)
                         else text, *deviations)
        except Unreadable as why:
            yield Fault(where, str(why))


def attachments(message: Message) -> list[tuple[str, bytes]]:
    """Parts that have the type of a report, else the ending of its name
    (section 5.1), each with that type."""
    chosen: list[tuple[str, bytes]] = []
    for part in message.walk():
        type_ = part.get_content_type()
        name = (part.get_filename() or "").lower()
        if part.is_multipart() or not (
                type_ in TYPES or name.endswith((".json", ".json.gz"))):
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            chosen.append((type_, payload))
        if len(chosen) == PARTS_MAX:
            break
    return chosen
