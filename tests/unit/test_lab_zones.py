# SPDX-License-Identifier: Apache-2.0
"""What the lab's zones are made of: names, records, signatures.

Run with the Python of the private environment:
python3 -m unittest tests/unit/test_lab_zones.py
"""
from __future__ import annotations

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from mxlab import dnsname, rr  # noqa: E402
from mxlab.dnssec import ZoneKey, key_tag, nsec, sign_zone  # noqa: E402
from mxlab.errors import LabError  # noqa: E402


class Names(unittest.TestCase):
    def test_canonical_order(self) -> None:
        """The example of RFC 4034 6.1."""
        names = ["example", "a.example", "yljkjljk.a.example",
                 "z.a.example", "zabc.a.example", "z.example",
                 r"\001.z.example", "*.z.example", r"\200.z.example"]
        self.assertEqual(sorted(reversed(names), key=dnsname.order), names)

    def test_parents(self) -> None:
        self.assertEqual(dnsname.parents("a.b.c"), ["a.b.c", "b.c", "c", ""])
        self.assertEqual(dnsname.parents(r"a\.b.c"), [r"a\.b.c", "c", ""])

    def test_refused(self) -> None:
        for name in ("a..b", "x" * 64 + ".b", ".".join(["abcdefg"] * 40)):
            with self.assertRaises(LabError):
                dnsname.labels(name)


class Records(unittest.TestCase):
    def wire(self, text: str) -> bytes:
        return rr.wire_rdata(rr.parse(text))

    def test_wire(self) -> None:
        for text, wanted in (
                ("a. 300 IN A 127.0.0.1", "7f000001"),
                ("a. MX 10 Mx.A.", "000a026d78016100"),
                ('a. TXT "a\\"b" c\\100', "03612262026364"),
                ('a. TXT "two words" ""', "0974776f20776f72647300"),
                ("a. TLSA 3 1 1 AB cd", "030101abcd"),
                ('a. CAA 0 issue "x"', "0005697373756578"),
                ("a. TYPE65300 \\# 2 0a0b", "0a0b"),
                ("a. SRV 1 2 3 t.", "000100020003017400")):
            self.assertEqual(self.wire(text).hex(), wanted, text)

    def test_head(self) -> None:
        for text in ("X.y. 60 IN A 127.0.0.1", "x.y 60 A 127.0.0.1",
                     "x.y. IN 60 A 127.0.0.1"):
            record = rr.parse(text)
            self.assertEqual((record.owner, record.ttl, record.type),
                             ("x.y", 60, "A"))
        self.assertEqual(rr.parse("x. TXT a").ttl, rr.DEFAULT_TTL)

    def test_refused(self) -> None:
        for text in ("a.", "a. 300 IN NOTYPE x", "a. 300 IN A",
                     "a. A 127.0.0.1\nb. A 127.0.0.2"):
            with self.assertRaises(LabError, msg=text):
                rr.parse(text)
        for text in ("a. A 300.0.0.1", "a. MX mx.a.", "a. TLSA 3 1 1 xyz",
                     "a. TYPE65300 00"):
            with self.assertRaises(LabError, msg=text):
                self.wire(text)


class Signing(unittest.TestCase):
    def test_key_tag_and_ds(self) -> None:
        """The key of RFC 6605 6.1 has tag 55648."""
        key = ZoneKey()
        self.assertEqual(key.tag, key_tag(key.rdata))
        import base64
        public = base64.b64decode(
            "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb"
            "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==")
        self.assertEqual(key_tag(b"\x01\x01\x03\x0d" + public), 55648)

    def test_nsec_bitmap(self) -> None:
        """The example of RFC 4034 4.3."""
        _, rdata = nsec("alfa.example.com", "host.example.com",
                        ["A", "MX", "TYPE1234"], 300)
        wanted = ("04686f7374076578616d706c6503636f6d00"
                  "0006400100000003041b" + "00" * 26 + "20")
        self.assertEqual(rdata.hex(), wanted)

    def test_glue_is_not_signed(self) -> None:
        sets = {"z": {"SOA": [rr.parse("z. SOA a. b. 1 2 3 4 5")]},
                "sub.z": {"NS": [rr.parse("sub.z. NS ns.sub.z.")]},
                "ns.sub.z": {"A": [rr.parse("ns.sub.z. A 127.0.0.1")]}}
        made = sign_zone(ZoneKey(), "z", sets, 300, set())
        covered = {(one.owner, one.rdata.split()[0]) for one in made
                   if one.type == "RRSIG"}
        self.assertEqual(covered, {("z", "SOA"), ("z", "DNSKEY"),
                                   ("z", "NSEC"), ("sub.z", "NSEC")})


if __name__ == "__main__":
    unittest.main()
