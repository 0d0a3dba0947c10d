# SPDX-License-Identifier: Apache-2.0
"""The readers that SCHEMA.md shows, run as they stand there.

Perl's Data::MessagePack comes with scripts/deps.sh.
"""

import ast
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import duckdb
from mxc_made import BUILD, GOLDEN, MXCENSUS, ROOT, json_lines, run

LINES_MAX = 20


class Readers(unittest.TestCase):
    """Each counts the records by type, as `info` does."""

    folder: tempfile.TemporaryDirectory[str]
    files: list[Path]
    snippet: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        sample = Path(cls.folder.name) / "sample.mxc"
        subprocess.run([str(BUILD / "tests" / "test_sink")], check=True,
                       env={**os.environ, "MXCENSUS_SAMPLE": str(sample)})
        # more plain bytes than a reader takes at once, records across them
        many = Path(cls.folder.name) / "many.mxc"
        many.write_bytes(sample.read_bytes() * 40)
        cls.files = [sample, many, *sorted(GOLDEN.glob("*.mxc"))]
        text = (ROOT / "output" / "SCHEMA.md").read_text(encoding="utf-8")
        cls.snippet = dict(re.findall(r"```(python|sql|perl)\n(.*?)```", text,
                                      re.S))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def told(self, path: Path) -> dict[str, int]:
        """The counts of `info`."""
        counts: dict[str, int] = json_lines(
            run("info", "--json", path).stdout)[0]["records"]
        self.assertGreater(sum(counts.values()), 0)
        return counts

    def test_short(self) -> None:
        self.assertEqual(set(self.snippet), {"python", "sql", "perl"})
        for text in self.snippet.values():
            self.assertLessEqual(text.count("\n"), LINES_MAX)

    def test_python(self) -> None:
        for path in self.files:
            done = subprocess.run(
                [sys.executable, "-c", self.snippet["python"], str(path)],
                capture_output=True, check=True, timeout=60)
            self.assertEqual(ast.literal_eval(done.stdout.decode()),
                             self.told(path), path)

    def test_perl(self) -> None:
        for path in self.files:
            done = subprocess.run(
                ["perl", "-e", self.snippet["perl"], str(path)],
                capture_output=True, check=False, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            counts = dict(line.rsplit(" ", 1)
                          for line in done.stdout.decode().splitlines())
            self.assertEqual({word: int(n) for word, n in counts.items()},
                             self.told(path), path)

    def test_duckdb(self) -> None:
        query = self.snippet["sql"]
        self.assertIn("'/dev/stdin'", query)
        for path in self.files:
            lines = Path(self.folder.name) / "lines"
            with lines.open("wb") as file:
                subprocess.run([MXCENSUS, "cat", str(path)], stdout=file,
                               check=True, timeout=60)
            rows = duckdb.execute(query.replace(
                "/dev/stdin", str(lines))).fetchall()
            self.assertEqual(dict(rows), self.told(path), path)

    def test_duckdb_from_a_pipe(self) -> None:
        """The same words, read from standard input."""
        program = ("import duckdb, sys\n"
                   "print(duckdb.execute(sys.argv[1]).fetchall())")
        with subprocess.Popen([MXCENSUS, "cat", str(self.files[0])],
                              stdout=subprocess.PIPE) as cat:
            done = subprocess.run(
                [sys.executable, "-c", program, self.snippet["sql"]],
                stdin=cat.stdout, capture_output=True, check=True, timeout=60)
        self.assertEqual(dict(ast.literal_eval(done.stdout.decode())),
                         self.told(self.files[0]))


if __name__ == "__main__":
    unittest.main()
