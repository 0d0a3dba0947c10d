# SPDX-License-Identifier: Apache-2.0
"""The process that holds every server of our own.

Reads DIR/run/servers.json, binds all listeners, fills the backlog of the
black holes, starts the DNS fault proxy and says so by DIR/run/servers.ready
(or by one line in DIR/run/servers.failed).  Ends on SIGTERM.
"""
from __future__ import annotations

import asyncio
import gc
import json
import resource
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from mxlab import dnsproxy
from mxlab.errors import LabError
from mxlab.httpsd import HttpsSession
from mxlab.session import (CONTEXT_CAP, ContactLog, House, Session,
                           context_of)
from mxlab.smtpd import SmtpSession

BACKLOG = 512
ACCEPT_BATCH = 64
SPARE_FILES = 512
FILLERS = 2             # one completes and fills a backlog of 0
SPEAKERS: dict[str, type[Session]] = {"smtp": SmtpSession,
                                      "https": HttpsSession}


def listener(point: dict[str, Any], backlog: int) -> socket.socket:
    """A listening socket on exactly one address."""
    address, port = point["address"], point["port"]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setblocking(False)
    try:
        sock.bind((address, port))
        sock.listen(backlog)
    except OSError as why:
        raise LabError(f"{address} port {port}: {why.strerror}; is another "
                       "lab up with the same --base?") from None
    return sock


class Servers:
    """Listeners, their sessions, and the sockets of the black holes."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.held: list[Any] = []
        self.loop = asyncio.get_running_loop()

    def open(self, point: dict[str, Any]) -> None:
        """Listen for one endpoint."""
        if point["spec"].get("fault") == "blackhole":
            self.open_black_hole(point)
            return
        sock = listener(point, BACKLOG)
        self.held.append(sock)
        self.loop.add_reader(sock, self.accept, sock, point)

    def accept(self, sock: socket.socket, point: dict[str, Any]) -> None:
        """Take what waits; the session starts with its transport."""
        for _ in range(ACCEPT_BATCH):
            try:
                peer, _ = sock.accept()
            except OSError:
                return
            peer.setblocking(False)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = SPEAKERS[point["kind"]](self.house, point, peer)
            task = self.loop.create_task(self.loop.connect_accepted_socket(
                lambda session=session: session, peer))
            task.add_done_callback(
                lambda done, session=session: _started(done, session))

    def open_black_hole(self, point: dict[str, Any]) -> None:
        """A full backlog makes the kernel drop every further SYN."""
        sock = listener(point, 0)
        self.held.append(sock)
        fillers = []
        for _ in range(FILLERS):
            filler = socket.socket(sock.family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex((point["address"], point["port"]))
            fillers.append(filler)
        self.held.append(fillers)


def _started(task: asyncio.Task, session: Session) -> None:
    if task.cancelled() or task.exception() is not None:
        session.house.live[session.place].discard(session)


def warm(house: House, points: list[dict[str, Any]]) -> None:
    """Load certificates before anybody asks.

    A context takes a millisecond, as long as a handshake; paid during the
    scan it would halve the rate just when a thousand sessions begin.
    """
    for point in points[:CONTEXT_CAP]:
        if point["chain"] is not None:
            context_of(house, point)


def raise_file_limit(wanted: int) -> None:
    """Thousands of listeners need as many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
            return
        except (ValueError, OSError):
            raise LabError(f"the world needs {wanted} open files, the limit "
                           f"is {hard}; raise it with ulimit -Hn") from None
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def run(folder: Path) -> None:
    """Bind everything, say so, serve until SIGTERM."""
    plan = json.loads((folder / "run" / "servers.json").read_text())
    points = plan["endpoints"]
    holes = sum(point["spec"].get("fault") == "blackhole" for point in points)
    raise_file_limit(len(points) + FILLERS * holes + SPARE_FILES)
    house = House(ContactLog(str(folder / "log" / "contacts.jsonl")))
    servers = Servers(house)
    for point in points:
        servers.open(point)
    warm(house, points)
    faults = dnsproxy.Faults(plan["faults"], plan["zone_faults"])
    try:
        proxy = await dnsproxy.start(plan["proxy"], plan["nsd"], faults)
    except OSError as why:
        raise LabError(f"{plan['proxy']} port 53: {why.strerror}; is another "
                       "lab up with the same --base?") from None
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # The plan stays for good: keep it out of every later collection.
    gc.collect()
    gc.freeze()
    (folder / "run" / "servers.ready").write_text("ready\n")
    await stop.wait()
    del proxy


def main(folder: Path) -> int:
    """Entry of the process."""
    try:
        asyncio.run(run(folder))
    except LabError as why:
        (folder / "run" / "servers.failed").write_text(f"{why}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
