# SPDX-License-Identifier: Apache-2.0
"""What our SMTP and HTTPS servers share: a connection, TLS, the contact log.

TLS runs over memory buffers instead of asyncio's own transport, since a fault
may strike at any byte: raw bytes in place of a ServerHello, a reset in the
middle, text in the segment before the handshake.  Every accepted connection
ends as one line of DIR/log/contacts.jsonl.
"""
from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import struct
import time
import warnings
from collections import OrderedDict
from typing import Any, Callable

SESSION_LIMIT_S = 120
CONTEXT_CAP = 8192          # some 75 KB each
TCP_ESTABLISHED = 1
ALERT_HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"
# Alert descriptions (RFC 8446 6, RFC 6066 3).
ALERTS = {"unexpected_message": 10, "handshake_failure": 40,
          "illegal_parameter": 47, "access_denied": 49, "decode_error": 50,
          "protocol_version": 70, "internal_error": 80,
          "unrecognized_name": 112}
NO_TLS = b"HTTP/1.0 400 Bad Request\r\n\r\nthis is no TLS record\r\n"
ENDLESS_CHUNK = 16384
ENDLESS_PAUSE_S = 0.01
# A reset before the peer has seen the connection would look like a refusal.
RESET_AFTER_S = 0.1

VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1,
            "1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}

warnings.filterwarnings("ignore", category=DeprecationWarning)


def alert_record(name: str, is_fatal: bool = True) -> bytes:
    """A TLS record that holds one alert, in the clear."""
    level = b"\x02" if is_fatal else b"\x01"
    return b"\x15\x03\x03\x00\x02" + level + bytes([ALERTS[name]])


class ContactLog:
    """Appends one JSON line per connection."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                           0o644)

    def write(self, entry: dict[str, Any]) -> None:
        """One write call, so that lines of several processes never mix."""
        os.write(self._fd, json.dumps(entry).encode() + b"\n")


class Contexts:
    """SSL contexts by certificate and versions, the oldest dropped."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple, ssl.SSLContext] = OrderedDict()

    def get(self, chain: str | None, key: str | None, low: str | None,
            high: str | None, on_name: Callable) -> ssl.SSLContext:
        """The context for one certificate, loaded at its first use."""
        wanted = (chain, low, high)
        context = self._held.pop(wanted, None)
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # Level 0, or neither old versions nor small keys would work.
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = VERSIONS[low or "1.0"]
            context.maximum_version = VERSIONS[high or "1.3"]
            context.num_tickets = 0
            if chain is None:
                # TLS without any certificate ends at 1.2 (RFC 8446 4.4.2)
                context.set_ciphers("aNULL:@SECLEVEL=0")
                context.maximum_version = VERSIONS["1.2"]
            else:
                context.load_cert_chain(chain, key)
            context.sni_callback = on_name
            while len(self._held) >= CONTEXT_CAP:
                self._held.popitem(last=False)
        self._held[wanted] = context
        return context


class House:
    """What all sessions of the process share."""

    def __init__(self, log: ContactLog) -> None:
        self.log = log
        self.contexts = Contexts()
        self.live: dict[tuple[str, int], set[Session]] = {}
        self.counts: dict[tuple[str, int], int] = {}


def context_of(house: House, point: dict[str, Any]) -> ssl.SSLContext:
    """The context of an endpoint that has a certificate."""
    limits = point["spec"].get("tls") or {}
    return house.contexts.get(point["chain"], point["key"], limits.get("min"),
                              limits.get("max"), _on_server_name)


def _is_open(session: Session) -> bool:
    """True while the peer has neither closed nor reset its end."""
    sock = session.sock
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except OSError:
        return False
    return info[0] == TCP_ESTABLISHED


class Session(asyncio.Protocol):
    """One accepted connection; subclasses speak the protocol."""

    def __init__(self, house: House, point: dict[str, Any],
                 sock: socket.socket) -> None:
        self.house = house
        self.point = point
        self.spec = point["spec"]
        self.sock = sock
        self.place = (point["address"], point["port"])
        live = house.live.setdefault(self.place, set())
        others = sum(_is_open(other) for other in live)
        live.add(self)
        self.number = house.counts.get(self.place, 0) + 1
        house.counts[self.place] = self.number
        self.facts: dict[str, Any] = {
            "time": round(time.time(), 6), "kind": point["kind"],
            "address": self.place[0], "port": self.place[1],
            "host": point["host"], "peer": None, "overlap": others,
            "sni": None, "tls": None, "end": "client_close"}
        self.transport: asyncio.Transport | None = None
        self.tls: ssl.SSLObject | None = None
        self.is_secure = False
        self.is_over = False
        self.raw_hook: Callable[[bytes], None] | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._tasks: set[asyncio.Task] = set()
        self._timers: list[asyncio.TimerHandle] = []

    # -- asyncio calls these

    def connection_made(self, transport: Any) -> None:
        """The transport is ready: greet."""
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.facts["peer"] = f"{peer[0]}:{peer[1]}" if peer else None
        self.after(SESSION_LIMIT_S, lambda: self.reset("deadline"))
        self.on_open()

    def connection_lost(self, exc: Exception | None) -> None:
        """Write the contact line, whatever happened."""
        if exc is not None and self.facts["end"] == "client_close":
            self.facts["end"] = "client_reset"
        self.is_over = True
        self.mark_over()
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._may_write.set()
        self.house.live[self.place].discard(self)
        self.facts["seconds"] = round(time.time() - self.facts["time"], 6)
        self.house.log.write(self.facts)

    def pause_writing(self) -> None:
        """The peer reads slower than we write."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The peer caught up."""
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        """Bytes go to TLS, to a fault that waits for them, or up."""
        if self.is_over:
            return
        if self.raw_hook is not None:
            hook, self.raw_hook = self.raw_hook, None
            hook(data)
        elif self.tls is not None:
            self._incoming.write(data)
            self._pump()
        else:
            self.on_data(data)

    # -- subclasses fill these

    def on_open(self) -> None:
        """The connection stands."""
        raise NotImplementedError

    def on_data(self, data: bytes) -> None:
        """Plain bytes, or bytes out of TLS."""
        raise NotImplementedError

    def on_secure(self) -> None:
        """The handshake is complete."""

    # -- and use these

    def mark_over(self) -> None:
        """From here on the peer may know that the session is over: what
        tells it so is sent after this."""
        self.facts.setdefault("over", round(time.time(), 6))

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Do something later unless the session ends first."""
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(seconds, call))

    def spawn(self, work: Any) -> None:
        """Run a coroutine for as long as the session lives."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send(self, data: bytes) -> None:
        """Write, through TLS once it stands."""
        if self.is_over or self.transport is None:
            return
        if not self.is_secure:
            self.transport.write(data)
            return
        try:
            self.tls.write(data)
        except ssl.SSLError:
            return
        self._flush()

    def finish(self, end: str) -> None:
        """Close politely once everything is written."""
        if self.is_over:
            return
        self.mark_over()
        self.facts["end"] = end
        self.is_over = True
        if self.is_secure:
            try:
                self.tls.unwrap()
            except ssl.SSLError:
                pass
            self._flush()
        self.transport.close()

    def reset(self, end: str) -> None:
        """Close with RST."""
        self.mark_over()
        if self.facts["end"] == "client_close":
            self.facts["end"] = end
        self.is_over = True
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.transport.abort()

    def hang(self, end: str) -> None:
        """Stay silent until the peer gives up."""
        self.facts["end"] = end
        self.raw_hook = lambda data: self.hang(end)

    def on_first_bytes(self, act: Callable[[], None]) -> None:
        """Do something as soon as the peer (its ClientHello) speaks."""
        self.raw_hook = lambda data: act()

    def say_and_close(self, data: bytes, end: str) -> None:
        """Last words, in the clear."""
        self.transport.write(data)
        self.finish(end)

    async def flood(self, chunk: Callable[[], bytes]) -> None:
        """Write without end, no faster than the peer reads."""
        self.facts["end"] = "endless"
        while not self.is_over:
            await self._may_write.wait()
            self.send(chunk())
            await asyncio.sleep(ENDLESS_PAUSE_S)

    async def trickle(self, data: bytes, pieces: int, total_s: float) -> None:
        """Write in pieces spread over a time."""
        step = max(1, -(-len(data) // pieces))
        parts = [data[i:i + step] for i in range(0, len(data), step)]
        for part in parts:
            await asyncio.sleep(total_s / len(parts))
            self.send(part)

    # -- TLS

    def start_tls(self) -> None:
        """From here on the peer's bytes are TLS."""
        if self.point["chain"] is None and self.point["kind"] != "smtp":
            self.on_first_bytes(lambda: self.say_and_close(
                ALERT_HANDSHAKE_FAILURE, "tls_alert"))
            return
        context = context_of(self.house, self.point)
        self.tls = context.wrap_bio(self._incoming, self._outgoing,
                                    server_side=True)
        self.tls.lab_session = self

    def name_context(self, name: str | None) -> ssl.SSLContext | int | None:
        """Note the SNI; another host at this address may have a chain."""
        self.facts["sni"] = name
        if name is None and self.spec.get("require_client_hello_sni"):
            return ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
        files = self.point.get("by_sni", {}).get((name or "").lower())
        if files is None or files["chain"] is None:
            return None
        return self.house.contexts.get(files["chain"], files["key"], None,
                                       None, _on_server_name)

    def _flush(self) -> None:
        data = self._outgoing.read()
        if data:
            self.transport.write(data)

    def _pump(self) -> None:
        try:
            if not self.is_secure:
                self.tls.do_handshake()
                self.is_secure = True
                self.facts["tls"] = self.tls.version()
                self._flush()
                self.on_secure()
            self._read_all()
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as why:
            self._flush()
            if not self.is_over:
                self.facts["tls_error"] = why.reason
                if not self.is_secure:
                    self.finish("tls_failed")
                else:
                    self.reset("tls_broken")

    def _read_all(self) -> None:
        while not self.is_over:
            data = self.tls.read(65536)
            if not data:
                self.finish("client_close")
                return
            self.on_data(data)


def _on_server_name(tls: ssl.SSLObject, name: str | None,
                    context: ssl.SSLContext) -> int | None:
    """OpenSSL asks which certificate a name wants."""
    answer = tls.lab_session.name_context(name)
    if isinstance(answer, ssl.SSLContext):
        tls.context = answer
        return None
    return answer
