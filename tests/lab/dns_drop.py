# SPDX-License-Identifier: Apache-2.0
"""dns_drop.py LISTEN PORT RESOLVER OUT: stands before a resolver and loses.

    --loss P     each question and each answer is lost with a chance of P/2
    --rate N     answers at most N questions a second, drops all beyond
    --die N      says nothing more after N questions, until SIGUSR1
    --fail N     answers SERVFAIL from then on instead, likewise
    --heal MS    is well again so long after it fell ill

Counts the questions by (name, type) and writes {"queries", "distinct",
"twice", "ill"} to OUT, as soon as it listens and when it is told to end.  TCP
is passed on as it is.
"""
import argparse
import collections
import json
import random
import select
import signal
import socket
import struct
import threading
import time
from pathlib import Path

BUFFER_BYTES = 8 << 20
HEADER_BYTES = 12
BURST_S = 0.02              # of the rate, that may come at once
BATCH = 64


def question(message: bytes) -> bytes:
    """Name and type as they stand on the wire, in lower case."""
    at = HEADER_BYTES
    while at < len(message) and message[at]:
        at += 1 + message[at]
    return message[HEADER_BYTES:at + 3].lower()


class Bucket:
    """What a rate still allows."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.left = rate * BURST_S
        self.at = time.monotonic()

    def take(self) -> bool:
        """One answer, where there is one left."""
        now = time.monotonic()
        self.left = min(self.rate * BURST_S,
                        self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Dropper:
    """The way of datagrams there and back."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.chance = random.Random(1)
        self.bucket = Bucket(args.rate) if args.rate else None
        self.front = self.bound((args.listen, args.port))
        self.back = self.bound(("127.0.0.1", 0))
        self.back.connect((args.resolver, 53))
        self.asked: collections.Counter[bytes] = collections.Counter()
        self.waiting: dict[int, tuple[bytes, tuple]] = {}
        self.next_id = 0
        self.cured = False
        self.ill_since = 0.0
        self.n_ill = 0

    @staticmethod
    def bound(at: tuple[str, int]) -> socket.socket:
        """A socket with room."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        sock.bind(at)
        sock.setblocking(False)
        return sock

    def loses(self) -> bool:
        """Chance, once in each direction."""
        return self.chance.random() < self.args.loss / 2

    def is_past(self, asked: int) -> bool:
        """Has it been asked so much (0: does not matter) and is ill?"""
        if self.cured or not 0 < asked < self.asked.total():
            return False
        now = time.monotonic()
        self.ill_since = self.ill_since or now
        if 0 < self.args.heal <= (now - self.ill_since) * 1000:
            self.cured = True
            return False
        self.n_ill += 1
        return True

    def cure(self) -> None:
        """As if it had never been ill."""
        self.cured = True

    def on_question(self) -> None:
        """Count it, and pass it on or not."""
        message, peer = self.front.recvfrom(4096)
        self.asked[question(message)] += 1
        if self.is_past(self.args.die):
            return
        if self.is_past(self.args.fail):
            self.front.sendto(message[:2] + b"\x81\x82" + message[4:], peer)
            return
        if self.loses() or (self.bucket and not self.bucket.take()):
            return
        self.next_id = (self.next_id + 1) & 0xffff
        self.waiting[self.next_id] = (message[:2], peer)
        self.back.send(struct.pack("!H", self.next_id) + message[2:])

    def on_answer(self) -> None:
        """Give it back under the id of its question."""
        message = self.back.recv(4096)
        ours = self.waiting.pop(struct.unpack_from("!H", message)[0], None)
        if ours is not None and not self.loses():
            self.front.sendto(ours[0] + message[2:], ours[1])

    def turn(self) -> None:
        """Everything that has come."""
        ready, _, _ = select.select([self.front, self.back], [], [], 0.1)
        for sock, take in ((self.front, self.on_question),
                           (self.back, self.on_answer)):
            if sock not in ready:
                continue
            for _ in range(BATCH):
                try:
                    take()
                except BlockingIOError:
                    break

    def report(self) -> None:
        """What was asked."""
        twice = sum(1 for n in self.asked.values() if n > 1)
        Path(self.args.out).write_text(json.dumps(
            {"queries": self.asked.total(), "distinct": len(self.asked),
             "twice": twice, "ill": self.n_ill}), encoding="ascii")


def pump(source: socket.socket, sink: socket.socket) -> None:
    """One direction of a connection, to its end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(args: argparse.Namespace) -> None:
    """TCP, as it is."""
    server = socket.create_server((args.listen, args.port))
    while True:
        peer, _ = server.accept()
        there = socket.create_connection((args.resolver, 53))
        for pair in ((peer, there), (there, peer)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Loses DNS questions.")
    parser.add_argument("listen")
    parser.add_argument("port", type=int)
    parser.add_argument("resolver")
    parser.add_argument("out")
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--die", type=int, default=0)
    parser.add_argument("--fail", type=int, default=0)
    parser.add_argument("--heal", type=int, default=0)
    args = parser.parse_args()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    dropper = Dropper(args)
    signal.signal(signal.SIGUSR1, lambda number, _: dropper.cure())
    threading.Thread(target=relay, args=(args,), daemon=True).start()
    dropper.report()
    while not ended:
        dropper.turn()
    dropper.report()


if __name__ == "__main__":
    main()
