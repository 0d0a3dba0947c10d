# SPDX-License-Identifier: Apache-2.0
"""The world generator and the worlds written by hand.

Run with `python3 -m unittest tests/unit/test_world.py`; needs the standard
library alone.  The verdicts of the stories are written by hand; here they are
also derived from the facts that each story states, so that a slip of the pen
on either side shows.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from collections import Counter
from contextlib import redirect_stderr
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.dont_write_bytecode = True

from mxlab import world_names, world_sample, world_vocab  # noqa: E402
from mxlab.world import make_world  # noqa: E402
from mxlab.world_names import ListError, read_list  # noqa: E402
from mxlab.world_providers import PROVIDERS  # noqa: E402
from mxlab.world_rates import Rates, RatesError  # noqa: E402
from mxlab.world_truth import Facts, Host, verdict, verdict_dane  # noqa: E402

RATES = ROOT / "data" / "rates.toml"
SAMPLE = ROOT / "data" / "sample.txt"
# The last is scanned with an option that the others do without.
WORLDS = [*sorted((ROOT / "tests" / "worlds").glob("*.jsonl")),
          ROOT / "tests" / "lab" / "probe-policy.jsonl"]
TOP = ROOT.parent / "shared" / "data" / "opendns-top-10k.txt"


def world_of(names: list[str], seed: str = "1") -> list[dict]:
    """A world for names that need not be in a file."""
    entries = {name: world_names.Entry(name) for name in names}
    world_names.relate(entries)
    return list(make_world(list(entries.values()), Rates.read(str(RATES)),
                           seed))


def sample_world(seed: str = "1") -> list[dict]:
    """The world of the list that ships with the project."""
    return list(make_world(read_list(str(SAMPLE)), Rates.read(str(RATES)),
                           seed))


def stories() -> list[tuple[str, dict]]:
    """Every line of every world written by hand."""
    return [(f"{path.name}:{number}", json.loads(line))
            for path in WORLDS
            for number, line in enumerate(
                path.read_text(encoding="utf-8").splitlines(), 1)]


def listed(lines: list[dict]) -> list[dict]:
    """The lines that are scanned."""
    return [line for line in lines if line.get("list", True)]


def matches(pattern: str, host: str) -> bool:
    """RFC 8461 4.1, written once more for the test."""
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return pattern == host


def owner_clashes(lines: list[dict]) -> list[str]:
    """Names with a CNAME and something else, and doubled CNAMEs."""
    kinds: dict[str, list[str]] = {}
    # behind an alias the target gets the address
    aliases = {record.split()[0].lower().rstrip(".") for line in lines
               for record in line.get("records", [])
               if record.split()[3] == "CNAME"}
    for line in lines:
        for record in line.get("records", []):
            owner, _, _, kind = record.split()[:4]
            kinds.setdefault(owner.lower().rstrip("."), []).append(kind)
        for host in line.get("smtp", {}):
            if host.lower() not in aliases:
                kinds.setdefault(host.lower(), []).append("A")
        for host in line.get("tlsa", {}):
            kinds.setdefault(f"_25._tcp.{host}", []).append("TLSA")
        kinds.setdefault(line["domain"], []).append("SOA")
    return [owner for owner, found in kinds.items()
            if "CNAME" in found and len(found) > 1]


class Vocabulary(unittest.TestCase):
    """Expectations use the words of the record and no others."""

    def check_words(self, where: str, line: dict) -> None:
        """One expectation."""
        truth = line["expect"]
        known = world_vocab.finding_codes()
        self.assertIn(truth["verdict"], world_vocab.VERDICT, where)
        self.assertIn(truth["verdict_dane"], world_vocab.VERDICT_DANE, where)
        for code in truth["findings"]:
            self.assertIn(code, known, where)
        order = [known.index(code) for code in truth["findings"]]
        self.assertEqual(order, sorted(set(order)), where)
        sts = truth.get("sts", {})
        for value, words in (
                (sts.get("record", {}).get("status"), world_vocab.RECORD),
                (sts.get("policy", {}).get("status"), world_vocab.POLICY),
                (sts.get("policy", {}).get("mode"), world_vocab.MODE),
                (truth.get("tlsrpt", {}).get("status"), world_vocab.RECORD),
                (truth.get("mx_status"), world_vocab.MX)):
            if value is not None:
                self.assertIn(value, words, where)
        for host in truth.get("mx", []):
            for value, words in ((host.get("starttls"), world_vocab.STARTTLS),
                                 (host.get("dane"), world_vocab.DANE),
                                 (host.get("tls"), world_vocab.TLS)):
                if value is not None:
                    self.assertIn(value, words, where)

    def test_generated(self) -> None:
        """The sample's world."""
        for line in listed(sample_world()):
            self.check_words(line["domain"], line)

    def test_stories(self) -> None:
        """The worlds written by hand."""
        for where, line in stories():
            if line.get("list", True):
                self.check_words(where, line)

    def test_findings_table_was_read(self) -> None:
        """An empty table would make every check above vacuous."""
        self.assertGreater(len(world_vocab.finding_codes()), 60)
        with self.assertRaises(ValueError):
            world_vocab.in_order({"sts.record.invented"})


class Generated(unittest.TestCase):
    """What `world` writes."""

    def test_deterministic(self) -> None:
        """Same seed, same bytes, whatever the hash seed; other seed, other."""
        def run(seed: str, hash_seed: str) -> bytes:
            return subprocess.run(
                [sys.executable, "-m", "mxlab.world", str(SAMPLE), "--seed",
                 seed, "--rates", str(RATES)], check=True,
                capture_output=True, cwd=ROOT / "tests" / "lab",
                env=os.environ | {"PYTHONHASHSEED": hash_seed,
                                  "PYTHONDONTWRITEBYTECODE": "1"}).stdout
        first = run("7", "1")
        self.assertEqual(first, run("7", "2"))
        self.assertNotEqual(first, run("8", "1"))

    def test_one_line_per_name(self) -> None:
        """Every name of the list once, in order, with its truth and rank."""
        lines = listed(sample_world())
        self.assertEqual([f"{line['rank']},{line['domain']}"
                          for line in lines],
                         SAMPLE.read_text(encoding="utf-8").splitlines())
        self.assertTrue(all("expect" in line for line in lines))

    def test_every_kind_present(self) -> None:
        """Whatever the seed, 1,000 names show every kind of the rates."""
        names = [line.split(",")[1] for line in
                 SAMPLE.read_text(encoding="utf-8").splitlines()[:1000]]
        wanted = {".".join(kind) for kind in Rates.read(str(RATES)).kinds()}
        for seed in ("1", "2", "demo"):
            seen = Counter(kind for line in listed(world_of(names, seed))
                           for kind in line["kinds"])
            self.assertEqual(sorted(wanted - set(seen)), [], seed)

    def test_no_owner_clash(self) -> None:
        """A CNAME stands alone."""
        self.assertEqual(owner_clashes(sample_world()), [])

    def test_aliases_end_at_a_provider(self) -> None:
        """All of them are used, each has a zone, none is in the list."""
        lines = sample_world()
        houses = {line["domain"] for line in lines
                  if not line.get("list", True)}
        seen = set()
        for line in listed(lines):
            for record in line.get("records", []):
                owner, _, _, kind, *rest = record.split()
                if kind == "CNAME" and owner.split(".")[0] in (
                        "_mta-sts", "mta-sts"):
                    zone = ".".join(rest[0].split(".")[-3:-1])
                    self.assertIn(zone, houses, record)
                    seen.add(zone)
        self.assertEqual(seen, set(PROVIDERS))

    def test_names_are_below_their_zone(self) -> None:
        """Records stay in the zone of their line, outside those of others."""
        lines = sample_world()
        apexes = {line["domain"] for line in lines
                  if line.get("exists", True)}
        for line in lines:
            owners = [record.split()[0].rstrip(".")
                      for record in line.get("records", [])]
            owners += [*line.get("smtp", {}), *line.get("tlsa", {})]
            if "policy" in line:
                owners.append(f"mta-sts.{line['domain']}")
            for owner in owners:
                labels = owner.split(".")
                closest = next(
                    (above for above in (".".join(labels[cut:])
                                         for cut in range(len(labels)))
                     if above in apexes), None)
                self.assertEqual(closest, line["domain"], owner)

    def test_in_policy_follows_the_patterns(self) -> None:
        """What the plan says of the MX hosts is what the patterns match."""
        tried = 0
        for line in listed(sample_world()):
            policy = line["expect"]["sts"]["policy"]
            judged = (policy.get("valid")
                      and policy["mode"] in ("enforce", "testing"))
            for host in line["expect"]["mx"]:
                wanted = (any(matches(pattern, host["host"])
                              for pattern in policy["mx"])
                          if judged else None)
                self.assertEqual(host["in_policy"], wanted, line["domain"])
                tried += bool(judged)
        self.assertGreater(tried, 200)

    def test_expected_patterns_stand_in_the_body(self) -> None:
        """The mx list of the truth is that of the file, in its order."""
        for line in listed(sample_world()):
            policy = line["expect"]["sts"]["policy"]
            if policy.get("valid"):
                body = line["policy"]["body"].replace("\r\n", "\n")
                self.assertEqual(
                    re.findall(r"^mx: *(\S+)", body, re.M),
                    policy.get("mx", []), line["domain"])

    def test_signed_below_signed_only(self) -> None:
        """Below an unsigned zone nothing is secure."""
        lines = world_of(["a.example", "b.a.example", "c.b.a.example",
                          *(f"n{i}.a.example" for i in range(300))])
        signed = {line["domain"]: line.get("signed", False)
                  for line in lines}
        for name, is_signed in signed.items():
            above = name.partition(".")[2]
            if is_signed and above in signed:
                self.assertTrue(signed[above], name)

    def test_parents_exist_and_work(self) -> None:
        """A name above others of the list exists and has no broken zone."""
        for seed in range(40):
            lines = world_of(["p.example", "mta-sts.p.example",
                              "mx.p.example", "x.y.p.example"], str(seed))
            line = next(line for line in lines
                        if line["domain"] == "p.example")
            self.assertTrue(line.get("exists", True))
            self.assertNotIn("dns", line)
            self.assertNotIn("policy", line)
            self.assertNotIn("mx.p.example", line.get("smtp", {}))

    def test_oddities(self) -> None:
        """Top levels, underscores and very long names are served too."""
        long = ".".join(["a" * 60, "b" * 60, "c" * 60, "d" * 50, "example"])
        lines = {line["domain"]: line for seed in range(20)
                 for line in world_of(["com", "x_y.example", long], str(seed))}
        self.assertEqual(lines["com"]["expect"]["mx_status"], "absent")
        for name in ("x_y.example", long):
            self.assertEqual(lines[name].get("smtp", {}), {})
            self.assertNotIn("policy", lines[name])

    @unittest.skipUnless(TOP.exists(), f"{TOP} is not here")
    def test_ten_thousand_names_in_ten_seconds(self) -> None:
        """Speed, and that no real name trips the generator."""
        start = time.monotonic()
        entries = read_list(str(TOP))
        lines = list(make_world(entries, Rates.read(str(RATES)), "1"))
        self.assertLess(time.monotonic() - start, 10)
        self.assertEqual(len(listed(lines)), len(entries))
        self.assertEqual(owner_clashes(lines), [])


class Input(unittest.TestCase):
    """Lists and rates from people."""

    def read(self, data: bytes) -> list[world_names.Entry]:
        """Read bytes as a list."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            with redirect_stderr(io.StringIO()) as self.talk:
                return read_list(file.name)

    def test_forms(self) -> None:
        """BOM, CRLF, ranks, comments, capitals, final dots, U-labels."""
        entries = self.read("\ufeff1,A.Example.\r\n# note\r\n\r\n"
                            "2,m\u00fcller.test\r\nb.example # b\r\n"
                            "a.example\r\nno name\r\n".encode())
        self.assertEqual([(entry.rank, entry.name) for entry in entries],
                         [(1, "a.example"), (2, "xn--mller-kva.test"),
                          (None, "b.example")])
        self.assertIn(":6: a.example again", self.talk.getvalue())
        self.assertIn(":7: 'no name' is no domain name", self.talk.getvalue())

    def test_empty_list(self) -> None:
        """One clear line, no world."""
        with self.assertRaises(ListError):
            self.read(b"# nothing\n")
        with self.assertRaises(ListError):
            read_list("/nonexistent/list")

    def test_rates_are_checked(self) -> None:
        """Unknown kinds, missing kinds, bad weights."""
        text = RATES.read_text(encoding="utf-8")
        for old, new, part in (
                ("\nmultiple = 0.010", "\nmanifold = 0.010", "manifold"),
                ("\nno_mail = 0.190", "\n", "no_mail has no weight"),
                ("\nsigned = 0.12", "\nsigned = 12", "[share] signed"),
                ("\nmail = 0.666", "\nmail = -1", "weight of 0 or more"),
                ("[mode]", "[modes]", "[mode]"),
                ("[mode]", "[mode", "cannot read")):
            self.assertIn(old, text)
            with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
                file.write(text.replace(old, new, 1))
                file.flush()
                with self.assertRaises(RatesError) as caught:
                    Rates.read(file.name)
                self.assertIn(part, str(caught.exception))

    def test_sample_is_ours(self) -> None:
        """The sample is what its generator prints, under reserved names."""
        names = [line.split(",")[1] for line in
                 SAMPLE.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(names, world_sample.sample())
        self.assertGreaterEqual(len(set(names)), 1000)
        self.assertTrue(all(name.endswith((".example", ".test"))
                            for name in names))
        self.assertGreater(sum("xn--" in name for name in names), 5)


class Stories(unittest.TestCase):
    """The worlds written by hand."""

    def test_domains_are_unique(self) -> None:
        """All of them can be served at once."""
        lines = [line for _, line in stories()]
        count = Counter(line["domain"] for line in lines)
        count.update(host for line in lines for host in line.get("smtp", {})
                     if host != line["domain"])
        self.assertEqual([name for name, n in count.items() if n > 1], [])
        self.assertEqual(owner_clashes(lines), [])

    def test_each_tells_its_story(self) -> None:
        """A sentence, reserved names, a truth; providers that nobody lists
        have their real names."""
        for where, line in stories():
            self.assertRegex(line["story"], r"^[A-Z].*[.;?]$", where)
            if line.get("list", True):
                self.assertTrue(line["domain"].endswith((".example", ".test")),
                                where)
                self.assertIn("findings", line["expect"], where)

    def test_every_finding_is_raised(self) -> None:
        """By a story, not only by chance in a generated world."""
        raised = {code for _, line in stories() if "expect" in line
                  for code in line["expect"]["findings"]}
        self.assertEqual(sorted(set(world_vocab.finding_codes()) - raised),
                         [])

    def test_every_finding_has_a_near_miss(self) -> None:
        """A story that names it under `kinds` and does not raise it."""
        near = set()
        for where, line in stories():
            for kind in line.get("kinds", []):
                code = kind.removeprefix("not ")
                self.assertIn(code, world_vocab.finding_codes(), where)
                self.assertNotIn(code, line["expect"]["findings"], where)
                near.add(code)
        self.assertEqual(sorted(set(world_vocab.finding_codes()) - near), [])

    def facts(self, line: dict) -> Facts:
        """The facts that a story states or leaves as they usually are."""
        truth = line["expect"]
        sts = truth.get("sts", {})
        records = line.get("records", [])
        has_sts = any(record.startswith("_mta-sts.") for record in records)
        record = sts.get("record", {}).get("status",
                                           "ok" if has_sts else "absent")
        body = line.get("policy", {}).get("body", "")
        policy = sts.get("policy", {}).get(
            "status", "ok" if record == "ok" else "none_tried")
        mode = re.findall(r"^mode: *(\S+)", body, re.M)
        patterns = re.findall(r"^mx: *(\S+)", body, re.M | re.I)
        targets = [record.split()[5].rstrip(".") for record in records
                   if record.split()[3] == "MX"]
        told = truth.get("mx", [{"host": host} for host in targets if host])
        hosts = []
        for one in told:
            up = one.get("starttls", "ok") == "ok"
            inside = (any(matches(pattern, one["host"])
                          for pattern in patterns)
                      if policy == "ok" and mode[:1] != ["none"] else None)
            hosts.append(Host(
                one["host"], 0, one.get("starttls", "ok"),
                one.get("tls", "1.3" if up else None),
                *(one.get(key, True if up else None)
                  for key in ("trusted", "name_ok", "time_ok")),
                in_policy=inside, dane=one.get("dane", "absent")))
            if "in_policy" in one and policy == "ok":
                self.assertEqual(one["in_policy"], inside, line["domain"])
        return Facts(record, None, policy,
                     policy_timeout="blackhole" in line["domain"],
                     mode=mode[0] if mode else None,
                     mx_status=truth.get("mx_status", "ok"), hosts=hosts)

    def test_verdicts_follow_from_the_facts_told(self) -> None:
        """Where a story states the facts of its hosts, the rules agree."""
        tried = 0
        for where, line in stories():
            truth = line.get("expect")
            if truth is None:
                continue
            facts = self.facts(line)
            if facts.record == "ok" and "mx" not in truth:
                codes = " ".join(truth["findings"])
                if "mx." in codes or "starttls." in codes \
                        or truth["verdict"] == "inconclusive":
                    continue  # hosts fail that the story does not spell out
            self.assertEqual(verdict(facts), truth["verdict"], where)
            if "mx" in truth or truth["verdict_dane"] != "none":
                self.assertEqual(verdict_dane(facts.mx_status, facts.hosts),
                                 truth["verdict_dane"], where)
            tried += 1
        self.assertGreater(tried, 200)


if __name__ == "__main__":
    unittest.main()
