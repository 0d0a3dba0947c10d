#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""probe.py [--hosts N] [--rounds N] [--programs FOLDER]: STARTTLS probes
beside a bare OpenSSL client, against one fast server on the same machine.

Every round runs all of them in turn, so that they meet the same machine;
figures are the medians of the rounds.  The pool (probe_pool.c) is what a
worker does for a probe, from the address to the facts; the program adds DNS
and records, and the share of its scan that is DNS alone is taken off by a
second scan without SMTP.  Prints a line a figure: bench NAME VALUE UNIT bar B
ok|short.  Run it in tests/lab/in-net: pending connects need an interface
behind which nobody answers.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from common import PROGRAM, ROOT, figure, print_machine, write_nsd_conf

DNS_ADDRESS, DNS_PORT = "127.53.9.1", 5300
FIRST_ADDRESS = 0x7f480000  # as in probe_parts.h
HOLE = ("ip link add hole0 type veth peer name hole1",
        "ip link set hole0 arp off", "ip addr add 10.99.0.1/16 dev hole0",
        "ip link set hole1 up", "ip link set hole0 up")
FILES_SPARE = 4000          # open files that are not pending connects
RAMP = 500                  # handshakes at once while sessions are held
READY_WAIT_S = 120


@dataclass
class Server:
    """A running probe_server."""
    port: int
    ca_file: Path
    leaves: int


@dataclass
class Run:
    """What a client cost."""
    rate: float             # probes a second
    cpu_us: float           # a probe
    failed: int
    pending_bytes: float = 0
    held_bytes: float = 0


@dataclass
class Scan:
    """What a scan cost: with its probes, and without."""
    rate: float             # hosts a second, start and end included
    cpu_us: float           # a host, DNS taken off
    failed: int


def start(stack: ExitStack, command: list[str | Path], log: Path
          ) -> subprocess.Popen:
    """A server that ends with the stack."""
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def smtp_server(stack: ExitStack, chosen: argparse.Namespace, folder: Path,
                port: int, leaves: int, *words: str) -> Server:
    """Certificates are made before the port opens."""
    ca_file, log = folder / f"ca{port}.pem", folder / f"smtp{port}.log"
    process = start(stack, [chosen.programs / "probe_server", str(port),
                            ca_file, str(leaves), *words], log)
    end = time.monotonic() + READY_WAIT_S
    while "ready" not in log.read_text():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"bench: the server does not start:\n{log.read_text()}")
        time.sleep(0.05)
    return Server(port, ca_file, leaves)


def client(name: str, chosen: argparse.Namespace, server: Server, hosts: int,
           window: int, *words: str) -> Run:
    """One run of probe_floor or probe_pool."""
    done = subprocess.run(
        [chosen.programs / name, str(server.port), server.ca_file, str(hosts),
         str(window), str(server.leaves), *words],
        capture_output=True, text=True, check=True)
    rate, cpu_us, failed, *memory = done.stdout.split()
    run = Run(float(rate), float(cpu_us), int(failed), *map(float, memory))
    if run.failed:
        sys.exit(f"bench: {run.failed} of {hosts} probes of {name} failed")
    return run


def floor(chosen: argparse.Namespace, server: Server) -> Run:
    """The bare client."""
    return client("probe_floor", chosen, server, chosen.hosts, chosen.window)


def pool(chosen: argparse.Namespace, server: Server, pending: int = 0) -> Run:
    """Our pool, perhaps with connects that stay pending beside it."""
    return client("probe_pool", chosen, server, chosen.hosts, chosen.window,
                  str(pending), "probe")


def held(chosen: argparse.Namespace, server: Server, ramp: int) -> Run:
    """Sessions that stay open once TLS stands."""
    return client("probe_pool", chosen, server, chosen.held, ramp, "0",
                  "hold")


# ---- the program ----------------------------------------------------------

def write_world(folder: Path, chosen: argparse.Namespace) -> None:
    """A domain for each MX host of the server with a chain for each."""
    with open(folder / "zone", "w", encoding="ascii") as zone:
        zone.write(f"$TTL 3600\n. SOA ns. root. 1 3600 600 86400 300\n"
                   f". NS ns.\nns. A {DNS_ADDRESS}\n")
        for i in range(chosen.hosts):
            octets = (FIRST_ADDRESS + i).to_bytes(4, "big")
            host = f"mx{i}.w{i}.bench.test."
            zone.write(f"d{i}.bench. MX 10 {host}\n"
                       f"{host} A {'.'.join(map(str, octets))}\n")
    (folder / "list").write_text("".join(
        f"d{i}.bench\n" for i in range(chosen.hosts)))
    write_nsd_conf(folder, DNS_ADDRESS, DNS_PORT)


def one_scan(folder: Path, server: Server, chosen: argparse.Namespace,
             stages: str) -> tuple[float, float, int]:
    """Seconds, microseconds of processor time, hosts with TLS."""
    out = folder / "scan.mxc"
    begin = time.monotonic()
    process = subprocess.Popen(
        [PROGRAM, "scan", "--resolver", f"{DNS_ADDRESS}:{DNS_PORT}",
         "--stages", stages, "--only-net", "127.0.0.0/8", "--allow-net",
         "127.0.0.0/8", "--workers", "1",
         "--smtp-port", str(server.port), "--smtp-window", str(chosen.window),
         "--ca-file", server.ca_file, "--rest-ms", "0", "--per-net", "100000",
         "--per-operator", "100000", "--quiet", "--force", folder / "list",
         "-o", out])
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: the scan ended with status {process.returncode}")
    cat = subprocess.run([PROGRAM, "cat", "--type", "mx", out],
                         capture_output=True, text=True, check=True).stdout
    stood = sum(any(a.get("outcome") == "ok" for a in
                    json.loads(line).get("addresses", []))
                for line in cat.splitlines())
    return seconds, (used.ru_utime + used.ru_stime) * 1e6, stood


def scan(folder: Path, server: Server, chosen: argparse.Namespace) -> Scan:
    """The program, records written, with its DNS taken off."""
    _, dns_us, _ = one_scan(folder, server, chosen, "dns")
    seconds, all_us, stood = one_scan(folder, server, chosen, "dns,smtp")
    n = chosen.hosts
    return Scan(n / seconds, (all_us - dns_us) / n, n - stood)


# ---- figures --------------------------------------------------------------

def ratio(ours: list[Run], bare: list[Run], what: str) -> float:
    """The median of the rounds' ratios."""
    return statistics.median(getattr(o, what) / getattr(b, what)
                             for o, b in zip(ours, bare))


def compare(kind: str, ours: list[Run], bare: list[Run],
            cpu_bar: float | None, rate_bar: float | None) -> None:
    """Rate and processor time beside the bare client."""
    median = statistics.median
    figure(f"probe.rate_ratio{kind}", ratio(ours, bare, "rate"), "x", rate_bar,
           most=False)
    figure(f"probe.cpu_ratio{kind}", ratio(ours, bare, "cpu_us"), "x", cpu_bar)
    figure(f"probe.rate{kind}", median(r.rate for r in ours), "1/s")
    figure(f"probe.cpu_us{kind}", median(r.cpu_us for r in ours), "us")
    figure(f"probe.floor_cpu_us{kind}", median(r.cpu_us for r in bare), "us")


def make_hole() -> bool:
    """Addresses that never answer, in a network of our own."""
    if os.environ.get("MXCENSUS_IN_NET") != "own":
        return False
    return all(subprocess.run(command.split(), check=False).returncode == 0
               for command in HOLE)


def bench_pending(chosen: argparse.Namespace, server: Server) -> None:
    """The same probes with and without connects that stay pending."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    n = min(chosen.pending, files - FILES_SPARE)
    if n < chosen.pending:
        print(f"# {n} pending connects: {files} open files are allowed")
    if n <= 0 or not make_hole():
        print("# no pending connects: no interface for them can be made here")
        return
    alone, beside = [], []
    for _ in range(chosen.rounds):
        alone.append(pool(chosen, server))
        beside.append(pool(chosen, server, n))
    figure("probe.pending_slowdown", ratio(alone, beside, "rate"), "x", 1.1)
    figure("probe.kb_per_pending",
           max(r.pending_bytes for r in beside) / 1024, "KB", 2)


def bench_program(stack: ExitStack, folder: Path, server: Server,
                  chosen: argparse.Namespace) -> None:
    """Whole scans beside the bare client."""
    if shutil.which("nsd") is None:
        print("# no scans: nsd is missing: apt-get install nsd")
        return
    write_world(folder, chosen)
    start(stack, ["nsd", "-d", "-c", folder / "nsd.conf"], folder / "nsd.log")
    time.sleep(1)
    scans, bare = [], []
    for _ in range(chosen.rounds):
        bare.append(floor(chosen, server))
        scans.append(scan(folder, server, chosen))
    figure("probe.program_lost", max(s.failed for s in scans), "hosts", 0)
    figure("probe.program_rate_ratio", statistics.median(
        s.rate / b.rate for s, b in zip(scans, bare)), "x")
    figure("probe.program_cpu_ratio", statistics.median(
        s.cpu_us / b.cpu_us for s, b in zip(scans, bare)), "x")


def bench(folder: Path, chosen: argparse.Namespace) -> None:
    """All servers, then all rounds and figures."""
    with ExitStack() as stack:
        servers = {
            "": smtp_server(stack, chosen, folder, 2525, chosen.hosts, "ec"),
            "_repeat": smtp_server(stack, chosen, folder, 2526, 1, "ec"),
            "_rsa": smtp_server(stack, chosen, folder, 2527, chosen.hosts,
                                "rsa")}
        hang = smtp_server(stack, chosen, folder, 2528, chosen.held, "ec",
                           "hang")
        bars: dict[str, tuple[float | None, float | None]] = {
            "": (1.15, 0.75), "_repeat": (1.0, None), "_rsa": (None, None)}
        for kind, server in servers.items():
            ours, bare = [], []
            for _ in range(chosen.rounds):
                bare.append(floor(chosen, server))
                ours.append(pool(chosen, server))
                print(f"# floor {bare[-1].rate:,.0f}/s {bare[-1].cpu_us:.0f} "
                      f"us, pool {ours[-1].rate:,.0f}/s "
                      f"{ours[-1].cpu_us:.0f} us, load "
                      f"{os.getloadavg()[0]:.1f}", flush=True)
            compare(kind, ours, bare, *bars[kind])
        figure("probe.kb_per_tls",
               held(chosen, hang, RAMP).held_bytes / 1024, "KB", 40)
        figure("probe.kb_per_tls_at_once",
               held(chosen, hang, chosen.held).held_bytes / 1024, "KB")
        bench_pending(chosen, servers[""])
        bench_program(stack, folder, servers[""], chosen)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures STARTTLS probes.")
    parser.add_argument("--hosts", type=int, default=4000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--window", type=int, default=100, metavar="N",
                        help="sessions at once")
    parser.add_argument("--held", type=int, default=2000, metavar="N",
                        help="sessions that stay open")
    parser.add_argument("--pending", type=int, default=10_000, metavar="N",
                        help="connects that stay pending")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/bench",
                        metavar="FOLDER", help="probe_server and the clients")
    chosen = parser.parse_args()
    print_machine(f"{chosen.hosts:,} hosts, window {chosen.window}")
    with tempfile.TemporaryDirectory(prefix="mxcensus-bench-") as folder:
        bench(Path(folder), chosen)


if __name__ == "__main__":
    main()
