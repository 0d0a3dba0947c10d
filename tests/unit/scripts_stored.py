# SPDX-License-Identifier: Apache-2.0
"""What the tests of scripts/export share: scans in .mxc files, and readers of
both ends that have no line in common with the scripts.
"""

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

import duckdb  # noqa: E402
import msgpack  # noqa: E402
import zstandard  # noqa: E402

import make_scan  # noqa: E402
from scripts_stand_in import Scans  # noqa: E402
from test_scripts_use import real_program  # noqa: E402

KINDS = ("scan", "domain", "mx", "cert", "end")
# mailboxes that are hard to find, and what may be left of each
MAILBOXES = (
    ("mailto:secret@a.example", "mailto:redacted@a.example"),
    ("MailTo:secret.one@a.example!10m", "MailTo:redacted@a.example!10m"),
    ("mailto:secret%2Bx@a.example", "mailto:redacted@a.example"),
    ("mailto:secret%40a.example", "mailto:redacted%40a.example"),
    ("v=TLSRPTv1; rua=secret@a.example,mailto:secret@b.example",
     "v=TLSRPTv1; rua=redacted@a.example,mailto:redacted@b.example"),
    ('rua=mailto:"secret name"@a.example', "rua=mailto:redacted@a.example"),
    ("https://secret:secret@a.example/r", "https://redacted@a.example/r"),
    ("mailto:x@a.example?cc=secret@b.example",
     "mailto:redacted@a.example?cc=redacted@b.example"),
    ("https://a.example/v1/tlsrpt", "https://a.example/v1/tlsrpt"),
    ("v=TLSRPTv1;rua=mailto:sécret@é.example",
     "v=TLSRPTv1;rua=mailto:redacted@é.example"),
)


def plain(value: Any, name: str = "") -> Any:
    """A stored value as `cat` prints it, without what is null; written from
    output/SCHEMA.md."""
    if isinstance(value, dict):
        members = {key: plain(member, key) for key, member in value.items()}
        return {key: member for key, member in members.items()
                if member is not None and member != {}}
    if isinstance(value, list):
        return [plain(member, name) for member in value]
    if isinstance(value, bytes):
        if name == "der":
            return base64.b64encode(value).decode()
        if name in ("sha256", "spki_sha256", "chain", "data", "list_sha256",
                    "trust_sha256"):
            return value.hex()
        return json.dumps({"b64": base64.b64encode(value).decode()},
                          separators=(",", ":"))
    return value


def stored(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a .mxc file, without the program."""
    with open(file, "rb") as source:
        yield from msgpack.Unpacker(zstandard.ZstdDecompressor(
            ).stream_reader(source, read_across_frames=True))


def rows(file: str) -> list[dict[str, Any]]:
    """The rows of a Parquet file, without the scripts."""
    with duckdb.connect() as db:
        cursor = db.execute("FROM read_parquet(?, hive_partitioning = false)",
                            [file])
        names = [column[0] for column in cursor.description or ()]
        return [plain(dict(zip(names, row))) for row in cursor.fetchall()]


class Real(Scans):
    """Scans in .mxc files, read by the real program."""

    command = "export"

    def setUp(self) -> None:
        super().setUp()
        real = real_program()
        if real is None:
            self.skipTest("needs the built program")
        self.program = real

    def store(self, name: str, lines: list[dict[str, Any]]) -> Path:
        file = self.folder / name
        with open(file, "wb") as out:
            make_scan.write(out, iter(lines))
        return file

    def made(self, name: str, n: int, wave: int = 0, shard: str = ""
             ) -> Path:
        return self.store(name, list(make_scan.World(7, wave, 20).records(
            n, shard)))


def with_mailboxes(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Texts of every kind that names and mailboxes come in."""
    domains = [line for line in lines if line["type"] == "domain"]
    for i, (text, _) in enumerate(MAILBOXES):
        domains[i]["tlsrpt"] |= {
            "rua": [text], "txt": [text, "other"],
            "txt_parts": [[text[:9], text[9:14], text[14:]], ["one"]]}
    domains[20]["tlsrpt"]["txt"] = [b"\xffmailto:secret@a.example", "x"]
    domains[21]["tlsrpt"]["txt_parts"] = [["a", b"\xff secret@"], ["b"]]
    domains[22]["sts"]["record"]["txt"] = ["v=DMARC1; rua=mailto:secret@q"]
    domains[23]["sts"]["record"]["txt"] = ["nul \0 and ü", b"\xff\xfe"]
    host = next(line for line in lines if line["type"] == "mx")
    host["tlsrpt"] = {"status": "ok", "rua": ["mailto:secret@mx.example"]}
    return lines
