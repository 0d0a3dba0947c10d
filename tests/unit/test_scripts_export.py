# SPDX-License-Identifier: Apache-2.0
"""scripts/export: what other readers find in its tables, and inputs that are
torn, old or in several parts.

    python3 -m unittest tests/unit/test_scripts_export.py
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import duckdb  # noqa: E402

from scripts_stand_in import ROOT  # noqa: E402
from scripts_stored import (  # noqa: E402
    KINDS, Real, make_scan, plain, rows, stored, with_mailboxes)
from mxcensus_scripts import store  # noqa: E402
from mxcensus_scripts.program import Program  # noqa: E402
from mxcensus_scripts.progress import Progress  # noqa: E402


class TestTables(Real):
    """Every record, field by field, through an independent reader."""

    def test_record_by_record(self) -> None:
        lines = with_mailboxes(list(make_scan.World(3, 0, 0).records(
            2500, "")))
        file = self.store("s.mxc", lines)
        self.assertEqual(len(list(stored(file))), len(lines))
        self.good(str(file), "-o", "out")
        out = self.folder / "out"
        self.assertEqual({path.name for path in out.iterdir()},
                         {"schema.json", "session.parquet",
                          *(f"{k}.parquet" for k in KINDS)})
        for kind in KINDS:
            wanted = [plain(line) for line in stored(file)
                      if line["type"] == kind]
            got = rows(str(out / f"{kind}.parquet"))
            self.assertEqual(len(got), len(wanted))
            self.assertGreater(len(got), 0)
            for one, other in zip(got, wanted):
                self.assertEqual(one, other)

    def test_columns_are_the_schema(self) -> None:
        self.good(str(self.made("s.mxc", 30)), "-o", "out")
        schema = json.loads((self.folder / "out/schema.json").read_bytes())
        with duckdb.connect() as db:
            for kind in KINDS:
                file = str(self.folder / f"out/{kind}.parquet")
                got = db.execute("SELECT column_name, column_type FROM "
                                 "(DESCRIBE FROM read_parquet(?))", [file]
                                 ).fetchall()
                fields = [field for field in schema["fields"]
                          if field["object"] == kind]
                self.assertEqual([name for name, _ in got],
                                 [field["name"] for field in fields])
                for (_, type_), field in zip(got, fields):
                    self.assertEqual(type_.startswith("STRUCT("),
                                     field["type"] in ("MAP", "MAPS"))
                    self.assertEqual(type_.endswith("[]"),
                                     field["type"][-1] == "S"
                                     and field["type"] not in (
                                         "COUNTS", "SECONDS"))

    def test_lines(self) -> None:
        file = self.made("s.mxc", 200)
        self.good(str(file), "-o", "out", "--format", "jsonl", "--types",
                  "domain,mx")
        out = self.folder / "out"
        self.assertEqual({path.name for path in out.iterdir()},
                         {"schema.json", "domain.jsonl", "mx.jsonl"})
        for kind in ("domain", "mx"):
            said = subprocess.run([self.program, "cat", "--type", kind, file],
                                  capture_output=True, check=True).stdout
            self.assertEqual((out / f"{kind}.jsonl").read_bytes(), said)

    def test_same_summary(self) -> None:
        file = self.made("s.mxc", 3000)
        self.good(str(file), "-o", "out")
        self.command = "summarize"
        by = ("--by", "tld,rank,operator")
        wanted = self.summary(str(file), *by)
        got = self.summary("out", *by)
        self.assertEqual(wanted["tables"], got["tables"])
        self.assertEqual(wanted["by"], got["by"])
        self.assertEqual(got["files"][0]["domains"], 3000)
        self.assertEqual(got["warnings"], [])
        # Without the program nobody knows whose a host is, and it is said.
        alone = self.summary("out", *by, MXCENSUS="/nonexistent")
        self.assertEqual(wanted["tables"]["adoption"],
                         alone["tables"]["adoption"])
        self.assertIn("registrable", alone["warnings"][0])

    def summary(self, *arguments: str, **environment: str) -> dict[str, Any]:
        if environment:
            # a copy beside which there is no program
            shutil.copytree(ROOT / "scripts", self.folder / "alone")
            process = subprocess.run(
                [self.folder / "alone/summarize", "--format", "json",
                 *arguments], capture_output=True, cwd=self.folder,
                env={"PATH": "/usr/bin:/bin", "MXCENSUS_VENV": str(
                    Path(sys.prefix).resolve())}, timeout=120)
            self.assertEqual(process.returncode, 0, process.stderr)
            return json.loads(process.stdout)
        return super().summary(*arguments)


class TestParts(Real):
    """Several inputs: shards, days, and what must not be mixed."""

    def test_shards(self) -> None:
        whole = self.made("w.mxc", 600)
        parts = [str(self.made(f"{i}.mxc", 600, shard=f"{i}/2"))
                 for i in (1, 2)]
        self.good(*parts, "-o", "out")
        self.good(parts[0], "-o", "half")
        got = rows(str(self.folder / "out/domain.parquet"))
        wanted = [plain(line) for part in parts for line in stored(Path(part))
                  if line["type"] == "domain"]
        self.assertEqual(got, wanted)
        self.assertEqual(len(rows(str(self.folder / "out/scan.parquet"))), 2)
        self.command = "summarize"
        tables = self.summary(str(whole))["tables"]
        self.assertEqual(self.summary("out")["tables"]["adoption"],
                         tables["adoption"])
        # a folder and a file mixed
        mixed = self.summary("half", parts[1])
        self.assertEqual(mixed["tables"]["adoption"], tables["adoption"])
        self.assertEqual([f["domains"] for f in mixed["files"]], [300, 300])

    def test_days(self) -> None:
        weeks = [self.made(f"{i}.mxc", 100, wave=i) for i in range(3)]
        self.bad(1, "100 input lines have a record in several inputs",
                 *map(str, weeks[:2]), "-o", "mixed")
        self.assertFalse((self.folder / "mixed").exists())
        self.good(*map(str, weeks[:2]), "-o", "out", "--partition")
        self.bad(1, "date=2026-01-12: is there", str(weeks[1]), "-o", "out",
                 "--partition")
        self.bad(1, "of the other shape", str(weeks[2]), "-o", "out")
        self.good(str(weeks[1]), "-o", "out", "--partition", "--force")
        self.good(str(weeks[2]), "-o", "out", "--partition")
        out = self.folder / "out"
        self.assertEqual(sorted(path.name for path in (out / "mx").iterdir()),
                         ["date=2026-01-05", "date=2026-01-12",
                          "date=2026-01-19"])
        for week, day in zip(weeks, ("05", "12", "19")):
            got = rows(f"{out}/domain/date=2026-01-{day}/*.parquet")
            self.assertEqual(got, [plain(line) for line in stored(week)
                                   if line["type"] == "domain"])

    def test_scan_numbers(self) -> None:
        paths = [str(self.made("b1.mxc", 40, wave=1, shard="1/2")),
                 str(self.made("a.mxc", 40)),
                 str(self.made("b2.mxc", 40, wave=1, shard="2/2")),
                 str(self.made("c.mxc", 40, wave=2))]
        self.good(paths[1], paths[3], "-o", "days", "--partition")
        days = str(self.folder / "days")
        for given, scans, wanted in (
                (paths, store.BY_TIME, [2, 1, 2, 3]),
                (paths, store.TOGETHER, [1, 1, 1, 1]),
                (paths[:2], store.GIVEN, [1, 2]),
                ([paths[0], days, paths[2]], store.BY_TIME, [2, 1, 3, 2])):
            with store.opened(Program(str(self.program)), given,
                              {"domain": ("line",)}, scans=scans) as got:
                self.assertEqual([one.scan_no for one in got.inputs], wanted)
                found = got.db.execute(
                    "SELECT DISTINCT file, scan_no FROM domain ORDER BY file"
                ).fetchall()
                self.assertEqual(found, list(enumerate(wanted, 1)))

    def test_only_what_is_needed(self) -> None:
        file = str(self.made("s.mxc", 40))
        needs = {"domain": ("line", "sts.policy.status", "mx.host")}
        with store.opened(Program(str(self.program)), [file], needs) as got:
            self.assertEqual(
                [name for name, *_ in got.db.execute("DESCRIBE domain"
                                                     ).fetchall()],
                ["file", "scan_no", "line", "sts", "mx"])
            self.assertEqual(got.one("SELECT count(*) FROM end_"), 1)
            self.assertGreater(
                got.one("SELECT count(mx[1].host) FROM domain"), 20)
            for query in ("SELECT sts.policy.body FROM domain",
                          "SELECT mx[1].dane FROM domain", "FROM mx"):
                with self.assertRaises(duckdb.Error):
                    got.db.execute(query)


class TestTrouble(Real):
    """Torn, foreign, old and half-finished things."""

    def test_torn(self) -> None:
        file = self.made("s.mxc", 3000)
        whole = file.read_bytes()
        for size, wanted in ((len(whole) // 2, "status 2: .*s.mxc"),
                             (0, r"s\.mxc: has no scan record"),
                             (3, r"s\.mxc: mxcensus cat ended")):
            file.write_bytes(whole[:size])
            self.bad(1, wanted, str(file), "-o", "out")
            self.assertFalse((self.folder / "out").exists())
        file.write_text("no scan at all, but long enough for a header")
        self.bad(1, r"s\.mxc", str(file), "-o", "out")

    def test_torn_table(self) -> None:
        self.good(str(self.made("s.mxc", 50)), "-o", "out")
        table = self.folder / "out/mx.parquet"
        table.write_bytes(table.read_bytes()[:-9])
        self.command = "summarize"
        self.bad(1, "out: cannot read its table mx: ", "out")
        table.unlink()
        process = self.run_it("out", "--format", "json")
        self.assertEqual(json.loads(process.stdout)["files"][0]["mx_hosts"],
                         0)
        (self.folder / "out/domain.parquet").unlink()
        self.bad(1, "that export did not write", "out")

    def test_nothing_is_overwritten(self) -> None:
        file = str(self.made("s.mxc", 20))
        self.good(file, "-o", "out")
        before = (self.folder / "out/domain.parquet").stat().st_mtime_ns
        self.bad(1, "cert.parquet: is there", file, "-o", "out")
        self.assertEqual(before, (self.folder / "out/domain.parquet"
                                  ).stat().st_mtime_ns)
        self.good(file, "-o", "out", "--force")
        self.bad(1, "is there and no folder", file, "-o", file)

    def test_usage(self) -> None:
        file = str(self.made("s.mxc", 20))
        self.bad(1, "required: .*-o", file)
        self.bad(1, "'host' is none of scan, domain", file, "-o", "out",
                 "--types", "host")
        self.good(file, "-o", "out")
        self.bad(1, "jsonl is made from .mxc files", "out", "-o", "other",
                 "--format", "jsonl")
        nothing = self.store("n.mxc", [
            {"type": "scan", "format": 1}, {"type": "end"}])
        self.bad(1, "has no scan record with a time", str(nothing), "-o",
                 "p", "--partition")
        self.good(str(nothing), "-o", "n")
        self.assertEqual(rows(str(self.folder / "n/domain.parquet")), [])

    def test_older_table(self) -> None:
        """Columns and members that an older version did not write."""
        file = self.made("s.mxc", 800)
        self.good(str(file), "-o", "out")
        table = self.folder / "out/domain.parquet"
        with duckdb.connect() as db:
            db.execute(f"""COPY (SELECT * EXCLUDE (mx_null, verdict_dane)
                REPLACE (struct_pack(record := sts.record, policy :=
                    struct_pack(mode := sts.policy.mode, status :=
                    sts.policy.status, gone := 1)) AS sts,
                    list_transform(mx, lambda h: struct_pack(
                    starttls := h.starttls, host := h.host)) AS mx),
                'of later' AS later
                FROM '{table}') TO '{table}.old' (FORMAT parquet)""")
        os.replace(f"{table}.old", table)
        with store.opened(Program(str(self.program)),
                          [str(self.folder / "out")],
                          {"domain": store.ALL}) as got:
            self.assertEqual(got.db.execute(
                "SELECT count(*), count(mx_null), count(verdict_dane), "
                "count(sts.policy.body), count(mx[1].dane), "
                "count(mx[1].host) > 400, count(sts.policy.status) > 5 "
                "FROM domain").fetchone(), (800, 0, 0, 0, 0, True, True))
        self.command = "summarize"
        old = self.summary("out")["tables"]
        new = self.summary(str(file))["tables"]
        for table_name in ("policy", "starttls", "findings"):
            # who manages a policy host is told by columns that are missing
            self.assertEqual(*([row for row in side[table_name]
                                if ", " not in row["section"]]
                               for side in (old, new)))
        self.assertEqual([row["item"] for row in old["verdicts"]
                          if row["section"] == "DANE senders"],
                         ["(missing)"])


class TestProgress(unittest.TestCase):
    """A line for people only."""

    def shown(self, tty: bool, quiet: bool) -> str:
        out = io.StringIO()
        out.isatty = lambda: tty  # type: ignore[method-assign]
        line = Progress(quiet, out)
        line.start("a.mxc")
        line.begun -= 10
        line.add("domain", 12345)
        line.clear()
        return out.getvalue()

    def test_terminal_only(self) -> None:
        self.assertEqual(self.shown(False, False), "")
        self.assertEqual(self.shown(True, True), "")
        self.assertRegex(self.shown(True, False),
                         r"a\.mxc: 12,345 domain \(1,2\d\d records/s\)"
                         "\r\033\\[K$")


class TestMadeScan(Real):
    """The scans that are measured with are sound and repeatable."""

    def test_sound(self) -> None:
        file = self.made("s.mxc", 4000)
        said = subprocess.run([self.program, "info", file], check=True,
                              capture_output=True, text=True).stdout
        self.assertRegex(said, r"end adds up +yes")
        digest = hashlib.sha256(file.read_bytes()).digest()
        self.assertEqual(digest, hashlib.sha256(
            self.made("t.mxc", 4000).read_bytes()).digest())

    def test_weeks(self) -> None:
        weeks = [{line["line"]: line["sts"] | {"mx": line["mx_status"]}
                  for line in stored(self.made(f"{i}.mxc", 2000, wave=i))
                  if line["type"] == "domain"} for i in (0, 1)]
        changed = sum(weeks[0][line]["mx"] != weeks[1][line]["mx"]
                      for line in weeks[0])
        self.assertTrue(100 < changed < 400, changed)


if __name__ == "__main__":
    unittest.main()
