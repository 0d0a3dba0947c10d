# SPDX-License-Identifier: Apache-2.0
"""Files of released versions stay readable: tests/golden/README.md."""

import re
import unittest

from mxc_made import GOLDEN, json_lines, run, stored

FILES = sorted(GOLDEN.glob("*.mxc"))
RELEASED = [path for path in FILES if re.match(r"\d", path.name)]


class Golden(unittest.TestCase):
    """Each file beside the dumps that were made with it."""

    def test_there(self) -> None:
        self.assertGreaterEqual(len(RELEASED), 3)
        self.assertLess(sum(path.stat().st_size for path in FILES), 50_000)

    def test_dumps(self) -> None:
        for path in FILES:
            for kind, arguments in (("cat", []), ("stable", ["--stable"])):
                with self.subTest(file=path.name, dump=kind):
                    done = run("cat", *arguments, path)
                    self.assertEqual((done.returncode, done.stderr), (0, b""))
                    wanted = path.with_suffix(f".{kind}.jsonl").read_bytes()
                    self.assertEqual(done.stdout, wanted)

    def test_every_dump_has_its_file(self) -> None:
        dumps = {path.name for path in GOLDEN.glob("*.jsonl")}
        self.assertEqual(dumps, {f"{path.stem}.{kind}.jsonl"
                                 for path in FILES
                                 for kind in ("cat", "stable")})

    def known_types(self) -> set[str]:
        """The record types of this version."""
        schema = json_lines(run("schema").stdout.replace(b"\n", b" "))[0]
        return {row["object"] for row in schema["fields"]
                if row["name"] == "type"}

    def test_every_record_type(self) -> None:
        types = self.known_types()
        self.assertGreaterEqual(types, {"scan", "domain", "mx", "cert", "end"})
        found = {record["type"] for path in RELEASED
                 for record in stored(path)}
        self.assertGreaterEqual(found, types)

    def test_whole(self) -> None:
        for path in RELEASED:
            done = run("info", path)
            self.assertEqual(done.returncode, 0, (path, done.stdout))

    def test_judged(self) -> None:
        """Facts of a released version can be judged by today's rules."""
        known = self.known_types()
        for path in RELEASED:
            done = run("judge", path, "-o", "/dev/null")
            types = {record["type"] for record in stored(path)}
            self.assertEqual(done.returncode, 0 if types <= known else 1,
                             (path, done.stderr))


class Unknown(unittest.TestCase):
    """What a later version adds goes through whole and in its order."""

    def test_order_is_that_of_the_file(self) -> None:
        path = GOLDEN / "later.mxc"
        for was, printed in zip(stored(path), json_lines(
                run("cat", path).stdout), strict=True):
            self.assertEqual(list(was), list(printed))

    def test_stable_keeps_what_it_does_not_know(self) -> None:
        printed = json_lines(run("cat", "--stable", GOLDEN / "later.mxc")
                             .stdout)
        self.assertEqual(printed[0]["later"], "x")
        self.assertEqual(printed[1]["about"], {"b": 1, "a": 2})
        self.assertNotIn("elapsed_ms", printed[2])
        self.assertEqual(printed[2]["sts"]["record"]["lookup"]["new"],
                         {"b64": "Af8="})
        self.assertEqual(printed[-1]["later_counts"], {"x": 1})

    def test_fields_of_a_later_version(self) -> None:
        done = run("cat", "--fields", "novel,sts.novel,mx.later.deep",
                   GOLDEN / "later.mxc")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json_lines(done.stdout), [
            {"novel": [1, -2, 1.5, None, True, {"x": "\u20ac\"\\\n"}],
             "sts": {"novel": 2 ** 64 - 1},
             "mx": [{"later": {"deep": [[1], {"er": 2}]}}]},
            {"novel": True}])
        self.assertEqual(done.stderr.count(b"no record of this version"), 3)


if __name__ == "__main__":
    unittest.main()
