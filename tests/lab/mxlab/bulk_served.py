# SPDX-License-Identifier: Apache-2.0
"""The server of the bulk lab as a process: started, asked to end, its counts.

One process answers DNS, SMTP and HTTPS for the whole world; what it serves is
told in tests/lab/BULK.md.  When it is told to end it says in one JSON line what
it did and what that cost.
"""
from __future__ import annotations

import json
import os
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mxlab import records
from mxlab.errors import LabError

RESOLVER = "127.53.1.53"
SCANNER = "scanner.lab.test"
READY_WAIT_S = 30.0
END_WAIT_S = 30.0
# Nothing that waits by the clock: a scan is to be limited by work alone.
MANNERS = ("--rest-ms 0 --policy-rest-ms 0 --per-net 100000 "
           "--per-operator 100000 --retry-wait-ms 1000")


@dataclass(frozen=True)
class Ports:
    """Where the server listens."""

    dns: int = 5300
    smtp: int = 2525
    https: int = 8443


def server_program(given: str | None) -> Path:
    """The server: by option or environment, or beside the mxcensus in use."""
    named = given or os.environ.get("BULK_SERVER")
    if named:
        path = Path(named)
    else:
        tree = Path(os.environ.get("MXCENSUS")
                    or records.ROOT / "build" / "mxcensus").parent
        path = tree / "lab" / "bulk_server"
    if not os.access(path, os.X_OK):
        raise LabError(f"{path}: no such program; build it with make "
                       "build/lab/bulk_server, or name it with --server")
    return path.resolve()


def scan_options(folder: Path, ports: Ports) -> str:
    """The options of a scan against the server, in one line."""
    return (f"--resolver {RESOLVER}:{ports.dns} "
            f"--ca-file {folder / 'ca.pem'} "
            f"--smtp-port {ports.smtp} --https-port {ports.https} "
            "--allow-net 127.0.0.0/8 --only-net 127.0.0.0/8 "
            f"--ehlo-name {SCANNER} --contact https://{SCANNER}/ {MANNERS}")


class Served:
    """A running server; as a context manager it ends with the block."""

    def __init__(self, program: Path, folder: Path, ports: Ports) -> None:
        """Start it, wait until it listens, write DIR/scan.args."""
        folder = folder.resolve()
        if any(char.isspace() for char in str(folder)):
            raise LabError(f"{folder}: choose a --dir without white space")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "scan.args").unlink(missing_ok=True)
        except OSError as why:
            raise LabError(f"{folder}: cannot make it "
                           f"({why.strerror})") from None
        # A session of its own: Ctrl-C is for us, who then tell it to end.
        self.process = subprocess.Popen(
            [program, RESOLVER, str(ports.dns), str(ports.smtp),
             str(ports.https), folder / "ca.pem"],
            stdout=subprocess.PIPE, start_new_session=True)
        try:
            self._wait_ready()
            (folder / "scan.args").write_text(
                scan_options(folder, ports) + "\n")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _wait_ready(self) -> None:
        end = time.monotonic() + READY_WAIT_S
        said, pipe = b"", self.process.stdout.fileno()
        while b"ready\n" not in said:
            left = end - time.monotonic()
            if left <= 0:
                raise LabError("the bulk server is not ready after "
                               f"{READY_WAIT_S:.0f} s")
            if select.select([pipe], [], [], left)[0]:
                piece = os.read(pipe, 4096)
                if not piece:
                    raise LabError("the bulk server does not start")
                said += piece

    def end(self) -> dict[str, Any]:
        """Tell it to end; what it counted."""
        self.process.terminate()
        try:
            said = self.process.communicate(timeout=END_WAIT_S)[0]
            return json.loads(said)
        except subprocess.TimeoutExpired:
            raise LabError("the bulk server does not end") from None
        except ValueError:
            raise LabError("the bulk server ended without its counts (status "
                           f"{self.process.returncode})") from None
