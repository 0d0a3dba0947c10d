# SPDX-License-Identifier: Apache-2.0
"""The file as other languages see it, and the commands cat, info, schema.

$MXCENSUS is the program; a sample file with every kind of record comes from
$BUILD/tests/test_sink, which writes one when MXCENSUS_SAMPLE names it.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from typing import Any

import msgpack
import zstandard

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
MXCENSUS = os.environ.get("MXCENSUS", str(BUILD / "mxcensus"))
VOLATILE_SEEN = 10  # names of volatile fields that a sample holds at least


def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """The program, to its end."""
    return subprocess.run([MXCENSUS, *arguments], capture_output=True,
                          timeout=60, check=False, **more)


def json_lines(text: bytes) -> list[dict[str, Any]]:
    """Every line parsed."""
    return [json.loads(line) for line in text.splitlines()]


def frame(*records: Any) -> bytes:
    """One frame of records as another writer would make it."""
    packed = b"".join(msgpack.packb(record) for record in records)
    return zstandard.ZstdCompressor(write_checksum=True).compress(packed)


class Sample(unittest.TestCase):
    """A file with every kind of record, read by msgpack and zstandard."""

    folder: tempfile.TemporaryDirectory[str]
    path: str
    schema: dict[str, Any]
    records: list[dict[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = str(Path(cls.folder.name) / "sample.mxc")
        subprocess.run([str(BUILD / "tests" / "test_sink")], check=True,
                       env={**os.environ, "MXCENSUS_SAMPLE": cls.path})
        cls.schema = json.loads(run("schema").stdout)
        with open(cls.path, "rb") as file:
            plain = zstandard.ZstdDecompressor().stream_reader(
                file, read_across_frames=True).read()
        unpacker = msgpack.Unpacker()
        unpacker.feed(plain)
        cls.records = list(unpacker)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def write(self, name: str, content: bytes) -> str:
        """A file beside the sample."""
        path = Path(self.folder.name) / name
        path.write_bytes(content)
        return str(path)


class Reading(Sample):
    """Other readers see what cat prints."""

    def rows(self, name: str) -> dict[str, dict[str, Any]]:
        """The fields of an object."""
        return {row["name"]: row for row in self.schema["fields"]
                if row["object"] == name}

    def text(self, value: Any) -> Any:
        """Text, or bytes that are none."""
        if isinstance(value, bytes):
            return {"b64": base64.b64encode(value).decode()}
        if isinstance(value, list):
            return [self.text(one) for one in value]
        return value

    def as_cat(self, value: Any, row: dict[str, Any], stable: bool) -> Any:
        """A value by the rules of SCHEMA.md."""
        kind = row["type"]
        if value is None:
            return None
        if kind == "MAP":
            return self.map_as_cat(value, row["sub"], stable)
        if kind == "MAPS":
            return [self.map_as_cat(one, row["sub"], stable)
                    for one in value]
        if kind == "BIN" and row["name"] == "der":
            return base64.b64encode(value).decode()
        if kind == "BIN":
            return value.hex()
        if kind == "BINS":
            return [one.hex() for one in value]
        return self.text(value)

    def map_as_cat(self, value: dict[str, Any], name: str,
                   stable: bool) -> dict[str, Any]:
        """A map by the rules of SCHEMA.md."""
        rows = self.rows(name)
        return {key: self.as_cat(one, rows[key], stable)
                for key, one in value.items()
                if rows[key]["stable"] or not stable}

    def test_cat_equals_msgpack(self) -> None:
        for stable in (False, True):
            done = run("cat", *(["--stable"] if stable else []), self.path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(
                json_lines(done.stdout),
                [self.map_as_cat(record, record["type"], stable)
                 for record in self.records])

    def test_order_of_records(self) -> None:
        kinds = [record["type"] for record in self.records]
        self.assertEqual((kinds[0], kinds[-1]), ("scan", "end"))
        self.assertEqual(kinds.count("scan") + kinds.count("end"), 2)
        seen = set()
        for record in self.records:
            if record["type"] == "cert":
                self.assertNotIn(record["sha256"], seen)
                seen.add(record["sha256"])
            elif record["type"] == "mx":
                for address in record.get("addresses", []):
                    chain = address.get("tls", {}).get("chain", [])
                    self.assertLessEqual(set(chain), seen)
        self.assertEqual(len(seen), 2)

    def test_keys_in_the_order_of_the_table(self) -> None:
        order = list(self.rows("domain"))
        for record in json_lines(run("cat", "--stable", self.path).stdout):
            if record["type"] == "domain":
                self.assertEqual(list(record),
                                 [key for key in order if key in record])

    def test_stable_drops_what_is_volatile(self) -> None:
        names = {row["name"] for row in self.schema["fields"]
                 if not row["stable"]}
        names -= {row["name"] for row in self.schema["fields"]
                  if row["stable"]}
        self.assertGreater(len(names), VOLATILE_SEEN)
        lines = run("cat", "--stable", self.path).stdout.decode()
        for name in names:
            self.assertNotIn(f'"{name}":', lines)

    def test_snippet_counts_like_info(self) -> None:
        text = (ROOT / "output" / "SCHEMA.md").read_text(encoding="utf-8")
        snippets = re.findall(r"```python\n(.*?)```", text, re.S)
        self.assertEqual(len(snippets), 1)
        self.assertLessEqual(snippets[0].count("\n"), 20)
        done = subprocess.run([sys.executable, "-c", snippets[0], self.path],
                              capture_output=True, check=True, timeout=60)
        counts = json.loads(done.stdout.replace(b"'", b'"'))
        told = json.loads(run("info", "--json", self.path).stdout)
        self.assertEqual(counts, told["records"])
        self.assertEqual(counts["domain"], 200)


class Cat(Sample):
    """Options, damage and bad input of cat."""

    def test_types(self) -> None:
        whole = json_lines(run("cat", self.path).stdout)
        for arguments, kinds in (
                (["--type", "mx"], {"mx"}),
                (["--type", "mx,end"], {"mx", "end"}),
                (["--type", "scan", "--type=cert"], {"scan", "cert"}),
                (["--type", "other"], set())):
            done = run("cat", *arguments, self.path)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(json_lines(done.stdout),
                             [r for r in whole if r["type"] in kinds])

    def test_explain(self) -> None:
        sentences = {row["code"]: row["sentence"]
                     for row in self.schema["findings"]}
        found = 0
        for record in json_lines(run("cat", "--explain", self.path).stdout):
            if record["type"] != "domain":
                self.assertNotIn("findings_explained", record)
                continue
            told = record["findings_explained"]
            self.assertEqual([one["code"] for one in told],
                             record["findings"])
            for one in told:
                self.assertEqual(one["sentence"], sentences[one["code"]])
            found += len(told)
        self.assertEqual(found, 100)

    def test_several_files_and_stdin(self) -> None:
        once = run("cat", self.path).stdout
        self.assertEqual(run("cat", self.path, self.path).stdout, once * 2)
        with open(self.path, "rb") as file:
            self.assertEqual(run("cat", "-", stdin=file).stdout, once)

    def test_torn(self) -> None:
        whole = Path(self.path).read_bytes()
        lines = run("cat", self.path).stdout
        torn = self.write("torn.mxc", whole[:-3])
        done = run("cat", torn)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertIn(b"torn.mxc: the end is torn from byte", done.stderr)
        self.assertEqual(done.stdout, lines[:lines[:-1].rindex(b"\n") + 1])
        # the next file is read all the same
        self.assertEqual(run("cat", torn, self.path).stdout,
                         done.stdout + lines)

    def test_no_mxc_file(self) -> None:
        done = run("cat", __file__)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no .mxc file", done.stderr)

    def test_bad_input(self) -> None:
        for arguments, says in (
                (["/nonexistent/a.mxc"], b"/nonexistent/a.mxc: No such file"),
                (["/"], b"is a folder"), ([], b"usage: mxcensus cat"),
                (["--type", ""], b"usage:"), (["--nope", "x"], b"--nope")):
            for command in ("cat", "info"):
                if command == "info" and "--type" in arguments:
                    continue
                done = run(command, *arguments)
                self.assertEqual((done.returncode, done.stdout), (1, b""))
                self.assertIn(says.replace(b" cat", command.encode().rjust(
                    len(command) + 1)), done.stderr)

    def test_help(self) -> None:
        for command in ("cat", "info", "schema"):
            done = run(command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertIn(b"usage: mxcensus " + command.encode(), done.stdout)
            self.assertLessEqual(
                max(map(len, done.stdout.splitlines())), 80)

    def test_reader_that_goes_away(self) -> None:
        many = self.write("many.mxc", Path(self.path).read_bytes() * 20)
        with subprocess.Popen([MXCENSUS, "cat", many], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stderr is not None
            self.assertIn(b'"scan"', process.stdout.readline())
            process.stdout.close()
            self.assertEqual(process.wait(timeout=60), 0)
            self.assertEqual(process.stderr.read(), b"")

    def test_full_disk(self) -> None:
        for arguments in (["cat", self.path], ["info", self.path],
                          ["schema"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([MXCENSUS, *arguments], stdout=full,
                                      stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 3, arguments)
            self.assertIn(b"No space left", done.stderr)


class Later(Sample):
    """Files of a later version, and text that is out for the terminal."""

    def test_unknown_passes_through(self) -> None:
        later = {"type": "domain", "line": 1, "name": "a.example",
                 "novel": [1, -2, 1.5, None, True, {"x": "\u20ac\"\\\n"}],
                 "sts": {"novel": 2 ** 64 - 1, "record": {"status": "new"}}}
        other = {"type": "novelty", "value": b"\xff"}
        path = self.write("later.mxc", frame(later, other))
        for arguments in ([], ["--stable"]):
            done = run("cat", *arguments, path)
            got = json_lines(done.stdout)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(got[0], later)
            self.assertEqual(got[1], {"type": "novelty",
                                      "value": {"b64": "/w=="}})

    def test_table_order_of_a_shuffled_record(self) -> None:
        path = self.write("shuffled.mxc", frame(
            {"elapsed_ms": 1, "x": 0, "name": "a", "line": 2,
             "type": "domain"}))
        self.assertEqual(run("cat", "--stable", path).stdout,
                         b'{"type":"domain","line":2,"name":"a","x":0}\n')

    def test_escape_sequences_stay_out_of_info(self) -> None:
        path = self.write("hostile.mxc", frame(
            {"type": "scan", "format": 1, "version": "\x1b[2J",
             "list": "\x1b]0;x\x07" + "y" * 500, "notes": b"\xff\xfe",
             "resolvers": ["a" * 99] * 16},
            {"type": "\x1b[31m", "line": 1},
            {"type": "end", "reason": "\u20ac" * 100,
             "rejected": {"\r\x1b": 5}}))
        done = run("info", path)
        self.assertEqual(done.returncode, 0)
        text = done.stdout.decode("utf-8")
        self.assertIsNone(re.search("[\x00-\x09\x0b-\x1f\x7f]", text))
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


class Info(Sample):
    """Counts, and the proof of them."""

    def test_text(self) -> None:
        done = run("info", self.path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        text = done.stdout.decode()
        self.assertRegex(text, r"(?m)^    end adds up +yes$")
        self.assertRegex(text, r"(?m)^    domain +200$")
        self.assertLessEqual(max(map(len, text.splitlines()[1:])), 80)

    def test_counts(self) -> None:
        told = json.loads(run("info", "--json", self.path).stdout)
        domains = [r for r in self.records if r["type"] == "domain"]
        self.assertEqual(told["verdicts"],
                         Counter(r["verdict"] for r in domains))
        self.assertEqual(told["findings"], Counter(
            code for r in domains for code in r["findings"]))
        self.assertEqual(told["file_bytes"], os.path.getsize(self.path))
        self.assertTrue(told["adds_up"] and told["whole"])
        end = self.records[-1]
        for name in ("verdicts", "verdicts_dane", "findings", "outcomes"):
            self.assertEqual(told[name], end[name])

    def test_without_end(self) -> None:
        cut = self.write("cut.mxc", frame(self.records[0]))
        done = run("info", cut)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"no `end`", done.stdout)

    def test_not_adding_up(self) -> None:
        end = {**self.records[-1]}
        end["findings"] = {**end["findings"], "starttls.absent": 1}
        end["verdicts"] = {key: n for key, n in end["verdicts"].items()
                           if key != "none"}
        lies = self.write("lies.mxc", frame(*self.records[:-1], end))
        done = run("info", lies)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stdout.decode(), r"(?m)^    end adds up +no$")
        told = json.loads(run("info", "--json", lies).stdout)
        self.assertFalse(told["adds_up"])
        self.assertEqual(
            {(m["what"], m["end"], m["file"]) for m in told["mismatches"]},
            {("findings starttls.absent", 1, 50), ("verdicts none", 0, 150)})


class Schema(Sample):
    """The tables as JSON."""

    def test_complete(self) -> None:
        for name in ("fields", "findings", "outcomes", "vocabulary",
                     "options"):
            self.assertGreater(len(self.schema[name]), 0, name)
            for row in self.schema[name]:
                self.assertTrue(row["sentence"], row)
        keys = [(r["object"], r["name"]) for r in self.schema["fields"]]
        self.assertEqual(len(keys), len(set(keys)))
        objects = {row["object"] for row in self.schema["fields"]}
        sets = {row["set"] for row in self.schema["vocabulary"]}
        for row in self.schema["fields"]:
            if row["type"] in ("MAP", "MAPS"):
                self.assertIn(row["sub"], objects)
            elif row["type"] in ("WORD", "WORDS"):
                self.assertIn(row["sub"], sets | {"outcome"})

    def test_words_in_the_file_are_listed(self) -> None:
        words = {row["word"] for row in self.schema["vocabulary"]}
        for record in self.records:
            if record["type"] == "domain":
                self.assertIn(record["verdict"], words)
                self.assertIn(record["sts"]["policy"]["status"], words)


if __name__ == "__main__":
    unittest.main()
