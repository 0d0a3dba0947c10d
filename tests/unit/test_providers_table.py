# SPDX-License-Identifier: Apache-2.0
"""data/providers.tsv: that it says one thing about each name, and that the
build stops at a row that breaks a rule.

    python3 -m unittest tests/unit/test_providers_table.py
"""

from __future__ import annotations

import collections
import os
import re
import subprocess
import tempfile
import unittest
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "data" / "providers.tsv"
AWK = ROOT / "scanner" / "rules" / "providers.awk"
HEADER = "provider\tservice\tsuffix\tencoding\tsource\n"
GOOD = "A House\tmx\tmx.a.example\t-\thttps://a.example/mx\n"

# Provider, name for the customer a.com: table 2 of the study (IMC'25).
STUDY = {
    "Tutanota": "_mta-sts.tutanota.de",
    "DMARCReport": "a-com.mta-sts.dmarcinput.com",
    "PowerDMARC": "a-com._mta.mta-sts.tech",
    "EasyDMARC": "a_com__mta_sts.easydmarc.pro",
    "Mailhardener": "a.com._mta-sts.mailhardener.com",
    "URIports": "a-com._mta-sts.uriports.com",
    "Sendmarc": "a.com._mta-sts.sdmarc.net",
    "OnDMARC": "_mta-sts.a.com._mta-sts.smart.ondmarc.com",
}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    line: int
    provider: str
    service: str
    suffix: str
    encoding: str
    source: str

    def name_for_a_com(self) -> str:
        """The name that the customer a.com points at."""
        if self.encoding == "-":
            return self.suffix
        return re.sub(r"[{}]", "", self.encoding) + "." + self.suffix


def rows() -> list[Row]:
    """The rows of the table; a line without five columns is an error."""
    lines = TABLE.read_text(encoding="ascii").splitlines()
    numbered = [(number, line) for number, line in enumerate(lines, 1)
                if not line.startswith("#")]
    return [Row(number, *line.split("\t")) for number, line in numbered[1:]]


def make(text: str) -> tuple[int, str, str]:
    """Exit status, table and message of the build's program for a text."""
    with tempfile.TemporaryDirectory(prefix="mxcensus-") as folder:
        path = Path(folder) / "providers.tsv"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            ["awk", "-f", str(AWK), str(path)], capture_output=True,
            timeout=60, check=False, env=os.environ | {"LC_ALL": "C"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class TestTable(unittest.TestCase):
    """The table as it is."""

    def test_study(self) -> None:
        found = {row.provider: row.name_for_a_com() for row in rows()
                 if row.source == "IMC'25 table 2"}
        self.assertEqual(found, STUDY)

    def test_services(self) -> None:
        self.assertEqual({row.service for row in rows()},
                         {"sts", "tlsrpt", "mx"})

    def test_one_spelling(self) -> None:
        """Two names that differ in case or blanks only are one provider."""
        spellings = collections.defaultdict(set)
        for row in rows():
            key = re.sub(r"[^a-z0-9]", "", row.provider.lower())
            spellings[key].add(row.provider)
        for found in spellings.values():
            self.assertEqual(len(found), 1, found)

    def test_one_owner(self) -> None:
        """Nobody's suffix lies below another's, in one service."""
        for row in rows():
            for other in rows():
                if (row.service == other.service
                        and row.suffix.endswith("." + other.suffix)):
                    self.assertEqual(row.provider, other.provider, row)

    def test_nothing_idle(self) -> None:
        """A suffix below another of its provider tells more: how the
        customer's name is written, or what the study counted."""
        for row in rows():
            for other in rows():
                if (row.service == other.service
                        and row.suffix.endswith("." + other.suffix)):
                    self.assertNotEqual(
                        (row.encoding, row.source),
                        (other.encoding, other.source), row)

    def test_order(self) -> None:
        """Behind the rows of the study: by service, provider, suffix."""
        order = {"sts": 0, "tlsrpt": 1, "mx": 2}
        keys = [(order[row.service], row.provider.lower(), row.suffix)
                for row in rows() if row.source != "IMC'25 table 2"]
        self.assertEqual(keys, sorted(keys))

    def test_build_takes_it(self) -> None:
        status, table, message = make(TABLE.read_text(encoding="ascii"))
        self.assertEqual((status, message), (0, ""))
        self.assertEqual(len(table.splitlines()), len(rows()))


class TestBuild(unittest.TestCase):
    """providers.awk against small tables."""

    def stops(self, text: str, wanted: str) -> None:
        status, _, message = make(text)
        self.assertNotEqual(status, 0, text)
        self.assertRegex(message, wanted)

    def test_good(self) -> None:
        status, table, message = make("# a\n" + HEADER + "# b\n" + GOOD)
        self.assertEqual((status, message), (0, ""))
        self.assertEqual(table, '\t{ PROVIDER_MX, { "mx.a.example", 12 }, '
                         '{ "A House", 7 } },\n')

    def test_sorted(self) -> None:
        """By service, then by the bytes of the suffix."""
        names = ["sts _b.example", "sts a-b.example", "sts a.example",
                 "tlsrpt 0.example", "mx _.example", "mx a.example"]
        text = "".join(GOOD.replace("mx\tmx.a.example",
                                    "\t".join(name.split()))
                       for name in reversed(names))
        _, table, message = make(HEADER + text)
        self.assertEqual(message, "")
        found = re.findall(r'PROVIDER_(\w+), { "([^"]+)"', table)
        self.assertEqual([f"{service.lower()} {suffix}"
                          for service, suffix in found], names)

    def test_bad_rows(self) -> None:
        for old, new, wanted in (
                ("\t-\t", "\t", "4 columns, not 5"),
                ("/mx\n", "/mx\tmore\n", "6 columns, not 5"),
                ("A House\t", "\t", "bad provider"),
                ("A House\t", " A\t", "bad provider"),
                ("A House\t", 'A"B\t', "bad provider"),
                ("A House\t", "A\\B\t", "bad provider"),
                ("A House\t", "Ä\t", "bad provider"),
                ("\tmx\t", "\tMX\t", "unknown service"),
                ("\tmx\t", "\tdane\t", "unknown service"),
                ("mx.a.example", "MX.a.example", "upper case in the suffix"),
                ("mx.a.example", "example", "fewer than two labels"),
                ("mx.a.example", "", "fewer than two labels"),
                ("mx.a.example", ".a.example", "bad label"),
                ("mx.a.example", "a.example.", "bad label"),
                ("mx.a.example", "a..example", "bad label"),
                ("mx.a.example", "*.example", "bad label"),
                ("mx.a.example", "a b.example", "bad label"),
                ("mx.a.example", "192.0.2.1", "bad label"),
                ("mx.a.example", "a" * 64 + ".example", "bad label"),
                ("\t-\t", "\t\t", "bad encoding"),
                ("\t-\t", "\ta.com\t", "bad encoding"),
                ("\t-\t", "\t{a+com}\t", "bad encoding"),
                ("\t-\t", "\t{a.com}{id}\t", "bad encoding"),
                ("https://a.example/mx", "", "no source"),
                ("https://a.example/mx", "a.example", "no source"),
                ("https://a.example/mx", "https://", "no source"),
                (GOOD, GOOD + GOOD, "suffix twice for one service"),
                (GOOD, "\n", "columns, not 5")):
            with self.subTest(new=new, wanted=wanted):
                self.assertIn(old, GOOD)
                self.stops(HEADER + GOOD.replace(old, new), wanted)

    def test_line_number(self) -> None:
        """The message names file and line."""
        self.stops("# a\n" + HEADER + GOOD + GOOD,
                   r"providers\.tsv:4: suffix twice")

    def test_header(self) -> None:
        self.stops(GOOD, "not the header line")
        self.stops("", "no provider in it")
        self.stops(HEADER, "no provider in it")

    def test_near_misses(self) -> None:
        """What looks odd and is right."""
        other = GOOD.replace("\tmx\t", "\tsts\t")
        for text in (GOOD + other,
                     GOOD.replace("mx.a.example", "_mta-sts.a-1.example"),
                     GOOD.replace("mx.a.example", "xn--a.example"),
                     GOOD.replace("\t-\t", "\t_mta-sts.{a.com}\t"),
                     GOOD.replace("\t-\t", "\t{a_com}__mta_sts\t"),
                     GOOD.replace("https://a.example/mx", "IMC'25 table 2")):
            with self.subTest(text=text):
                status, table, message = make(HEADER + text)
                self.assertEqual((status, message), (0, ""))
                self.assertEqual(len(table.splitlines()), text.count("\n"))


if __name__ == "__main__":
    unittest.main()
