# SPDX-License-Identifier: Apache-2.0
"""What a generated world concludes, held against answers worked out by hand.

The other tests of the generator look at whole worlds; these look at single
rules: the classes of a mismatch, the limits of max_age, what must meet for a
finding, and which findings each kind brings.
"""

from __future__ import annotations

import re
import sys
import unittest
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.dont_write_bytecode = True

from mxlab import world_mx, world_names  # noqa: E402
from mxlab.world import make_world  # noqa: E402
from mxlab.world_names import read_list  # noqa: E402
from mxlab.world_rates import Rates  # noqa: E402
from mxlab.world_truth import Facts, Host, conclude  # noqa: E402

DAY = 86400
NAME = "d.example"
RATES = Rates.read(str(ROOT / "data" / "rates.toml"))


@cache
def lines() -> list[dict]:
    """The sample's worlds of three seeds, as far as they are scanned."""
    entries = ROOT / "data" / "sample.txt"
    return [line for seed in ("1", "2", "3")
            for line in make_world(read_list(str(entries)), RATES, seed)
            if "expect" in line]


def host(name: str = f"mx.{NAME}", **seen: object) -> Host:
    """A host that is all right but for what is said."""
    return Host(name, 10, **{"tls": "1.3", "trusted": True, "name_ok": True,
                             "time_ok": True, **seen})


def plain(name: str, status: str = "not_offered") -> Host:
    """A host without TLS."""
    return Host(name, 20, status)


def facts(patterns: list[str] | None = None, hosts: list[Host] | None = None,
          **more: object) -> Facts:
    """A domain with an enforced policy and TLS reports."""
    hosts = [host()] if hosts is None else hosts
    patterns = [one.name for one in hosts] if patterns is None else patterns
    for one in hosts:
        one.in_policy = any(world_mx.matches(pattern, one.name)
                            for pattern in patterns)
    return Facts(**{"record": "ok", "policy": "ok", "valid": True,
                    "mode": "enforce", "max_age": 7 * DAY, "tlsrpt": "ok",
                    "patterns": patterns, "hosts": hosts, "domain": NAME,
                    **more})


class Conclusions(unittest.TestCase):
    """conclude() of facts written down by hand."""

    def expect(self, told: Facts, *codes: str, match: str | None = None,
               kind: str | None = None) -> dict:
        """Exactly these findings; the match and its class."""
        truth = conclude(told)
        self.assertEqual(set(truth["findings"]), set(codes))
        policy = truth["sts"]["policy"]
        self.assertEqual(policy.get("mx_match"), match)
        self.assertEqual(policy.get("mx_class"), kind)
        return truth

    def miss(self, patterns: list[str], names: list[str], kind: str,
             *codes: str) -> None:
        """A policy that matches none of the hosts."""
        self.expect(facts(patterns, [host(name) for name in names]),
                    "sts.policy.mx_mismatch", f"sts.policy.mx_{kind}",
                    *(f"sts.policy.mx_{code}" for code in codes),
                    match="none", kind=kind)

    def test_max_age(self) -> None:
        """Below a day is short; testing and none have an upper limit."""
        for mode, age, code in (
                ("enforce", DAY - 1, "short"), ("enforce", DAY, None),
                ("enforce", 31557600, None), ("testing", 0, "short"),
                ("testing", 14 * DAY, None),
                ("testing", 14 * DAY + 1, "long"), ("none", 0, None),
                ("none", DAY, None), ("none", DAY + 1, "long")):
            codes = [f"sts.policy.max_age_{code}"] if code else []
            with self.subTest(mode=mode, age=age):
                self.expect(facts(mode=mode, max_age=age), *codes,
                            match=None if mode == "none" else "all")

    def test_max_age_of_a_policy_behind_a_bad_certificate(self) -> None:
        """The body came whole: what it says is judged all the same."""
        self.expect(facts(policy="tls", max_age=60),
                    "sts.policy.max_age_short", match="all")

    def test_testing_without_reports(self) -> None:
        """Only a usable testing policy needs them."""
        self.expect(facts(mode="testing", tlsrpt="absent"), "tlsrpt.absent",
                    "tlsrpt.absent_testing", match="all")
        self.expect(facts(tlsrpt="absent"), "tlsrpt.absent", match="all")
        self.expect(facts(mode="testing", policy="tls", tlsrpt="absent"),
                    "tlsrpt.absent", match="all")

    def test_tld(self) -> None:
        """The same label before another top level, first of all classes."""
        self.miss(["mx.d.test"], ["mx.d.example"], "tld")
        self.miss(["other.d.test", "mxx.d.example"], ["mx.d.example"], "tld")

    def test_typo(self) -> None:
        """Three edits at most; of a wildcard the part behind it."""
        self.miss(["mmx.d.example"], ["mx.d.example"], "typo")
        self.miss(["mxabc.d.example"], ["mx.d.example"], "typo")
        self.miss(["mxabcd.d.example"], ["mx.d.example"], "third_label")
        self.miss(["*.dd.example"], ["mx.d.example"], "typo")

    def test_no_candidates_for_a_typo(self) -> None:
        """The domain is three letters from mx.<domain> and no misspelling."""
        self.miss([NAME], [f"mx.{NAME}"], "third_label", "domain_itself")
        self.miss([f"mta-sts.{NAME}"], [f"mt-sts.{NAME}"], "third_label",
                  "policy_host")
        self.miss([f"*.mx.{NAME}"], [f"mx.{NAME}"], "third_label",
                  "wildcard_depth")
        self.miss([f"*.{NAME}"], [f"a.b.{NAME}"], "third_label",
                  "wildcard_depth")

    def test_whole_domain(self) -> None:
        """Nothing in common."""
        self.miss(["mail.elsewhere.test", NAME], ["mx1.house.example"],
                  "whole_domain", "domain_itself")

    def test_mistakes_beside_a_match(self) -> None:
        """Not all hosts match: the patterns that match none are named."""
        told = facts([f"mx.{NAME}", f"mta-sts.{NAME}", f"*.mx2.{NAME}"],
                     [host(), host(f"mx2.{NAME}")])
        self.expect(told, "sts.policy.mx_partial",
                    "sts.policy.mx_policy_host",
                    "sts.policy.mx_wildcard_depth", match="some")
        self.expect(facts([f"mx.{NAME}", f"mta-sts.{NAME}"], [host()]),
                    match="all")

    def test_a_policy_that_does_not_apply(self) -> None:
        """The record tells the match; nothing is wrong with the MX."""
        self.expect(facts([f"mta-sts.{NAME}"], policy="tls"),
                    match="none", kind="third_label")
        self.expect(facts(["mx.d.test"], mode="none", max_age=DAY))
        self.expect(facts(["mx.d.test"], mx_status="invalid"))

    def test_hosts_disagree(self) -> None:
        """One that protects and one that does not, policy or none."""
        def none(*hosts: Host) -> Facts:
            return Facts(hosts=list(hosts))
        other = f"mx2.{NAME}"
        self.expect(none(host(), plain(other)), "mx.hosts_disagree")
        self.expect(none(host(), host(other, time_ok=False)),
                    "mx.hosts_disagree")
        self.expect(none(host(tls="1.0"), host(other)))
        self.expect(none(host(tls="1.0"), plain(other, "tls_failed")),
                    "mx.hosts_disagree")
        for status in ("blocked", "unreachable", "inconclusive"):
            self.expect(none(host(), plain(other, status)))
        self.expect(none(plain("a.example"), host(other, trusted=False)))

    def test_dane_marks(self) -> None:
        """What is said of a set depends on how the domain sees it."""
        def dane(status: str, *marks: str, **seen: object) -> Facts:
            return Facts(hosts=[host(dane=status, tlsa_marks=marks, **seen)])
        self.expect(dane("mismatch", "wrong_parameters"), "dane.mismatch",
                    "dane.wrong_parameters")
        self.expect(dane("mismatch", "wrong_parameters",
                         starttls="tls_failed"), "dane.mismatch")
        self.expect(dane("ok", "some_unusable"), "dane.some_unusable")
        self.expect(dane("insecure", "some_unusable"), "dane.mx_insecure")
        self.expect(dane("ok", "ta_not_sent"), "dane.ta_not_sent")
        self.expect(dane("inconclusive", "lookup_failed"),
                    "dane.lookup_failed")

    def test_certificates_where_a_policy_applies(self) -> None:
        """The new certificate findings wait for a usable policy."""
        soon = ("mx.cert_expires_soon",)
        self.expect(facts(hosts=[host(cert_findings=soon)]), *soon,
                    match="all")
        self.expect(facts(hosts=[host(cert_findings=soon)], policy="tls"),
                    match="all")

    def test_edits(self) -> None:
        """Levenshtein's distance, cut at four."""
        for one, other, wanted in (("", "", 0), ("abc", "abc", 0),
                                   ("abc", "acb", 2), ("kitten", "sitting", 3),
                                   ("abcd", "wxyz", 4), ("a", "abcdef", 4)):
            self.assertEqual(world_mx.edits(one, other), wanted)

    def test_public_suffixes_are_not_guessed(self) -> None:
        """Whether co.uk is one decides, and nobody here knows."""
        self.assertIsNone(world_mx.miss_class(
            ["mta-sts.co.uk"], ["mx.co.uk"], "co.uk"))
        self.assertEqual(world_mx.miss_class(
            ["mmx.co.uk"], ["mx.co.uk"], "co.uk"), "typo")


# Findings that every line of a kind has, whatever else is drawn.
ALWAYS = {
    "sts.id_as_extension": {
        "sts.record.id_as_extension", "sts.record.id_invalid",
        "sts.record.duplicate_field"},
    "sts.id_in_future": {"sts.record.id_in_future"},
    "sts.dangling": {"sts.record.dangling"},
    "policy.dns_dangling": {"sts.policy.dns", "sts.policy.dangling"},
    "policy.dns_dangling_empty": {"sts.policy.dns", "sts.policy.dangling"},
    "policy.cert_leaf_only": {"sts.policy.cert_untrusted",
                              "sts.policy.cert_incomplete"},
    "policy.cert_cn_only": {"sts.policy.cert_name",
                            "sts.policy.cert_cn_only"},
    "policy.cert_expires_soon": {"sts.policy.cert_expires_soon"},
    "policy.mx_trailing_dot": {"sts.policy.mx_invalid",
                               "sts.policy.mx_trailing_dot"},
    "policy.mx_one_invalid": {"sts.policy.mx_invalid",
                              "sts.policy.key_as_extension"},
    "policy.mode_first_bad": {"sts.policy.mode", "sts.policy.duplicate_key",
                              "sts.policy.key_as_extension"},
    "tlsrpt.several_partly": {"tlsrpt.several_rua", "tlsrpt.rua_partly"},
    "tlsrpt.unrelated": {"tlsrpt.unrelated_txt"},
    "existence.localhost_only": {"mx.localhost"},
    "host.two_one_without": {"starttls.absent", "mx.addresses_disagree"},
    "host.two_one_expired": {"mx.addresses_disagree"},
    "host.requiretls_plain": {"starttls.requiretls_before_tls"},
    "host.starttls_again": {"starttls.offered_in_tls"},
    "dane.wrong_selector": {"dane.mismatch", "dane.wrong_parameters"},
    "dane.some_unusable_mismatch": {"dane.mismatch", "dane.some_unusable"},
    "dane.ta_not_sent": {"dane.ta_not_sent"},
    "dane.lookup_failed": {"dane.lookup_failed"},
}
# And findings that a kind comes close to.
NEVER = {
    "tlsrpt.several": {"tlsrpt.several_rua"},
    "policy.cert_short_lived": {"sts.policy.cert_expires_soon"},
    "policy.cert_self_signed": {"sts.policy.cert_incomplete"},
    "policy.cert_untrusted": {"sts.policy.cert_incomplete"},
    "policy.key_case_mode": {"sts.policy.key_as_extension"},
    "policy.max_age_range": {"sts.policy.key_as_extension"},
    "policy.mx_trailing_dot": {"sts.policy.key_as_extension"},
    "dane.ta_full": {"dane.ta_not_sent"},
    "dane.mismatch": {"dane.wrong_parameters"},
    "dane.unusable": {"dane.some_unusable"},
    "existence.literal_only": {"mx.localhost"},
    "existence.localhost_only": {"mx.address_literal"},
    "existence.implicit": {"mx.unreachable"},
    "existence.implicit_refuse": {"mx.unreachable"},
}
CLASS = {"none_tld": "tld", "none_typo": "typo", "none_whole": "whole_domain",
         "none_stale": "whole_domain", "none_third_label": "third_label",
         "none_depth": "third_label"}


class Worlds(unittest.TestCase):
    """What generated lines say of their kinds."""

    def test_findings_of_kinds(self) -> None:
        """Each kind brings its findings and stops short of others."""
        for table, wanted in ((ALWAYS, True), (NEVER, False)):
            for kind, codes in table.items():
                shown = [line for line in lines() if kind in line["kinds"]]
                self.assertGreater(len(shown), 0, kind)
                for line in shown:
                    found = codes & set(line["expect"]["findings"])
                    self.assertEqual(found, codes if wanted else set(),
                                     f"{line['domain']} {kind}")

    def test_implicit_mx_that_refuses(self) -> None:
        """It is unreachable, and nothing is said of that."""
        for line in lines():
            if "existence.implicit_refuse" in line["kinds"]:
                self.assertEqual(line["expect"]["mx_status"], "implicit")
                self.assertEqual(
                    [one["starttls"] for one in line["expect"]["mx"]],
                    ["unreachable"])

    def test_classes_of_kinds(self) -> None:
        """A kind of mismatch is the class that its name says."""
        seen = set()
        for line in lines():
            policy = line["expect"]["sts"]["policy"] \
                if "sts" in line["expect"] else {}
            for kind, wanted in CLASS.items():
                if f"consistency.{kind}" in line["kinds"] \
                        and policy.get("mx_match"):
                    self.assertEqual(policy.get("mx_class"), wanted,
                                     line["domain"])
                    seen.add(kind)
        self.assertEqual(seen, set(CLASS))

    def test_id_time(self) -> None:
        """The time of an id is read once more, form by form."""
        forms = ((r"\d{8}", "%Y%m%d"), (r"\d{8}T\d\d", "%Y%m%dT%H"),
                 (r"\d{8}T?\d{4}", "%Y%m%d%H%M"),
                 (r"\d{8}T?\d{6}Z?", "%Y%m%d%H%M%S"))

        def read(text: str) -> int | None:
            if re.fullmatch(r"\d{10}(\d{3})?", text):
                return int(text[:10])
            for form, layout in forms:
                if re.fullmatch(form, text):
                    digits = re.sub("[TZ]", "", text)
                    try:
                        at = datetime.strptime(digits,
                                               layout.replace("T", ""))
                    except ValueError:
                        return None
                    return int(at.replace(tzinfo=timezone.utc).timestamp())
            return None

        tried = {True: 0, False: 0}
        for line in lines():
            record = line["expect"]["sts"]["record"]
            if "id" in record:
                self.assertEqual(record.get("id_time"), read(record["id"]),
                                 record["id"])
                tried["id_time" in record] += 1
        self.assertGreater(min(tried.values()), 100)

    def test_names_below_unknown_suffixes(self) -> None:
        """Every class that is expected is known without the suffix list."""
        names = ["co.uk", "bbc.co.uk", "blogspot.com", "github.io", "a.a.com",
                 "x.kawasaki.jp", *(f"n{i}.co.uk" for i in range(400))]
        entries = {name: world_names.Entry(name) for name in names}
        world_names.relate(entries)
        classes = set()
        for seed in range(12):
            for line in make_world(list(entries.values()), RATES, str(seed)):
                truth = line.get("expect", {}).get("sts", {})
                classes.add(truth.get("policy", {}).get("mx_class"))
        self.assertEqual(classes, {None, "tld", "typo", "third_label",
                                   "whole_domain"})

    def test_cn_only_needs_a_common_name(self) -> None:
        """X.520 has room for 64 bytes; a longer name is in none."""
        name = "a" * 60 + ".example"
        for seed in range(400):
            line = next(iter(
                one for one in make_world([world_names.Entry(name)], RATES,
                                          str(seed)) if "expect" in one))
            self.assertFalse([code for code in line["expect"]["findings"]
                              if code.endswith(".cert_cn_only")])


if __name__ == "__main__":
    unittest.main()
