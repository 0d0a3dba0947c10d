# SPDX-License-Identifier: Apache-2.0
"""The lab's parts that need no server: worlds, comparing, faults.

What the servers do is proven by tests/lab/selftest.  Run with the Python of
the private environment: python3 -m unittest tests/unit/test_lab.py
"""
from __future__ import annotations

import contextlib
import datetime
import io
import json
import stat
import sys
import tempfile
import unittest
from pathlib import Path

from cryptography import x509

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from mxlab import check, contacts, dnsproxy  # noqa: E402
from mxlab.errors import LabError  # noqa: E402
from mxlab.pki import Pki  # noqa: E402
from mxlab.plan import Ground, make_plan  # noqa: E402
from mxlab.reading import read_worlds  # noqa: E402
from mxlab.replies import pieces  # noqa: E402
from mxlab.smtpd import is_one_reply, without_starttls  # noqa: E402


class Worlds(unittest.TestCase):
    def setUp(self) -> None:
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.folder = Path(self.home.name)

    def plan(self, *lines: dict):
        path = self.folder / "w.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return make_plan(read_worlds([path]), Ground(2, 2525, 8443),
                         self.folder)

    def test_refused(self) -> None:
        """Each mistake is one line that names file, line and remedy."""
        for line in (
                {"domain": "a.test", "recrods": []},
                {"nodomain": 1},
                {"domain": "a.test", "smtp": {"mx.a.test": {"falt": 1}}},
                {"domain": "a.test", "smtp": {"mx.a.test":
                                              {"fault": "explode"}}},
                *({"domain": "a.test", "smtp": {"mx.a.test": spec}}
                  for spec in ({"split": 0}, {"split": "words"},
                               {"split": True}, {"after": 0}, {"eol": 1},
                               {"delay": {"tls": 1}}, {"delay": {"ehlo": 61}},
                               {"alert": "fire"}, {"server": "sendmail"},
                               {"at": "data"})),
                {"domain": "a.test", "policy": {"cert": {"kind": "good"}}},
                {"domain": "a.test", "policy": {"status": 99}},
                *({"domain": "a.test", "policy": {"cert": {"days": days}}}
                  for days in (5, [5], [5, 5], [1, 2, 3], [0.5, 1], "1,2",
                               [True, 2])),
                *({"domain": "a.test", "tlsa": {"mx.a.test": [
                    {"usage": 3, "selector": 1, "mtype": 1, **more}]}}
                  for more in ({"as": {"usage": 3, "selector": 1}},
                               {"as": {"usage": 3, "selector": 1,
                                       "mtype": "1"}},
                               {"as": {"usage": 3, "selector": 1,
                                       "mtype": 1, "right": False}},
                               {"as": {"usage": 3, "selector": 1,
                                       "mtype": 1}, "data": "ab"},
                               {"as": 3})),
                {"domain": "a.test", "records": ["mx.b.test. A 127.0.0.9"]},
                {"domain": "a.test", "records": ["a.test. NS ns.a.test."]},
                {"domain": "a.test", "records": ["a.test. A 127.0.0.9 ",
                                                 "a.test. NONE x"]},
                {"domain": "a.test", "smtp": {"mx.b.test": {}}},
                {"domain": "a.test", "exists": False, "records": ["x"]},
                {"domain": "a.test", "dns": "explode"},
                {"domain": "a.test", "dns": {"b.test A": "servfail"}},
                {"domain": "a.test", "signed": False, "dns": "bogus"}):
            with self.assertRaises(LabError, msg=line) as caught:
                self.plan(line)
            self.assertIn("w.jsonl:1", str(caught.exception), line)
            self.assertNotIn("\n", str(caught.exception))

    def test_alias_beside_data(self) -> None:
        with self.assertRaises(LabError):
            self.plan({"domain": "a.test", "records": [
                "x.a.test. CNAME y.a.test.", "x.a.test. TXT x"]})

    def test_domain_twice(self) -> None:
        with self.assertRaises(LabError):
            self.plan({"domain": "a.test"}, {"domain": "A.test."})

    def test_delegation_from_the_closest_zone(self) -> None:
        plan = self.plan({"domain": "b.a.test", "signed": True},
                         {"domain": "a.test", "signed": True},
                         {"domain": "d.c.test"},
                         {"domain": "no.test", "exists": False})
        zones = plan.tree.zones
        self.assertEqual(set(zones), {"", "test", "a.test", "b.a.test",
                                      "d.c.test"})
        self.assertEqual(set(zones["a.test"].sets["b.a.test"]),
                         {"NS", "DS"})
        self.assertEqual(set(zones["test"].sets["d.c.test"]), {"NS"})
        self.assertNotIn("b.a.test", zones["test"].sets)
        self.assertNotIn("no.test", zones["test"].sets)

    def test_addresses(self) -> None:
        plan = self.plan(
            {"domain": "a.test", "records": [
                "a.test. MX 1 mx.a.test.", "fix.a.test. A 127.66.0.9",
                "al.a.test. CNAME box.a.test."],
             "smtp": {"mx.a.test": {"addresses": 3}, "fix.a.test": {},
                      "al.a.test": {}}, "policy": {"body": "x"}})
        sets = plan.tree.zones["a.test"].sets
        self.assertEqual(len(sets["mx.a.test"]["A"]), 3)
        self.assertEqual(sets["fix.a.test"]["A"][0].rdata, "127.66.0.9")
        self.assertEqual(set(sets["al.a.test"]), {"CNAME"})
        self.assertIn("A", sets["box.a.test"])
        self.assertIn("A", sets["mta-sts.a.test"])
        held = [point["address"] for point in plan.endpoints]
        self.assertEqual(len(held), len(set(held)))
        self.assertTrue(all(one.startswith("127.66.") for one in held))

    def tlsa(self, cert: dict, *rows: dict) -> list[str]:
        """The rdata published for a host."""
        plan = self.plan({"domain": "a.test", "smtp": {
            "mx.a.test": {"cert": cert}}, "tlsa": {"mx.a.test": list(rows)}})
        zone = plan.tree.zones["a.test"]
        return [record.rdata for record in
                zone.sets["_25._tcp.mx.a.test"]["TLSA"]]

    def test_tlsa_as(self) -> None:
        """The data are those of `as`, the parameters those of the row."""
        def row(usage: int, selector: int, mtype: int, **more) -> dict:
            return {"usage": usage, "selector": selector, "mtype": mtype,
                    **more}

        plain, other, leaf, issuer, spoilt = self.tlsa(
            {}, row(3, 0, 1), row(3, 1, 1, **{"as": row(3, 0, 1)}),
            row(3, 1, 2), row(3, 1, 2, **{"as": row(2, 1, 2)}),
            row(3, 0, 2, **{"as": row(3, 1, 2), "right": False}))
        self.assertEqual(other, "3 1 1 " + plain[6:])
        self.assertEqual(issuer[:6], leaf[:6])
        self.assertNotEqual(issuer, leaf)
        self.assertEqual(spoilt[:6], "3 0 2 ")
        self.assertNotEqual(spoilt[6:], leaf[6:])

    def test_anchor_of_a_leaf_alone(self) -> None:
        """2 0 0 holds the issuer, whether or not the server sends it."""
        rows = [{"usage": 2, "selector": selector, "mtype": 0}
                for selector in (0, 1)]
        for kind in ("trusted", "leaf_only"):
            whole, key = self.tlsa({"kind": kind}, *rows)
            issuer = x509.load_der_x509_certificate(bytes.fromhex(whole[6:]))
            self.assertEqual(issuer.subject.rfc4514_string(),
                             "CN=Lab Intermediate")
            self.assertIn(key[6:], whole)

    def test_days(self) -> None:
        """The window goes into the leaf, and equal requests share one."""
        def leaf(cert: dict) -> x509.Certificate:
            return Pki(self.folder).chain("mx.a.test", cert).leaf

        now = datetime.datetime.now(datetime.timezone.utc).timestamp()
        for cert, days in (({}, (-2, 90)), ({"kind": "expired"}, (-400, -10)),
                           ({"days": [-85, 5]}, (-85, 5)),
                           ({"kind": "expired", "days": [-9, -2]}, (-9, -2))):
            made = leaf(cert)
            for at, day in ((made.not_valid_before_utc, days[0]),
                            (made.not_valid_after_utc, days[1])):
                self.assertAlmostEqual((at.timestamp() - now) / 86400, day, 2)
        pki = Pki(self.folder)
        self.assertIs(pki.chain("a.test", {}),
                      pki.chain("a.test", {"days": [-2, 90]}))
        self.assertIsNot(pki.chain("a.test", {}),
                         pki.chain("a.test", {"days": [-2, 91]}))

    def test_no_address_where_none_is_wanted(self) -> None:
        for policy in ({"host": False}, {"fault": "nxdomain"}):
            plan = self.plan({"domain": "a.test", "policy": policy})
            self.assertNotIn("mta-sts.a.test",
                             plan.tree.zones["a.test"].sets)


class Compare(unittest.TestCase):
    def said(self, expected, got) -> list[str]:
        return list(check.differences("", expected, got))

    def test_same(self) -> None:
        for expected, got in (
                ({"a": None}, {}), ({}, {"a": 1}),
                ({"findings": ["x", "y"]}, {"findings": ["y", "x"]}),
                ({"mx": [{"host": "a"}, {"host": "b"}]},
                 {"mx": [{"host": "b", "tls": "1"}, {"host": "a"}]}),
                ({"rua": []}, {}), ({"n": 3}, {"n": 3}),
                ({"mx": [{"host": "a", "preference": 1, "x": 1},
                         {"host": "a", "preference": 2, "x": 2}]},
                 {"mx": [{"host": "a", "preference": 2, "x": 2},
                         {"host": "a", "preference": 1, "x": 1}]})):
            self.assertEqual(self.said(expected, got), [], expected)

    def test_different(self) -> None:
        for expected, got in (
                ({"a": 1}, {}), ({"a": None}, {"a": 0}),
                ({"a": True}, {"a": 1}), ({"a": 0}, {"a": False}),
                ({"findings": ["x"]}, {"findings": ["x", "y"]}),
                ({"findings": ["x", "y"]}, {"findings": ["x"]}),
                ({"findings": ["x"]}, {"findings": ["x", "x"]}),
                ({"findings": []}, {"findings": ["y"]}),
                ({"mx": []}, {"mx": [{"host": "a"}]}),
                ({"mx": [{"host": "a"}]}, {"mx": []}),
                ({"mx": [{"host": "a"}]},
                 {"mx": [{"host": "a"}, {"host": "b"}]}),
                ({"rua": ["a", "b"]}, {"rua": ["a", "c"]}),
                ({"rua": ["a"]}, {"rua": ["a", "b"]}),
                ({"a": {"b": 1}}, {"a": 1})):
            self.assertEqual(len(self.said(expected, got)), 1, expected)


class Questions(unittest.TestCase):
    def test_malformed(self) -> None:
        head = bytes(4) + b"\x00\x01" + bytes(6)
        for data in (b"", head, head + b"\x3fab\x00\x00\x01\x00\x01",
                     head + b"\xc0\x0c\x00\x01\x00\x01"):
            self.assertIsNone(dnsproxy.question(data))
        self.assertEqual(
            dnsproxy.question(head + b"\x01A\x00\x00\x0f\x00\x01"),
            ("a", "MX", 19))

    def test_which_fault(self) -> None:
        faults = dnsproxy.Faults({"a.test MX": "servfail"},
                                 {"b.test": "refused"})
        self.assertEqual(faults.of("a.test", "MX"), "servfail")
        self.assertIsNone(faults.of("a.test", "A"))
        self.assertIsNone(faults.of("x.a.test", "MX"))
        self.assertEqual(faults.of("x.b.test", "A"), "refused")
        self.assertIsNone(faults.of("xb.test", "A"))


class Smtp(unittest.TestCase):
    def test_ehlo_inside_tls(self) -> None:
        self.assertEqual(
            without_starttls(["250-a", "250-SIZE", "250 STARTTLS"]),
            ["250-a", "250 SIZE"])
        self.assertEqual(without_starttls(["250-STARTTLS", "250 starttls"]),
                         ["250 ok"])


    def test_pieces(self) -> None:
        """Every byte once, in order; a rider never leaves alone."""
        self.assertEqual([part for _, part in pieces(b"220 a", 3)],
                         [b"220", b" a"])
        self.assertEqual([part for _, part in pieces(b"ab", "bytes", b"xy")],
                         [b"a", b"bxy"])
        for split in (None, 2, 99):
            parts = pieces(b"ab", split, b"c")
            self.assertEqual([(0.0, b"abc")], parts)

    def test_one_reply(self) -> None:
        for lines, is_one in ((["220 a"], True), (["220-a", "220 b"], True),
                              (["220-a"], False), (["220 a", "421 b"], False),
                              (["hello", "220 a"], False)):
            self.assertIs(is_one_reply(lines), is_one, lines)


class Commands(unittest.TestCase):
    """check and contacts, with a stand-in for `mxcensus cat`."""

    WORLD = [{"domain": "a.test", "expect": {"verdict": "none"}},
             {"domain": "b.test", "expect": {"verdict": "invalid"}},
             {"domain": "hidden.test", "list": False}]
    ENTRY = {"kind": "smtp", "address": "127.66.0.1", "host": "mx.a.test",
             "peer": "127.0.0.1:9", "overlap": 0, "ehlo": "x", "mail": False,
             "complete": True, "quit": True, "end": "quit"}
    MX = {"type": "mx", "host": "mx.a.test",
          "addresses": [{"address": "127.66.0.1", "attempts": 1}]}

    def setUp(self) -> None:
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.folder = Path(home.name)
        for name in ("run", "log"):
            (self.folder / name).mkdir()
        (self.folder / "world.jsonl").write_text("".join(
            json.dumps(line) + "\n" for line in self.WORLD))
        (self.folder / "run" / "postfix.json").write_text("[]")
        (self.folder / "run" / "servers.json").write_text(json.dumps(
            {"endpoints": [{"kind": "smtp", "address": "127.66.0.1",
                            "spec": {}}]}))
        self.reader = self.folder / "mxcensus"
        self.reader.write_text('#!/bin/sh\n[ "$1" = cat ] && cat "$2"\n')
        self.reader.chmod(self.reader.stat().st_mode | stat.S_IXUSR)

    def run_command(self, work, records: list[dict]) -> tuple[int, str]:
        path = self.folder / "x.mxc"
        path.write_text("".join(json.dumps(one) + "\n" for one in records))
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = work(self.folder, path, str(self.reader), 50)
        return status, out.getvalue().splitlines()

    def domain(self, name: str, verdict: str) -> dict:
        return {"type": "domain", "name": name, "verdict": verdict}

    def test_check(self) -> None:
        good = [self.domain("a.test", "none"),
                self.domain("b.test", "invalid")]
        status, said = self.run_command(check.check, good)
        self.assertEqual((status, said[-1]),
                         (0, "truth: 2 of 2 domains as expected"))
        for records, count, word in (
                (good[:1], 1, "b.test: no record"),
                ([*good, good[0]], 2, "a.test: 2 records"),
                ([*good, self.domain("c.test", "none")], 2, "c.test: a rec"),
                ([good[0], self.domain("b.test", "none")], 1,
                 'b.test: verdict: expected "invalid", got "none"')):
            status, said = self.run_command(check.check, records)
            self.assertEqual(status, 1)
            self.assertTrue(any(line.startswith(word) for line in said), said)
            self.assertEqual(said[-1],
                             f"truth: {count} of 2 domains as expected")

    def contact(self, *entries: dict) -> None:
        (self.folder / "log" / "contacts.jsonl").write_text("".join(
            json.dumps({**self.ENTRY, **entry}) + "\n" for entry in entries))

    def test_contacts(self) -> None:
        last = "contacts: {} of 1 (host, address) pairs contacted as recorded"
        self.contact({})
        status, said = self.run_command(contacts.contacts, [self.MX])
        self.assertEqual((status, said[-1]), (0, last.format(1)))
        for entries, count in (
                ([{}, {}], 0), ([], 0), ([{"mail": True}], 1),
                ([{"overlap": 1}], 1), ([{"early": True}], 1), ([{}, {"address": "127.66.0.2"}], 1),
                ([{"quit": False, "end": "client_close"}], 1)):
            self.contact(*entries)
            status, said = self.run_command(contacts.contacts, [self.MX])
            self.assertEqual((status, said[-1]), (1, last.format(count)),
                             entries)

    # Postfix and Exim in their own words; {} holds the address
    SMTPD = "mx lab/{}/smtpd[7]: disconnect from unknown[127.0.0.1] "
    SCREEN = "mx lab/{}/postscreen[7]: "
    EXIM = "SMTP connection from [127.0.0.1] I=[{}]:2525 "
    CONNECT = SCREEN + "CONNECT from [127.0.0.1]:9 to [{}]:2525"
    ENTER = EXIM + "(TCP/IP connection count = 1)"
    POLITE = "D=0s X=TLS1.3 CV=no C=EHLO,STARTTLS,EHLO,QUIT"

    def mta(self, server: str, *log: str) -> int:
        """The exit status of contacts, with an MTA's log."""
        name = "exim" if server == "exim" else "postfix"
        where = "127.66.0.9"
        (self.folder / "run" / f"{name}.json").write_text(json.dumps([
            {"address": where, "host": "mx.a.test",
             "spec": {"server": server}}]))
        (self.folder / "log" / f"{name}.log").write_text("".join(
            line.replace("{}", where) + "\n" for line in log))
        record = {**self.MX, "addresses": [{"address": where, "attempts": 1}]}
        return self.run_command(contacts.contacts, [record])[0]

    def test_contacts_of_postfix(self) -> None:
        polite = self.SMTPD + "ehlo=2 starttls=1 quit=1 commands=4"
        self.assertEqual(self.mta("postfix", polite), 0)
        self.assertEqual(self.mta("postscreen", self.CONNECT, polite), 0)
        self.assertEqual(self.mta("postscreen_deep", self.CONNECT), 0)
        for server, *log in (
                ("postfix", polite, polite), ("postfix",),
                ("postfix", self.SMTPD + "ehlo=2 starttls=1 commands=3"),
                ("postfix", self.SMTPD + "ehlo=1 mail=1 quit=1 commands=3"),
                ("postfix", self.SMTPD + "ehlo=1 mail=0/1 quit=1 commands=3"),
                ("postscreen", self.CONNECT, self.CONNECT, polite),
                *(("postscreen_deep", self.CONNECT, self.SCREEN + what)
                  for what in ("PREGREET 9 after 1 from [127.0.0.1]:9: EHLO",
                               "HANGUP after 1 from [127.0.0.1]:9 in tests",
                               "COMMAND PIPELINING from [127.0.0.1]:9"))):
            self.assertEqual(self.mta(server, *log), 1, log)

    def test_contacts_of_exim(self) -> None:
        end = self.EXIM + "closed by QUIT"
        none = "no MAIL in " + self.EXIM
        polite = (self.ENTER, end, none + self.POLITE)
        self.assertEqual(self.mta("exim", *polite), 0)
        for log in ((*polite, *polite), (),
                    (self.ENTER, self.EXIM + "lost D=1s"),
                    (self.ENTER, end, none + "D=0s C=EHLO"), (self.ENTER, end),
                    (self.ENTER, end, none + "D=0s C=EHLO,RCPT,QUIT")):
            self.assertEqual(self.mta("exim", *log), 1, log)

    def fetched(self, *attempts: tuple[str, str]) -> dict:
        """A domain record; an attempt without an outcome was not made."""
        return {"type": "domain", "sts": {"policy": {"attempts": [
            {"address": address, "outcome": outcome or "special_address",
             **({"started": 5} if outcome else {})}
            for address, outcome in attempts]}}}

    def test_policy_contacts(self) -> None:
        """nginx logs requests, our own servers connections."""
        (self.folder / "run" / "servers.json").write_text(json.dumps(
            {"endpoints": [{"kind": "https", "address": "127.66.0.2",
                            "spec": {"fault": "garbage"}}]}))
        (self.folder / "log" / "nginx.jsonl").write_text(
            '{"address": "127.66.0.1"}\n')
        self.contact({"kind": "https", "address": "127.66.0.2"})
        made = [("127.66.0.1", "ok"), ("127.66.0.2", "tls_failed"),
                ("127.66.0.3", "connect_refused"), ("127.66.0.4", "")]
        for attempts, status in ((made, 0), (made[1:], 1), (made[:1], 1),
                                 ([*made, ("127.66.0.4", "ok")], 1)):
            got, said = self.run_command(contacts.contacts,
                                         [self.fetched(*attempts)])
            self.assertEqual((got, said[-1][:9]), (status, "contacts:"), said)

    def test_names_of_an_address(self) -> None:
        """Two names at most, but for those that must be asked."""
        (self.folder / "world.jsonl").write_text(json.dumps(
            {"domain": "a.test", "records": [
                "a.test. 300 IN MX 10 must.test.",
                '_mta-sts.a.test. 300 IN TXT "v=STSv1; id=1"']}) + "\n"
            + json.dumps({"domain": "b.test", "tlsa": {"tlsa.test": []}})
            + "\n")
        scan = {"type": "scan", "options": ["names-per-address=2"]}
        names = ["must.test", "tlsa.test", "one.test", "two.test"]

        def records(*hosts: str) -> list[dict]:
            return [scan] + [
                {"type": "mx", "host": host, "addresses": [
                    {"address": "127.66.0.1", "attempts": 1}]}
                for host in hosts]

        self.contact(*({"sni": name} for name in names))
        status, said = self.run_command(contacts.contacts, records(*names))
        self.assertEqual(status, 0, said)
        names.append("three.test")
        self.contact(*({"sni": name} for name in names))
        status, said = self.run_command(contacts.contacts, records(*names))
        self.assertEqual(status, 1)
        self.assertIn("3 names, at most 2", said[0])
        for host, wanted in (("other.test", 0), ("must.test", 1),
                             ("tlsa.test", 1)):
            self.contact({"sni": "one.test"})
            status, said = self.run_command(
                contacts.contacts, records("one.test") + [
                    {"type": "mx", "host": host, "addresses": [
                        {"address": "127.66.0.1", "shared": True}]}])
            self.assertEqual(status, wanted, said)

    def test_forget(self) -> None:
        self.contact({})
        contacts.forget(self.folder)
        status, _ = self.run_command(contacts.contacts, [])
        self.assertEqual(status, 0)

    def test_no_file(self) -> None:
        with self.assertRaises(LabError):
            check.check(self.folder, self.folder / "none", None, 5)


if __name__ == "__main__":
    unittest.main()
