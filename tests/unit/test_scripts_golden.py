# SPDX-License-Identifier: Apache-2.0
"""scripts/summarize prints the numbers that studies published, from synthetic
records that have their counts (scripts_golden.py).

    python3 -m unittest tests/unit/test_scripts_golden.py
"""

import sys
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import msgpack  # noqa: E402
import zstandard  # noqa: E402

import scripts_golden as golden  # noqa: E402
from scripts_stand_in import ROOT, Scans  # noqa: E402

# table, item, numerator, denominator; in the order of the paper
N = golden.RECORDS
IMC = (
    # 2.2 the four kinds
    ("misconfigured", "record", 331, N),
    ("misconfigured", "policy", 17_184, N),
    ("misconfigured", "any", 20_144, N),
    # 2.3 records
    ("records", "records", 68_030, N),
    ("records", "correct", 67_699, N),
    ("records", "wrong", 331, N),
    ("records", "id_missing", 65, N),
    ("records", "id_invalid", 203, N),
    ("records", "version", 52, N),
    ("records", "near_miss", 52, N),
    ("records", "syntax", 2, N),
    ("records", "multiple", 9, N),
    ("records", "any_id_charset", 203, N),
    # 2.4 layers by managing entity
    ("policy", "error", 17_184, N),
    ("policy", "tried_self", 25_344, 25_344),
    ("policy", "tried_third", 28_591, 28_591),
    ("policy", "tried_unclassified", 14_095, 14_095),
    ("policy", "dns_self", 42, 25_344),
    ("policy", "tcp_self", 193, 25_344),
    ("policy", "tls_self", 8_871, 25_344),
    ("policy", "http_self", 377, 25_344),
    ("policy", "syntax_self", 55, 25_344),
    ("policy", "error_self", 9_538, 25_344),
    ("policy", "dns_third", 0, 28_591),
    ("policy", "tcp_third", 34, 28_591),
    ("policy", "tls_third", 1_113, 28_591),
    ("policy", "http_third", 215, 28_591),
    ("policy", "syntax_third", 81, 28_591),
    ("policy", "error_third", 1_443, 28_591),
    ("policy", "error_unclassified", 6_203, 14_095),
    ("policy", "http", 1_336, N),
    ("policy_reach", "nxdomain", 42, N),
    ("policy_reach", "refused", 227, N),
    ("policy_tls", "name_self", 8_385, 8_871),
    ("policy_tls", "alert_third", 463, 1_113),
    ("dangling", "alert_dmarcreport", 354, 7_293),
    ("policy_http", "404_self", 250, 377),
    ("policy_http", "404_third", 137, 215),
    ("policy_http", "404", 387, 1_336),
    ("policy_syntax", "files_self", 55, 55),
    ("policy_syntax", "files_third", 81, 81),
    ("policy_syntax", "mx", 87, 136),
    ("policy_syntax", "mx_mailbox", 29, 136),
    ("policy_syntax", "mx_trailing_dot", 29, 136),
    ("policy_syntax", "mx_empty", 29, 136),
    ("policy_syntax", "empty", 5, 136),
    ("dangling", "empty_dmarcreport", 5, 7_293),
    # 2.5 MX certificates
    ("certificates", "some_self", 1_046, 23_512),
    ("certificates", "all_self", 993, 23_512),
    ("certificates", "some_third", 397, 40_683),
    ("certificates", "all_third", 149, 40_683),
    ("certificates", "all", 1_326, N),
    ("certificates", "all_enforce", 269, N),
    ("certificates", "all_unclassified", 184, 3_835),
    # 2.6 policy and MX hosts
    ("consistency", "whole_domain", 1_023, N - 17_184),
    ("consistency", "third_label", 730, N - 17_184),
    ("consistency", "policy_host", 597, N - 17_184),
    ("consistency", "policy_host_third_label", 597, 730),
    ("consistency", "typo", 63, N - 17_184),
    ("consistency", "tld", 0, N - 17_184),
    ("consistency", "none", 1_816, N - 17_184),
    ("consistency", "enforce_none", 406, N - 17_184),
    ("outsourcing", "both", 26_414, N - 17_184),
    ("outsourcing", "same", 7_492, 26_414),
    ("outsourcing", "different", 18_922, 26_414),
    ("outsourcing", "same_inconsistent", 1, 7_492),
    ("outsourcing", "different_inconsistent", 640, 18_922),
    ("risk", "enforce_cert_all", 269, N - 17_184),
    ("risk", "enforce_mismatch", 406, N - 17_184),
    ("risk", "enforce_risk", 675, N - 17_184),
    # 2.8 providers
    ("providers", "tutanota", 7_614, N),
    ("providers", "dmarcreport", 7_293, N),
    ("providers", "powerdmarc", 3_753, N),
    ("providers", "easydmarc", 2_222, N),
    ("providers", "mailhardener", 1_558, N),
    ("providers", "uriports", 1_100, N),
    ("providers", "sendmarc", 805, N),
    ("providers", "ondmarc", 451, N),
    ("providers", "listed", 24_796, N),
    ("providers", "mail_tutanota", 7_614, 7_614),
    ("providers", "mail_dmarcreport", 0, 7_293),
)
# Shares as the paper prints them, in per cent.
SHARES = (
    ("misconfigured", "record", "0.49"), ("misconfigured", "policy", "25.26"),
    ("misconfigured", "any", "29.61"), ("policy", "tls_self", "35.00"),
    ("policy", "tls_third", "3.89"), ("policy_tls", "name_self", "94.52"),
    ("policy_tls", "alert_third", "41.60"), ("certificates", "all", "1.95"),
    ("certificates", "some_self", "4.45"), ("policy_syntax", "mx", "63.97"),
    ("consistency", "policy_host_third_label", "81.78"),
    ("outsourcing", "different_inconsistent", "3.38"),
    ("providers", "listed", "36.45"))


class Golden(Scans):
    """Synthetic records through the real program."""
    records: Iterable[golden.Record] = ()
    arguments: tuple[str, ...] = ()
    kept: dict[type, dict[str, Any]] = {}

    def setUp(self) -> None:
        super().setUp()
        program = ROOT / "build/mxcensus"
        self.assertTrue(program.exists(), "build the program first: make")
        if type(self) not in self.kept:
            file = self.folder / "golden.mxc"
            squeeze = zstandard.ZstdCompressor(write_checksum=True)
            records = list(type(self).records)
            with open(file, "wb") as out:
                for i in range(0, len(records), 5_000):
                    out.write(squeeze.compress(b"".join(
                        map(msgpack.packb, records[i:i + 5_000]))))
            self.kept[type(self)] = self.summary(
                str(file), "--mxcensus", str(program), *self.arguments)
        self.got = self.kept[type(self)]
        self.by_item = {
            (table, row["item"]): row
            for table, rows in self.got["tables"].items() for row in rows}

    def check(self, rows: Iterable[tuple[str, str, int, int]]) -> None:
        """Each number, and that nothing was left open."""
        for table, item, numerator, denominator in rows:
            with self.subTest(table=table, item=item):
                row = self.by_item[table, item]
                self.assertEqual((row["numerator"], row["denominator"],
                                  row["inconclusive"]),
                                 (numerator, denominator, 0))


class TestPaper(Golden):
    """The IMC 2025 study."""
    records = golden.published()
    arguments = ("--by", "tld,entity,provider")

    def test_counts(self) -> None:
        self.check(IMC)

    def test_shares(self) -> None:
        for table, item, expected in SHARES:
            with self.subTest(table=table, item=item):
                share = self.by_item[table, item]["share"]
                self.assertEqual(f"{share * 100:.2f}", expected)

    def test_items_are_keys(self) -> None:
        for table, rows in self.got["tables"].items():
            if table not in ("policy_hosts", "starttls", "tls", "verdicts"):
                items = [row["item"] for row in rows]
                self.assertEqual(len(items), len(set(items)), table)

    def groups(self, key: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Group to item to row."""
        return {group["group"]: {row["item"]: row for row in
                                 group["adoption"]}
                for group in self.got["by"][key]}

    def test_tlds(self) -> None:
        groups = self.groups("tld")
        for tld, n in golden.TLDS.items():
            self.assertEqual(groups[tld]["sts_record"]["numerator"], n)
            share = groups[tld]["tlsrpt_with_sts"]["share"]
            self.assertEqual(round(share * 100), golden.TLSRPT[tld])

    def test_entities(self) -> None:
        self.assertEqual(
            {group: rows["mx"]["numerator"]
             for group, rows in self.groups("entity").items()},
            {"third": 40_683, "self": 23_512, "unclassified": 3_835})

    def test_providers(self) -> None:
        groups = self.groups("provider")
        for provider, _, n in golden.PROVIDERS:
            if provider:
                self.assertEqual(groups[provider]["domains"]["numerator"], n)


class TestThresholds(Golden):
    """Who is a third party depends on the thresholds alone."""
    records = golden.published()
    arguments = ("--third-party", "100000", "--self", "10", "--table",
                 "policy")

    def test_nobody_is_large(self) -> None:
        self.assertNotIn(("policy", "tried_third"), self.by_item)
        self.check([("policy", "tried_self", 25_344, 25_344),
                    ("policy", "tried_unclassified", 42_686, 42_686)])


class TestMatrix(Golden):
    """The DANE study."""
    records = golden.dane_scan()

    def test_eleven_codes(self) -> None:
        self.check(("dane_matrix", code, n, sum(golden.MATRIX.values()))
                   for code, n in golden.MATRIX.items())

    def test_parameters(self) -> None:
        self.check([("dane_records", "ee", 9_060, 10_000),
                    ("dane_records", "ta", 460, 10_000),
                    ("dane_records", "both", 440, 10_000),
                    ("dane_records", "pkix", 40, 10_000),
                    ("dane_records", "mtype_1", 10_440, 10_440)])

    def test_mismatch(self) -> None:
        hosts = golden.tlsa_hosts()
        wrong = [h for h in hosts if h["dane"] == "mismatch"]
        alternative = [h for h in wrong if "alternative" in
                       h["addresses"][0].get("dane", {})]
        self.assertGreater(len(alternative), 10)
        self.check([("dane", "host_mismatch", len(wrong), 10_000),
                    ("dane", "host_wrong_parameters", len(alternative),
                     len(wrong)),
                    ("dane", "host_no_starttls", 30, 10_000),
                    ("dane", "host_no_chain", 3, 10_000)])

    def test_issuers(self) -> None:
        ee = [h["addresses"][0]["tls"] for h in golden.tlsa_hosts()
              if any(rr["usage"] == 3 for rr in h["tlsa"]["rr"])
              and h["starttls"] == "ok"]
        # a chain that was never sent is not judged
        trusted = [tls for tls in ee if tls.get("trusted")]
        encrypt = [tls for tls in trusted if tls["chain"][0][0]]
        row = self.by_item["dane_issuers", "ca_issued"]
        self.assertEqual(
            (row["numerator"], row["denominator"], row["inconclusive"]),
            (len(trusted), sum("trusted" in tls for tls in ee),
             sum("trusted" not in tls for tls in ee)))
        row = self.by_item["dane_issuers", "issuer_let_s_encrypt"]
        self.assertEqual((row["numerator"], row["denominator"]),
                         (len(encrypt), len(trusted)))



if __name__ == "__main__":
    unittest.main()
