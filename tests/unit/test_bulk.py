# SPDX-License-Identifier: Apache-2.0
"""The bulk lab's witness: its draws, what it concludes, and that it objects.

Expectations are written by hand from tests/lab/BULK.md and the RFCs, for the
first name that falls into the rows of each story.
"""
from __future__ import annotations

import contextlib
import copy
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from mxlab import bulk, bulk_world, check  # noqa: E402
from mxlab.bulk_world import domain, expect, share  # noqa: E402

SEARCHED = 200_000


def within(what: str, first: int, last: int) -> Callable[[str], bool]:
    """Does the share of a name lie in a row?"""
    return lambda name: first <= share(what, name) <= last


def good_host(host: str) -> bool:
    """An address, TLS and a certificate that all are well."""
    address = bulk_world.address_of(host)
    return (address is not None and share("smtp", address) >= 60
            and share("certificate", host) < 700)


def find(*tests: Callable[[str], bool]) -> str:
    """The first name of which all hold."""
    for number in range(SEARCHED):
        name = domain(number)
        if all(test(name) for test in tests):
            return name
    raise AssertionError("no such name")


def edges(*rows: tuple) -> list[tuple]:
    """Each row of a table at its first share and at its last."""
    return [(edge, *row[2:]) for row in rows for edge in row[:2]]


STS = within("sts", 0, 99)
NO_STS = within("sts", 100, 999)
RECORD = within("record", 0, 899)
POLICY = within("policy", 110, 999)
LOCATED = within("policy-address", 20, 999)
ENFORCE = within("mode", 0, 299)
TESTING = within("mode", 300, 899)
FITS = within("patterns", 0, 899)
SIGNED = within("signed", 0, 99)
UNSIGNED = within("signed", 100, 999)
MX = within("mail", 310, 999)
OWN = within("operator", 0, 449)
ONE = within("second", 350, 999)
HOUSE_A = within("operator", 450, 649)
VALID = (STS, RECORD, POLICY, LOCATED, FITS)


def first_good(name: str) -> bool:
    """Is mx1 of the domain well?"""
    return good_host(f"mx1.{name}")


def first_at(what: str, first: int, last: int) -> Callable[[str], bool]:
    """Does the address of mx1 lie in a row?"""
    def test(name: str) -> bool:
        address = bulk_world.address_of(f"mx1.{name}")
        return address is not None and first <= share(what, address) <= last
    return test


class Draws(unittest.TestCase):
    def test_numbers(self) -> None:
        """FNV-1a and the finalizer, as a C program has them."""
        for what, name, number in (
                ("tld", "d0", 2726924296168087724),
                ("mail", "d0.com", 10222557779304329004),
                ("policy-host", "d12345.de", 10893133542711775801)):
            self.assertEqual(bulk_world.draw(what, name), number)

    def test_names(self) -> None:
        """A number has one name, and no other name has a number."""
        for number in (0, 1, 7, 10, 99, 12345, 999_999):
            self.assertEqual(bulk_world.number_of(domain(number)), number)
        self.assertEqual(domain(0), "d0.io")
        for name in ("d0.com", "d00.io", "d.io", "d0", "e0.io", "mx1.d0.io",
                     "d0.io.", "", "d-1.io", "d" + "9" * 30 + ".io"):
            self.assertIsNone(bulk_world.number_of(name), name)

    def test_addresses(self) -> None:
        """Each kind of host lives in its own network."""
        for house in "ab":
            for label in ("mx1", "mx2"):
                host = f"{label}.{house}.bulk.test"
                self.assertTrue(bulk_world.address_of(host)
                                .startswith("127.60."))
        seen = [bulk_world.address_of(f"mx1.{domain(number)}")
                for number in range(5000)]
        self.assertTrue(25 < seen.count(None) < 85)
        self.assertTrue(all(64 <= int(one.split(".")[1]) < 128
                            for one in seen if one))


class Stories(unittest.TestCase):
    def says(self, name: str, **wanted: object) -> dict:
        """Some of what the witness says of a name."""
        told = expect(name)
        self.assertEqual(list(check.differences("", wanted, told)), [], name)
        return told

    def test_no_mail(self) -> None:
        """The MX answer alone (RFC 5321 5.1, RFC 7505)."""
        for at, word in edges((0, 59, "nxdomain"), (60, 249, "absent"),
                              (250, 274, "null_mx"),
                              (305, 309, "inconclusive")):
            name = find(within("mail", at, at), NO_STS)
            self.says(name, verdict="none", mx_status=word, mx=[],
                      verdict_dane="inconclusive" if word == "inconclusive"
                      else "none", sts={"record": {"status": "absent"}})

    def test_nothing_below(self) -> None:
        """A name that does not exist has no records below it either."""
        self.says(find(within("mail", 0, 59), STS,
                       within("tlsrpt", 0, 29)),
                  mx_status="nxdomain", tlsrpt={"status": "absent"},
                  sts={"record": {"status": "absent"},
                       "policy": {"status": "none_tried"}})

    def test_reports(self) -> None:
        """TLS reports are rare without MTA-STS."""
        for tests, first, word in (((STS,), 719, "ok"),
                                   ((STS,), 720, "absent"),
                                   ((NO_STS,), 29, "ok"),
                                   ((NO_STS,), 30, "absent")):
            name = find(MX, *tests, within("tlsrpt", first, first))
            rua = [f"mailto:tls@{name}"] if word == "ok" else []
            self.says(name, tlsrpt={"status": word, "rua": rua})

    def test_edges(self) -> None:
        """The last name that has something and the first that has not."""
        for at, word in ((99, "ok"), (100, "absent")):
            self.says(find(MX, within("sts", at, at), RECORD),
                      sts={"record": {"status": word}})
        for at, count in ((349, 2), (350, 1)):
            name = find(MX, OWN, within("second", at, at))
            self.assertEqual(len(expect(name)["mx"]), count)
        for at, lost in ((9, True), (10, False)):
            host = find(within("address", at, at))
            self.assertEqual(bulk_world.address_of(host) is None, lost)
        for at, host in ((449, "mx1.{}"), (450, "mx1.a.bulk.test"),
                         (649, "mx1.a.bulk.test"), (650, "mx1.b.bulk.test"),
                         (799, "mx1.b.bulk.test")):
            name = find(within("operator", at, at))
            self.assertEqual(bulk_world.hosts_of(name)[0], host.format(name))

    def test_implicit(self) -> None:
        """The domain is its own host, where it has an address."""
        implicit = within("mail", 275, 304)
        name = find(implicit, NO_STS, UNSIGNED, good_host)
        self.says(name, mx_status="implicit", mx=[
            {"host": name, "preference": 0, "starttls": "ok",
             "trusted": True, "name_ok": True, "time_ok": True,
             "in_policy": None, "dane": "absent"}])
        name = find(implicit, within("address", 0, 9))
        self.says(name, mx_status="absent", mx=[])
        # the policy names the host all the same
        facts = bulk_world.Facts(domain="d20589.net", mx_status="absent")
        bulk_world.put_policy(facts, "d20589.net")
        self.assertEqual(facts.patterns, ["d20589.net"])
        name = find(within("mail", 60, 274), *VALID)
        self.says(name, mx=[], sts={"policy": {"mx": [f"mail.{name}"]}})

    def test_records(self) -> None:
        """RFC 8461 3.1: a record without an id, two records."""
        for at, word in edges((900, 949, "invalid"), (950, 999, "multiple")):
            self.says(find(MX, STS, within("record", at, at)),
                      verdict="invalid", sts={"record": {"status": word}})

    def test_policies(self) -> None:
        """RFC 8461 3.3: the first layer that fails."""
        for at, word in edges((0, 49, "http"), (50, 69, "tls"),
                              (70, 89, "tls"), (90, 109, "syntax")):
            self.says(find(MX, STS, RECORD, LOCATED,
                           within("policy", at, at)),
                      verdict="invalid", sts={"policy": {"status": word}})
        self.says(find(MX, STS, RECORD, within("policy-address", 0, 19)),
                  verdict="invalid", sts={"policy": {"status": "dns"}})

    def test_good(self) -> None:
        """One good host under each mode."""
        for mode, first, last, verdict in (
                ("enforce", 0, 299, "enforce_ok"),
                ("testing", 300, 899, "testing_ok"),
                ("none", 900, 999, "none")):
            name = find(MX, OWN, ONE, *VALID, first_good,
                        within("mode", first, last))
            self.says(name, verdict=verdict, sts={"policy": {
                "status": "ok", "mode": mode, "max_age": 604800,
                "mx": [f"mx1.{name}"],
                "mx_match": None if mode == "none" else "all"}},
                mx=[{"host": f"mx1.{name}", "preference": 10,
                     "in_policy": None if mode == "none" else True}])

    def test_elsewhere(self) -> None:
        """RFC 8461 4.1: a pattern that matches no host."""
        name = find(MX, OWN, ONE, STS, RECORD, POLICY, LOCATED, ENFORCE,
                    within("patterns", 900, 999), first_good)
        told = self.says(name, verdict="enforce_fail", sts={"policy": {
            "mx_match": "none", "mx": ["mail.elsewhere.example"]}})
        self.assertIn("sts.policy.mx_mismatch", told["findings"])
        self.assertFalse(told["mx"][0]["in_policy"])

    def test_hosts(self) -> None:
        """What the address does, under a policy in testing mode."""
        for first, last, starttls, verdict in (
                (0, 29, "not_offered", "testing_fail"),
                (30, 39, "inconclusive", "inconclusive"),
                (40, 49, "inconclusive", "inconclusive"),
                (50, 59, "tls_failed", "testing_fail")):
            for at in (first, last):
                name = find(MX, OWN, ONE, first_at("smtp", at, at))
                self.says(name, mx=[
                    {"host": f"mx1.{name}", "starttls": starttls, "tls": None,
                     "trusted": None, "name_ok": None, "time_ok": None}])
            self.says(find(MX, OWN, ONE, *VALID, TESTING,
                           first_at("smtp", first, last)), verdict=verdict)
        name = find(MX, OWN, ONE, NO_STS, lambda name:
                    bulk_world.address_of(f"mx1.{name}") is None)
        self.says(name, mx=[{"host": f"mx1.{name}", "dane": "absent",
                             "starttls": "unreachable"}])

    def test_certificates(self) -> None:
        """Trust, name and time are three answers."""
        for first, last, *wanted in ((700, 899, False, True, True),
                                     (900, 949, True, False, True),
                                     (950, 969, True, True, False),
                                     (970, 999, False, True, True)):
            name = find(MX, OWN, ONE, *VALID, ENFORCE,
                        first_at("smtp", 60, 999), first_at("tls", 0, 199),
                        lambda name, first=first, last=last: first <= share(
                            "certificate", f"mx1.{name}") <= last)
            self.says(name, verdict="enforce_fail", mx=[
                {"host": f"mx1.{name}", "tls": "1.2", "starttls": "ok",
                 **dict(zip(("trusted", "name_ok", "time_ok"), wanted))}])

    def test_dane(self) -> None:
        """RFC 7672 2.2: both answers secure, and a record that matches."""
        self.says(find(MX, HOUSE_A, SIGNED), verdict_dane="enforce_ok",
                  mx=[{"host": "mx1.a.bulk.test", "dane": "ok"},
                      {"host": "mx2.a.bulk.test", "dane": "ok"}])
        self.says(find(MX, HOUSE_A, UNSIGNED), verdict_dane="none",
                  mx=[{"host": "mx1.a.bulk.test", "dane": "insecure"},
                      {"host": "mx2.a.bulk.test", "dane": "insecure"}])
        for first, last, house in ((650, 799, "b"), (800, 999, "h")):
            told = self.says(find(MX, within("operator", first, last), SIGNED),
                             verdict_dane="none")
            for host in told["mx"]:
                self.assertEqual(host["dane"], "absent")
                self.assertEqual(host["host"][4], house)
        # an insecure host of ours, and a secure one without an address
        self.says(find(MX, OWN, ONE, UNSIGNED, lambda name: share(
            "tlsa", f"mx1.{name}") < 500), mx=[{"dane": "absent"}])
        self.says(find(MX, OWN, ONE, SIGNED, lambda name: share(
            "tlsa", f"mx1.{name}") < 500 and share(
                "address", f"mx1.{name}") < 10), verdict_dane="none",
                  mx=[{"dane": "absent", "starttls": "unreachable"}])
        for first, last, word, verdict in (
                (0, 49, "mismatch", "enforce_fail"),
                (50, 999, "ok", "enforce_ok")):
            name = find(MX, OWN, ONE, SIGNED, first_at("smtp", 60, 999),
                        lambda name: share("tlsa", f"mx1.{name}") < 500,
                        lambda name, first=first, last=last: first <= share(
                            "tlsa-right", f"mx1.{name}") <= last)
            self.says(name, verdict_dane=verdict,
                      mx=[{"host": f"mx1.{name}", "dane": word}])


class Objects(unittest.TestCase):
    """A witness that finds nothing wrong is none."""

    COUNT = 200

    def setUp(self) -> None:
        self.records = [{"type": "domain", "name": domain(number),
                         **expect(domain(number))}
                        for number in range(self.COUNT)]

    def tally(self, show: int = 50) -> tuple[int, str]:
        """The exit status, and what is printed, as check does it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "scan"
            file.write_text("".join(json.dumps(record) + "\n"
                                    for record in self.records))
            program = Path(folder) / "mxcensus"
            program.write_text("#!/bin/sh\n[ \"$*\" = \"cat --type domain "
                               f"{file}\" ] && cat {file}\n")
            program.chmod(0o755)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                status = bulk.check(self.COUNT, file, str(program), show)
        return status, said.getvalue()

    def assert_told(self, good: int, counts: str, *texts: str) -> None:
        """It fails, with these numbers and words."""
        status, said = self.tally()
        self.assertEqual(status, 1)
        for text in (f"records: {counts}\n", *texts,
                     f"truth: {good} of {self.COUNT} domains as expected\n"):
            self.assertIn(text, said)

    def test_equal(self) -> None:
        status, said = self.tally()
        self.assertEqual(said, "records: 0 missing, 0 doubled, 0 unexpected\n"
                         "truth: 200 of 200 domains as expected\n")
        self.assertEqual(status, 0)

    def test_changed(self) -> None:
        """Every field of every record counts."""
        seen = set()
        for at, record in enumerate(self.records):
            for key in record.keys() - {"type", "name"} - seen:
                if not record[key]:
                    continue
                seen.add(key)
                self.records[at] = copy.deepcopy(record)
                self.records[at][key] = "other"
                self.assert_told(199, "0 missing, 0 doubled, 0 unexpected",
                                 f"{record['name']}: {key}: expected")
                self.records[at] = record
        self.assertEqual(seen, expect(domain(0)).keys())

    def test_changed_host(self) -> None:
        """One fact of one host."""
        record = next(one for one in self.records if one["mx"])
        host = record["mx"][0]
        host["starttls"] = "blocked"
        self.assert_told(199, "0 missing, 0 doubled, 0 unexpected",
                         f"mx[{host['host']}].starttls: expected")

    def test_missing(self) -> None:
        gone = self.records.pop(17)
        self.assert_told(199, "1 missing, 0 doubled, 0 unexpected",
                         f"{gone['name']}: no record")

    def test_doubled(self) -> None:
        """A second record is one too many, the more so a wrong one."""
        self.records += [self.records[5]] * 2
        self.assert_told(200, "0 missing, 1 doubled, 0 unexpected",
                         f"{domain(5)}: more than one record")
        self.records[-1] = {**self.records[5], "verdict": "enforce_fail"}
        self.assert_told(199, "0 missing, 1 doubled, 0 unexpected")

    def test_stranger(self) -> None:
        """A name of a larger list, and one of none."""
        self.records += [{"type": "domain", "name": domain(self.COUNT)},
                         {"type": "domain", "name": "stranger.example"}]
        self.assert_told(200, "0 missing, 0 doubled, 2 unexpected",
                         "stranger.example: a record, but not in the list")

    def test_show(self) -> None:
        """The rest is counted."""
        self.records.clear()
        said = self.tally(show=3)[1]
        self.assertEqual(said.count(": no record"), 3)
        self.assertIn("... and 197 more\n", said)


if __name__ == "__main__":
    unittest.main()
