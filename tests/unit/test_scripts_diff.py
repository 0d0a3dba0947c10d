# SPDX-License-Identifier: Apache-2.0
"""scripts/diff: every event by hand with its near misses, and what comes of
them.

    python3 -m unittest tests/unit/test_scripts_diff.py
"""

import re
import sys
import unittest
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts_pairs import (  # noqa: E402
    BODY, Commands, Record, address, changed, good, host, probed, scan, tlsa)
from mxcensus_scripts import changes  # noqa: E402

RECORD, POLICY, TLS = "sts.record.status", "sts.policy.status", (
    "sts.policy.tls")
# Another certificate, and all is well with it.
GOOD = {"chain": ["ab"], "trusted": True, "name_ok": True, "time_ok": True}
MODE, BODY_, ID = "sts.policy.mode", "sts.policy.body", "sts.record.id"
ABSENT = {RECORD: "absent", ID: None, "sts.policy": {"status": "none_tried"},
          "verdict": "none"}
LOST = {RECORD: "inconclusive", ID: None, "verdict": "inconclusive",
        "sts.policy": {"status": "none_tried"}}
BLIND = {POLICY: "inconclusive", MODE: None, BODY_: None,
         "verdict": "inconclusive"}
GONE = {"mx_status": "nxdomain", "mx": [], **ABSENT, "tlsrpt": None,
        "sts": {}}
OTHER = [host("mx.other.example", in_policy=False)]


def mode(word: str) -> Record:
    """A policy of another mode."""
    return {MODE: word, BODY_: BODY.format(word, "x")}


def fails(layer: str) -> Record:
    """A policy that could not be fetched."""
    return {POLICY: layer, MODE: None, BODY_: None, "verdict": "invalid",
            "sts.policy.mx_match": None}


# Name, what OLD has of it, what NEW has, the events; a near miss has none.
CASES: tuple[tuple[str, Record, Record, str], ...] = (
    ("same", {}, {}, ""),
    ("adopts", ABSENT, {}, "adopted"),
    ("adopts-badly", ABSENT, {RECORD: "invalid", ID: None}, "adopted"),
    ("adopts-unseen", LOST, {}, ""),
    ("adopts-unknown", ABSENT, LOST, ""),
    ("adopts-missing", {"sts": {}}, {}, ""),
    ("removes", mode("none"), ABSENT, "removed_properly"),
    ("removes-abruptly", {}, ABSENT, "removed_abruptly"),
    ("removes-test", mode("testing"), ABSENT, "removed_abruptly"),
    ("removes-broken", fails("tls"), ABSENT, "removed"),
    ("removes-blind", BLIND, ABSENT, "removed"),
    ("removes-unknown", {}, LOST, ""),
    ("withdraws", {}, mode("none") | {ID: "2"}, "withdrawn policy_changed"),
    ("enforces", mode("testing"), {ID: "2"}, "mode_changed policy_changed"),
    ("returns", mode("none"), {ID: "2"}, "mode_changed policy_changed"),
    ("withdraws-unknown", {}, BLIND, ""),
    ("breaks", {}, {RECORD: "multiple", ID: None}, "record_broken"),
    ("repairs", {RECORD: "invalid", ID: None}, {}, "record_repaired"),
    ("repairs-unknown", {RECORD: "invalid", ID: None}, LOST, ""),
    ("fails-tls", {}, fails("tls"), "policy_broken"),
    ("fails-unknown", {}, BLIND, ""),
    ("fails-timeout", {}, fails("tcp") | {"verdict": "inconclusive"}, ""),
    ("works", fails("http"), {}, "policy_repaired"),
    ("works-unknown", BLIND, {}, ""),
    ("changes-same-id", {}, {BODY_: "other"}, "policy_changed_same_id"),
    ("changes-id", {}, {ID: "2"}, "id_changed_same_policy"),
    ("changes-both", {}, {ID: "2", BODY_: "other"}, "policy_changed"),
    ("changes-cut", {}, {BODY_: "other", "sts.policy.body_cut": True}, ""),
    ("changes-no-id", {ID: None}, {ID: "2", BODY_: "other"}, ""),
    ("moves", {}, {"mx": OTHER, "sts.policy.mx_match": "all"}, "mx_changed"),
    ("moves-stale", {}, {"mx": OTHER, "sts.policy.mx_match": "none"},
     "mx_changed policy_stale"),
    ("moves-stale-none", mode("none"), mode("none") | {
        "mx": OTHER, "sts.policy.mx_match": "none"}, "mx_changed"),
    ("moves-fixed", {}, {"mx": OTHER, "sts.policy.mx_match": "none",
                         BODY_: "other", ID: "2"},
     "mx_changed policy_changed"),
    ("moves-was-stale", {"sts.policy.mx_match": "none"}, {
        "mx": OTHER, "sts.policy.mx_match": "none"}, "mx_changed"),
    ("moves-old-file", {"sts.policy.mx_match": None}, {
        "mx": OTHER, "sts.policy.mx_match": None},
     "mx_changed policy_stale"),
    ("moves-unknown", {}, {"mx": [], "mx_status": "inconclusive"}, ""),
    ("moves-cut", {}, {"mx": OTHER, "mx_cut": True}, ""),
    ("moves-order", {"mx": [host("a.example"), host("b.example")]}, {
        "mx": [host("B.example"), host("a.example")]}, ""),
    ("null-mx", {}, {"mx": [], "mx_status": "null_mx"}, "mx_changed"),
    ("appears", GONE, {}, "appeared adopted tlsrpt_added"),
    ("vanishes", {}, GONE, "vanished removed_abruptly tlsrpt_removed"),
    ("vanishes-unknown", {"mx_status": "inconclusive"}, GONE,
     "removed_abruptly tlsrpt_removed"),
    ("reports", {"tlsrpt.status": "absent"}, {}, "tlsrpt_added"),
    ("reports-no-more", {"tlsrpt.status": "invalid"}, {
        "tlsrpt.status": "absent"}, "tlsrpt_removed"),
    ("reports-unknown", {}, {"tlsrpt.status": "inconclusive"}, ""),
    ("reports-missing", {"tlsrpt": None}, {}, ""),
    ("excluded", {}, {**ABSENT, "excluded": True, "mx": [],
                      "mx_status": "absent"}, ""),
    ("outsources", {}, {"sts.policy.provider": "PowerDMARC"},
     "provider_moved"),
    ("outsources-record", {}, {"sts.record.lookup.cname": [
        "x._mta.provider.example"]}, "provider_moved"),
    ("outsources-alias", {"sts.policy.a.cname": ["a.one.example"]}, {
        "sts.policy.a.cname": ["b.one.example"]}, ""),
    ("outsources-unknown", {}, {**BLIND, "sts.policy.a": {
        "outcome": "servfail"}}, ""),
    ("starttls-lost", {}, {"mx.0.starttls": "not_offered"},
     "starttls_lost"),
    ("starttls-gained", {"mx.0.starttls": "refused"}, {}, "starttls_gained"),
    ("starttls-blocked", {}, {"mx.0.starttls": "blocked"}, ""),
    ("starttls-unknown", {"mx.0.starttls": "inconclusive"}, {
        "mx.0.starttls": "not_offered"}, ""),
    ("starttls-unreachable", {}, {"mx.0.starttls": "unreachable"}, ""),
    ("cert-broken", {}, {"mx.0.trusted": False}, "certificate_broken"),
    ("cert-repaired", {"mx.0.name_ok": False}, {}, "certificate_repaired"),
    ("cert-unknown", {"mx.0.name_ok": None}, {"mx.0.name_ok": False}, ""),
    ("policy-renewed", {}, {TLS: GOOD | {"not_after": 1_900_000_000}},
     "certificate_renewed"),
    ("policy-other", {}, fails("tls") | {
        TLS: GOOD | {"not_after": 1_900_000_000, "name_ok": False}},
     "policy_broken"),
    ("policy-reverted", {}, {TLS: GOOD | {"not_after": 1_700_000_000}}, ""),
    ("policy-expired", {}, fails("tls") | {
        TLS + ".time_ok": False, TLS + ".expired": True},
     "certificate_expired policy_broken"),
    ("policy-not-yet", {}, fails("tls") | {TLS + ".time_ok": False},
     "policy_broken"),
    ("dane-added", {}, {"mx.0.dane": "ok"}, "dane_added"),
    ("dane-removed", {"mx.0.dane": "mismatch"}, {}, "dane_removed"),
    ("dane-unknown", {"mx.0.dane": "inconclusive"}, {"mx.0.dane": "ok"}, ""),
    ("dane-partly", {"mx": [host("a.example"), host(
        "b.example", dane="inconclusive")]}, {"mx": [host(
            "a.example", dane="ok"), host("b.example")]}, ""),
    ("dane-broken", {"mx.0.dane": "ok"}, {"mx.0.dane": "bogus"},
     "dane_broken"),
    ("dane-repaired", {"mx.0.dane": "mismatch"}, {"mx.0.dane": "ok"},
     "dane_repaired"),
)
LATER = 1_900_000_000
ONE, TWO = "192.0.2.2", "192.0.2.3"
NEWER = address(ONE, "b1", not_after=LATER)
STALE = {"mx.0.dane": "ok"}, {"mx.0.dane": "mismatch"}
# The same over the records of the domain's MX host.
HOST_CASES: tuple[tuple[str, Record, Record, Record, Record, str], ...] = (
    ("host-renewed", {}, {}, {}, {"addresses": [NEWER]},
     "certificate_renewed"),
    ("host-unanswered", {}, {}, {}, {"addresses": [address(ONE, None)]}, ""),
    # an address that did not answer is no other certificate
    ("host-other-address", {}, {},
     {"addresses": [address(ONE, "a1"), address(TWO, None)]},
     {"addresses": [address(ONE, None),
                    address(TWO, "b1", not_after=LATER)]}, ""),
    ("host-moved", {}, {}, {},
     {"addresses": [address("192.0.2.9", "b1", not_after=LATER)]},
     "certificate_renewed"),
    ("host-swapped", {}, {},
     {"addresses": [address(ONE, "a1"), address(TWO, "b1", not_after=LATER)]},
     {"addresses": [address(ONE, "b1", not_after=LATER), address(TWO, "a1")]},
     ""),
    ("host-expired", {}, {"mx.0.time_ok": False}, {},
     {"addresses": [address(ONE, "a1", time_ok=False, expired=True)]},
     "certificate_expired"),
    ("host-not-yet", {}, {"mx.0.time_ok": False}, {},
     {"addresses": [address(ONE, "b1", time_ok=False)]},
     "certificate_broken"),
    ("tlsa-stale", *STALE, {"tlsa": tlsa("k1")},
     {"tlsa": tlsa("k1"), "addresses": [NEWER]},
     "tlsa_stale certificate_renewed"),
    ("tlsa-other", *STALE, {"tlsa": tlsa("k1")},
     {"tlsa": tlsa("k2"), "addresses": [NEWER]},
     "dane_broken certificate_renewed"),
    ("tlsa-same-chain", *STALE, {"tlsa": tlsa("k1")},
     {"tlsa": tlsa("k1")}, "dane_broken"),
    ("tlsa-stale-unknown", {"mx.0.dane": "inconclusive"},
     {"mx.0.dane": "mismatch"}, {"tlsa": tlsa("k1")},
     {"tlsa": tlsa("k1"), "addresses": [NEWER]}, "certificate_renewed"),
    ("tlsa-rolled", {"mx.0.dane": "ok"}, {"mx.0.dane": "ok"},
     {"tlsa": tlsa("k1", "k2")}, {"tlsa": tlsa("k2", "k3")}, "tlsa_rolled"),
    ("tlsa-order", {"mx.0.dane": "ok"}, {"mx.0.dane": "ok"},
     {"tlsa": tlsa("k1", "k2")}, {"tlsa": tlsa("k2", "k1")}, ""),
    ("tlsa-lost", {"mx.0.dane": "ok"}, {"mx.0.dane": "inconclusive"},
     {"tlsa": tlsa("k1")}, {"tlsa": {"lookup": {"outcome": "servfail"}}}, ""),
)


def both_scans() -> tuple[list[Record], list[Record], dict[str, set[str]]]:
    """All cases as two scans, and the events of each name."""
    sides: tuple[list[Record], list[Record]] = ([], [])
    hosts: tuple[list[Record], list[Record]] = ([], [])
    expected = {}
    rows = [(name, old, new, {}, {}, events)
            for name, old, new, events in CASES]
    for name, old, new, old_host, new_host, events in [*rows, *HOST_CASES]:
        name += ".example"
        for n, domain, mx in ((0, old, old_host), (1, new, new_host)):
            sides[n].append(changed(good(name), domain))
            hosts[n].append(changed(probed(name), mx))
        expected[name] = set(events.split())
    sides[0].append(good("leaves.example"))
    sides[1].append(good("joins.example"))
    expected |= {"leaves.example": {"left_list"},
                 "joins.example": {"joined_list"}}
    # a name that the list repeats counts once, as in its first line
    sides[0].append(changed(good("adopts.example"), {}))
    sides[1].append(changed(good("same.example"), ABSENT))
    # of two probes of a host, the one that found something out counts
    hosts[1].append({"type": "mx", "host": "mx.host-renewed.example",
                     "starttls": "inconclusive", "addresses": []})
    return (scan(sides[0], hosts[0]), scan(sides[1], hosts[1], 1), expected)


class TestEvents(Commands):
    """Events by hand."""

    def setUp(self) -> None:
        super().setUp()
        old, new, self.expected = both_scans()
        self.files = self.write("old.mxc", old), self.write("new.mxc", new)

    def test_each(self) -> None:
        got: dict[str, set[str]] = {name: set() for name in self.expected}
        for event in self.json_of("diff", *self.files)["events"]:
            self.assertNotIn(event["event"], got[event["domain"]])
            got[event["domain"]].add(event["event"])
        for name, events in self.expected.items():
            with self.subTest(name):
                self.assertEqual(got[name], events)
        seen = set().union(*self.expected.values())
        self.assertEqual(seen, set(changes.EVENTS), "an event has no case")

    def test_sums(self) -> None:
        whole = self.json_of("diff", *self.files)
        n = whole["domains"]["in_both"]
        self.assertEqual(n, len(self.expected) - 2)
        for name, cells in whole["matrices"].items():
            self.assertEqual(sum(cell["domains"] for cell in cells), n, name)
        adopted = sum(cell["domains"] for cell in whole["matrices"]["record"]
                      if cell["from"] == "absent" and cell["to"] in (
                          "ok", "invalid", "multiple"))
        counts = {row["event"]: row["events"] for row in whole["counts"]}
        # `appears` has no record status at all in its old record
        self.assertEqual(adopted, counts["adopted"] - 1)
        self.assertEqual(sum(counts.values()), len(whole["events"]))
        self.assertEqual(whole["regressions"], sum(
            row["events"] for row in whole["counts"]
            if row["severity"] == "worse"))

    def test_values(self) -> None:
        rows = {(row["domain"], row["event"]): row
                for row in self.csv_of("diff", *self.files)}
        for key, was, became, where in (
                (("withdraws", "withdrawn"), "enforce", "none", ""),
                (("adopts-badly", "adopted"), "absent", "record invalid", ""),
                (("moves", "mx_changed"), "mx.moves.example",
                 "mx.other.example", ""),
                (("fails-tls", "policy_broken"), "ok", "tls", ""),
                (("outsources", "provider_moved"), "(own)", "PowerDMARC", ""),
                (("policy-renewed", "certificate_renewed"), "2027-01-15",
                 "2030-03-17", "mta-sts.policy-renewed.example"),
                (("tlsa-stale", "tlsa_stale"), "ok", "mismatch",
                 "mx.tlsa-stale.example")):
            row = rows[f"{key[0]}.example", key[1]]
            self.assertEqual((row["from"], row["to"], row["host"]),
                             (was, became, where), key)

    def test_csv_is_json(self) -> None:
        events = self.json_of("diff", *self.files)["events"]
        self.assertEqual(self.csv_of("diff", *self.files), [
            {key: "" if value is None else value
             for key, value in event.items()} for event in events])

    def test_same_scan_has_none(self) -> None:
        for side in ("old.mxc", "new.mxc"):
            again = self.write("again.mxc", [])
            Path(again).write_bytes((self.folder / side).read_bytes())
            whole = self.json_of("diff", str(self.folder / side), again)
            self.assertEqual(whole["events"], [])

    def test_status_and_only(self) -> None:
        for arguments, status in (
                ((), 0), (("--fail-on", "any"), 4),
                (("--fail-on", "worse"), 4),
                (("--only", "adopted", "--fail-on", "worse"), 0),
                (("--only", "adopted", "--fail-on", "adopted,worse"), 4),
                (("--fail-on", "colour"), 1), (("--only", "x"), 1)):
            process = self.run_it("diff", *self.files, *arguments)
            self.assertEqual(process.returncode, status, arguments)
            self.assertEqual(bool(process.stdout), status != 1)
        rows = self.csv_of("diff", *self.files, "--only",
                           "better,left_list")
        self.assertEqual({row["event"] for row in rows} - {"left_list"}, {
            name for name, event in changes.EVENTS.items()
            if event.severity == "better"})

    def test_text(self) -> None:
        shown = self.good("diff", *self.files, "--domains", "2")
        for line in shown.splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertEqual(line, line.rstrip())
        for wanted in (r"old\.mxc: 2026-01-05, \d+ domains",
                       r"(?m)^- removed_abruptly +4",
                       r"(?m)^\+ adopted +3",
                       r"(?m)^      adopts\.example: absent → enforce$",
                       r"Verdicts of MTA-STS senders: \d+ of \d+ domains",
                       r"(?m)^inconclusive +\d"):
            self.assertRegex(shown, wanted)
        named = re.search(r"\+ adopted .*\n((?:      .*\n)*)", shown)
        assert named is not None
        self.assertEqual(named[1].count("\n"), 2)
        plain = self.good("diff", *self.files, PYTHONUTF8="0",
                          PYTHONIOENCODING="ascii")
        self.assertTrue(plain.isascii())
        marked = self.good("diff", *self.files, "--format", "markdown")
        self.assertIn("| removed\\_abruptly | worse |", marked)

    def test_trouble(self) -> None:
        old, new = self.files
        swapped = self.run_it("diff", new, old)
        self.assertRegex(swapped.stderr, "is older than")
        unfinished = self.write("u.mxc", scan([good("a.example")], [])[:-1])
        self.assertRegex(self.run_it("diff", old, unfinished).stderr,
                         "u.mxc: has no end record")
        for arguments, wanted in (((old,), "required: NEW"),
                                  ((old, old), "named twice"),
                                  ((old, "none.mxc"), "cannot read")):
            process = self.run_it("diff", *arguments)
            self.assertEqual(process.returncode, 1)
            self.assertRegex(process.stderr, wanted)
            self.assertEqual(process.stderr.count("\n"), 1)


class TestOperators(Commands):
    """A step of many domains is told of who made it."""

    def test_step(self) -> None:
        def at(n: int) -> list[Record]:
            far = "mx.big.example" if n < 461 else f"mx.own{n}.example"
            return [host(far)]
        old, new = ([changed(good(f"d{n}.example"), {
            **absent, "mx": at(n)}) for n in range(520)]
            for absent in (ABSENT, {}))
        files = (self.write("o.mxc", scan(old, [])),
                 self.write("n.mxc", scan(new, [], 1)))
        row: dict[str, Any] = self.json_of("diff", *files)["counts"][0]
        self.assertEqual((row["event"], row["events"]), ("adopted", 520))
        self.assertEqual(row["by"][0], {
            "kind": "mx", "name": "big.example", "events": 461,
            "share": 461 / 520})
        self.assertIn("461 of 520 at big.example (MX)",
                      self.good("diff", *files))


if __name__ == "__main__":
    unittest.main()
