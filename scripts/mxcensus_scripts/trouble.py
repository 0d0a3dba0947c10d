# SPDX-License-Identifier: Apache-2.0
"""How a command of scripts/ ends when it cannot go on: one line that says
what, where and how to fix it, and the exit status the program also uses.
"""

import os
import signal
import sys
from collections.abc import Callable

USAGE = 1
OURS = 3


class Trouble(Exception):
    """Something the user has to know, in one line."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status


def one_line(text: str) -> str:
    """The first line of a library's message, which may run to pages."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:200] if lines else "no reason given"


def leave_quietly(number: int, _frame: object) -> None:
    """Turn a signal into an exception, so that temporary files are removed."""
    raise SystemExit(128 + number)


def run(name: str, command: Callable[[list[str]], None]) -> None:
    """Run a command's main function with the manners of a Unix filter."""
    signal.signal(signal.SIGTERM, leave_quietly)
    signal.signal(signal.SIGHUP, leave_quietly)
    try:
        command(sys.argv[1:])
        sys.stdout.flush()
    except Trouble as trouble:
        print(f"{name}: {trouble}", file=sys.stderr)
        sys.exit(trouble.status)
    except BrokenPipeError:
        # The reader has seen enough (`| head`); nobody is left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print(f"{name}: {where}{error.strerror or error}", file=sys.stderr)
        sys.exit(OURS)
