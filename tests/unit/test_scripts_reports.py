# SPDX-License-Identifier: Apache-2.0
"""scripts/reports: hand-written TLS reports whose numbers a person can check,
everything strangers may send instead.

    python3 -m unittest tests/unit/test_scripts_reports.py
"""

import base64
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_stand_in import ROOT, Scans  # noqa: E402

REAL = Path(os.environ.get("MXCENSUS") or ROOT / "build/mxcensus").resolve()
# The stored records, and the real program for all else: it is the judge.
STAND_IN = """#!/bin/sh
if [ "$1" != cat ]; then
	exec "$REAL" "$@"
fi
kinds=$(echo "$3" | tr , '|')
LC_ALL=C grep -aE "^{\\"type\\": *\\"($kinds)\\"" "$4"
[ $? -lt 2 ]
"""
POLICY = ["version: STSv1", "mode: enforce", "mx: mx1.a.example",
          "max_age: 86400"]


def failure(result: str, sessions: Any, name: str = "mx1.a.example",
            **more: Any) -> dict[str, Any]:
    """One failure detail."""
    return {"result-type": result, "receiving-mx-hostname": name,
            "sending-mta-ip": "192.0.2.200", "failed-session-count": sessions
            } | {key.replace("_", "-"): value for key, value in more.items()}


def policy(domain: str, good: Any, bad: Any, *failures: dict[str, Any],
           type_: str = "sts", **more: Any) -> dict[str, Any]:
    """One entry of `policies`."""
    return {"policy": {"policy-type": type_, "policy-domain": domain}
            | {key.replace("_", "-"): value for key, value in more.items()},
            "summary": {"total-successful-session-count": good,
                        "total-failure-session-count": bad},
            "failure-details": list(failures)}


def report(organization: str, id_: str, day: int, *policies: dict[str, Any],
           **more: Any) -> dict[str, Any]:
    """A report about a day of January 2024."""
    return {"organization-name": organization, "report-id": id_,
            "contact-info": "tls@reporter.example",
            "date-range": {"start-datetime": f"2024-01-{day:02}T00:00:00Z",
                           "end-datetime": f"2024-01-{day:02}T23:59:59Z"},
            "policies": list(policies)} | more


def mail(*parts: tuple[str, bytes]) -> bytes:
    """A mail as RFC 8460 section 5.3 has it."""
    text = ("From: tls@reporter.example\nTLS-Report-Domain: a.example\n"
            "Content-Type: multipart/report; report-type=\"tlsrpt\";"
            " boundary=\"b\"\nMIME-Version: 1.0\n\n"
            "--b\nContent-Type: text/plain\n\nA report.\n")
    for type_, body in parts:
        text += (f"--b\nContent-Type: {type_}\n"
                 "Content-Transfer-Encoding: base64\n\n"
                 + base64.encodebytes(body).decode())
    return (text + "--b--\n").encode()


class Reports(Scans):
    """The command run over files in a folder."""

    def setUp(self) -> None:
        super().setUp()
        self.assertTrue(os.access(REAL, os.X_OK), f"{REAL}: build it first")
        self.program.write_text(STAND_IN)
        self.reports = self.folder / "reports"
        self.reports.mkdir()

    def run_it(self, *arguments: str, standard_input: bytes = b"",
               **environment: str) -> subprocess.CompletedProcess[str]:
        process = subprocess.run(
            [str(ROOT / "scripts/reports"), *arguments], timeout=120,
            input=standard_input, capture_output=True, cwd=self.folder,
            env=os.environ | {
                "MXCENSUS": str(self.program), "TMPDIR": str(self.spill),
                "REAL": str(REAL), "PYTHONUTF8": "1"} | environment)
        self.assertEqual(list(self.spill.iterdir()), [],
                         "temporary files are left")
        said = subprocess.CompletedProcess(
            process.args, process.returncode, process.stdout.decode(),
            process.stderr.decode())
        self.assertNotIn("Traceback", said.stderr)
        return said

    def put(self, name: str, content: Any) -> str:
        """A file in the folder of reports; not bytes: as JSON."""
        path = self.reports / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes)
                         else json.dumps(content).encode())
        return str(path)

    def said(self, *arguments: str) -> dict[str, Any]:
        """What --format json says of the folder."""
        return json.loads(self.good("--format", "json",
                                    *(arguments or (str(self.reports),))))

    def figures(self, table: str) -> dict[str, tuple[Any, ...]]:
        """A table as {item: (reports, failed, of)}."""
        return {f"{row['item']} {row['section']}".strip(): (
            row["reports"], row["numerator"], row["denominator"])
            for row in self.said()["tables"][table]}

    def whys(self) -> dict[str, str]:
        """What was left out of the folder, and why."""
        return {one["place"].removeprefix(f"{self.reports}/"): one["why"]
                for one in self.said()["left_out"]}


class TestNumbers(Reports):
    """Four reports of three senders, counted by hand."""

    def setUp(self) -> None:
        super().setUp()
        # passing
        self.put("1.json", report(
            "Alpha", "1", 9, policy("a.example", 100, 0, policy_string=POLICY,
                                    mx_host=["mx1.a.example"])))
        # several result types; more failures named than sessions failed
        self.put("2.json.gz", gzip.compress(json.dumps(report(
            "Beta Inc.", "2", 9, policy(
                "A.Example", 40, 10,
                failure("certificate-expired", 7, "MX1.a.example."),
                failure("starttls-not-supported", 4, "mx2.a.example"),
                failure("certificate-expired", 1)),
            policy("b.example", 5, 0, type_="no-policy-found"))).encode()))
        self.put("3.eml", mail(("application/tlsrpt+gzip", gzip.compress(
            json.dumps(report("Alpha", "3", 10, policy(
                "a.example", 0, 3, failure("sts-policy-fetch-error", 3, ""))
            )).encode()))))
        self.put("deeper/4.eml", mail(("application/tlsrpt+json", json.dumps(
            report("Gamma", "4", 10, policy(
                "a.example", 1, 1, failure("tlsa-invalid", 1),
                type_="tlsa"))).encode())))

    def test_total(self) -> None:
        self.assertEqual(self.said()["total"], {
            "reports": 4, "organizations": 3, "first_day": "2024-01-09",
            "last_day": "2024-01-10", "failed": 14, "sessions": 160,
            "share": 14 / 160, "detailed": 16})
        self.assertEqual(self.said()["left_out"], [])
        self.assertIsNone(self.said()["scan"])

    def test_tables(self) -> None:
        self.assertEqual(self.figures("domain"), {
            "a.example sts": (3, 13, 153), "a.example tlsa": (1, 1, 2),
            "b.example no-policy-found": (1, 0, 5)})
        self.assertEqual(self.figures("organization"), {
            "Alpha": (2, 3, 103), "Beta Inc.": (1, 10, 55),
            "Gamma": (1, 1, 2)})
        self.assertEqual(self.figures("day"), {
            "2024-01-09": (2, 10, 155), "2024-01-10": (2, 4, 5)})
        self.assertEqual(self.figures("result"), {
            "certificate-expired": (1, 8, 16),
            "starttls-not-supported": (1, 4, 16),
            "sts-policy-fetch-error": (1, 3, 16), "tlsa-invalid": (1, 1, 16)})
        self.assertEqual(self.figures("mx"), {
            "mx1.a.example": (2, 9, 16), "mx2.a.example": (1, 4, 16),
            "(not named)": (1, 3, 16)})

    def test_top(self) -> None:
        rows = self.said("--top", "1", str(self.reports))["tables"]
        self.assertEqual([(row["item"], row["reports"], row["numerator"],
                           row["denominator"]) for row in rows["domain"]], [
            ("a.example", 3, 13, 153), ("(others)", None, 1, 7)])
        self.assertEqual([(row["item"], row["numerator"], row["denominator"])
                          for row in rows["result"]], [
            ("certificate-expired", 8, 16), ("(others)", 8, 16)])
        self.assertEqual(len(rows["day"]), 2)

    def test_text(self) -> None:
        for form in ("text", "markdown"):
            said = self.good(str(self.reports), "--format", form)
            self.assertIn("reports: 4; organizations: 3; 2024-01-09", said)
            self.assertRegex(said, r"certificate-expired +\|? *1 +\|? *8 +"
                             r"\|? *16 +\|? *50\.00")
        said = self.good(str(self.reports))
        self.assertLessEqual(max(map(len, said.splitlines())), 80)
        plain = self.good(str(self.reports), PYTHONUTF8="0",
                          PYTHONIOENCODING="ascii")
        self.assertTrue(plain.isascii())

    def test_csv(self) -> None:
        rows = list(csv.DictReader(io.StringIO(self.good(
            str(self.reports), "--format", "csv"))))
        self.assertEqual(
            [(row["section"], row["numerator"], row["denominator"])
             for row in rows if row["table"] == "domain"],
            [("sts", "13", "153"), ("tlsa", "1", "2"),
             ("no-policy-found", "0", "5")])

    def test_standard_input_and_mailbox(self) -> None:
        box = b"".join(
            b"From tls@reporter.example Tue Jan 09 00:00:00 2024\n"
            + (self.reports / name).read_bytes() + b"\n"
            for name in ("3.eml", "deeper/4.eml"))
        for content in (box, gzip.compress(box)):
            process = self.run_it("-", "--format", "json",
                                  standard_input=content)
            self.assertEqual(process.stderr, "")
            total = json.loads(process.stdout)["total"]
            self.assertEqual((total["reports"], total["failed"],
                              total["sessions"]), (2, 4, 5))


class TestOthers(Reports):
    """Whatever else arrives is named and counted, and ends nothing."""

    def test_left_out(self) -> None:
        good = report("Alpha", "1", 9, policy("a.example", 1, 0))
        text = json.dumps(good).encode()
        self.put("good.json", good)
        self.put("torn.json", text[:-9])
        self.put("torn.json.gz", gzip.compress(text)[:-9])
        self.put("list.json", [good])
        self.put("negative.json", report("A", "2", 9, policy("a.example", 1,
                                                             -1)))
        self.put("float.json", report("A", "3", 9, policy(
            "a.example", 1, 1, failure("certificate-expired", 1.5))))
        self.put("date.json", report("A", "4", 9, **{"date-range": {
            "start-datetime": "9 Jan 2024", "end-datetime": "later"}}))
        self.put("old.json", report("A", "5", 9, **{"date-range": {
            "start-datetime": "0001-01-01T00:00:00+01:00",
            "end-datetime": "2024-01-09T00:00:00Z"}}))
        self.put("types.json", report("A", "6", 9, **{"policies": "none"}))
        self.put("typeless.json", report("A", "8", 9, policy(
            "a.example", 1, 1, failure("", 1))))
        self.put("deep.json", b'{"a":' + b"[" * 1500 + b"]" * 1500 + b"}")
        self.put("empty", b"")
        self.put("noise.bin", bytes(range(256)))
        self.put("letter.eml", b"From: a@b.example\nSubject: hello\n\nHi.\n")
        self.put("two.eml", mail(
            ("application/tlsrpt+json", b"{"),
            ("application/tlsrpt+gzip", b"\x1f\x8b nothing")))
        os.mkfifo(self.reports / "pipe")
        whys = self.whys()
        for name, why in {
                "torn.json": "the text is no JSON object",
                "torn.json.gz": "is no whole gzip file",
                "list.json": "the text is no JSON object",
                "negative.json": "policies[0].summary.total-failure-session-"
                                 "count is no integer from 0 up",
                "float.json": "failed-session-count is no integer from 0 up",
                "date.json": "start-datetime is no date-time of RFC 3339 (and"
                             " 1 more)",
                "old.json": "date-range that cannot be read",
                "types.json": "policies is a string",
                "typeless.json": "without a type",
                "deep.json": "is no valid report",
                "empty": "is empty", "noise.bin": "neither JSON nor gzip",
                "letter.eml": "a mail without a TLS report",
                "two.eml, report 1": "the text is no JSON object",
                "two.eml, report 2": "is no whole gzip file",
                "pipe": "is no plain file"}.items():
            with self.subTest(name=name):
                self.assertIn(why, whys.pop(name))
        self.assertEqual(whys, {})
        process = self.run_it(str(self.reports))
        self.assertEqual(process.returncode, 0)
        self.assertEqual(process.stderr.count("\n"), 16)
        self.assertIn("reports: 1; organizations: 1", process.stdout)
        self.assertIn("left out: 16 unreadable or invalid", process.stdout)

    def test_sizes(self) -> None:
        bomb = gzip.compress(b" " * ((64 << 20) + 1))
        self.assertLess(len(bomb), 1 << 20)
        self.put("bomb.json.gz", bomb)
        self.put("bomb.eml", mail(("application/tlsrpt+gzip", bomb)))
        self.put("large.json", b"{" + b" " * (16 << 20))
        text = json.dumps(report("Alpha", "1", 9, policy("a.example", 1, 0)))
        self.put("just.json.gz", gzip.compress(
            text.encode().ljust(64 << 20)))
        letter = b"From a\nSubject: large\n\n" + b"x" * (17 << 20) + b"\n\n"
        self.put("box.mbox", letter + b"From b\n" + mail((
            "application/tlsrpt+json", text.encode().replace(
                b'"report-id": "1"', b'"report-id": "2"'))))
        self.assertEqual(self.whys(), {
            "bomb.json.gz": "unpacks to more than 64 MiB",
            "bomb.eml": "unpacks to more than 64 MiB",
            "large.json": "is larger than 16 MiB",
            "box.mbox, mail 1": "is larger than 16 MiB"})
        self.assertEqual(self.said()["total"]["reports"], 2)

    def test_duplicates(self) -> None:
        one = report("Alpha", "1", 9, policy("a.example", 10, 2))
        self.put("1.json", one)
        self.put("2.json.gz", gzip.compress(json.dumps(one).encode()))
        self.put("3.json", one | {"policies": [policy("a.example", 99, 0)]})
        self.put("4.json", one | {"organization-name": "Beta"})
        said = self.said()
        self.assertEqual((said["total"]["reports"], said["total"]["sessions"],
                          said["total"]["failed"]), (2, 24, 4))
        self.assertEqual(
            [(Path(one["place"]).name, "other content" in one["why"])
             for one in said["duplicates"]],
            [("2.json.gz", False), ("3.json", True)])
        self.assertRegex(self.run_it(str(self.reports)).stderr,
                         r"2\.json\.gz: duplicate: report 1 of Alpha was "
                         r"counted from .*1\.json")

    def test_deviations(self) -> None:
        entry = policy("a.example", 1, 2, failure(
            "certificate-too-odd", 2, receiving_ip=""),
            policy_string="\r\n".join(POLICY), mx_host="mx1.a.example")
        other = policy("b.example", 1, 0, type_="tlsa2")
        other["failure-details"] = None
        odd = report("Alpha", "1", 9, entry, other)
        del odd["contact-info"]
        self.put("1.json", b"\xef\xbb\xbf" + json.dumps(odd).encode())
        # without a summary the failures named are those there were
        bare = policy("b.example", 0, 0, failure("tlsa-invalid", 4))
        del bare["summary"]
        self.put("2.eml", mail(("application/json; name=\"a!b!1!2.json\"",
                                json.dumps(report("Alpha", "2", 9, bare)
                                           ).encode())))
        said = self.said()
        self.assertEqual(said["left_out"], [])
        self.assertEqual(said["total"]["failed"], 6)
        wanted = ("policy-string is a string", "mx-host is a string",
                  "contact-info is missing", "failure-details is null",
                  "receiving-ip is no IP", "result-type is no result type",
                  "policy-type is none of", "byte order mark",
                  "summary is missing", "attachment of another type")
        for what in wanted:
            with self.subTest(what=what):
                self.assertEqual([n for name, n in said["deviations"].items()
                                  if name.startswith(what)], [1])
        self.assertEqual(len(said["deviations"]), len(wanted))

    def test_large_counts_and_odd_names(self) -> None:
        most = (1 << 63) - 1
        self.put("1.json", report("Al\x1b[2Jpha", "1", 9, policy(
            "a.example", most, most, failure("tlsa-invalid", most),
            failure("tlsa-invalid", most))))
        self.assertEqual(self.said()["total"]["sessions"], 2 * most)
        self.assertEqual(self.said()["total"]["detailed"], 2 * most)
        said = self.good(str(self.reports))
        self.assertIn("Al?[2Jpha", said)
        self.assertNotIn("\x1b", said)

    def test_judge_that_ends(self) -> None:
        """The program is started again for the next report."""
        self.program.write_text("""#!/bin/sh
[ "$1" = parse ] || exec "$REAL" "$@"
while read -r line; do
	[ ${#line} -lt 2000 ] || exit 1
	echo '{"valid":true,"reasons":[],"notes":[]}'
done
""")
        for n, text in enumerate(("short", "x" * 2000, "short")):
            self.put(f"{n}.json", report("Alpha", str(n), 9, more=text))
        self.assertEqual(self.whys(), {
            "1.json": "mxcensus parse rpt-json gives no answer about it"})
        self.assertEqual(self.said()["total"]["reports"], 2)

    def test_nothing(self) -> None:
        for form in ("text", "markdown", "csv", "json"):
            self.good(str(self.reports), "--format", form)

    def test_usage(self) -> None:
        file = self.put("1.json", b"{}")
        self.bad(1, "cannot read: No such file", "nowhere.json")
        self.bad(1, "required: FILE")
        self.bad(1, "named twice", file, file)
        self.bad(1, "named twice", "-", "-")
        self.bad(1, "nowhere.mxc: cannot read", file, "--scan", "nowhere.mxc")
        self.bad(1, "no program there", file, "--mxcensus", "/nonexistent/m")
        self.bad(1, "parse rpt-json: gives no answer", file, MXCENSUS="true")


if __name__ == "__main__":
    unittest.main()
