#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""park.py [--domains N]: what a domain costs that waits for its MX host, and
what a host costs that waits for the gate.

A scan meets a resolver that gives every domain an MX host which nobody ever
answers; once all of them are read, memory beside that of a scan of few is
what they hold.  Prints a line a figure: bench NAME VALUE UNIT bar B ok|short.
Run it in tests/lab/in-net.
"""

import argparse
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import PROGRAM, figure, print_machine

RESOLVER = ("127.53.9.53", 5300)
PORT = 2525
FEW = 1000
WAIT_S = 300
A, MX = 1, 15


def name_wire(name: str) -> bytes:
    """A name as it goes over the wire."""
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.split(".")) + b"\0"


def place(number: int) -> bytes:
    """The address of host number; each stands alone in it."""
    return bytes([127, 64 + number // 64516 % 64, number // 254 % 254 + 1,
                  number % 254 + 1])


def answer(query: bytes, alone: bool) -> bytes:
    """An MX for a domain, an address for a host, no data for all else."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    data = b""
    if kind == MX:
        host = f"mx.{labels[0]}.test" if alone else "mx.hole.test"
        data = struct.pack(">H", 10) + name_wire(host)
    elif kind == A:
        digits = labels[1][1:] if alone else "0"
        data = place(int(digits))
    head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, 1 if data else 0, 0, 0)
    return head + query[12:at + 5] + (
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, len(data)) + data
        if data else b"")


def serve(sock: socket.socket, alone: list[bool]) -> None:
    """The resolver, until its socket is closed."""
    while True:
        try:
            query, peer = sock.recvfrom(4096)
        except OSError:
            return
        sock.sendto(answer(query, alone[0]), peer)


def black_hole() -> list[socket.socket]:
    """Every address accepts no connection: its queue is full."""
    hole = socket.socket()
    hole.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    hole.bind(("0.0.0.0", PORT))
    hole.listen(0)
    held = [hole]
    for _ in range(4):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.64.1.1", PORT))
        held.append(one)
    return held


def resident(pid: int) -> int:
    """Bytes of memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def measure(folder: Path, count: int) -> tuple[int, int]:
    """Memory of a scan that has parked so many domains, and how many."""
    listed, status = folder / "list.txt", folder / "status"
    listed.write_text("".join(f"d{n}.test\n" for n in range(count)))
    status.write_text("")
    with subprocess.Popen([
            PROGRAM, "scan", str(listed), "--force", "-q",
            "-o", str(folder / "out.mxc"), "--status-file", str(status),
            "--resolver", f"{RESOLVER[0]}:{RESOLVER[1]}",
            "--smtp-port", str(PORT), "--allow-net", "127.0.0.0/8",
            "--only-net", "127.0.0.0/8", "--connect-timeout-ms", "120000",
            "--smtp-window", "100", "--window", "500",
            "--max-parked", str(2 * count)]) as scan:
        end = time.monotonic() + WAIT_S
        parked = 0
        while parked < count and time.monotonic() < end \
                and scan.poll() is None:
            time.sleep(0.5)
            lines = status.read_text().splitlines()
            parked = json.loads(lines[-1])["parked"] if lines else 0
        memory = resident(scan.pid)
        scan.kill()
    return memory, parked


def main() -> int:
    """Two pairs of scans."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--domains", type=int, default=100000)
    count = words.parse_args().domains
    print_machine(f"{count:,} domains")
    alone = [False]
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind(RESOLVER)
    threading.Thread(target=serve, args=(sock, alone), daemon=True).start()
    held = black_hole()
    bytes_each = []
    with tempfile.TemporaryDirectory(prefix="mxcensus-park.") as folder:
        for alone[0] in (False, True):
            few, _ = measure(Path(folder), FEW)
            many, parked = measure(Path(folder), count)
            if parked < count:
                print(f"only {parked} of {count} domains were parked",
                      file=sys.stderr)
                return 1
            bytes_each.append((many - few) / (count - FEW))
    for name, value, bar in (("domain", bytes_each[0], 600),
                             ("host", bytes_each[1] - bytes_each[0], 2500)):
        figure(f"park.{name}_bytes", round(value), "B", bar)
    for one in held:
        one.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
