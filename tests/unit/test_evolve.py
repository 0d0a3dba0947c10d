# SPDX-License-Identifier: Apache-2.0
"""Worlds that go on: what a week changes, and what is said of it.

The events are compared with what the two worlds themselves show: transitions()
reads records, policies, certificates and expectations of both weeks and knows
nothing of plans.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))
sys.dont_write_bytecode = True

from mxlab import world, world_rates, world_sample  # noqa: E402
from mxlab.pki import Pki, tlsa_rdata  # noqa: E402
from mxlab.reading import read_worlds  # noqa: E402
from mxlab.world_build import Site  # noqa: E402
from mxlab.world_change import plan_of  # noqa: E402
from mxlab.world_evolve import evolve, same_verdicts  # noqa: E402
from mxlab.world_names import Entry, relate  # noqa: E402
from mxlab.world_plan import Plan  # noqa: E402
from mxlab.world_rates import Rates, RatesError  # noqa: E402

RATES = ROOT / "data" / "rates.toml"
SIZE, WEEKS, SEEDS = 2000, 4, ("1", "2")
CHURN = {"left_list", "joined_list"}
# where a look-up that fails shows
HIDDEN = {"mx": ("mx_status",), "zone": ("mx_status",),
          "sts": ("sts", "record", "status"), "host": ("verdict_dane",),
          "tlsrpt": ("tlsrpt", "status"),
          "policy": ("sts", "policy", "status")}
BAD = ("invalid", "multiple")


@cache
def weeks(seed: str) -> list[tuple[list[dict], list[dict]]]:
    """The worlds of some weeks, each with the events before it."""
    entries = {name: Entry(name, rank) for rank, name in
               enumerate(world_sample.sample(SIZE, f"list {seed}"), 1)}
    relate(entries)
    rates = Rates.read(str(RATES))
    lines = list(world.make_world(list(entries.values()), rates, seed))
    found = [(lines, [])]
    for week in range(2, WEEKS + 1):
        found.append(evolve(found[-1][0], rates, f"{seed}/{week}"))
    return found


def steps() -> list[tuple[dict, dict, list[dict]]]:
    """Old world, new world (by name) and events of every week there is."""
    return [({line["domain"]: line for line in old},
             {line["domain"]: line for line in new}, events)
            for seed in SEEDS
            for (old, _), (new, events) in zip(weeks(seed), weeks(seed)[1:])]


# ---- an eye of its own

def truth(line: dict, *path: str) -> object:
    """Something of the expectation."""
    value = line["expect"]
    for key in path:
        value = value.get(key)
    return value


def provider(line: dict) -> list[str]:
    """Under whose names the aliases at mta-sts and _mta-sts end."""
    rows = [row.split() for row in line["records"]]
    return [".".join(row[4].rstrip(".").split(".")[-2:]) for row in rows
            if row[3] == "CNAME" and row[0].rstrip(".") in
            (f"mta-sts.{line['domain']}", f"_mta-sts.{line['domain']}")]


def certs(line: dict) -> dict[str, dict]:
    """The certificate of every host of the line."""
    found = {host: spec["cert"] for host, spec in line.get("smtp", {}).items()
             if "cert" in spec}
    if truth(line, "sts", "policy", "status") not in ("none_tried", "dns"):
        found["policy"] = line["policy"]["cert"]
    return found


def sts_transitions(old: dict, new: dict) -> set[str]:
    """Of the record and of the policy."""
    before, after = (truth(line, "sts", "record", "status")
                     for line in (old, new))
    mode = truth(old, "sts", "policy", "mode")
    if (before, after) == ("ok", "absent"):
        return {"removed" if mode == "none" else "removed_abruptly"}
    if before != after:
        return {"adopted" if before == "absent" else "record_broken"
                if after in BAD else "record_repaired"}
    if after != "ok":
        return set()
    states = [truth(line, "sts", "policy", "status") for line in (old, new)]
    if states[0] != states[1]:
        return {"policy_broken" if states[0] == "ok" else "policy_repaired"}
    if mode != truth(new, "sts", "policy", "mode"):
        return {"withdrawn" if truth(new, "sts", "policy", "mode") == "none"
                else "mode_changed"}
    is_other = old["policy"]["body"] != new["policy"]["body"]
    if truth(old, "sts", "record", "id") != truth(new, "sts", "record", "id"):
        return {"policy_changed" if is_other else "id_changed_same_policy"}
    return {"policy_changed_same_id"} if is_other else set()


def cert_transitions(old: dict, new: dict) -> set[str]:
    """Of certificates that both weeks show."""
    found = set()
    before, after = certs(old), certs(new)
    for host in before.keys() & after.keys():
        kinds = [cert.get("kind") for cert in (before[host], after[host])]
        numbers = [cert.get("generation", 0)
                   for cert in (before[host], after[host])]
        if kinds == ["trusted", "expired"]:
            found.add("certificate_expired")
        if numbers[0] != numbers[1]:
            found.add("certificate_renewed")
    return found


def dane_transitions(old: dict, new: dict) -> set[str]:
    """Of TLSA records and what they say."""
    if ("tlsa" in old) != ("tlsa" in new):
        return {"dane_added" if "tlsa" in new else "dane_removed"}
    if "tlsa" not in old:
        return set()
    says = [[host["dane"] for host in truth(line, "mx")]
            for line in (old, new)]
    if says[0] != says[1]:
        return {"tlsa_stale" if "mismatch" in says[1] else "tlsa_rolled"}
    keys = [[certs(line).get(host, {}).get("generation", 0)
             for host in line["tlsa"]] for line in (old, new)]
    return {"tlsa_rolled"} if keys[0] != keys[1] else set()


def transitions(old: dict, new: dict) -> set[str]:
    """Everything that happened to a domain."""
    if old.get("exists", True) != new.get("exists", True):
        return {"appeared" if new.get("exists", True) else "vanished"}
    if not new.get("exists", True):
        return set()
    if old.get("dns") != new.get("dns"):
        return {"lookup_back" if old.get("dns") else
                "lookup_failed_this_week"}
    if isinstance(new.get("dns"), str):
        return set()
    found = (sts_transitions(old, new) | cert_transitions(old, new)
             | dane_transitions(old, new))
    before, after = provider(old), provider(new)
    if before and len(before) == len(after) and before != after:
        found.add("provider_moved")
    states = [truth(line, "tlsrpt", "status") for line in (old, new)]
    if states[0] != states[1]:
        found.add("tlsrpt_added" if states[0] == "absent"
                  else "tlsrpt_removed")
    hosts = [[host["host"] for host in truth(line, "mx")]
             for line in (old, new)]
    if hosts[0] != hosts[1]:
        match = [truth(line, "sts", "policy", "mx_match")
                 for line in (old, new)]
        found.add("mx_changed_policy_stale" if match == ["all", "none"]
                  else "mx_changed")
    return found


class Evolution(unittest.TestCase):
    """What `world --evolve` writes."""

    def test_events_are_what_the_worlds_show(self) -> None:
        """Each one, and nothing else."""
        for old, new, events in steps():
            said: dict[str, set[str]] = {}
            for event in events:
                said.setdefault(event["domain"], set()).add(event["event"])
            for name in old.keys() & new.keys():
                if new[name].get("list", True):
                    self.assertEqual(
                        said.get(name, set()) - {"verdict"},
                        transitions(old[name], new[name]), name)
            self.assertEqual(
                {name for name, what in said.items() if what & CHURN},
                old.keys() ^ new.keys())

    def test_verdicts(self) -> None:
        """Every known one that is followed by another known one."""
        tried = 0
        for old, new, events in steps():
            wanted = {}
            for name in old.keys() & new.keys():
                both = tuple(line.get("expect", {}).get("verdict")
                             for line in (old[name], new[name]))
                if both[0] != both[1] and "inconclusive" not in both:
                    wanted[name] = both
            self.assertEqual({event["domain"]: (event["from"], event["to"])
                              for event in events
                              if event["event"] == "verdict"}, wanted)
            tried += len(wanted)
        self.assertGreater(tried, 100)

    def test_every_event_every_week(self) -> None:
        """Whatever its weight; ends need a beginning the week before."""
        for seed in SEEDS:
            for week, (_, events) in enumerate(weeks(seed)[1:], 2):
                seen = Counter(event["event"] for event in events)
                wanted = {*world_rates.EVENTS, "verdict"}
                if week > 2:
                    wanted |= {"removed", "lookup_back"}
                self.assertEqual(sorted(wanted - seen.keys()), [],
                                 f"{seed}, week {week}")

    def test_event_lines(self) -> None:
        """From and to differ; nobody has more than two causes and verdict."""
        for _, _, events in steps():
            for event in events:
                self.assertEqual(sorted(event),
                                 ["domain", "event", "from", "to"])
                self.assertNotEqual(event["from"], event["to"])
            count = Counter(event["domain"] for event in events
                            if event["event"] != "verdict")
            self.assertLessEqual(max(count.values()), 4)
            self.assertLess(sum(n > 1 for n in count.values()),
                            0.4 * len(count))

    def test_lines_are_what_their_plans_build(self) -> None:
        """Built afresh, a line of any week is the same."""
        for seed in SEEDS:
            for lines, _ in weeks(seed):
                listed = [line for line in lines if line.get("list", True)]
                entries = {line["domain"]: Entry(line["domain"],
                                                 line.get("rank"))
                           for line in listed}
                relate(entries)
                for line in listed:
                    made = Site(entries[line["domain"]],
                                Plan.read(plan_of(line)),
                                line["plan"]["seed"]).line()
                    self.assertEqual(made, line)

    def test_nothing_else_changes(self) -> None:
        """Without an event a line stays as it is, and the other way round."""
        for old, new, events in steps():
            said = {event["domain"] for event in events}
            for name in old.keys() & new.keys():
                self.assertEqual(old[name] != new[name], name in said, name)

    def test_failed_look_ups(self) -> None:
        """They come back as they were and show no other verdict."""
        kinds = set()
        for seed in SEEDS:
            chain = [{line["domain"]: line for line in lines}
                     for lines, _ in weeks(seed)]
            for before, during, after in zip(chain, chain[1:], chain[2:]):
                for name, line in during.items():
                    lapse = line.get("plan", {}).get("lapse")
                    if lapse is None:
                        continue
                    if lapse == "host":
                        self.assertEqual([host["starttls"] for host
                                          in truth(line, "mx")],
                                         ["inconclusive"])
                    kinds.add(lapse)
                    self.assertEqual(truth(line, *HIDDEN[lapse]),
                                     "inconclusive", name)
                    self.assertEqual(before[name], after[name])
                    for key in ("verdict", "verdict_dane"):
                        self.assertIn(truth(line, key), (
                            "inconclusive", truth(before[name], key)))
        self.assertGreaterEqual(len(kinds), 4)

    def test_what_a_failed_look_up_may_show(self) -> None:
        """The verdict of before or none, of both kinds."""
        def line(sts: str, dane: str) -> dict:
            return {"expect": {"verdict": sts, "verdict_dane": dane}}

        old = line("enforce_degraded", "none")
        for new, fits in ((old, True), (line("inconclusive", "none"), True),
                          (line("enforce_degraded", "inconclusive"), True),
                          (line("enforce_ok", "none"), False),
                          (line("inconclusive", "invalid"), False)):
            self.assertEqual(same_verdicts(old, new), fits, new)

    def test_withdrawal_takes_two_weeks(self) -> None:
        """RFC 8461 8.3."""
        for seed in SEEDS:
            all_weeks = weeks(seed)
            for (_, events), (_, then) in zip(all_weeks[1:], all_weeks[2:]):
                names = {event["domain"]: event["to"] for event in events
                         if event["event"] == "withdrawn"}
                gone = {event["domain"] for event in then
                        if event["event"] == "removed"}
                self.assertEqual(set(names), gone)
                for policy in names.values():
                    self.assertEqual((policy["mode"], policy["max_age"]),
                                     ("none", 86400))

    def test_stale_records_belong_to_the_old_key(self) -> None:
        """A row tells the generation that it was computed of."""
        tried = 0
        for old, new, events in steps():
            for event in events:
                if event["event"] != "tlsa_stale":
                    continue
                name, line = event["domain"], new[event["domain"]]
                (host, rows), = line["tlsa"].items()
                key = line["smtp"][host]["cert"]["generation"]
                self.assertEqual([row["generation"] for row in rows],
                                 [key - 1])
                self.assertEqual([key - 1], [
                    spec["cert"].get("generation", 0)
                    for spec in old[name]["smtp"].values()])
                tried += 1
        self.assertGreater(tried, 3)

    def test_changes_that_are_told_have_another_id(self) -> None:
        """RFC 8461 3.1: a sender asks again when the id is another one."""
        tried = Counter(
            event["event"] for _, _, events in steps() for event in events
            if event["event"] in ("withdrawn", "mode_changed")
            and self.assertNotEqual(event["from"]["id"],
                                    event["to"]["id"]) is None)
        self.assertGreater(min(tried["withdrawn"], tried["mode_changed"]), 3)

    def test_ids_never_come_again(self) -> None:
        """Those of a domain, week after week."""
        seen: dict[tuple[str, str], list[str]] = {}
        for seed in SEEDS:
            for lines, _ in weeks(seed):
                for line in lines:
                    text = line.get("expect", {}).get("sts", {}).get(
                        "record", {}).get("id")
                    known = seen.setdefault((seed, line["domain"]), [])
                    if text is not None and known[-1:] != [text]:
                        self.assertNotIn(text, known)
                        known.append(text)
        self.assertGreater(sum(len(known) > 1 for known in seen.values()), 50)

    def test_the_lab_reads_it(self) -> None:
        """Every key is one that it knows."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "world.jsonl"
            lines = weeks("1")[-1][0]
            path.write_text("".join(json.dumps(line) + "\n"
                                    for line in lines), encoding="utf-8")
            self.assertEqual(len(read_worlds([path])), len(lines))


class Use(unittest.TestCase):
    """The command line."""

    def run_world(self, *args: str, hash_seed: str = "0") -> \
            subprocess.CompletedProcess:
        """Run the generator."""
        return subprocess.run(
            [sys.executable, "-m", "mxlab.world", *args], text=True,
            capture_output=True, cwd=ROOT / "tests" / "lab",
            env=os.environ | {"PYTHONHASHSEED": hash_seed,
                              "PYTHONDONTWRITEBYTECODE": "1"})

    def test_deterministic(self) -> None:
        """Same world, same seed, same bytes; another seed, other events."""
        with tempfile.TemporaryDirectory() as folder:
            old, events = f"{folder}/old", f"{folder}/events"
            names = "\n".join(world_sample.sample(300, "x"))
            Path(f"{folder}/list").write_text(names, encoding="utf-8")
            Path(old).write_text(self.run_world(
                f"{folder}/list", "--seed", "1").stdout, encoding="utf-8")
            seen = []
            for seed, hash_seed in (("5", "1"), ("5", "2"), ("6", "1")):
                done = self.run_world("--evolve", old, "--seed", seed,
                                      "--events", events,
                                      hash_seed=hash_seed)
                self.assertEqual(done.returncode, 0, done.stderr)
                text = Path(events).read_text(encoding="utf-8")
                self.assertGreater(text.count("\n"), 20)
                seen.append((done.stdout, text))
            self.assertEqual(seen[0], seen[1])
            self.assertNotEqual(seen[0], seen[2])

    def test_no_generated_world(self) -> None:
        """One clear line."""
        told = {"": "cannot read", "{": "cannot read", "[]": "cannot read",
                '{"domain": "a.example", "expect": {}}': ":1: no line of a"}
        for text, part in told.items():
            with tempfile.TemporaryDirectory() as folder:
                path = f"{folder}/world" if text else folder
                if text:
                    Path(path).write_text(text, encoding="utf-8")
                err = io.StringIO()
                with redirect_stderr(err):
                    status = world.main(["--evolve", path, "--seed", "1"])
                self.assertEqual(status, 1)
                self.assertIn(part, err.getvalue())
                self.assertEqual(err.getvalue().count("\n"), 1)

    def test_usage(self) -> None:
        """A list or a world, and events of a world alone."""
        for args in ([], ["list", "--evolve", "x"], ["list", "--events", "x"]):
            with redirect_stderr(io.StringIO()) as err, \
                    self.assertRaises(SystemExit):
                world.main([*args, "--seed", "1"])
            self.assertIn("--evolve", err.getvalue())

    def test_weights(self) -> None:
        """Chances are those of known events; none, and it never happens."""
        text = RATES.read_text(encoding="utf-8")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text.replace("\nvanished = 0.001",
                                    "\nvanished = 0.0"))
            file.flush()
            events = evolve(weeks("1")[0][0], Rates.read(file.name), "3")[1]
            seen = {event["event"] for event in events}
            self.assertNotIn("vanished", seen)
            self.assertIn("appeared", seen)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text.replace("\nvanished = ", "\nvapourised = "))
            file.flush()
            with self.assertRaises(RatesError):
                Rates.read(file.name)

    def test_small_worlds(self) -> None:
        """One name, or names that are all related."""
        for names in (["a.example"], ["a.example", "b.a.example"]):
            entries = {name: Entry(name) for name in names}
            relate(entries)
            rates = Rates.read(str(RATES))
            for seed in range(30):
                lines = list(world.make_world(list(entries.values()), rates,
                                              str(seed)))
                new, _ = evolve(lines, rates, "2")
                self.assertGreaterEqual(len(new), len(lines))


class Certificates(unittest.TestCase):
    """A folder that outlives its lab."""

    def setUp(self) -> None:
        """A folder for the certificates."""
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = Path(place.name)

    def test_the_same_again(self) -> None:
        """Whoever asks for the same, gets the same, also after a restart."""
        asked = [("mx.a.test", {}), ("mx.b.test", {}),
                 ("mx.a.test", {"generation": 1}),
                 ("mx.a.test", {"kind": "untrusted"}),
                 ("mx.a.test", {"kind": "self_signed"}),
                 ("mx.a.test", {"key": "rsa2048"}),
                 ("mx.a.test", {"days": [-85, 5]})]
        first, second = Pki(self.folder), Pki(self.folder)
        before = [first.chain(host, cert) for host, cert in asked]
        after = [second.chain(host, cert) for host, cert in asked]
        self.assertEqual(before, after)
        self.assertEqual(len({chain.leaf.serial_number for chain in after}),
                         len(asked))
        for chain in after:
            chain.leaf.verify_directly_issued_by(chain.issuer)
        self.assertEqual(first.good.root, second.good.root)

    def test_a_generation_has_a_key_of_its_own(self) -> None:
        """And the TLSA records of another can be computed."""
        pki = Pki(self.folder)
        old, new = (pki.chain("mx.a.test", {"generation": number})
                    for number in (0, 1))
        self.assertEqual(old, pki.chain("mx.a.test", {}))
        self.assertNotEqual(old.leaf.public_key().public_numbers(),
                            new.leaf.public_key().public_numbers())
        self.assertNotEqual(Path(old.key).read_bytes(),
                            Path(new.key).read_bytes())
        row = {"usage": 3, "selector": 1, "mtype": 1}
        self.assertEqual(tlsa_rdata(row, old),
                         tlsa_rdata(row, pki.of_generation(new, 0)))
        self.assertNotEqual(tlsa_rdata(row, old), tlsa_rdata(row, new))
        self.assertIsNone(pki.of_generation(None, 0))

    def test_secrets_are_private(self) -> None:
        """Nobody else reads a key."""
        Pki(self.folder).chain("mx.a.test", {})
        for path in self.folder.glob("*.pem"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


if __name__ == "__main__":
    unittest.main()
