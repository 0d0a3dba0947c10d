# SPDX-License-Identifier: Apache-2.0
"""`mxcensus merge` over made files: what goes together, once, and counted."""

import re
import tempfile
import unittest
from pathlib import Path
from typing import Any

from mxc_made import Record, frame, json_lines, run, stored

LIST = bytes(range(32))
T = 1700000000000
QUIET = r"\Amxcensus: \d+ files: .* left out\)\n\Z"


def scan(**more: Any) -> Record:
    """A scan record."""
    return {"type": "scan", "format": 1, "program": "mxcensus",
            "version": "0.1.0", "libraries": ["zstd 1.5.4"], "options": [],
            "stages": ["dns", "policy", "smtp"], "list": "list.txt",
            "list_sha256": LIST, "list_lines": 9, "resolvers": ["192.0.2.1"],
            "trust_ad": False, "trust_sha256": LIST, "ipv6": True,
            "started": T, **more}


def shard(index: int, n: int, **more: Any) -> Record:
    """The scan record of a shard."""
    return scan(options=["level=3", f"shard={index}/{n}", "smtp-port=2525"],
                **more)


def end(reason: str = "complete", **more: Any) -> Record:
    """An end record; merge takes no count from it."""
    return {"type": "end", "reason": reason, "list_sha256": LIST,
            "list_lines": 9, "rejected": {"no_dot": 2}, "ended": T + 5000,
            "dns_queries": 3, "policy_connects": 2, "smtp_connects": 1,
            **more}


def domain(line: int, **more: Any) -> Record:
    """A domain record."""
    return {"type": "domain", "line": line, "name": f"d{line}.example",
            "verdict": "none", "verdict_dane": "none",
            "findings": ["tlsrpt.absent"],
            "mx_lookup": {"outcome": "nodata"}, **more}


def host(name: str, starttls: str | None, started: int, **more: Any
         ) -> Record:
    """An mx record."""
    return {"type": "mx", "host": name, "starttls": starttls,
            "a": {"outcome": "ok"}, "started": started, **more}


def cert(seed: int) -> Record:
    """A cert record."""
    return {"type": "cert", "sha256": bytes([seed] * 32), "der": b"DER"}


class Merging(unittest.TestCase):
    """A folder of made files."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.out = self.folder / "out.mxc"

    def write(self, name: str, *records: Record) -> Path:
        """A file, each record in a frame of its own."""
        path = self.folder / name
        path.write_bytes(b"".join(map(frame, records)))
        return path

    def merge(self, *files: Path, status: int = 0, says: str = QUIET
              ) -> list[Record]:
        """The new file's records; it adds up, whatever is missing."""
        self.out.unlink(missing_ok=True)
        done = run("merge", *files, "-o", self.out)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr.decode(), says)
        info = run("info", self.out)
        self.assertEqual(info.returncode, 0, info.stdout)
        return stored(self.out)

    def refused(self, says: str, *files: Path) -> None:
        """One line says why, and nothing is written."""
        done = run("merge", *files, "-o", self.out)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertRegex(done.stderr.decode(), says)
        self.assertFalse(self.out.exists())


class Records(Merging):
    """Which records the new file holds, and in which order."""

    def test_hosts_and_certificates_once(self) -> None:
        one = self.write("1.mxc", shard(1, 2), cert(1), cert(2),
                         host("m1", "ok", T), host("m2", "inconclusive", T),
                         host("m3", "blocked", T + 9), host("m4", "ok", T),
                         domain(2), end())
        two = self.write("2.mxc", shard(2, 2), cert(2), cert(3),
                         host("m1", "inconclusive", T + 1),
                         host("m2", "not_offered", T - 1),
                         host("m3", "unreachable", T), host("m5", None, T),
                         host("m4", "tls_failed", T + 1), domain(1), end())
        for files in ((one, two), (two, one)):
            merged = self.merge(*files)
            hosts = {r["host"]: r["starttls"] for r in merged
                     if r["type"] == "mx"}
            self.assertEqual(hosts, {
                "m1": "ok", "m2": "not_offered", "m3": "unreachable",
                "m4": "tls_failed", "m5": None})
            kinds = [r["type"] for r in merged]
            self.assertEqual({k: kinds.count(k) for k in kinds}, {
                "scan": 1, "cert": 3, "mx": 5, "domain": 2, "end": 1})

    def test_own_facts_before_shared(self) -> None:
        """What an address told another name will not do for a domain that
        was judged by the host's own name."""
        told = {"addresses": [{"address": "192.0.2.1", "shared": True}]}
        own = {"addresses": [{"address": "192.0.2.1"}]}
        one = self.write("1.mxc", shard(1, 2), host("m1", "ok", T, **told),
                         host("m1", "inconclusive", T, **own), domain(1),
                         end())
        two = self.write("2.mxc", shard(2, 2),
                         host("m1", "ok", T + 9, **told), domain(2), end())
        for files in ((one, two), (two, one)):
            self.assertEqual([r["starttls"] for r in self.merge(*files)
                              if r["type"] == "mx"], ["inconclusive"])

    def test_nothing_refers_forward(self) -> None:
        """The first file's domain needs the second file's host."""
        shown = {"addresses": [{"tls": {"chain": [bytes([7] * 32)]}}]}
        one = self.write("1.mxc", shard(1, 2), host("m1", "inconclusive", T),
                         domain(1, mx=[{"host": "m1"}]), end())
        two = self.write("2.mxc", shard(2, 2), cert(7),
                         host("m1", "ok", T, **shown), domain(2), end())
        kinds = [r["type"] for r in self.merge(one, two)]
        self.assertEqual(kinds, ["scan", "cert", "mx", "domain", "domain",
                                 "end"])

    def test_overlap(self) -> None:
        one = self.write("1.mxc", scan(), domain(1, verdict="enforce_ok"),
                         domain(2), end("interrupted"))
        two = self.write("2.mxc", scan(), domain(1), domain(2), domain(3),
                         end())
        merged = self.merge(one, two, says="has one already: 2")
        self.assertEqual([(r["line"], r["verdict"]) for r in merged
                          if r["type"] == "domain"],
                         [(1, "enforce_ok"), (2, "none"), (3, "none")])

    def test_far_lines(self) -> None:
        """Lines of any list, and some that no list has."""
        lines = [0, 1, 262143, 262144, 10 ** 9, 2 ** 40 - 1, 2 ** 40,
                 2 ** 64 - 1]
        one = self.write("1.mxc", scan(), *map(domain, lines), end())
        merged = self.merge(one, one, says="has one already: 6")
        found = [r["line"] for r in merged if r["type"] == "domain"]
        self.assertEqual(sorted(set(found)), lines)

    def test_later_records_pass_through(self) -> None:
        other = {"type": "novelty", "b": 1, "a": b"\xff"}
        late = domain(1, novel={"z": 1, "a": [2]}, verdict="a_later_word")
        one = self.write("1.mxc", scan(novel=5), other, late,
                         end("a_later_reason"))
        merged = self.merge(one, status=2, says="was stopped early")
        self.assertEqual(merged[0]["novel"], 5)
        self.assertEqual(list(merged[1].items()), list(other.items()))
        self.assertEqual(list(merged[2].items()), list(late.items()))
        self.assertEqual(merged[3]["verdicts"], {"a_later_word": 1})

    def test_sessions_are_carried_over(self) -> None:
        session = {"type": "session", "started": T + 1, "version": "0.1.0"}
        one = self.write("1.mxc", shard(1, 2), domain(1), session, domain(2),
                         end())
        two = self.write("2.mxc", shard(2, 2), session, domain(3), end())
        merged = self.merge(one, two)
        self.assertEqual([r["type"] for r in merged], [
            "scan", "session", "session", "domain", "domain", "domain",
            "end"])

    def test_one_file_is_as_it_was(self) -> None:
        first = self.write("1.mxc", scan(), cert(1), host("m", "ok", T),
                           domain(2), domain(1), end())
        self.merge(first)
        again = self.folder / "again.mxc"
        again.write_bytes(self.out.read_bytes())
        self.merge(again)
        self.assertEqual(run("cat", again).stdout, run("cat", self.out).stdout)

    def test_concatenated_files(self) -> None:
        one = self.write("1.mxc", shard(1, 2), domain(1), end())
        two = self.write("2.mxc", shard(2, 2), domain(2), end())
        both = self.folder / "both.mxc"
        both.write_bytes(one.read_bytes() + two.read_bytes())
        self.assertEqual([r["type"] for r in self.merge(both)],
                         ["scan", "domain", "domain", "end"])


class Headers(Merging):
    """One header and one end out of several."""

    def test_reconciled(self) -> None:
        one = self.write("1.mxc", shard(1, 2, started=T + 7, vantage="a",
                                        ehlo_name="a.example", notes="n",
                                        unvalidated=False),
                         domain(1), end(ended=T + 9000))
        two = self.write("2.mxc", scan(
            options=["smtp-port=2525", "workers=3", "shard=2/2"], started=T,
            vantage="b", ehlo_name="b.example", notes="n", unvalidated=True,
            resolvers=["192.0.2.1", "192.0.2.2"]), domain(2), end())
        merged = self.merge(one, two)
        self.assertEqual(merged[0], shard(
            1, 2, vantage="a; b", ehlo_name="a.example; b.example", notes="n",
            unvalidated=True,
            resolvers=["192.0.2.1", "192.0.2.2"])
            | {"options": ["smtp-port=2525"]})
        self.assertEqual(list(merged[0]), list(stored(one)[0]))
        self.assertEqual(merged[-1], {
            "type": "end", "reason": "complete", "list_sha256": LIST,
            "list_lines": 9, "rejected": {"no_dot": 2}, "domains": 2,
            "mx_hosts": 0, "certificates": 0, "verdicts": {"none": 2},
            "verdicts_dane": {"none": 2}, "findings": {"tlsrpt.absent": 2},
            "outcomes": {"nodata": 2}, "ended": T + 9000,
            "duration_ms": 9000, "dns_queries": 6, "policy_connects": 4,
            "smtp_connects": 2})

    def test_what_does_not_go_together(self) -> None:
        one = self.write("1.mxc", shard(1, 2), domain(1), end())
        for number, (record, says) in enumerate((
                (shard(2, 2, format=2), "has format 2"),
                (shard(2, 2, stages=["dns"]), "differ in stages"),
                (shard(2, 2, list_sha256=bytes(32)), "differ in list_sha256"),
                (shard(2, 2, list_lines=8), "differ in list_lines"),
                (shard(2, 2, trust_ad=True), "differ in trust_ad"),
                (shard(2, 2, trust_sha256=bytes(32)), "in trust_sha256"),
                (shard(2, 2, ipv6=False), "differ in ipv6"),
                (shard(2, 2, version="0.2.0"), r"differ in version \(mxc"),
                (shard(2, 2, judged_version="0.2.0"), "differ in version"),
                (shard(2, 3), "shards 1/2 and 2/3 are of different divi"),
                (scan(), "only one was made with --smtp-port=2525"),
                (scan(options=["smtp-port=2525", "retry-wait-ms=1"]),
                 "only one was made with --retry-wait-ms=1"))):
            with self.subTest(says=says):
                other = self.write(f"other{number}.mxc", record, domain(2),
                                   end())
                self.refused(says, one, other)

    def test_judged_by_one_version(self) -> None:
        one = self.write("1.mxc", shard(1, 2, judged_version="0.3.0"), end())
        two = self.write("2.mxc", shard(2, 2, version="0.2.0",
                                        judged_version="0.3.0"), end())
        self.merge(one, two)

    def test_lists_that_came_through_a_pipe(self) -> None:
        """Only their ends say whether they were the same."""
        none: Record = {"list_sha256": None, "list_lines": None}
        one = self.write("1.mxc", shard(1, 2, **none), domain(1), end())
        two = self.write("2.mxc", shard(2, 2, **none), domain(2), end())
        self.merge(one, two)
        self.out.unlink()
        other = self.write("3.mxc", shard(2, 2, **none), domain(2),
                           end(list_sha256=bytes(32)))
        self.refused("read different lists", one, other)

    def test_no_scan_record(self) -> None:
        self.refused("does not begin with a scan record",
                     self.write("1.mxc", domain(1), end()))


class Gaps(Merging):
    """What of the list is in no file."""

    def reason(self, merged: list[Record]) -> Any:
        """How the new file says it ended."""
        return merged[-1]["reason"]

    def test_missing_shards(self) -> None:
        two = self.write("2.mxc", shard(2, 4), domain(2), end())
        four = self.write("4.mxc", shard(4, 4), domain(4), end())
        merged = self.merge(two, four, status=2, says=(
            "(?s)shard 1/4 is in none of the files.*"
            "shard 3/4 is in none of the files"))
        self.assertEqual(self.reason(merged), "interrupted")

    def test_stopped_and_killed(self) -> None:
        stopped = self.write("1.mxc", shard(1, 2), domain(1),
                             end("interrupted", list_lines=3))
        killed = self.write("2.mxc", shard(2, 2), domain(2))
        merged = self.merge(stopped, killed, status=2, says=(
            "(?s)shard 1/2 is not all there: .*1.mxc was stopped early.*"
            "shard 2/2 is not all there: .*2.mxc has no end record"))
        self.assertEqual(self.reason(merged), "interrupted")
        self.assertEqual(merged[-1]["list_lines"], 3)

    def test_no_end_at_all(self) -> None:
        merged = self.merge(self.write("1.mxc", scan(), domain(1)), status=2,
                            says="the list is not all there: .* no end rec")
        self.assertNotIn("list_sha256", merged[-1])
        self.assertEqual(merged[-1]["domains"], 1)

    def test_a_shard_scanned_again(self) -> None:
        stopped = self.write("1.mxc", shard(1, 2), domain(1),
                             end("failed", list_lines=3))
        again = self.write("1b.mxc", shard(1, 2), domain(1), domain(3), end())
        two = self.write("2.mxc", shard(2, 2), domain(2), end())
        merged = self.merge(stopped, two, again, says="has one already: 1")
        self.assertEqual(self.reason(merged), "complete")
        self.assertEqual(merged[-1]["list_lines"], 9)
        self.assertEqual(merged[-1]["domains"], 3)

    def test_a_whole_scan_fills_every_gap(self) -> None:
        options = ["smtp-port=2525"]
        part = self.write("1.mxc", shard(3, 4), domain(3), end())
        whole = self.write("2.mxc", scan(options=options), domain(1),
                           domain(2), domain(3), end())
        merged = self.merge(part, whole, says="has one already: 1")
        self.assertEqual(self.reason(merged), "complete")

    def test_damage(self) -> None:
        one = self.write("1.mxc", shard(1, 2), domain(1), domain(3), end())
        data = bytearray(one.read_bytes())
        data[len(frame(shard(1, 2))) + 20] ^= 1
        one.write_bytes(data)
        two = self.write("2.mxc", shard(2, 2), domain(2), end())
        merged = self.merge(one, two, status=2, says=(
            "(?s)1.mxc: 1 damaged frame skipped.*"
            "shard 1/2 is not all there: .*1.mxc is damaged"))
        self.assertEqual(self.reason(merged), "failed")
        self.assertEqual([r["line"] for r in merged
                          if r["type"] == "domain"], [3, 2])


class Files(Merging):
    """The new file, and the old ones."""

    def test_no_input_is_harmed(self) -> None:
        one = self.write("1.mxc", scan(), domain(1), end())
        link = self.folder / "link.mxc"
        link.symlink_to(one)
        before = one.read_bytes()
        for out in (one, link):
            done = run("merge", "--force", one, "-o", out)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"another name", done.stderr)
        self.assertEqual(one.read_bytes(), before)

    def test_frames(self) -> None:
        """Header and end stand alone, as in a scan's file."""
        one = self.write("1.mxc", scan(), cert(1), domain(1), end())
        self.merge(one)
        told = json_lines(run("info", "--json", self.out).stdout)[0]
        self.assertEqual(told["frames"], 3)

    def test_to_standard_output(self) -> None:
        one = self.write("1.mxc", scan(), domain(1), end())
        done = run("merge", one, "-o", "-")
        self.assertEqual(done.returncode, 0)
        self.out.write_bytes(done.stdout)
        self.assertEqual([r["type"] for r in stored(self.out)],
                         ["scan", "domain", "end"])

    def test_full_disk(self) -> None:
        one = self.write("1.mxc", scan(), domain(1), end())
        done = run("merge", "--force", one, "-o", "/dev/full")
        self.assertEqual(done.returncode, 3)
        self.assertTrue(re.search(b"No space left", done.stderr))


if __name__ == "__main__":
    unittest.main()
