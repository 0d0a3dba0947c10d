# SPDX-License-Identifier: Apache-2.0
"""The checks that read our sources (style.sh, lengths.sh, layers.sh,
findings_lint.py) against small trees: a good one passes, and every rule is
broken once and must be named with its file and line.

    python3 -m unittest tests/unit/test_lints.py
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent

TOP = """/* SPDX-License-Identifier: Apache-2.0
 *
 * thing.c: does the thing.
 * It is called by the other thing.
 * It owns nothing.
 */
"""
GOOD_C = TOP + """#include <string.h>

#include "scanner/base/text.h"
#include "scanner/base/banned.h"
#include "scanner/rules/findings.def"

static const char *const names[] = {
	"one", "two",
};

int
thing(const char *s, int a,
    int b)
{
	/* default: is only a word here */
	if (strcmp(s, "default: x") == 0)
		return a;
	return names[b] == s;
}
"""
GOOD_PY = '# SPDX-License-Identifier: Apache-2.0\n"""What it is for."""\n'
FINDING = ('F(MX_ONE, "mx.one", MX, ERROR,\n  "RFC 5321", "5.1", NONE,\n'
           '  "An MX host is one.")\n')
TABLE = "scanner/rules/findings.def"


class Tree(unittest.TestCase):
    """A folder that looks like a checkout."""

    def setUp(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="mxcensus-"))
        self.addCleanup(shutil.rmtree, self.root)

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def check(self, script: str, **environment: str
              ) -> tuple[int, list[str], tuple[int, int]]:
        """Exit status, the lines printed, and (passed, failed)."""
        process = subprocess.run(
            [str(TESTS / script), str(self.root)], text=True, timeout=60,
            capture_output=True, env=os.environ | environment)
        self.assertEqual(process.stderr, "")
        *lines, last = process.stdout.splitlines()
        match = re.fullmatch(r"(\d+) passed, (\d+) failed", last)
        self.assertIsNotNone(match, last)
        assert match is not None
        self.assertEqual(process.returncode, 1 if int(match[2]) else 0)
        return process.returncode, lines, (int(match[1]), int(match[2]))

    def fails(self, script: str, wanted: str, **environment: str) -> None:
        status, lines, _ = self.check(script, **environment)
        self.assertEqual(status, 1, f"no fault found, wanted {wanted}")
        self.assertTrue(any(re.search(wanted, line) for line in lines),
                        f"{lines} have no {wanted}")


class TestStyle(Tree):
    """style.sh"""

    def test_good(self) -> None:
        self.put("scanner/rules/thing.c", GOOD_C)
        self.put("tests/x.py", GOOD_PY)
        self.put("tests/run", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
                 "# Runs the thing.\n")
        self.put("scripts/sql/x.sql",
                 "-- SPDX-License-Identifier: Apache-2.0\n-- Shows things.\n")
        self.put("data/x.jsonl", "{}  \n")
        self.put("build/x.c", "junk \n")
        self.assertEqual(self.check("style.sh"), (0, [], (4, 0)))

    def test_each_rule(self) -> None:
        line = GOOD_C.count("\n") + 1
        for added, wanted in (
                ("int x; \n", rf":{line}: blanks at the end"),
                ("/* TO" "DO: more */\n", "unfinished"),
                ("/* (FIX" "ME) */\n", "unfinished"),
                ("/* see /ho" "me/me/x */\n", "path of one machine"),
                ("typedef struct thing thing;\n", "typedef of a struct"),
                ("int y;\n    int z;\n", rf":{line + 1}: indented with spaces"),
                ("        int z;\n", "indented with spaces"),
                ("\t \tint z;\n", "a space before a tab"),
                ("\t" * 9 + "/* 12345 */\n", "83 columns, at most 80"),
                ("\tdefault:\n", "default: in a switch"),
                ("#include <stdio.h>\n", "banned.h is not the last"),
                ("int x;\r\n", "carriage return")):
            with self.subTest(wanted=wanted):
                self.put("scanner/rules/thing.c", GOOD_C + added)
                self.fails("style.sh", "scanner/rules/thing.c" + (
                    wanted if wanted.startswith(":") else f":.*{wanted}"))

    def test_top(self) -> None:
        body = GOOD_C[len(TOP):]
        for top, wanted in ((TOP[TOP.index("*\n"):], "SPDX"),
                            ("", "SPDX"),
                            ("/* SPDX-License-Identifier: Apache-2.0 */\n",
                             "what the file is for")):
            with self.subTest(top=top):
                self.put("scanner/rules/thing.c", top + body)
                self.fails("style.sh", wanted)
        self.put("scanner/rules/thing.c", GOOD_C)
        self.put("tests/x.py", "# SPDX-License-Identifier: Apache-2.0\n\n"
                 "import os\n# a comment further down does not count\n")
        self.fails("style.sh", "tests/x.py:1: no comment at the top")

    def test_exceptions(self) -> None:
        self.put("scanner/rules/thing.c", GOOD_C
                 + "\tdefault: /* not an enum */\n"
                 + "/* " + "é" * 74 + " */\n"
                 + "/* XX" "XXXX is a template, HACKING.md a page */\n")
        self.put("tests/x.c", TOP + "#include <stdio.h>\n")
        self.assertEqual(self.check("style.sh")[2], (2, 0))

    def test_ignored_files(self) -> None:
        self.put("scanner/rules/thing.c", GOOD_C)
        self.put("made/thing.c", "junk \n")
        self.put(".gitignore", "/made/\n")
        subprocess.run(["git", "init", "-q", str(self.root)], check=True)
        self.assertEqual(self.check("style.sh")[2], (1, 0))
        self.put(".gitignore", "\n")
        self.assertEqual(self.check("style.sh")[2], (1, 1))


class TestLengths(Tree):
    """lengths.sh"""

    @staticmethod
    def function(lines: int, before: str = "", switch: str = "") -> str:
        """A function whose name stands `lines - 1` above its last line."""
        body = ([switch] if switch else []) + ["\tx++;"] * (
            lines - 3 - bool(switch))
        return "\n".join([before + "static int", "f(int x)", "{", *body,
                          "}", ""])

    def test_limits(self) -> None:
        flat, switch = "/* flat switch */\n", "\tswitch (x) { }"
        for text, fault in (
                (self.function(60), ""),
                (self.function(61), r"^a\.c:2: f has 61 lines, at most 60$"),
                (self.function(100, flat, switch), ""),
                (self.function(101, flat, switch), "101 lines, at most 100"),
                (self.function(90, flat), "marked as a flat switch and has 0"),
                (self.function(90, "", switch), "90 lines, at most 60"),
                ("int x;\n" * 500, ""),
                ("int x;\n" * 501, r"^a\.c:501: 501 lines in one file")):
            with self.subTest(fault=fault):
                self.put("a.c", text)
                if fault:
                    self.fails("lengths.sh", fault)
                else:
                    self.assertEqual(self.check("lengths.sh")[2][1], 0)

    def test_counts(self) -> None:
        self.put("a.c", self.function(5) + self.function(5))
        self.put("b.py", "def f():\n" + "    pass\n" * 30)
        self.assertEqual(self.check("lengths.sh")[2], (5, 0))
        self.put("b.py", "class A:\n    def f(self):\n"
                 + "        pass\n" * 60)
        self.fails("lengths.sh", r"^b\.py:2: f has 61 lines")
        self.put("b.py", "x = 1\n" * 501)
        self.fails("lengths.sh", r"^b\.py:501: 501 lines")


class TestLayers(Tree):
    """layers.sh"""

    def setUp(self) -> None:
        super().setUp()
        self.put("scanner/base/text.c", "int text(void) { return 1; }\n")
        self.put("scanner/base/log.c", "#include <stdio.h>\n"
                 "void log_it(void) { puts(\"x\"); }\n")
        self.put("scanner/rules/judge.c", '#include "scanner/base/text.h"\n'
                 "#include <string.h>\nint text(void);\n"
                 "static const char *const names[] = { \"a\", \"b\" };\n"
                 "int judge(int i) { return names[i][0] + text(); }\n")
        self.put("scanner/base/text.h", "int text(void);\n")

    def build(self, *flags: str) -> dict[str, str]:
        """Objects below a build folder, as the Makefile lays them out."""
        for source in self.root.glob("**/*.c"):
            part = source.relative_to(self.root)
            target = (self.root / "out" / part).with_suffix(".o")
            target.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cc", "-fPIE", *flags, "-I", str(self.root), "-c",
                            str(source), "-o", str(target)], check=True)
        return {"BUILD": str(self.root / "out")}

    def test_good(self) -> None:
        for flags in ((), ("-fsanitize=address,undefined",), ("--coverage",),
                      ("-fsanitize=thread",), ("-O2",)):
            status, lines, counts = self.check("layers.sh",
                                               **self.build(*flags))
            self.assertEqual((status, counts), (0, (5, 0)), lines)
            self.assertRegex(lines[-1], r"3 includes of 4 files, [1-9]\d* "
                             "symbols of 1 pure objects")

    def test_includes(self) -> None:
        build = self.build()
        for file, include, is_good in (
                ("scanner/base/a.h", '"scanner/rules/b.h"', False),
                ("scanner/rules/a.h", '"scanner/base/b.h"', True),
                ("scanner/rules/a.h", '"workers/b.h"', False),
                ("scanner/rules/a.h", '"scanner/job.h"', False),
                ("workers/a.h", '"scanner/rules/b.h"', True),
                ("workers/a.h", '"output/b.h"', False),
                ("workers/a.h", '"scanner/job.h"', False),
                ("workers/a.h", '"b.h"', False),
                ("output/a.h", '"workers/b.h"', False),
                ("output/a.h", '"scanner/base/b.h"', True),
                ("scanner/a.h", '"workers/b.h"', True),
                ("scanner/a.h", '"output/b.h"', True),
                ("workers/a.h", "<ldns/ldns.h>", False),
                ("workers/dns_a.h", "<ldns/ldns.h>", True),
                ("scanner/rules/a.h", "<openssl/evp.h>", False),
                ("workers/gate.h", "<openssl/ssl.h>", False),
                ("workers/policy_a.h", "<openssl/ssl.h>", True),
                ("scanner/a.h", "<msgpack.h>", False),
                ("output/a.h", "<msgpack/pack.h>", True),
                ("scanner/a.h", "<zstd.h>", False),
                ("scanner/rules/a.h", "<uv.h>", False),
                ("scanner/base/a.h", "<uv.h>", False),
                ("output/a.h", "<uv.h>", False),
                ("workers/a.h", "<uv.h>", True)):
            with self.subTest(file=file, include=include):
                self.put(file, f"int a;\n#  include {include}\n")
                if is_good:
                    self.assertEqual(self.check("layers.sh", **build)[0], 0)
                else:
                    self.fails("layers.sh", f"^{file}:2: ", **build)
                (self.root / file).unlink()

    def test_symbols(self) -> None:
        for body, wanted in (
                ("#include <stdio.h>\nvoid f(void) { puts(\"x\"); }", "uses puts"),
                ("#include <time.h>\nlong f(void) { return time(0); }",
                 "uses time"),
                ("#include <stdlib.h>\nchar *f(void) { return getenv(\"x\"); }",
                 "uses getenv"),
                ("#include <errno.h>\nint f(void) { return errno; }",
                 "uses __errno_location"),
                ("void log_it(void); void f(void) { log_it(); }",
                 "uses log_it of scanner/base/log, which is not pure"),
                ("int f(void) { static int n; return ++n; }",
                 "writable data: n"),
                ("int counter = 1;", "writable data: counter"),
                ("int zero;", "writable data: zero"),
                ("_Thread_local int own;", "writable data: own")):
            for file in ("scanner/rules/a.c", "workers/smtp_dialogue.c"):
                with self.subTest(file=file, wanted=wanted):
                    self.put(file, body + "\n")
                    self.fails("layers.sh", f"^{file}:1: {wanted}",
                               **self.build())
                    (self.root / file).unlink()
                    shutil.rmtree(self.root / "out")

    def test_impure_through_base(self) -> None:
        self.put("scanner/base/mid.c", "void log_it(void);\n"
                 "void mid(void) { log_it(); }\n")
        self.put("scanner/rules/a.c", "void mid(void);\n"
                 "void f(void) { mid(); }\n")
        self.fails("layers.sh", "uses mid of scanner/base/mid", **self.build())

    def test_not_built(self) -> None:
        self.fails("layers.sh", "scanner/rules/judge.c:1: no object",
                   BUILD=str(self.root / "nothing"))


class TestFindings(Tree):
    """findings_lint.py"""

    def setUp(self) -> None:
        super().setUp()
        self.put(TABLE, "/* F(NOT, a row) */\n" + FINDING)
        self.put("tests/cases/a.case",
                 "case one\nraises mx.one\n\ncase two\nnot mx.one\n")

    def test_good(self) -> None:
        status, lines, counts = self.check("findings_lint.py")
        self.assertEqual((status, counts), (0, (1, 0)), lines)
        self.assertEqual(
            lines[0], "findings: 1 of 1 (100.0 %) have all they need: raised "
            "1, near miss 1, section 1, sentence 1, result type 0 of 0 that "
            "have one")

    def test_rows(self) -> None:
        for old, new, wanted in (
                ("MX_ONE", "mx_one", "no upper-case symbol"),
                ('"mx.one"', '"mx-one"', "no code of"),
                (", MX,", ", DANE,", "does not begin dane."),
                (", MX,", ", MAIL,", "no area"),
                ("ERROR", "FATAL", "no severity"),
                ("NONE", "SOME", "no result type"),
                ("RFC 5321", "5321", "is no RFC"),
                ('"5.1"', '""', "section is empty"),
                ('"5.1"', '"five"', "no number of a section"),
                ("NONE", "TLSA_INVALID", "though no delivery fails"),
                ("is one.", "is one", "full stop"),
                ('"An MX', '"an MX', "capital"),
                ("An MX", "An  MX", "stray blanks"),
                ("MX, ERROR", "MX ERROR", "cannot read this row")):
            with self.subTest(wanted=wanted):
                self.put(TABLE, FINDING.replace(old, new))
                self.fails("findings_lint.py", f"^{TABLE}:1: .*{wanted}")
        self.put(TABLE, FINDING + FINDING)
        self.fails("findings_lint.py", f"^{TABLE}:4: MX_ONE is there twice")
        self.put(TABLE, "\n")
        self.fails("findings_lint.py", "no findings")

    def test_result_type(self) -> None:
        """Needed where a delivery fails, but for what is listed."""
        typed = ('F(D_ONE, "dane.one", DANE, ERROR,\n  "RFC 7672", "2.2", '
                 'TLSA_INVALID,\n  "A record is one.")\n')
        for row, figure, fault in (
                (typed, "1 of 1 that", ""),
                (typed.replace("TLSA_INVALID", "NONE"), "0 of 1 that",
                 "dane.one has no result type"),
                (typed.replace("ERROR", "INFO"), "0 of 0 that",
                 "though no delivery fails"),
                (typed.replace("dane.one", "dane.some_unusable"),
                 "0 of 0 that", "though no delivery fails"),
                (typed.replace("dane.one", "dane.some_unusable").replace(
                    "TLSA_INVALID", "NONE"), "0 of 0 that", "")):
            with self.subTest(row=row):
                self.put(TABLE, row)
                self.put("tests/cases/a.case", "".join(
                    f"case {word}\n{word} {code}\n"
                    for word in ("raises", "not")
                    for code in re.findall(r'"(dane[^"]*)"', row)))
                _, lines, (_, failed) = self.check("findings_lint.py")
                self.assertIn(figure, lines[-1])
                self.assertEqual(failed, 1 if fault else 0, lines)
                self.assertIn(fault, lines[0])

    def test_real_exceptions(self) -> None:
        """Every exception is a finding that would need a type."""
        sys.path.insert(0, str(TESTS))
        self.addCleanup(sys.path.remove, str(TESTS))
        lint = importlib.import_module("findings_lint")
        rows, _ = lint.read_table((TESTS.parent / TABLE).read_text(
            encoding="utf-8"))
        needy = {row.code for row in rows if row.severity != "INFO"
                 and row.area in lint.CAUSES_FAILURE}
        self.assertLessEqual(set(lint.TYPELESS), needy)
        for code, reason in lint.TYPELESS.items():
            self.assertRegex(reason, r"^[A-Z].* .*\.$", code)

    def test_coverage(self) -> None:
        self.put("tests/cases/a.case", "case one\nraises mx.one\n")
        self.fails("findings_lint.py", "mx.one has no near miss")
        self.put("tests/cases/a.case", "case one\nnot mx.one\n")
        self.fails("findings_lint.py", "mx.one has no case that raises it")
        self.put("tests/cases/a.case", "")
        self.fails("findings_lint.py", "raises it and no near miss")
        self.put("tests/cases/a.case", "raises mx.one\n")
        self.fails("findings_lint.py", "before the first case")
        self.put("tests/cases/a.case", "case one\nraises mx.two\n")
        self.fails("findings_lint.py", r"a\.case:2: mx\.two is no finding")

    def world(self, *lines: dict[str, object]) -> None:
        self.put("tests/cases/a.case", "")
        self.put("tests/worlds/w.jsonl",
                 "".join(json.dumps(line) + "\n" for line in lines))

    def test_worlds(self) -> None:
        hit = {"expect": {"findings": ["mx.one"]}}
        near = {"kinds": ["not mx.one"], "expect": {"findings": []}}
        self.world(hit, near)
        self.assertEqual(self.check("findings_lint.py")[0], 0)
        self.world(hit, {"expect": {"findings": []}})
        self.fails("findings_lint.py", "no near miss")
        self.world(hit, near, hit | {"kinds": ["not mx.one"]})
        self.fails("findings_lint.py", r"w\.jsonl:3: .*expected to raise it")
        self.world(hit, near, {"expect": {"findings": ["mx.two"]}})
        self.fails("findings_lint.py", r"w\.jsonl:3: mx\.two is no finding")
        self.world(hit, near, {"kinds": ["not mx.one"]})
        self.fails("findings_lint.py", r"w\.jsonl:3: .*without expecting")
        self.put("tests/worlds/w.jsonl", "{\n")
        self.fails("findings_lint.py", r"w\.jsonl:1: no world line")


if __name__ == "__main__":
    unittest.main()
