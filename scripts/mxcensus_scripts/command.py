# SPDX-License-Identifier: Apache-2.0
"""What the command lines of scripts/ have in common: INPUT, --mxcensus, -q,
and errors of one line.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from mxcensus_scripts import program
from mxcensus_scripts.progress import Progress
from mxcensus_scripts.trouble import Trouble

INPUT_HELP = "a .mxc file, or a folder that export wrote"


class Parser(argparse.ArgumentParser):
    """Usage errors in one line, with the exit status of the program."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise Trouble(f"{message}; see --help")


def positive(value: str) -> int:
    """A number of at least one."""
    if not value.isdigit() or not 0 < int(value) < 1 << 53:
        raise argparse.ArgumentTypeError(f"{value!r} is no positive number")
    return int(value)


def words(*known: str):  # type: ignore[no-untyped-def]
    """The type of an option that takes some of these words, with commas."""
    def parse(value: str) -> list[str]:
        chosen = list(dict.fromkeys(value.split(",")))
        for word in chosen:
            if word not in known:
                raise argparse.ArgumentTypeError(
                    f"{word!r} is none of {', '.join(known)}")
        return chosen
    return parse


def parser(name: str, description: str, many: bool = True) -> Parser:
    """A parser that has the common options; `many` for INPUT... as inputs."""
    made = Parser(prog=name, description=description)
    if many:
        made.add_argument("inputs", nargs="+", metavar="INPUT",
                          help=INPUT_HELP)
    made.add_argument("--mxcensus", metavar="PATH",
                      help="the program that reads .mxc files (default: "
                      "$MXCENSUS, the one beside the scripts, PATH)")
    made.add_argument("-q", "--quiet", action="store_true",
                      help="no progress on standard error")
    return made


def check_inputs(inputs: Sequence[str]) -> None:
    """Say what is missing before any work is done."""
    for path in inputs:
        if os.path.isdir(path):
            continue
        try:
            with open(path, "rb"):
                pass
        except OSError as error:
            raise Trouble(f"{path}: cannot read: {error.strerror}"
                          ) from error
    if len(inputs) > len({os.path.realpath(path) for path in inputs}):
        raise Trouble("the same file is named twice")


def reader(option: str | None, inputs: Sequence[str]
           ) -> program.Program | None:
    """The program; none is needed where all inputs are folders."""
    try:
        return program.Program(program.find(option))
    except Trouble:
        if option is None and all(Path(path).is_dir() for path in inputs):
            return None
        raise


def progress(chosen: argparse.Namespace) -> Progress:
    """The progress line, unless -q was given."""
    return Progress(chosen.quiet)
