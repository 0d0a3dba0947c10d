# SPDX-License-Identifier: Apache-2.0
"""Command line of the lab: up, down, check, contacts, forget."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mxlab import check, cli, contacts, up
from mxlab.errors import LabError
from mxlab.plan import BASES, Ground


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        prog="lab", description="An internet on 127.0.0.0/8 for tests.")
    sub = top.add_subparsers(dest="command", required=True)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        made = sub.add_parser(name, help=text, description=text)
        made.add_argument("--dir", type=Path, required=True,
                          help="folder of the lab")
        return made

    one = command("up", "serve a world")
    one.add_argument("world", type=Path, nargs="+",
                     help="world files, served together")
    one.add_argument("--base", type=int, default=0,
                     help=f"address range, 0 to {BASES - 1}")
    one.add_argument("--pki", type=Path, default=None, metavar="DIR",
                     help="keep the certificates here, so that the next lab "
                     "with this folder shows the same ones")
    one.add_argument("--smtp-port", type=int, default=2525)
    one.add_argument("--https-port", type=int, default=8443)
    one.add_argument("--dns-port", type=int, default=53,
                     help="port of the resolver (NSD keeps 53)")
    command("down", "stop what `up` started")
    command("forget", "let `contacts` begin from here")
    for name, text in (("check", "compare a scan with what its world says"),
                       ("contacts", "compare a scan with the servers' logs")):
        cli.add_scan(command(name, text))
    return top


def run(given: argparse.Namespace) -> int:
    """Do one command."""
    if given.command == "up":
        if not 0 <= given.base < BASES:
            raise LabError(f"--base {given.base}: choose 0 to {BASES - 1}")
        ground = Ground(given.base, given.smtp_port, given.https_port)
        up.up(given.world, given.dir, ground, given.dns_port, given.pki)
        return 0
    if given.command == "down":
        up.down(given.dir)
        return 0
    if given.command == "forget":
        contacts.forget(given.dir)
        return 0
    work = check.check if given.command == "check" else contacts.contacts
    return work(given.dir, given.file, given.mxcensus, given.show)


if __name__ == "__main__":
    sys.exit(cli.run_main("lab", lambda: run(parser().parse_args())))
