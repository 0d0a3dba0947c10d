# SPDX-License-Identifier: Apache-2.0
"""Whose a name is: `mxcensus parse name` asked about all names of a scan in
one process, which works beside the database.

The list of public suffixes and of providers is in the program alone.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mxcensus_scripts.program import Program
from mxcensus_scripts.store import Store
from mxcensus_scripts.trouble import OURS, Trouble, one_line

COLUMNS = ("name", "registrable", "provider_sts", "provider_tlsrpt",
           "provider_mx")
NO_ANSWER = ("CREATE TABLE name_of (" + ", ".join(
    f"{column} VARCHAR" for column in COLUMNS) + ")")
# Answers stand in the order of the questions; a name that is none has nulls.
ANSWERS = """
CREATE TEMP TABLE name_of AS
SELECT asked.name, registrable, provider_sts, provider_tlsrpt, provider_mx
FROM asked POSITIONAL JOIN read_json(?, format = 'newline_delimited',
	auto_detect = false, columns = {registrable: 'VARCHAR',
	provider_sts: 'VARCHAR', provider_tlsrpt: 'VARCHAR',
	provider_mx: 'VARCHAR'})
"""


class Answers:
    """A running process whose answers become the relation name_of."""

    def __init__(self, records: Store, program: Program, talk: IO[bytes]
                 ) -> None:
        self.records, self.path, self.talk = records, program.path, talk
        self.replies = records.folder / "names-answered.jsonl"
        questions = records.folder / "names-asked.jsonl"
        self.asked = records.one("SELECT count(*) FROM asked")
        records.db.execute(
            "COPY (SELECT name AS input FROM asked) TO "
            f"'{str(questions).replace(chr(39), chr(39) * 2)}' (FORMAT json)")
        # Files on both ends: neither side ever waits for the other.
        with open(questions, "rb") as ask, open(self.replies, "wb") as answer:
            try:
                self.process = subprocess.Popen(
                    [program.path, "parse", "name"], stdin=ask, stdout=answer,
                    stderr=talk)
            except OSError as error:
                raise Trouble(f"{program.path}: cannot run: {error.strerror}"
                              ) from error

    def relate(self) -> None:
        """Wait for the last answer and make the relation."""
        status = self.process.wait()
        if status != 0:
            self.talk.seek(0)
            said = one_line(self.talk.read(4096).decode(errors="replace"))
            raise Trouble(f"{self.path} parse name ended with status "
                          f"{status}: {said}")
        got = count_lines(self.replies)
        if got != self.asked:
            raise Trouble(f"{self.path} parse name gave {got} answers to "
                          f"{self.asked} names; is it of this version?", OURS)
        self.records.db.execute(ANSWERS, [str(self.replies)])
        self.replies.unlink()


def count_lines(path: Path) -> int:
    """Line breaks in a file."""
    with open(path, "rb") as file:
        return sum(block.count(b"\n") for block in iter(
            lambda: file.read(1 << 20), b""))


@contextmanager
def asking(records: Store, program: Program | None
           ) -> Iterator[Answers | None]:
    """Begin to ask about the names of the relation `asked`.  Without the
    program name_of is empty, and every name is on its own."""
    if program is None:
        records.db.execute(NO_ANSWER)
        yield None
        return
    with tempfile.TemporaryFile() as talk:
        answers = Answers(records, program, talk)
        try:
            yield answers
        finally:
            answers.process.kill()
            answers.process.wait()
