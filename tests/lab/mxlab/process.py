# SPDX-License-Identifier: Apache-2.0
"""Starting, noting and stopping the processes of a lab.

DIR/pids holds one line a process: name, id, start time.  The start time comes
from /proc and makes sure that `down` never signals a stranger who inherited
an id.  Each process leads a session of its own, so that its children go with
it.
"""
from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable

from mxlab.errors import LabError

STOP_WAIT_S = 8.0
POLL_S = 0.05
TAIL_BYTES = 4096
TCP_LISTEN = "0A"


def start_time(pid: int) -> str | None:
    """Field 22 of /proc/PID/stat: ticks since boot; None if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def noted(folder: Path) -> list[tuple[str, int, str]]:
    """What DIR/pids says."""
    try:
        text = (folder / "pids").read_text()
    except OSError:
        return []
    rows = [line.split() for line in text.splitlines()]
    return [(row[0], int(row[1]), row[2]) for row in rows if len(row) == 3]


def alive(folder: Path) -> list[tuple[str, int, str]]:
    """The noted processes that still run."""
    return [row for row in noted(folder) if start_time(row[1]) == row[2]]


def listening(port: int) -> set[tuple[str, int]]:
    """Addresses with a listener on a port.

    Asking the kernel instead of connecting leaves no contact in any log.
    """
    found = set()
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        try:
            rows = Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            local, state = row.split()[1], row.split()[3]
            host, _, hexport = local.partition(":")
            if state == TCP_LISTEN and int(hexport, 16) == port:
                raw = b"".join(bytes.fromhex(host[i:i + 8])[::-1]
                               for i in range(0, len(host), 8))
                found.add((socket.inet_ntop(family, raw), port))
    return found


class Crew:
    """The processes that `up` starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.members: dict[str, subprocess.Popen] = {}
        (folder / "pids").write_text("")

    def start(self, name: str, command: list[str],
              environment: dict[str, str] | None = None) -> None:
        """Start one and note it at once."""
        log = self.folder / "log" / f"{name}.log"
        with open(log, "ab") as out:
            try:
                member = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                    start_new_session=True,
                    env={**os.environ, **(environment or {})})
            except OSError as why:
                raise LabError(f"{name}: cannot run {command[0]} "
                               f"({why.strerror}); install the packages with "
                               "make deps") from None
        self.members[name] = member
        with open(self.folder / "pids", "a") as pids:
            pids.write(f"{name} {member.pid} {start_time(member.pid)}\n")

    def wait(self, name: str, is_ready: Callable[[], bool],
             deadline_s: float) -> None:
        """Poll until it is up; say in one line why it is not."""
        end = time.monotonic() + deadline_s
        while not is_ready():
            code = self.members[name].poll()
            if code is not None:
                raise LabError(f"{name} ended with status {code}: "
                               f"{self.last_words(name)}")
            if time.monotonic() > end:
                raise LabError(f"{name} is not up after {deadline_s:.0f} s: "
                               f"{self.last_words(name)}")
            time.sleep(POLL_S)

    def last_words(self, name: str) -> str:
        """The last line of its log."""
        try:
            data = (self.folder / "log" / f"{name}.log").read_bytes()
        except OSError:
            return "no log"
        lines = data[-TAIL_BYTES:].decode("utf-8", "replace").split("\n")
        lines = [line.strip() for line in lines if line.strip()]
        return lines[-1] if lines else "nothing in its log"


def _signal(row: tuple[str, int, str], number: int) -> None:
    if start_time(row[1]) == row[2]:
        try:
            os.killpg(row[1], number)
        except (ProcessLookupError, PermissionError):
            pass


def _reap() -> None:
    """Collect children of ours, should `down` run in the starter."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


def stop_all(folder: Path) -> int:
    """End every noted process by its id; returns how many there were."""
    rows = alive(folder)
    for row in rows:
        _signal(row, signal.SIGTERM)
    end = time.monotonic() + STOP_WAIT_S
    while alive(folder) and time.monotonic() < end:
        _reap()
        time.sleep(POLL_S)
    for row in alive(folder):
        _signal(row, signal.SIGKILL)
    while alive(folder) and time.monotonic() < end + STOP_WAIT_S:
        _reap()
        time.sleep(POLL_S)
    left = alive(folder)
    if left:
        raise LabError(f"{left[0][0]} (process {left[0][1]}) does not end")
    (folder / "pids").unlink(missing_ok=True)
    return len(rows)
