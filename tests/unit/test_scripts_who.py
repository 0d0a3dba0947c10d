# SPDX-License-Identifier: Apache-2.0
"""scripts/who: hand-written scans whose every connection a person can count,
times and addresses as people write them, servers that say anything.

    python3 -m unittest tests/unit/test_scripts_who.py
"""

import json
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_stand_in import Scans  # noqa: E402
from mxcensus_scripts import (  # noqa: E402
    program, who_asked, who_found, who_text)
from mxcensus_scripts.trouble import Trouble  # noqa: E402

NOON = 1_700_049_600_000  # 2023-11-15T12:00:00Z
MINUTE = 60_000
HOSTILE = "220 a\x1b[31m\r\nMAIL FROM:<x>\u202e\u00e9" + "x" * 300

SCAN = {"type": "scan", "program": "mxcensus", "version": "9.9",
        "ehlo_name": "scanner.example", "contact": "https://s.example/",
        "vantage": "prober", "list": "top.csv", "started": NOON - MINUTE,
        "resolvers": ["192.0.2.53:53"], "options": ["smtp-port=2525"]}
END = {"type": "end", "reason": "complete", "ended": NOON + 9 * MINUTE}


def session(after_ms: int, outcome: str = "ok") -> dict[str, Any]:
    """A session of 500 ms."""
    return {"started": NOON + after_ms, "elapsed_ms": 500,
            "outcome": outcome}


def at(address: str, *sessions: dict[str, Any], **facts: Any
       ) -> dict[str, Any]:
    """An address of an MX host."""
    return {"address": address, "starttls": "ok",
            "outcome": sessions[-1]["outcome"] if sessions else "ok",
            "attempts": len(sessions), "sessions": list(sessions), **facts}


def mx(host: str, *addresses: dict[str, Any]) -> dict[str, Any]:
    """An MX host."""
    return {"type": "mx", "host": host, "starttls": "ok",
            "addresses": list(addresses), "started": NOON,
            "elapsed_ms": 4 * MINUTE}


def domain(line: int, name: str, *hosts: str, **policy: Any
           ) -> dict[str, Any]:
    """A domain with its MX hosts."""
    return {"type": "domain", "line": line, "name": name,
            "sts": {"record": {"status": "ok"},
                    "policy": {"status": "ok", **policy}},
            "mx": [{"host": host, "preference": 10} for host in hosts],
            "started": NOON, "elapsed_ms": 1000}


TALK = {"banner_code": 220, "banner": [HOSTILE], "ehlo_code": 250,
        "starttls_code": 220, "tls": {"outcome": "ok", "version": "1.3"},
        "ehlo_tls": ["250 x"], "quit": True}


class TestWho(Scans):
    """Records in, sentences and JSON out."""
    command = "who"

    def setUp(self) -> None:
        super().setUp()
        self.write_schema({"fields": [], "outcomes": [
            {"word": "ok", "sentence": "Complete."},
            {"word": "smtp_4yz", "sentence": "A temporary refusal."}]})
        self.file = self.write("s.mxc", self.records())

    @staticmethod
    def records() -> list[dict[str, Any]]:
        """Two MX hosts at one address, one with a second address."""
        fetch = {"host": "mta-sts.d9.example", "http_status": 200,
                 "tls": {"outcome": "ok", "version": "1.2"},
                 "attempts": [{"address": "192.0.2.80", "outcome": "ok"},
                              {"address": "192.0.2.25", "outcome":
                               "excluded"}]}
        return [
            SCAN,
            mx("mx1.op.example",
               at("192.0.2.25", session(0, "smtp_4yz"),
                  session(3 * MINUTE), **TALK),
               at("2001:db8::25", session(MINUTE))),
            mx("mx2.op.example", at("192.0.2.25", session(5 * MINUTE))),
            mx("mx.192.example", at("192.0.2.250", session(0)),
               at("203.0.113.9", session(0))),
            mx("mx.notop.example", at("198.51.100.1", session(0))),
            *(domain(i, f"d{i}.example", "mx1.op.example")
              for i in range(1, 8)),
            domain(8, "d8.example", "mx1.op.example", "mx2.op.example"),
            domain(9, "d9.example", "mx.notop.example", **fetch),
            END]

    def told(self, *arguments: str) -> list[tuple[str, str, int]]:
        """Kind, address and minute of every connection."""
        found = who_found.Finder(
            program.Program(str(self.program)), self.file,
            who_asked.subject(arguments[0]),
            who_asked.window(*arguments[1:] or [None]),
            lambda kind, n: None).run()
        return [(one.kind, one.address, (one.begin - NOON) // MINUTE)
                for one in found.contacts]

    def asked(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.good(self.file, *arguments, "--json"))

    def test_address(self) -> None:
        self.assertEqual(self.told("192.0.2.25"), [
            ("smtp", "192.0.2.25", 0), ("smtp", "192.0.2.25", 3),
            ("smtp", "192.0.2.25", 5)])
        self.assertEqual(self.told("2001:DB8:0::25"),
                         [("smtp", "2001:db8::25", 1)])

    def test_network(self) -> None:
        self.assertEqual(len(self.told("192.0.2.0/24")), 5)
        self.assertEqual(len(self.told("192.0.2.0/25")), 4)
        self.assertEqual(len(self.told("192.0.0.0/15")), 5)
        self.assertEqual(len(self.told("0.0.0.0/0")), 7)
        self.assertEqual(len(self.told("2001:db8::/32")), 1)
        self.assertEqual(len(self.told("::/0")), 1)

    def test_name(self) -> None:
        self.assertEqual(len(self.told("op.example")), 4)
        self.assertEqual(len(self.told("MX2.op.example.")), 1)
        # a listed domain: its policy host, and the MX host that it names
        self.assertEqual(sorted(kind for kind, _, _ in
                                self.told("d9.example")), ["https", "smtp"])
        shown = self.good(self.file, "d9.example")
        self.assertIn("The list holds 1 domain of that name (d9.example)",
                      shown)

    def test_time(self) -> None:
        day = "2023-11-15"
        for when, n in ((day, 3), ("2023-11-14", 0),
                        (f"{day}T12:00:00Z", 3),
                        (f"{day}T11:56:00Z", 1),
                        (f"{day}T13:05:00+01:00/{day}T13:06:00+01:00", 1),
                        (f"{day}T12:02:00/{day}T12:03:00", 1),
                        # it lasts 500 ms, and only its end is asked for
                        (f"{day}T12:03:00.400Z/{day}T12:04:00", 1),
                        (f"{day}T12:03:00.600Z/{day}T12:04:00", 0),
                        (f"2023-11-01/{day}", 3)):
            with self.subTest(when):
                self.assertEqual(len(self.told("192.0.2.25", when)), n)

    def test_why(self) -> None:
        first, second, third = self.asked("192.0.2.25")["connections"]
        self.assertEqual(first["domains"],
                         [f"d{i}.example" for i in range(1, 6)])
        self.assertEqual((first["n_domains"], third["n_domains"]), (8, 1))
        self.assertEqual((first["attempt"], second["attempt"]), (1, 2))
        self.assertEqual(first["said"], [])
        self.assertEqual(second["said"], ["EHLO", "STARTTLS",
                                          "TLS 1.3 handshake", "EHLO",
                                          "QUIT"])

    def test_words(self) -> None:
        shown = self.good(self.file, "192.0.2.25", "2023-11-15")
        for text in ("Connections: 3 (3 to mail servers", "mxcensus 9.9",
                     "EHLO name     scanner.example", "https://s.example/",
                     "mxcensus/9.9 (+https://s.example/)", "prober",
                     "2023-11-15 12:00:00.000 UTC  192.0.2.25:2525  "
                     "mx1.op.example", "MX host of 8 domains of the list: "
                     "d1.example", "(attempt 2,", "smtp_4yz: A temporary "
                     "refusal. After 500 ms.", "no MAIL, no RCPT",
                     "192.0.2.53:53", "--exclude", "\n\nTo be left out"):
            self.assertIn(text, shown)
        for line in shown.splitlines():
            self.assertEqual(line, line.rstrip())
        self.assertTrue(shown.endswith(":\n  192.0.2.25\n"))

    def test_policy(self) -> None:
        shown = self.good(self.file, "192.0.2.80")
        self.assertIn("192.0.2.80:443", shown)
        self.assertIn("https://mta-sts.d9.example/.well-known/mta-sts.txt",
                      shown)
        self.assertIn("between 2023-11-15 12:00:00.000 UTC and", shown)
        timed = [dict(one) for one in self.records()]
        timed[-2]["sts"]["policy"]["attempts"][0]["started"] = NOON + 7
        self.file = self.write("t.mxc", timed)
        (one,) = self.asked("192.0.2.80")["connections"]
        self.assertEqual((one["begin"], one["exact"]), (NOON + 7, True))

    def test_hostile(self) -> None:
        shown = self.good(self.file, "192.0.2.25")
        self.assertTrue(shown.isascii())
        self.assertNotIn("\x1b", shown)
        self.assertNotIn("\nMAIL FROM", shown)
        self.assertIn("\\x1b[31m\\r\\nMAIL", shown)
        self.assertNotIn("x" * 101, shown)
        self.assertEqual(who_text.plain({"b64": "/wA="}), "\\xff\\x00")
        self.assertEqual(who_text.plain({"b64": "?"}), "?")

    def test_nothing(self) -> None:
        shown = self.good(self.file, "192.0.2.99")
        self.assertIn("Connections: none", shown)
        self.assertIn("made no connection there.", shown)
        self.assertRegex(shown, r"In the same network, 192\.0\.2\.0/24, it\s"
                         r"contacted\s3\saddresses")
        self.assertIn("192.0.2.25 (3)", shown)
        shown = self.good(self.file, "192.0.3.1")
        self.assertIn("Nor at any other address of 192.0.3.0/24.", shown)
        shown = self.good(self.file, "192.0.2.25", "2020-01-01")
        self.assertIn("The scan did not run at that time.", shown)
        self.assertIn("At other times it made 3 connections", shown)
        self.assertIn("Connections: none", self.good(self.file, "2.0.192"
                                                     ".example"))

    def test_resolver(self) -> None:
        self.assertRegex(self.good(self.file, "192.0.2.53"),
                         r"192\.0\.2\.53:53 is such a resolver")
        self.assertNotIn("such a resolver",
                         self.good(self.file, "192.0.2.25"))

    def test_spared(self) -> None:
        lines = self.records()
        lines[1:2] = [mx("mx1.op.example",
                         at("192.0.2.7", outcome="excluded"))]
        self.file = self.write("e.mxc", lines)
        self.assertEqual(self.told("192.0.2.7"), [])
        self.assertIn("1 time the list led there",
                      self.good(self.file, "192.0.2.7"))

    def test_versions(self) -> None:
        """Sessions of --tls-versions are told, but for one never made."""
        tried = [{"version": "1.0", "outcome": "tls_alert",
                  "started": NOON + 2 * MINUTE, "elapsed_ms": 9},
                 {"version": "1.1", "outcome": "local"}]
        self.file = self.write("v.mxc", [SCAN, mx(
            "mx.a.example", at("192.0.2.25", session(0),
                               tls_versions=tried)), END])
        self.assertEqual(self.told("192.0.2.25"), [
            ("smtp", "192.0.2.25", 0), ("smtp", "192.0.2.25", 2)])

    def test_left_alone(self) -> None:
        """An attempt that was told without a contact is none."""
        dead = {"address": "192.0.2.80", "outcome": "connect_timeout"}
        self.file = self.write("l.mxc", [
            SCAN,
            domain(1, "a.example", attempts=[
                {**dead, "started": NOON, "elapsed_ms": 9}]),
            domain(2, "b.example", attempts=[dead]), END])
        self.assertEqual(self.told("192.0.2.80"),
                         [("https", "192.0.2.80", 0)])

    def test_earlier_format(self) -> None:
        old = at("192.0.2.25")
        del old["sessions"]
        old |= {"attempts": 2, "tried": ["smtp_4yz", "ok"]}
        cut = at("192.0.2.26", outcome="excluded")
        del cut["sessions"]
        cut["attempts"] = 1
        self.file = self.write("o.mxc", [SCAN, mx("mx.a.example", old, cut),
                                         END])
        told = self.asked("192.0.2.25")["connections"]
        self.assertEqual([(one["begin"], one["end"], one["exact"],
                           one["outcome"]) for one in told], [
            (NOON, NOON + 4 * MINUTE, False, "smtp_4yz"),
            (NOON, NOON + 4 * MINUTE, False, "ok")])
        (one,) = self.asked("192.0.2.26")["connections"]
        self.assertEqual(one["outcome"], "unknown")

    def test_stopped(self) -> None:
        self.file = self.write("k.mxc", self.records()[:-1])
        shown = self.good(self.file, "192.0.2.25")
        self.assertRegex(shown, r"has no end\s+record")
        self.assertIn("The scan was stopped at least once", shown)
        self.assertNotIn("stopped at least", self.good(
            str(self.folder / "s.mxc"), "192.0.2.25"))

    def test_trouble(self) -> None:
        self.bad(1, "is no address, network", self.file, "192.0.2.256")
        self.bad(1, "is no address, network", self.file, "a b")
        self.bad(1, "is no address, network", self.file, "192.0.2.0/33")
        self.bad(1, "is no time", self.file, "192.0.2.1", "yesterday")
        self.bad(1, "is no time", self.file, "192.0.2.1", "2023-02-30")
        self.bad(1, "ends before", self.file, "192.0.2.1",
                 "2023-02-02/2023-02-01")
        self.bad(1, "cannot read", "none.mxc", "192.0.2.1")
        self.bad(1, "a folder", ".", "192.0.2.1")
        self.bad(1, "required", self.file)
        self.bad(1, "no scan record", self.write("n.mxc", [END]),
                 "192.0.2.1")
        self.bad(1, "third frame", self.write("broken-a.mxc",
                                              self.records()), "192.0.2.1")


class TestHints(unittest.TestCase):
    """What is passed over unread holds nothing that is asked for."""

    def test_addresses(self) -> None:
        for text, inside in (
                ("192.0.2.25", ("192.0.2.25", "192.0.2.1")),
                ("192.0.2.0/24", ("192.0.2.255",)),
                ("192.0.0.0/20", ("192.0.15.1",)),
                ("10.0.0.0/7", ("10.1.1.1", "11.1.1.1")),
                ("0.0.0.0/0", ("1.2.3.4",)),
                ("192.0.2.128/25", ("192.0.2.200",)),
                ("2001:db8::1", ("2001:db8::1", "2001:db8::ffff")),
                ("2000::/3", ("2001:db8::1", "3fff::1")),
                ("::1", ("::1", "::2")), ("::/0", ("::1", "fe80::1"))):
            hint = who_asked.subject(text).hint()
            for address in inside:
                with self.subTest(f"{text} {address}"):
                    line = json.dumps({"a": address},
                                      separators=(",", ":")).encode()
                    self.assertTrue(hint.search(line))
        hint = who_asked.subject("192.0.2.25").hint()
        self.assertFalse(hint.search(b'{"address":"192.0.20.1"}'))

    def test_names(self) -> None:
        hint = who_asked.subject("op.example").hint()
        self.assertTrue(hint.search(b'"host":"op.example"'))
        self.assertTrue(hint.search(b'"host":"mx.op.example"'))
        self.assertFalse(hint.search(b'"host":"notop.example"'))
        self.assertEqual(who_asked.subject("b\u00fccher.example").name,
                         "xn--bcher-kva.example")

    def test_far_times(self) -> None:
        for text in ("0001-01-01", "9999-12-31T23:59:59Z",
                     "0001-01-01T00:00:00Z"):
            with self.subTest(text):
                try:
                    who_asked.window(text)
                except Trouble:
                    pass


if __name__ == "__main__":
    unittest.main()
