# SPDX-License-Identifier: Apache-2.0
"""Command line of the bulk lab: list, serve, check (tests/lab/BULK.md)."""
from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import Any

from mxlab import bulk_world, cli, records
from mxlab.bulk_served import Ports, Served, server_program
from mxlab.check import Tally, differences
from mxlab.errors import LabError

MOST = 100_000_000
SEEN, GOOD, DOUBLED = 1, 2, 4


class BulkTally(Tally):
    """Counts while the records pass by: a byte for each number."""

    def __init__(self, count: int, show: int) -> None:
        super().__init__([], show)
        self.state = bytearray(count)

    def take(self, record: dict[str, Any]) -> None:
        """Compare one domain record."""
        name = str(record.get("name"))
        number = bulk_world.number_of(name)
        if number is None or number >= len(self.state):
            self.strangers += 1
            self.say(f"{name}: a record, but not in the list")
            return
        found = list(differences("", bulk_world.expect(name), record))
        for text in found:
            self.say(f"{name}: {text}")
        if not self.state[number]:
            self.state[number] = SEEN if found else SEEN | GOOD
            return
        if not self.state[number] & DOUBLED:
            self.say(f"{name}: more than one record")
        self.state[number] |= DOUBLED
        if found:
            self.state[number] &= ~GOOD

    @property
    def count_good(self) -> int:
        """Domains as expected so far."""
        return sum(self.state.count(value)
                   for value in (SEEN | GOOD, SEEN | GOOD | DOUBLED))

    def finish(self) -> int:
        """The last lines and the exit status."""
        at = self.state.find(0)
        while at >= 0:
            self.say(f"{bulk_world.domain(at)}: no record")
            at = self.state.find(0, at + 1)
        doubled = sum(self.state.count(value) for value in
                      (SEEN | DOUBLED, SEEN | GOOD | DOUBLED))
        return self.close(self.state.count(0), doubled, self.count_good,
                          len(self.state))


def check(count: int, file: Path, given: str | None, show: int) -> int:
    """Compare a scan of the first names with what BULK.md makes of them."""
    tally = BulkTally(count, show)
    for record in records.read(file, given, "domain"):
        tally.take(record)
    return tally.finish()


def write_list(count: int, to: Any) -> None:
    """The first names, one a line."""
    for number in range(count):
        to.write(f"{bulk_world.domain(number)}\n")


class Told(Exception):
    """Somebody told us to end."""


def serve(folder: Path, program: Path, ports: Ports) -> int:
    """Serve until told to end, then print what the server counted."""
    def on_signal(*_: object) -> None:
        raise Told

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    try:
        with Served(program, folder, ports) as served:
            print("ready", flush=True)
            try:
                status = served.process.wait()
            except Told:
                print(json.dumps(served.end()), flush=True)
                return 0
            raise LabError(f"the bulk server ended with status {status}")
    except Told:
        return 0


def names_given(text: str) -> int:
    """How many names."""
    value = int(text)
    if not 0 <= value <= MOST:
        raise argparse.ArgumentTypeError(f"choose 0 to {MOST}")
    return value


def port_given(text: str) -> int:
    """A port."""
    value = int(text)
    if not 1 <= value <= 65535:
        raise argparse.ArgumentTypeError("choose 1 to 65535")
    return value


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="bulk", description="A world that is a function of the name.")
    sub = top.add_subparsers(dest="command", required=True)
    one = sub.add_parser("list", help="print the first N names")
    one.add_argument("count", type=names_given, metavar="N")
    one = sub.add_parser("serve", help="serve the world until told to end")
    one.add_argument("--dir", type=Path, required=True,
                     help="folder for scan.args and ca.pem")
    for name, usual in (("dns", Ports.dns), ("smtp", Ports.smtp),
                        ("https", Ports.https)):
        one.add_argument(f"--{name}-port", type=port_given, default=usual)
    one.add_argument("--server", default=None,
                     help="the server (else BULK_SERVER, else lab/bulk_server "
                     "beside MXCENSUS)")
    one = sub.add_parser("check", help="compare a scan with the world")
    one.add_argument("--count", type=names_given, required=True, metavar="N",
                     help="names in the list that was scanned")
    cli.add_scan(one)
    return top


def run(given: argparse.Namespace) -> int:
    """Do one command."""
    if given.command == "list":
        write_list(given.count, sys.stdout)
        return 0
    if given.command == "serve":
        return serve(given.dir, server_program(given.server),
                     Ports(given.dns_port, given.smtp_port,
                           given.https_port))
    return check(given.count, given.file, given.mxcensus, given.show)


if __name__ == "__main__":
    sys.exit(cli.run_main("bulk", lambda: run(parser().parse_args())))
