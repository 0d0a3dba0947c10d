# SPDX-License-Identifier: Apache-2.0
"""Every published statistic has its place: the table "Which statistic is
where" of scripts/README.md against what scripts/summarize prints, and against
the list of statistics where that is at hand.

    python3 -m unittest tests/unit/test_scripts_rows.py
"""

import fnmatch
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import msgpack  # noqa: E402
import zstandard  # noqa: E402

import scripts_golden as golden  # noqa: E402
from scripts_stand_in import ROOT, Scans  # noqa: E402
from mxcensus_scripts import summarize, tables  # noqa: E402

README = ROOT / "scripts/README.md"
# The list of statistics is kept beside the checkout.
LIST = ROOT.parent / "shared/statistics.md"
EVERY = 40
ITEM = re.compile(r"`([a-z_]+)\.([a-z0-9_.*]+)`")


def cells(line: str) -> list[str]:
    """The cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def documented() -> list[tuple[str, str, str]]:
    """Section, statistic and place of each row of the README."""
    text = README.read_text(encoding="utf-8")
    part = text.split("### Which statistic is where", 1)[1]
    rows = [cells(line) for line in part.split("\n### ", 1)[0].splitlines()
            if re.match(r"\| 3\.[1-6] \|", line)]
    return [(row[0], row[1], row[2]) for row in rows]


def published() -> list[tuple[str, str]]:
    """Section and statistic of each row of the list."""
    section, rows = "", []
    for line in LIST.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"##+ ([0-9.]+)", line)
        if heading:
            section = heading[1]
        elif re.fullmatch(r"3\.[1-6]", section) and line.startswith("| "):
            name = cells(line)[0]
            if name != "statistic":
                rows.append((section, name))
    return rows


def small_scan() -> list[golden.Record]:
    """A part of each golden scan, with all that the README names."""
    domains = [r for r in golden.published() if r["type"] == "domain"]
    chosen = domains[::EVERY]
    named = {host["host"] for r in chosen for host in r["mx"]}
    for rank, record in enumerate(chosen, 1):
        record["rank"] = rank
    chosen[0]["tlsrpt"] = {"status": "ok",
                           "rua": ["mailto:a@reports.example.org"]}
    chosen[0]["also"] = {"ds": {"status": "present"},
                         "ns": {"status": "present", "rr": ["ns.example"]}}
    chosen[1]["mx_lookup"] = {"outcome": "bogus", "ede": [{"code": 7}]}
    hosts = [r for r in golden.published()
             if r["type"] == "mx" and r["host"] in named]
    dane = [r for r in golden.dane_scan() if r["type"] in ("cert", "mx")]
    for record in dane:
        for at in record.get("addresses", []):
            at.get("tls", {}).update(cipher="TLS_AES_128_GCM_SHA256",
                                     group="x25519")
    return [{"type": "scan", "format": 1, "list": "made"}, *hosts,
            *dane[:2], *dane[2::EVERY], *chosen,
            {"type": "end", "reason": "complete"}]


class TestRows(Scans):
    """The README tells the truth."""

    def test_every_item_is_printed(self) -> None:
        program = ROOT / "build/mxcensus"
        self.assertTrue(program.exists(), "build the program first: make")
        file = self.folder / "small.mxc"
        squeeze = zstandard.ZstdCompressor(write_checksum=True)
        file.write_bytes(squeeze.compress(b"".join(
            map(msgpack.packb, small_scan()))))
        got = self.summary(str(file), "--mxcensus", str(program))
        items: dict[str, list[str]] = {
            table: [row["item"] for row in rows]
            for table, rows in got["tables"].items()}
        for _, statistic, place in documented():
            for table, item in ITEM.findall(place):
                with self.subTest(statistic=statistic, item=item):
                    self.assertTrue(
                        fnmatch.filter(items.get(table, []), item),
                        f"{table} prints no {item}")

    def test_every_row_has_a_place(self) -> None:
        for _, statistic, place in documented():
            with self.subTest(statistic=statistic):
                self.assertTrue(
                    ITEM.search(place) or "`--by " in place
                    or place.startswith("history"), place)
            for key in re.findall(r"`--by (\w+)`", place):
                self.assertIn(key, summarize.GROUPS)

    def test_every_published_statistic(self) -> None:
        self.assertEqual(len(documented()), 65)
        if not LIST.exists():
            self.skipTest(f"the list of statistics is not at {LIST.name}; "
                          "its rows are not compared")
        self.assertEqual([(section, name) for section, name, _ in
                          documented()], published())

    def test_every_table_has_its_file(self) -> None:
        sql = ROOT / "scripts/sql"
        for table in tables.TABLES:
            self.assertTrue((sql / f"{table}.sql").is_file(), table)
        others = {"macros", "names", "entities", "measure", "measure_hosts",
                  "measure_pairs", "measure_sts"}
        self.assertLessEqual(others, {p.stem for p in sql.glob("*.sql")})


if __name__ == "__main__":
    unittest.main()
