# SPDX-License-Identifier: Apache-2.0
"""scripts/report: the page holds the figures of the scan, each of its figures
as plain Python counts it; nothing from the network gets out of its data; and
nothing on it can be loaded.

What a browser makes of the page is in tests/lab/report.sh.

    python3 -m unittest tests/unit/test_scripts_report.py
"""

import base64
import hashlib
import json
import os
import re
import stat
import sys
import unittest
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_stored import Real, make_scan  # noqa: E402
from mxcensus_scripts import (  # noqa: E402
    report_domains, report_figures, report_page)

HOSTILE = ("</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
           "<!-- <script>", "]]>", "{{script}}", "\u2028\u2029", "&lt;b&gt;",
           "\" onload=\"alert(1)", "javascript:alert(1)", "\x00\x1b[31m",
           "\u202egnp.exe", "\\u003c/script>")


class Elements(HTMLParser):
    """What a page consists of, as a browser takes it apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.within = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str,
                        attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.within = tag

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        self.texts.append((self.within, data))

    def scripts(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags
                if tag == "script"]

    def inside(self, tag: str) -> list[str]:
        return [text for within, text in self.texts if within == tag]


def data_of(page: str) -> dict[str, Any]:
    """The data in a page, taken out as a browser does."""
    found = Elements(page).inside("script")
    return json.loads(found[0])


class TestPage(unittest.TestCase):
    """The file itself."""

    def setUp(self) -> None:
        self.told = {"title": "T <b> & {{data}}", "warnings": [],
                     "hostile": list(HOSTILE)}
        self.page = report_page.page(self.told)

    def test_data_survives(self) -> None:
        self.assertEqual(data_of(self.page), self.told)

    def test_data_is_no_markup(self) -> None:
        embedded = report_page.embedded(list(HOSTILE))
        self.assertTrue(embedded.isascii())
        for mark in "<>&\n\u2028":
            self.assertNotIn(mark, embedded)

    def test_two_scripts_and_no_more(self) -> None:
        elements = Elements(self.page)
        self.assertEqual(
            elements.scripts(),
            [{"type": "application/json", "id": "data"}, {}])
        self.assertEqual(elements.inside("title"), [self.told["title"]])
        self.assertFalse([tag for tag, attributes in elements.tags
                          if tag in ("img", "link", "iframe", "object", "b")
                          or any(name.startswith("on") or name == "src"
                                 for name in attributes)])

    def test_policy_fits_what_is_inside(self) -> None:
        elements = Elements(self.page)
        policy = next(str(attributes["content"]) for tag, attributes
                      in elements.tags if attributes.get("http-equiv"))
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        for kind, text in (("style", elements.inside("style")[0]),
                           ("script", elements.inside("script")[1])):
            digest = base64.b64encode(hashlib.sha256(
                text.encode()).digest()).decode()
            self.assertIn(f"{kind}-src 'sha256-{digest}'", policy)

    def test_scripts_never_parse_markup(self) -> None:
        script = report_page.template(*report_page.SCRIPTS)
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML",
                     "document.write", "eval(", "Function(", "fetch(",
                     "XMLHttpRequest", "import(", "DOMParser", "</script"):
            self.assertNotIn(word, script)
        style = report_page.template(*report_page.STYLES)
        for word in ("url(", "@import", "@font-face"):
            self.assertNotIn(word, style)
        written = {file.name for file in report_page.PAGE.iterdir()}
        self.assertEqual(written, {"page.html", *report_page.STYLES,
                                   *report_page.SCRIPTS})


class TestParts(unittest.TestCase):
    """What needs no scan."""

    def test_rank_bins(self) -> None:
        for highest, width in ((0, 100), (1, 100), (1200, 100), (5001, 200),
                               (10_000, 200), (10_001, 500),
                               (1_000_000, 20_000), (1_000_001, 50_000)):
            self.assertEqual(report_figures.rank_bin(highest), width)

    def test_needs(self) -> None:
        merged = report_figures.merged({"mx": ("a", "b")}, {"mx": ("b", "c"),
                                       "cert": ("*",)}, {"cert": ("x",)})
        self.assertEqual(merged, {"mx": ("a", "b", "c"), "cert": ("*",)})

    def test_cut(self) -> None:
        self.assertEqual(report_domains.cut("x" * 500), "x" * 399 + "…")
        self.assertEqual(report_domains.cut("x" * 400), "x" * 400)
        self.assertEqual(report_domains.cut(["a"] * 13), ["a"] * 12 + ["…"])


class TestReport(Real):
    """The command over made scans."""

    command = "report"

    def setUp(self) -> None:
        super().setUp()
        self.lines = list(make_scan.World(7, 0, 20).records(1500, ""))
        self.scan = self.store("new.mxc", self.lines)
        self.out = self.folder / "page.html"

    def told(self, *arguments: str) -> dict[str, Any]:
        self.good(*arguments, "-o", str(self.out))
        return data_of(self.out.read_text(encoding="utf-8"))

    def domains(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["type"] == "domain"]

    def test_figures(self) -> None:
        told = self.told(str(self.scan))
        rows = self.domains()
        counted = Counter(code for row in rows
                          for code in set(row["findings"]))
        self.assertEqual({row["code"]: row["domains"]
                          for row in told["findings"]}, counted)
        for row in told["findings"]:
            having = [one["name"] for one in rows
                      if row["code"] in one["findings"]]
            self.assertEqual(row["names"], having[:5])
        for sender, key in (("MTA-STS senders", "verdict"),
                            ("DANE senders", "verdict_dane")):
            self.assertEqual({word: n for word, n, _
                              in told["verdicts"][sender]},
                             Counter(row[key] for row in rows))
        status = Counter(
            row["sts"]["policy"]["status"] for row in rows
            if row["sts"]["record"]["status"] == "ok")
        self.assertGreater(len(status), 1)
        self.assertEqual(dict(map(tuple, told["layers"])), status)
        self.assertEqual(dict(map(tuple, told["ages"]))["1 week"],
                         status["ok"])
        self.assertEqual(sum(n for _, n in told["ages"]), status["ok"])
        self.assertEqual(told["rank_bin"], 100)
        self.assertEqual(len(told["by"]["rank"]), 15)

    def test_head(self) -> None:
        head = self.told(str(self.scan))["head"]
        self.assertEqual(
            (head["list"], head["domains"], head["complete"],
             head["resolvers"], head["version"], head["started"]),
            ("made.csv", 1500, True, 1, "0.1.0", make_scan.START_MS))
        part = self.store("part.mxc", self.lines[:-1])
        told = self.told(str(part), "--title", "Half <of> it")
        self.assertFalse(told["head"]["complete"])
        self.assertEqual(told["title"], "Half <of> it")
        self.assertRegex(told["warnings"][0], "no end record")

    def test_every_domain_worst_first(self) -> None:
        told = self.told(str(self.scan))["domains"]
        self.assertEqual((told["of"], told["shown"]), (1500, "all"))
        by_name = {row["name"]: row for row in self.domains()}
        self.assertEqual({row["name"] for row in told["rows"]}, set(by_name))
        bad = [row["sts"] == "enforce_fail" for row in told["rows"]]
        self.assertGreater(sum(bad), 0)
        self.assertEqual(bad, sorted(bad, reverse=True))
        for row in told["rows"]:
            one = by_name[row["name"]]
            self.assertEqual([told["codes"][n] for n
                              in row.get("findings", [])], one["findings"])
            self.assertEqual([told["hosts"][mx[0]]["host"]
                              for mx in row.get("mx", [])],
                             [mx["host"] for mx in one["mx"]])

    def test_folder_says_the_same(self) -> None:
        direct = self.told(str(self.scan))
        self.command = "export"
        self.good(str(self.scan), "-o", str(self.folder / "tables"))
        self.command = "report"
        stored = self.told(str(self.folder / "tables"))
        for told in (direct, stored):
            told["head"].pop("file")
        self.assertEqual(direct, stored)

    def test_nobody_is_named(self) -> None:
        told = self.told(str(self.scan), "--examples", "0")
        self.assertEqual(told["domains"]["rows"], [])
        self.assertEqual(told["domains"]["hosts"], [])
        named = [group["items"]["domains"][0] for group
                 in told["by"]["operator"] if group["group"][0] != "("]
        self.assertGreaterEqual(min(named), report_figures.LEAST_OPERATOR)
        some = self.told(str(self.scan))["by"]["operator"]
        self.assertLess(min(group["items"]["domains"][0] for group in some),
                        report_figures.LEAST_OPERATOR)
        self.told(str(self.scan), "--examples", "0")
        page = self.out.read_text(encoding="utf-8")
        self.assertFalse([row["name"] for row in self.domains()
                          if re.search(rf"(?<![\w.-]){row['name']}\b",
                                       page)])
        name = self.domains()[3]["name"]
        told = self.told(str(self.scan), "--examples", "0", "--domain",
                         name.upper() + ".")
        self.assertEqual([row["name"] for row in told["domains"]["rows"]],
                         [name])
        self.assertEqual(told["domains"]["shown"], "named")

    def test_hostile(self) -> None:
        poison = " ".join(HOSTILE)
        domains = self.domains()
        named = domains[0]
        named["name"] = '<img src=x onerror=alert(1)>"\'.test'
        named["rank"] = 1
        named["findings"] = ["</script>", "starttls.absent"]
        named["sts"] = {"record": {"status": "ok", "txt": [poison]},
                        "policy": {"status": "ok", "mode": "enforce",
                                   "valid": True, "body": poison,
                                   "max_age": 2 ** 52, "mx": [poison],
                                   "content_type": poison}}
        named["tlsrpt"] = {"status": "ok", "rua": [poison], "txt": [poison]}
        for line in self.lines:
            if line["type"] == "mx":
                for address in line["addresses"]:
                    address["banner"] = [poison]
                    address["starttls_reply"] = poison
            elif line["type"] == "scan":
                line["list"] = poison
        told = self.told(str(self.store("hostile.mxc", self.lines)))
        page = self.out.read_text(encoding="utf-8")
        self.assertEqual(len(Elements(page).scripts()), 2)
        self.assertEqual(len(re.findall("</script", page)), 2)
        row = next(row for row in told["domains"]["rows"]
                   if row["name"] == named["name"])
        self.assertEqual(row["policy"]["body"], poison)
        self.assertEqual(row["txt"], [poison])
        self.assertEqual(told["head"]["list"], poison)
        self.assertEqual([told["domains"]["codes"][n]
                          for n in row["findings"]], named["findings"])

    def test_earlier_scans(self) -> None:
        olds = []
        for wave in (2, 1):
            world = make_scan.World(7, wave, 20)
            olds.append(str(self.store(f"w{wave}.mxc",
                                       list(world.records(600, "")))))
        newest = self.store("w3.mxc", list(make_scan.World(7, 3, 20).records(
            600, "")))
        told = self.told(str(newest), *olds)
        week = make_scan.WEEK_MS
        self.assertEqual([point["started"] for point in told["trend"]],
                         [make_scan.START_MS + n * week for n in (1, 2, 3)])
        alone = self.told(olds[1])
        self.assertEqual(told["trend"][0]["items"]["sts_record_mx"],
                         next(row[3:] for row in alone["adoption"]
                              if row[1] == "sts_record_mx"))
        self.assertEqual(told["trend"][2]["items"]["domains"], [600, 600, 0])
        self.assertEqual(told["warnings"], [])
        if told["changes"] is None:
            self.skipTest("these scripts come without diff")
        self.assertEqual(told["changes"]["domains"]["in_both"], 600)
        self.assertEqual(sum(cell["domains"] for cell in
                             told["changes"]["matrices"]["verdict"]), 600)
        self.assertEqual(told["changes"]["old"]["started"],
                         make_scan.START_MS + 2 * week)
        warned = self.told(olds[0], str(newest))["warnings"]
        self.assertRegex(warned[0], "is not older")

    def test_trouble(self) -> None:
        self.bad(1, "required: -o", str(self.scan))
        self.bad(1, "no such folder", str(self.scan), "-o",
                 str(self.folder / "none" / "x.html"))
        self.bad(1, "no such domain", str(self.scan), "-o", str(self.out),
                 "--domain", "absent.example")
        self.bad(1, "cannot read", str(self.folder / "none"), "-o",
                 str(self.out))
        self.assertFalse(self.out.exists())
        self.assertEqual(list(self.folder.glob(".report-*")), [])

    def test_replaced_whole(self) -> None:
        self.out.write_text("old")
        self.good(str(self.scan), "-o", str(self.out))
        self.assertIn("<!doctype html>", self.out.read_text("utf-8"))
        mask = os.umask(0)
        os.umask(mask)
        self.assertEqual(stat.S_IMODE(self.out.stat().st_mode), 0o666 & ~mask)
        printed = self.good(str(self.scan), "-o", "-")
        self.assertEqual(printed, self.out.read_text("utf-8"))


if __name__ == "__main__":
    unittest.main()
