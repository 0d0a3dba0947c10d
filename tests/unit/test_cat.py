# SPDX-License-Identifier: Apache-2.0
"""`cat --strict`, `cat --fields`, and damage as `info --strict` has it."""

import tempfile
import unittest
from pathlib import Path

from mxc_made import Record, frame, json_lines, run

SCAN: Record = {"type": "scan", "format": 1, "started": 5}
DOMAINS: list[Record] = [
    {"type": "domain", "line": 1, "name": "a.example", "verdict": "none",
     "sts": {"record": {"status": "ok", "id": "1"},
             "policy": {"status": "ok", "mode": "none", "body": "x"}},
     "mx": [{"host": "m1", "preference": 10}, {"host": "m2"}]},
    {"type": "domain", "line": 2, "name": "b.example", "verdict": "none",
     "findings": ["x"], "sts": {"record": {"status": "absent"}}, "mx": []}]
HOST: Record = {"type": "mx", "host": "m1"}
END: Record = {"type": "end", "reason": "complete", "domains": 2,
               "mx_hosts": 1, "verdicts": {"none": 2}}


class Files(unittest.TestCase):
    """A folder, and a file of four frames."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.frames = [frame(SCAN), frame(HOST, DOMAINS[0]),
                       frame(DOMAINS[1]), frame(END)]

    def write(self, *parts: bytes) -> Path:
        """A file of these bytes."""
        path = self.folder / f"{len(list(self.folder.iterdir()))}.mxc"
        path.write_bytes(b"".join(parts))
        return path


class Strict(Files):
    """The first damage is the end of it, and its place is named."""

    def damaged(self) -> tuple[Path, int]:
        """The third frame fails; where it begins."""
        bad = bytearray(self.frames[2])
        bad[len(bad) // 2] ^= 4
        return (self.write(*self.frames[:2], bad, self.frames[3]),
                len(self.frames[0]) + len(self.frames[1]))

    def test_whole(self) -> None:
        path = self.write(*self.frames)
        done = run("cat", "--strict", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, run("cat", path).stdout)
        self.assertEqual(run("info", "--strict", path).stdout,
                         run("info", path).stdout)

    def test_damage(self) -> None:
        path, offset = self.damaged()
        loose = run("cat", path)
        self.assertEqual(json_lines(loose.stdout),
                         [SCAN, HOST, DOMAINS[0], END])
        self.assertIn(b"1 damaged frame skipped", loose.stderr)
        done = run("cat", "--strict", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json_lines(done.stdout), [SCAN, HOST, DOMAINS[0]])
        self.assertEqual(done.stderr.count(b"\n"), 1)
        self.assertIn(f"{path}: damaged at byte {offset};".encode(),
                      done.stderr)

    def test_no_file_after_it(self) -> None:
        path, _ = self.damaged()
        whole = self.write(*self.frames)
        done = run("cat", "--strict", whole, path, whole)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json_lines(done.stdout), [
            SCAN, HOST, *DOMAINS, END, SCAN, HOST, DOMAINS[0]])

    def test_torn(self) -> None:
        path = self.write(*self.frames[:3], self.frames[3][:-1])
        done = run("cat", "--strict", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json_lines(done.stdout), [SCAN, HOST, *DOMAINS])
        at = sum(map(len, self.frames[:3]))
        self.assertIn(f"torn from byte {at} on".encode(), done.stderr)

    def test_no_end(self) -> None:
        """A cut between frames leaves nothing damaged, and not all."""
        path = self.write(*self.frames[:3])
        self.assertEqual(run("cat", path).returncode, 0)
        done = run("cat", "--strict", "--type", "mx", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(json_lines(done.stdout), [HOST])
        self.assertIn(b"without an end record", done.stderr)

    def test_no_checksum_and_no_file(self) -> None:
        done = run("cat", "--strict", __file__)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"no .mxc file", done.stderr)

    def test_info(self) -> None:
        path, offset = self.damaged()
        done = run("info", "--strict", "--json", path)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(f"the first at byte {offset}".encode(), done.stderr)


class Fields(Files):
    """What is chosen is printed, the rest is not."""

    def chosen(self, *arguments: str) -> list[Record]:
        """The file through `cat --fields`."""
        done = run("cat", *arguments, self.write(*self.frames))
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return json_lines(done.stdout)

    def test_names(self) -> None:
        self.assertEqual(self.chosen("--fields", "verdict,name"), [
            {"name": "a.example", "verdict": "none"},
            {"name": "b.example", "verdict": "none"}])
        self.assertEqual(self.chosen("--fields", "host,reason"), [
            {"host": "m1"}, {"reason": "complete"}])

    def test_dots(self) -> None:
        self.assertEqual(self.chosen(
            "--fields", "line,sts.record.status,sts.policy.mode"), [
            {"line": 1, "sts": {"record": {"status": "ok"},
                                "policy": {"mode": "none"}}},
            {"line": 2, "sts": {"record": {"status": "absent"}}}])

    def test_a_map_and_what_is_in_it(self) -> None:
        self.assertEqual(
            self.chosen("--fields", "sts.record,sts.record.id")[0],
            {"sts": {"record": {"status": "ok", "id": "1"}}})

    def test_lists_of_maps(self) -> None:
        self.assertEqual(self.chosen("--fields", "mx.preference"),
                         [{"mx": [{"preference": 10}, {}]}])
        self.assertEqual(self.chosen("--fields", "mx"), [
            {"mx": DOMAINS[0]["mx"]}, {"mx": []}])

    def test_repeated_and_with_others(self) -> None:
        self.assertEqual(self.chosen(
            "--fields", "name", "--fields=type", "--type", "domain",
            "--stable"), [{"type": "domain", "name": "a.example"},
                          {"type": "domain", "name": "b.example"}])
        self.assertEqual(self.chosen(
            "--explain", "--fields", "line", "--type", "domain"), [
            {"line": 1, "findings_explained": []},
            {"line": 2, "findings_explained": []}])

    def test_counts_by_word(self) -> None:
        self.assertEqual(self.chosen("--fields", "verdicts.none"),
                         [{"verdicts": {"none": 2}}])

    def test_unknown_is_told(self) -> None:
        done = run("cat", "--fields", "name,nam,sts.nam,name.x",
                   self.write(*self.frames))
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json_lines(done.stdout),
                         [{"name": "a.example"}, {"name": "b.example"}])
        self.assertEqual(done.stderr.count(b"no record of this version"), 3)

    def test_bad(self) -> None:
        for text in ("", "a,", ",a", "a..b", ".a", "a.", ",".join("a" * 65),
                     ".".join("a" * 9)):
            done = run("cat", "--fields", text, self.write(*self.frames))
            self.assertEqual((done.returncode, done.stdout), (1, b""), text)
            self.assertIn(b"usage:", done.stderr)
        many = ",".join(["line"] * 64)
        self.assertEqual(self.chosen("--fields", many),
                         [{"line": 1}, {"line": 2}])


class Session(Files):
    """How often a scan was resumed is no difference between scans."""

    def test_stable_leaves_it_out(self) -> None:
        session = {"type": "session", "started": 9}
        path = self.write(self.frames[0], frame(session), *self.frames[1:])
        self.assertIn(session, json_lines(run("cat", path).stdout))
        self.assertEqual(
            run("cat", "--stable", path).stdout,
            run("cat", "--stable", self.write(*self.frames)).stdout)


if __name__ == "__main__":
    unittest.main()
