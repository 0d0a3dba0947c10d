# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the program, which prints stored JSON lines, and
the commands of scripts/ run over it.  The tests of scripts/ build on this.
"""

import json
import os
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

import scripts_records as records  # noqa: E402

# Prints the records of some types out of FILE; files named broken-* end badly.
STAND_IN = r"""#!/bin/sh
case $1 in
schema) cat "$(dirname "$0")/schema.json" ;;
cat)
	[ "$2" = --type ] || exit 1
	kinds=$(echo "$3" | tr , "|")
	LC_ALL=C grep -aE "^{\"type\": *\"($kinds)\"" "$4"
	[ $? -lt 2 ] || exit 3
	case $4 in
	*broken-*) echo "mxcensus: $4: the third frame is torn" >&2; exit 3 ;;
	esac ;;
parse)
	# whose a name is: two labels, three below co.example
	sed -E -e 's/^.*[".]([^".]+\.co\.example)"}$/{"registrable":"\1"}/;t' \
	    -e 's/^.*[".]([^".]+\.[^".]+)"}$/{"registrable":"\1"}/' ;;
*) exit 1 ;;
esac
"""


def host(name: str, starttls: str, dane: str = "absent", **facts: Any
         ) -> dict[str, Any]:
    """A host of a domain record; with TLS and no word on it: all is well."""
    if starttls == "ok":
        facts = {"tls": "1.3", "trusted": True, "name_ok": True,
                 "time_ok": True} | facts
    return {"host": name, "preference": 10, "starttls": starttls,
            "dane": dane} | facts


class Scans(unittest.TestCase):
    """A folder with the stand-in and scans; the command run over them."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mxcensus test "))
        self.addCleanup(shutil.rmtree, self.folder)
        self.spill = self.folder / "tmp"
        self.spill.mkdir()
        self.program = self.folder / "mxcensus"
        self.program.write_text(STAND_IN)
        self.program.chmod(0o755)
        self.write_schema(records.schema())

    def write_schema(self, schema: Any) -> None:
        (self.folder / "schema.json").write_text(json.dumps(schema))

    def write(self, name: str, lines: list[dict[str, Any]]) -> str:
        path = self.folder / name
        path.write_text("".join(json.dumps(
            {"type": line["type"], **line}, separators=(",", ":")) + "\n"
            for line in lines))
        return str(path)

    # the command that run_it() runs
    command = "summarize"

    def run_it(self, *arguments: str, **environment: str
               ) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [str(ROOT / "scripts" / self.command), *arguments],
            capture_output=True, text=True, encoding="utf-8", timeout=120,
            cwd=self.folder, env=os.environ | {
                "MXCENSUS": str(self.program), "TMPDIR": str(self.spill),
                "PYTHONUTF8": "1"} | environment)
        self.assertEqual(list(self.spill.iterdir()), [],
                         "temporary files are left")
        self.assertNotIn("Traceback", process.stderr)
        return process

    def good(self, *arguments: str, **environment: str) -> str:
        process = self.run_it(*arguments, **environment)
        self.assertEqual(process.returncode, 0, process.stderr)
        return process.stdout

    def bad(self, status: int, wanted: str, *arguments: str,
            **environment: str) -> None:
        process = self.run_it(*arguments, **environment)
        self.assertEqual(process.returncode, status, process.stderr)
        self.assertEqual(process.stdout, "")
        self.assertRegex(process.stderr, wanted)
        self.assertEqual(process.stderr.count("\n"), 1, process.stderr)

    def summary(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.good("--format", "json", *arguments))


def values(rows: list[dict[str, Any]]) -> dict[Any, tuple[Any, ...]]:
    """Rows of a table as {(section, item): figures}."""
    return {(row["section"], row["item"]): (
        row["numerator"], row["denominator"], row["inconclusive"])
        for row in rows}
