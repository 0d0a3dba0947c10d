# SPDX-License-Identifier: Apache-2.0
"""who FILE ADDRESS [TIME]: what a scan asked an address, when, and why; an
answer for an abuse desk.
"""

import argparse
import sys
from pathlib import Path

from mxcensus_scripts import command, program, trouble, who_asked
from mxcensus_scripts.trouble import Trouble
from mxcensus_scripts.who_found import Finder
from mxcensus_scripts.who_text import Answer


def options(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = command.parser(
        "who", "What a scan did at an address, when and why: a text to be "
        "pasted into a reply to an abuse desk.", many=False)
    parser.add_argument("file", metavar="FILE", help="the scan, .mxc")
    parser.add_argument("subject", metavar="ADDRESS",
                        help="an address, a network such as 192.0.2.0/24, or "
                        "the name of a host or domain")
    parser.add_argument("time", metavar="TIME", nargs="?",
                        help="a date, an ISO 8601 time (UTC unless it has a "
                        "zone; five minutes around it are told), or two of "
                        "these with a / between (default: the whole scan)")
    parser.add_argument("--json", action="store_true",
                        help="the same for tools")
    return parser.parse_args(arguments)


def meanings(reader: program.Program) -> dict[str, str]:
    """What the outcomes mean, in the words of the program."""
    rows = reader.schema().said.get("outcomes") or []
    return {str(row.get("word")): str(row.get("sentence")) for row in rows}


def main(arguments: list[str]) -> None:
    """The command."""
    chosen = options(arguments)
    subject = who_asked.subject(chosen.subject)
    window = who_asked.window(chosen.time)
    command.check_inputs([chosen.file])
    if Path(chosen.file).is_dir():
        raise Trouble(f"{chosen.file}: a folder; name the .mxc file of the "
                      "scan")
    reader = program.Program(program.find(chosen.mxcensus))
    progress = command.progress(chosen)
    progress.start(chosen.file)
    found = Finder(reader, chosen.file, subject, window,
                   progress.add).run()
    progress.clear()
    answer = Answer(subject, window, found, meanings(reader))
    if chosen.json:
        answer.json(sys.stdout)
    else:
        answer.write(sys.stdout)


if __name__ == "__main__":
    trouble.run("who", main)
