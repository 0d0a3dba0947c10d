# SPDX-License-Identifier: Apache-2.0
"""Scans by hand for the tests of diff and trend: one good domain, changed
here and there, and a stand-in for the program that prints such scans.
"""

import copy
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
# Without this, reading the package leaves compiled files in the checkout.
sys.dont_write_bytecode = True

WEEK_MS = 7 * 86400 * 1000
STARTED = 1_767_571_200_000  # 2026-01-05 00:00 UTC
# Prints the records of some types out of FILE; registrable are two labels.
STAND_IN = r"""#!/bin/sh
case $1 in
schema) cat "$(dirname "$0")/schema.json" ;;
cat)
	[ "$2" = --type ] || exit 1
	LC_ALL=C grep -aE "^\{\"type\":\"($(echo "$3" | tr , '|'))\"" "$4"
	[ $? -lt 2 ] || exit 3 ;;
parse)
	sed -E -e 's/^.*[".]([^".]+\.[^".]+)"}$/{"registrable":"\1"}/;t' \
	    -e 's/.*/{"valid":false}/' ;;
*) exit 1 ;;
esac
"""
Record = dict[str, Any]
BODY = "version: STSv1\nmode: {}\nmx: {}\nmax_age: 86400\n"


def schema() -> Record:
    """What `mxcensus schema` says of fields, out of the same table."""
    text = (ROOT / "output/record.def").read_text(encoding="utf-8")
    rows = re.findall(r'^R\((\w+), (\w+), (\w+), "(\w*)",', text, re.M)
    return {"fields": [{"object": row[0], "name": row[1], "type": row[2],
                        "sub": row[3]} for row in rows],
            "findings": [{"code": "tlsrpt.absent", "severity": "info"}]}


def host(name: str, **facts: Any) -> Record:
    """A host in the list of a domain."""
    return {"host": name, "preference": 10, "in_policy": True,
            "starttls": "ok", "tls": "1.3", "trusted": True, "name_ok": True,
            "time_ok": True, "dane": "absent"} | facts


def put(record: Record, path: str, value: Any) -> None:
    """Set what a dotted path names; a number is a place in a list."""
    *way, last = path.split(".")
    at: Any = record
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at.setdefault(step, {})
    at[int(last) if isinstance(at, list) else last] = value


def good(name: str) -> Record:
    """A domain with a policy in force, at which nothing is wrong."""
    mx = f"mx.{name}"
    return {
        "type": "domain", "name": name, "verdict": "enforce_ok",
        "verdict_dane": "none", "findings": [], "mx_status": "ok",
        "mx": [host(mx)],
        "tlsrpt": {"status": "ok", "rua": ["mailto:a@example"]},
        "sts": {
            "record": {"status": "ok", "id": "1", "lookup": {"outcome": "ok"}},
            "policy": {
                "status": "ok", "mode": "enforce", "mx": [mx],
                "body": BODY.format("enforce", mx), "mx_match": "all",
                "host": f"mta-sts.{name}", "a": {
                    "outcome": "ok", "addresses": ["192.0.2.1"]},
                "tls": {"chain": ["aa", "ff"], "not_after": 1_800_000_000,
                        "time_ok": True}}}}


def probed(name: str) -> Record:
    """The `mx` record of a host of a good domain."""
    return {"type": "mx", "host": f"mx.{name}", "starttls": "ok",
            "addresses": [address("192.0.2.2", "a1")]}


def address(text: str, leaf: str | None, **facts: Any) -> Record:
    """One address of a host, and what it presented."""
    if leaf is None:
        return {"address": text, "starttls": "inconclusive"}
    return {"address": text, "starttls": "ok", "tls": {
        "chain": [leaf, "ff"], "not_after": 1_800_000_000,
        "time_ok": True} | facts}


def tlsa(*data: str) -> Record:
    """The TLSA records of a host."""
    return {"lookup": {"outcome": "ok"}, "rr": [
        {"usage": 3, "selector": 1, "mtype": 1, "data": text}
        for text in data]}


def changed(record: Record, changes: Record) -> Record:
    """A copy in which dotted paths have other values."""
    record = copy.deepcopy(record)
    for path, value in changes.items():
        put(record, path, value)
    return record


def scan(domains: list[Record], hosts: list[Record], week: int = 0
         ) -> list[Record]:
    """A whole file."""
    for line, record in enumerate(domains, 1):
        record["line"] = line
    return [{"type": "scan", "format": 1, "list": "made",
             "started": STARTED + week * WEEK_MS}, *hosts, *domains,
            {"type": "end", "reason": "complete"}]


class Commands(unittest.TestCase):
    """A folder with the stand-in, and commands run over scans in it."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mxcensus test "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.spill = self.folder / "tmp"
        self.spill.mkdir()
        self.program = self.folder / "mxcensus"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)
        (self.folder / "schema.json").write_text(json.dumps(schema()))

    def write(self, name: str, lines: list[Record]) -> str:
        """A scan that the stand-in prints."""
        path = self.folder / name
        path.write_text("".join(
            json.dumps({"type": line["type"], **line},
                       separators=(",", ":")) + "\n" for line in lines))
        return str(path)

    def run_it(self, command: str, *arguments: str, **environment: str
               ) -> subprocess.CompletedProcess[str]:
        """A command, which leaves nothing behind and never breaks down."""
        process = subprocess.run(
            [str(ROOT / "scripts" / command), *arguments],
            capture_output=True, text=True, encoding="utf-8", timeout=300,
            cwd=self.folder, env=os.environ | {
                "MXCENSUS": str(self.program), "TMPDIR": str(self.spill),
                "PYTHONUTF8": "1"} | environment)
        self.assertEqual(list(self.spill.iterdir()), [],
                         "temporary files are left")
        self.assertNotIn("Traceback", process.stderr)
        return process

    def good(self, command: str, *arguments: str, **environment: str) -> str:
        """What a command prints that succeeds."""
        process = self.run_it(command, *arguments, **environment)
        self.assertEqual(process.returncode, 0, process.stderr)
        return process.stdout

    def json_of(self, command: str, *arguments: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.good(command, "--format", "json", *arguments))

    def csv_of(self, command: str, *arguments: str) -> list[dict[str, str]]:
        """The CSV that a command prints."""
        return list(csv.DictReader(io.StringIO(
            self.good(command, "--format", "csv", *arguments))))
