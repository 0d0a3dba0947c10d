# SPDX-License-Identifier: Apache-2.0
"""scripts/export --publish: what may be put online, and what goes with it.

    python3 -m unittest tests/unit/test_scripts_publish.py
"""

import base64
import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import duckdb  # noqa: E402

from scripts_stored import (  # noqa: E402
    KINDS, MAILBOXES, Real, make_scan, rows, with_mailboxes)
from mxcensus_scripts import redact  # noqa: E402


class TestPublish(Real):
    """What may be put online."""

    def export(self, *options: str) -> Path:
        lines = list(make_scan.World(5, 0, 0).records(200, ""))
        lines[0]["notes"] = "a | b\n<i>"
        file = self.store("s.mxc", with_mailboxes(lines))
        out = self.folder / "out"
        self.good(str(file), "-o", str(out), "--publish", *options)
        return out

    def everything(self, out: Path) -> str:
        """All values of all tables as text."""
        if (out / "domain.jsonl").exists():
            return "".join((out / f"{kind}.jsonl").read_text()
                           for kind in KINDS)
        return "".join(json.dumps(rows(str(out / f"{kind}.parquet")),
                                  ensure_ascii=False) for kind in KINDS)

    def test_mailboxes(self) -> None:
        hidden = base64.b64encode(b"\xffmailto:secret@a.example").decode()
        for form in ("parquet", "jsonl"):
            with self.subTest(form=form):
                said = self.everything(self.export("--format", form,
                                                   "--force"))
                for word in ("secret", "sécret", "tlsrpt@", hidden):
                    self.assertNotIn(word, said)
                for _, left in MAILBOXES:
                    self.assertIn(json.dumps(left, ensure_ascii=False)[1:-1],
                                  said.replace('\\\\"', '"'))
                self.assertIn("redacted@mx.example", said)
                self.assertIn("https://scanner.example/", said)
                shutil.rmtree(self.folder / "out")
                kept = self.everything(self.export(
                    "--format", form, "--keep-mailboxes"))
                self.assertIn("secret@a.example", kept)
                self.assertNotIn("redacted", kept)
                shutil.rmtree(self.folder / "out")

    def test_nothing_else_changes(self) -> None:
        out = self.export()
        self.good(str(self.folder / "s.mxc"), "-o", "all")
        for kind in KINDS:
            for got, whole in zip(
                    rows(str(out / f"{kind}.parquet")),
                    rows(str(self.folder / f"all/{kind}.parquet"))):
                for one in (got, whole):
                    one.pop("tlsrpt", None)
                    one.get("sts", {}).get("record", {}).pop("txt", None)
                self.assertEqual(got, whole)

    def test_page_and_sums(self) -> None:
        out = self.export()
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet",
                        "SHA256SUMS"], cwd=out, check=True, timeout=60)
        summed = {line.split("  ")[1] for line in
                  (out / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(summed, {path.name for path in out.iterdir()}
                         - {"SHA256SUMS"})
        page = (out / "README.md").read_text()
        for wanted in ("| List | made.csv |",
                       make_scan.Draw(200, 5).digest.hex(),
                       "| Resolvers | 1 |", "2026-01-05 00:00 UTC",
                       "2026-01-05 01:00 UTC (complete)", "mxcensus 0.1.0",
                       "| `domain.parquet` | line of the list | 200 |",
                       "*Inconclusive* is none", "To be filled in",
                       "are redacted", r"a \| b?\<i\>"):
            self.assertIn(wanted, page)
        self.assertNotIn("192.0.2.53", page)
        schema = subprocess.run([self.program, "schema"], check=True,
                                capture_output=True).stdout
        self.assertEqual(json.loads((out / "schema.json").read_bytes()),
                         json.loads(schema))

    def test_sql_and_python_agree(self) -> None:
        samples = [text for text, _ in MAILBOXES] + [
            "", "@", "a@", "@a", "mailto:@a", 'x"y"@z', "a b@c,d@e;f@g",
            "rua=mailto:a;b@c", "%40", "mailto:%40", "http://u@h?u@h"]
        with duckdb.connect() as db:
            db.execute(redact.macros())
            for text in samples:
                parts = [text[:3], text[3:]]
                got = db.execute(
                    "SELECT redacted_texts([$t, NULL]), "
                    "redacted_parts([$p]), redacted_texts(NULL)",
                    {"t": text, "p": parts}).fetchone()
                cleaned = redact.clean({"txt": [text],
                                        "txt_parts": [parts]})
                self.assertEqual(got, ([*cleaned["txt"], None],
                                       cleaned["txt_parts"], None))
        for text, left in MAILBOXES:
            self.assertEqual(redact.text(text), left)


if __name__ == "__main__":
    unittest.main()
