# SPDX-License-Identifier: Apache-2.0
"""The authoritative server for zones with faults.

It stands before an NSD of its own: a question that has a fault is answered
with it, every other one is passed on and its answer relayed, so that the
faulty zones keep a real server's wildcards, aliases and denials.

Silence lasts for less than a second, then the question gets SERVFAIL for a
while.  A resolver would otherwise give up on the server for all names of the
zone, and a world could not hold silent and sound names side by side; what the
client sees, a late SERVFAIL, is the same.
"""
from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import Any, Callable

from mxlab.rr import TYPES

HEADER_BYTES = 12
FLAGS_ANSWER = 0x8400       # QR, AA
FLAG_TC = 0x0200
FLAG_RD = 0x0100
RCODES = {"servfail": 2, "refused": 5}
BUFFER_BYTES = 1 << 20
TCP_IDLE_S = 10
TCP_UPSTREAM_S = 5
SILENT_S = 0.7              # less than the time-out that Unbound has
RELENT_S = 4.0              # after the first try: then silent again
NAMES = {number: kind for kind, number in TYPES.items()}


def question(message: bytes) -> tuple[str, str, int] | None:
    """Name, type and the offset behind the question; None if malformed."""
    if len(message) < HEADER_BYTES + 5:
        return None
    if struct.unpack_from("!H", message, 4)[0] != 1:
        return None
    parts = []
    at = HEADER_BYTES
    while at < len(message) and message[at]:
        size = message[at]
        if size > 63 or at + 1 + size >= len(message):
            return None
        parts.append(message[at + 1:at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    if at + 5 > len(message):
        return None
    number = struct.unpack_from("!H", message, at + 1)[0]
    return ".".join(parts), NAMES.get(number, f"TYPE{number}"), at + 5


class Faults:
    """Which question has which fault."""

    def __init__(self, owners: dict[str, str], zones: dict[str, str]) -> None:
        self.owners = owners
        self.zones = zones
        self.first: dict[tuple[str, str], float] = {}

    def of(self, name: str, kind: str) -> str | None:
        """The fault of one question; a whole zone's goes for all below."""
        fault = self.owners.get(f"{name} {kind}")
        while fault is None and self.zones:
            fault = self.zones.get(name)
            if fault is not None or not name:
                break
            name = name.partition(".")[2]
        return fault

    def now(self, name: str, kind: str) -> str | None:
        """The fault at this moment: silence turns into SERVFAIL."""
        fault = self.of(name, kind)
        if fault != "silent":
            return fault
        at = time.monotonic()
        age = at - self.first.get((name, kind), 0.0)
        if age > RELENT_S:
            self.first[name, kind] = at
            age = 0.0
        return "silent" if age < SILENT_S else "servfail"


def reply(message: bytes, end: int, flags: int) -> bytes:
    """The question alone, with an answer's header."""
    ident, asked = struct.unpack_from("!HH", message)
    return struct.pack("!HHHHHH", ident, FLAGS_ANSWER | flags
                       | asked & FLAG_RD, 1, 0, 0, 0) \
        + message[HEADER_BYTES:end]


class Upstream(asyncio.DatagramProtocol):
    """The way to NSD: questions under ids of our own."""

    def __init__(self) -> None:
        self.pending: dict[int, tuple[bytes, Callable[[bytes], None]]] = {}
        self.next_id = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The socket stands."""
        self.transport = transport

    def ask(self, message: bytes, give: Callable[[bytes], None]) -> None:
        """Pass a question on; a lost answer is overwritten in its turn."""
        self.next_id = (self.next_id + 1) & 0xffff
        self.pending[self.next_id] = (message[:2], give)
        self.transport.sendto(struct.pack("!H", self.next_id) + message[2:])

    def datagram_received(self, data: bytes, peer: Any) -> None:
        """Give an answer back under the id of the question."""
        if len(data) < HEADER_BYTES:
            return
        waiting = self.pending.pop(struct.unpack_from("!H", data)[0], None)
        if waiting is not None:
            waiting[1](waiting[0] + data[2:])


class UdpProxy(asyncio.DatagramProtocol):
    """Questions over UDP."""

    def __init__(self, faults: Faults, upstream: Upstream) -> None:
        self.faults = faults
        self.upstream = upstream
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """The socket stands."""
        self.transport = transport

    def datagram_received(self, data: bytes, peer: Any) -> None:
        """Answer with the fault, or pass on."""
        asked = question(data)
        if asked is None:
            return
        name, kind, end = asked
        fault = self.faults.now(name, kind)
        if fault == "silent":
            return
        if fault in RCODES:
            self.transport.sendto(reply(data, end, RCODES[fault]), peer)
        elif fault == "truncate":
            self.transport.sendto(reply(data, end, FLAG_TC), peer)
        else:
            self.upstream.ask(
                data, lambda answer: self.transport.sendto(answer, peer))


class TcpProxy:
    """Questions over TCP."""

    def __init__(self, faults: Faults, nsd: str) -> None:
        self.faults = faults
        self.nsd = nsd

    async def serve(self, reader: asyncio.StreamReader,
                    writer: asyncio.StreamWriter) -> None:
        """One connection, question by question."""
        try:
            while True:
                size = await asyncio.wait_for(reader.readexactly(2),
                                              TCP_IDLE_S)
                data = await asyncio.wait_for(
                    reader.readexactly(int.from_bytes(size, "big")),
                    TCP_IDLE_S)
                answer = await self.answer(data)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
        except (OSError, EOFError, asyncio.TimeoutError):
            pass
        finally:
            writer.close()

    async def answer(self, data: bytes) -> bytes | None:
        """The fault or NSD's answer; None is silence."""
        asked = question(data)
        if asked is None:
            return None
        name, kind, end = asked
        fault = self.faults.now(name, kind)
        if fault == "silent":
            return None
        if fault in RCODES:
            return reply(data, end, RCODES[fault])
        return await asyncio.wait_for(self.relay(data), TCP_UPSTREAM_S)

    async def relay(self, data: bytes) -> bytes:
        """Ask NSD over TCP."""
        reader, writer = await asyncio.open_connection(self.nsd, 53)
        try:
            writer.write(struct.pack("!H", len(data)) + data)
            size = int.from_bytes(await reader.readexactly(2), "big")
            return await reader.readexactly(size)
        finally:
            writer.close()


async def start(address: str, nsd: str, faults: Faults) -> list[Any]:
    """Bind UDP and TCP; what is returned must be kept."""
    loop = asyncio.get_running_loop()
    transport, upstream = await loop.create_datagram_endpoint(
        Upstream, remote_addr=(nsd, 53))
    udp, _ = await loop.create_datagram_endpoint(
        lambda: UdpProxy(faults, upstream), local_addr=(address, 53))
    for one in (transport, udp):
        one.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    tcp = await asyncio.start_server(TcpProxy(faults, nsd).serve, address, 53)
    return [upstream, udp, tcp]
