# SPDX-License-Identifier: Apache-2.0
"""scripts/summarize and scripts/export over the answers to `scan --also`.

    python3 -m unittest tests/unit/test_scripts_also.py
"""

import json
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_stand_in import Scans, host, values  # noqa: E402

SPF = "v=spf1 -all"
RUA = "v=DMARC1; p=reject; rua=mailto:agg@a.example"
CAA = '0 iodef "mailto:sec@a.example"'


def said(status: str, policy: str | None = None, **more: Any
         ) -> dict[str, Any]:
    """One answer."""
    return {"status": status, **({"policy": policy} if policy else {}),
            **more}


def domain(line: int, name: str, mx_status: str = "ok", sts: str = "absent",
           also: Any = None) -> dict[str, Any]:
    """A domain record with what the table reads."""
    return {"type": "domain", "line": line, "name": name,
            "mx_status": mx_status,
            "mx": [host("mx.example.net", "ok")] if mx_status == "ok" else [],
            "sts": {"record": {"status": sts}, "policy": {}},
            "tlsrpt": {"status": "absent"}, "verdict": "none",
            "verdict_dane": "none", "findings": [],
            **({"also": also} if also is not None else {})}


DOMAINS = [
    domain(1, "a.example", sts="ok", also={
        "ns": said("present", rr=["ns1.a.example", "ns.house.example"]),
        "spf": said("present", "fail", txt=[SPF]),
        "dmarc": said("present", "reject", txt=[RUA]),
        "caa": said("present", rr=[CAA])}),
    domain(2, "b.example", also={
        "ns": said("present", rr=["NS1.house.example", "ns2.house.example"]),
        "spf": said("multiple", txt=[SPF, "v=spf1 ~all"]),
        "dmarc": said("present", "reject"), "caa": said("absent")}),
    domain(3, "c.example", sts="inconclusive", also={
        "ns": said("unknown"), "spf": said("present", "softfail"),
        "dmarc": said("present"), "caa": said("unknown")}),
    domain(4, "d.example", "null_mx", also={
        "ns": said("absent"), "spf": said("absent"),
        "dmarc": said("absent"), "caa": said("absent")}),
    # of no such name nothing is told
    domain(5, "e.example", "nxdomain", also={
        "ns": said("absent"), "spf": said("absent"),
        "dmarc": said("absent"), "caa": said("absent")}),
    domain(6, "f.example", sts="ok", also={
        "ns": said("present", rr=["ns.f.example"]), "spf": said("unknown"),
        "dmarc": said("absent"), "caa": said("absent")}),
]
ASKED = "Published"
STS = "MTA-STS, by DMARC policy"
# item: numerator, denominator, inconclusive
WANTED = {
    (ASKED, "ns"): (3, 4, 1), (ASKED, "spf"): (3, 4, 1),
    (ASKED, "dmarc"): (3, 5, 0), (ASKED, "caa"): (1, 4, 1),
    ("SPF", "spf_multiple"): (1, 3, 0), ("SPF", "spf_fail"): (1, 2, 0),
    ("SPF", "spf_softfail"): (1, 2, 0), ("SPF", "spf_none"): (0, 2, 0),
    ("DMARC", "dmarc_multiple"): (0, 3, 0),
    ("DMARC", "dmarc_reject"): (2, 3, 0), ("DMARC", "dmarc_bad"): (1, 3, 0),
    (STS, "sts_dmarc_reject"): (1, 2, 0), (STS, "sts_dmarc_bad"): (0, 0, 1),
    (STS, "sts_dmarc_absent"): (1, 1, 0),
    ("Name servers", "ns_own"): (2, 3, 0),
    ("Name servers", "ns_house.example"): (2, 3, 0),
}


class TestAlso(Scans):
    """What is there, what it asks for, whose the name servers are."""

    def scan(self, domains: list[dict[str, Any]]) -> str:
        return self.write("scan.mxc", [
            {"type": "scan", "list": "made"}, *domains,
            {"type": "end", "reason": "complete"}])

    def test_table(self) -> None:
        path = self.scan(DOMAINS)
        got = values(self.summary(path)["tables"]["also"])
        for key, figures in WANTED.items():
            with self.subTest(item=key):
                self.assertEqual(got[key], figures)
        # what was not asked has no row
        self.assertNotIn((ASKED, "ds"), got)
        self.assertNotIn((ASKED, "a"), got)
        self.assertIn("Asked by --also", self.good(path))

    def test_not_asked(self) -> None:
        bare = [{k: v for k, v in one.items() if k != "also"}
                for one in DOMAINS]
        path = self.scan(bare)
        self.assertNotIn("also", self.summary(path)["tables"])
        self.assertNotIn("also", self.good(path))
        self.assertEqual(self.summary(path, "--table", "also")["tables"],
                         {"also": []})


class TestPublish(Scans):
    """What is put online has no mailboxes."""

    command = "export"

    def test_redacted(self) -> None:
        path = self.write("scan.mxc", [
            {"type": "scan", "list": "made", "started": 1}, *DOMAINS,
            {"type": "end", "reason": "complete"}])
        for form in ("jsonl", "parquet"):
            out = self.folder / form
            self.good(path, "-o", str(out), "--publish", "--format", form)
            read = self.read(out / f"domain.{form}")
            self.assertEqual(read["dmarc"]["txt"],
                             [RUA.replace("agg@", "redacted@")])
            self.assertEqual(read["caa"]["rr"],
                             [CAA.replace("sec@", "redacted@")])
            self.assertEqual(read["spf"]["policy"], "fail")

    @staticmethod
    def read(file: Path) -> Any:
        if file.suffix == ".jsonl":
            return json.loads(file.read_text().splitlines()[0])["also"]
        import duckdb
        with duckdb.connect() as db:
            row = db.execute(f"SELECT also FROM '{file}' LIMIT 1").fetchone()
        return row[0] if row else None


if __name__ == "__main__":
    unittest.main()
