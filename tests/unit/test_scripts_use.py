# SPDX-License-Identifier: Apache-2.0
"""scripts/summarize in use: its formats, everything that can go wrong, and
the bounded way in which it reads.

    python3 -m unittest tests/unit/test_scripts_use.py
"""

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

sys.path.insert(0, str(Path(__file__).resolve().parent))

try:
    import msgpack
    import zstandard
except ImportError:
    msgpack = zstandard = None

import scripts_records as records  # noqa: E402
from scripts_stand_in import ROOT, Scans, host  # noqa: E402
from mxcensus_scripts import program, tables, text  # noqa: E402


class TestShapes(Scans):
    """The same numbers in every format, and a page worth looking at."""

    def setUp(self) -> None:
        super().setUp()
        self.file = self.write("s.mxc", list(records.scan_records(1200, 7)))
        self.by = ("--by", "tld,rank,operator")

    def test_csv_is_json(self) -> None:
        whole = self.summary(self.file, *self.by)
        flat = [(name, "", "", row) for name, rows in whole["tables"].items()
                for row in rows]
        flat += [("adoption", key, group["group"], row)
                 for key, groups in whole["by"].items()
                 for group in groups for row in group["adoption"]]
        got = list(csv.DictReader(io.StringIO(
            self.good(self.file, *self.by, "--format", "csv"))))
        self.assertEqual(len(got), len(flat))
        for line, (table, key, group, row) in zip(got, flat):
            self.assertEqual((line["table"], line["by"], line["group"]),
                             (table, key, group))
            for column in ("section", "item", "numerator", "denominator",
                           "share", "inconclusive"):
                value = row[column]
                self.assertEqual(line[column],
                                 "" if value is None else str(value))

    def test_text_fits(self) -> None:
        shown = self.good(self.file, *self.by)
        for line in shown.splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertEqual(line, line.rstrip())
        self.assertNotIn("\033", shown)
        self.assertRegex(shown, r"domain records +1,200 +1,200 +100\.00  █+ +0")
        for heading in ("Adoption", "Policy fetch", "STARTTLS", "Verdicts",
                        "TLS versions", "Findings", "By tld", "By rank"):
            self.assertRegex(shown, f"(?m)^{heading}")
        rules = re.findall(r"(?m)^─+$", shown)
        self.assertEqual(set(rules), {"─" * 80})

    def test_large_numbers_fit(self) -> None:
        rows = [tables.Row("S", "i", "x" * 40, 240_000_000, 250_000_000,
                           0.96, 10_000_000)]
        out = io.StringIO()
        text.Printer(out, False).table("T", rows, text.column_widths(rows))
        self.assertLessEqual(max(map(len, out.getvalue().splitlines())), 80)

    def test_ascii_terminal(self) -> None:
        shown = self.good(self.file, *self.by, PYTHONUTF8="0",
                         PYTHONIOENCODING="ascii")
        self.assertTrue(shown.isascii())
        self.assertRegex(shown, r"100\.00  #+")

    def test_markdown(self) -> None:
        lines = self.good(self.file, *self.by, "--format", "markdown"
                          ).splitlines()
        self.assertIn("## Adoption", lines)
        self.assertTrue(any(re.match(
            r"\| domain records \| 1,200 \| 1,200 \| 100\.00 % \| 0 \|", line)
            for line in lines))
        columns = [line.count("|") for line in lines if line.startswith("|")]
        self.assertLessEqual(set(columns), {6, 10})

    def test_hostile_names(self) -> None:
        name = "x|y\n\033[31m" + "z" * 90
        file = self.write("s.mxc", [
            {"type": "domain", "line": 1, "name": f"a.{name}", "mx_status":
             "ok", "findings": [name], "mx": [host(f"m.{name}", "ok")]},
            {"type": "end"}])
        for form in ("text", "markdown"):
            shown = self.good(file, "--by", "tld,operator", "--format", form)
            self.assertNotIn("\033", shown)
            self.assertNotIn("x|y", shown if form == "markdown" else "")

    def test_reader_leaves(self) -> None:
        process = subprocess.run(
            ["sh", "-c", '"$0" "$1" --by rank --rank-bin 1 | head -n 1',
             str(ROOT / "scripts/summarize"), self.file],
            capture_output=True, text=True, timeout=120,
            env=os.environ | {"MXCENSUS": str(self.program)})
        self.assertEqual(process.stderr, "")


class TestTrouble(Scans):
    """One line, a defined status, nothing left behind."""

    def setUp(self) -> None:
        super().setUp()
        self.lines = list(records.scan_records(50, 8))
        self.file = self.write("s.mxc", self.lines)

    def test_empty_scan(self) -> None:
        for lines in ([{"type": "scan"}, {"type": "end"}],
                      list(records.scan_records(0, 1, 0))):
            file = self.write("e.mxc", lines)
            for form in ("text", "markdown", "csv", "json"):
                self.good(file, "--by", "tld,rank,operator", "--format", form)

    def test_unfinished(self) -> None:
        process = self.run_it(self.write("u.mxc", self.lines[:-1]))
        self.assertEqual(process.returncode, 0)
        self.assertRegex(process.stderr, r"u\.mxc: has no end record")

    def test_no_catalogue(self) -> None:
        self.write_schema({"fields": records.schema()["fields"]})
        process = self.run_it(self.file, "--format", "json")
        self.assertRegex(process.stderr, "severities are missing")
        rows = json.loads(process.stdout)["tables"]["findings"]
        self.assertEqual({row["section"] for row in rows},
                         {"severity unknown"})

    def test_other_program(self) -> None:
        self.write_schema({"something": "else"})
        self.bad(1, "mxcensus schema: names no fields of records", self.file)
        older = records.schema()
        older["fields"] = [row for row in older["fields"]
                           if row["name"] != "verdict_dane"]
        self.write_schema(older)
        self.bad(1, "knows no field verdict_dane of domain", self.file)
        (self.folder / "schema.json").write_text("{")
        self.bad(1, "mxcensus schema: Expecting", self.file)

    def test_missing_file(self) -> None:
        self.bad(1, r"nowhere\.mxc: cannot read: No such file", "nowhere.mxc")
        self.bad(1, "is a folder that export did not write",
                 str(self.folder))
        self.bad(1, "the same file is named twice", self.file, self.file)

    def test_no_program(self) -> None:
        self.bad(1, r"no program there.*--mxcensus", self.file,
                 "--mxcensus", "/nonexistent/mxcensus")
        self.bad(1, "no program there", self.file, MXCENSUS=self.file)

    def test_program_fails(self) -> None:
        self.bad(1, "mxcensus cat ended with status 3: .*third frame is torn",
                 self.write("broken-frame.mxc", self.lines))

    def test_no_json(self) -> None:
        self.lines[-2]["line"] = "no number"
        self.bad(3, r"cannot load its domain records",
                 self.write("j.mxc", self.lines))
        (self.folder / "t.mxc").write_text('{"type":"domain","line":1,\n')
        self.bad(3, "cannot load its domain records", "t.mxc")

    def test_usage(self) -> None:
        self.bad(1, "required: INPUT")
        self.bad(1, "'colour' is none of tld, rank, list, operator", self.file,
                 "--by", "tld,colour")
        self.bad(1, "no positive number", self.file, "--top", "0")
        self.bad(1, "--format", self.file, "--format", "xml")
        self.assertIn("--rank-bin", self.good("--help"))

    def test_no_python(self) -> None:
        copy = self.folder / "copy/scripts"
        copy.mkdir(parents=True)
        shutil.copy(ROOT / "scripts/summarize", copy)
        shutil.copy(ROOT / "scripts/launch.sh", copy)
        process = subprocess.run([copy / "summarize", self.file], text=True,
                                 capture_output=True, timeout=20, env={
                                     "PATH": os.environ["PATH"]})
        self.assertEqual(process.returncode, 1)
        self.assertRegex(process.stderr, r"^summarize: no private Python "
                         r"found; make it with: sh .*/venv\.sh")

    def test_installed_copy(self) -> None:
        prefix = self.folder / "usr local"
        home = prefix / "lib/mxcensus"
        shutil.copytree(ROOT / "scripts", home / "scripts")
        (prefix / "bin").mkdir()
        shutil.copy(self.program, prefix / "bin/mxcensus")
        shutil.copy(self.folder / "schema.json", prefix / "bin")
        venv = Path(os.environ.get("MXCENSUS_VENV", ROOT / "build/venv"))
        (home / "venv").symlink_to(venv.resolve())
        link = prefix / "bin/mxcensus-summarize"
        link.symlink_to("../lib/mxcensus/scripts/summarize")
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("MXCENSUS")}
        process = subprocess.run([link, self.file], capture_output=True,
                                 text=True, timeout=60, cwd="/",
                                 env=environment)
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertIn("50 domains", process.stdout)

    def test_venv_says_what_is_missing(self) -> None:
        for setting, wanted in (
                ("/nonexistent/python3", "apt-get install python3"),
                ("false", "older than 3.11")):
            process = subprocess.run(
                ["sh", ROOT / "scripts/venv.sh", self.folder / "venv"],
                capture_output=True, text=True, timeout=20,
                env=os.environ | {"PYTHON": setting})
            self.assertEqual(process.returncode, 1)
            self.assertRegex(process.stderr, wanted)
            self.assertFalse((self.folder / "venv").exists())


def real_program() -> Path | None:
    """The built program, where there is one."""
    path = Path(os.environ.get("MXCENSUS") or ROOT / "build/mxcensus")
    return path.resolve() if os.access(path, os.X_OK) else None


class TestProgram(Scans):
    """A real .mxc file through the real program, against the stand-in."""

    def test_same_tables(self) -> None:
        real = real_program()
        if real is None or msgpack is None or zstandard is None:
            self.skipTest("needs the built program and the private Python")
        lines = [line for line in records.scan_records(500, 9)
                 if line["type"] in ("domain", "mx")]
        lines = [{"type": "scan", "format": 1}, *lines,
                 {"type": "end", "reason": "complete"}]
        stored = self.folder / "real.mxc"
        squeeze = zstandard.ZstdCompressor(write_checksum=True)
        stored.write_bytes(b"".join(
            squeeze.compress(b"".join(map(msgpack.packb, lines[i:i + 100])))
            for i in range(0, len(lines), 100)))
        got = self.summary(str(stored), "--mxcensus", str(real))
        expected = self.summary(self.write("plain.mxc", lines))
        for table in ("adoption", "policy", "starttls", "tls", "verdicts"):
            self.assertEqual(got["tables"][table], expected["tables"][table])
        self.assertEqual(
            {(row["item"], row["section"]) for row in
             got["tables"]["findings"]},
            {("sts.record.multiple", "error"), ("sts.policy.tcp", "error"),
             ("tlsrpt.absent", "info"), ("mx.cert_name", "error"),
             ("dane.partial", "info")})


class TestChunks(unittest.TestCase):
    """Cutting a stream into files of whole lines of one kind."""

    KINDS = ("domain", "mx")

    def deal(self, stream: bytes, folder: str) -> dict[str, bytes]:
        """What arrives of each kind."""
        dealer = program.Dealer(io.BytesIO(stream), self.KINDS, Path(folder),
                                "f")
        got = dict.fromkeys(self.KINDS, b"")
        while (chunk := dealer.next()) is not None:
            part = chunk.path.read_bytes()
            self.assertEqual(len(part.splitlines()), chunk.n)
            self.assertGreater(chunk.n, 0)
            got[chunk.kind] += part
        return got

    def test_every_cut(self) -> None:
        lines = [b'{"type":"%s","n":%d,"x":"%s"}\n' % (
            self.KINDS[i % 3 == 0].encode(), i, b"x" * (7 * i % 23))
            for i in range(60)]
        lines[7] = b'{"n":7,"type":"domain"}\n'
        self.addCleanup(setattr, program, "BLOCK", program.BLOCK)
        self.addCleanup(setattr, program, "CHUNK", program.CHUNK)
        for last in (b"", b'{"type":"mx","n":"no line break at the end"}'):
            text = b"".join(lines) + last
            with tempfile.TemporaryDirectory() as folder:
                for program.BLOCK in range(1, 90, 7):
                    for program.CHUNK in (1, 10, 300, 1 << 20):
                        got = self.deal(text, folder)
                        self.assertEqual(got["mx"], b"".join(
                            lines[::3]) + last)
                        self.assertEqual(got["domain"], b"".join(
                            line for i, line in enumerate(lines) if i % 3))

    def test_unasked(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for line in (b'{"type":"cert"}\n', b"[]\n", b"{\n"):
                with self.assertRaisesRegex(program.Trouble,
                                            "no record asked for"):
                    self.deal(line, folder)

    def test_endless_line(self) -> None:
        self.addCleanup(setattr, program, "MAX_LINE", program.MAX_LINE)
        program.MAX_LINE = 1 << 20
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(program.Trouble,
                                        "a line of more than"):
                self.deal(b"x" * (3 << 20), folder)


if __name__ == "__main__":
    unittest.main()
