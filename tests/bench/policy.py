#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""policy.py [--fetches N] [--rounds N] [--loop PROGRAM]: policy fetches of one
worker beside `curl --parallel`, from one nginx with an ECDSA P-256
certificate.

Each fetch goes to a host name and an address of its own (all of them that
nginx), so that both open as many connections and make as many handshakes, and
no rest of an address holds ours back.  curl verifies the chain and throws the
body away; ours keeps every fact.  Rounds run both; figures are medians.
Prints a line a figure: bench NAME VALUE UNIT bar B ok|short.  Run it in
tests/lab/in-net.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from common import ROOT, figure, print_machine

sys.path.insert(0, str(ROOT / "tests" / "lab"))

from mxlab.pki import Pki  # noqa: E402

PORT = 8443
AT_ONCE = 100
WAIT_S = 20
POLICY = "version: STSv1\nmode: enforce\nmx: mx.bench.example\nmax_age: 86400\n"
CONF = """daemon off; master_process off; {user}
pid {folder}/nginx.pid; error_log {folder}/nginx.log error;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off; server_tokens off; types {{ }} default_type text/plain;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_session_tickets off; ssl_session_cache off;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {{
    listen 0.0.0.0:{port} ssl backlog=4096;
    ssl_certificate {chain}; ssl_certificate_key {key};
    root {folder}/www;
  }}
}}
"""


@dataclass
class Run:
    """What one program made of all the fetches."""
    rate: float             # fetches a second, start and end included
    cpu_us: float           # a fetch
    megabytes: float = 0.0  # at the peak; 0: not known


def write_world(folder: Path, n: int) -> None:
    """Certificate, policy, nginx.conf; the same hosts for both programs."""
    pki = Pki(folder / "pki")
    pki.write_anchor(folder / "ca.pem")
    chain = pki.chain("bench.example", {"names": ["*.bench.example"]})
    well_known = folder / "www" / ".well-known"
    well_known.mkdir(parents=True)
    (well_known / "mta-sts.txt").write_text(POLICY)
    (folder / "nginx.conf").write_text(CONF.format(
        folder=folder, port=PORT, chain=chain.chain, key=chain.key,
        user="" if os.geteuid() else "user root root;"))
    hosts = [(f"h{i}.bench.example", f"127.73.{i // 250}.{1 + i % 250}")
             for i in range(n)]
    (folder / "hosts").write_text("".join(
        f"{host} {address}\n" for host, address in hosts))
    # One block for all: `resolve` adds up, `output` belongs to each URL.
    (folder / "curl.conf").write_text("".join(
        f'resolve = "{host}:{PORT}:{address}"\n' for host, address in hosts)
        + "".join(f'url = "https://{host}:{PORT}/.well-known/mta-sts.txt"\n'
                  'output = "/dev/null"\n' for host, _ in hosts))


def start_nginx(folder: Path) -> subprocess.Popen:
    """nginx, listening."""
    server = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p",
                               folder, "-e", folder / "nginx.log"])
    end = time.monotonic() + WAIT_S
    while True:
        try:
            socket.create_connection(("127.73.0.1", PORT), 1).close()
            return server
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                server.kill()
                sys.exit("bench: nginx does not listen:\n"
                         + (folder / "nginx.log").read_text())
            time.sleep(0.05)


def ours(program: str, folder: Path, n: int) -> Run:
    """The policy pool."""
    done = subprocess.run([program, str(PORT), folder / "ca.pem",
                           folder / "hosts", str(AT_ONCE)],
                          capture_output=True, text=True, check=True)
    rate, cpu_us, kilobytes, good = done.stdout.split()
    if int(good) != n:
        sys.exit(f"bench: {good} of {n} policies were fetched")
    return Run(float(rate), float(cpu_us), int(kilobytes) / 1024)


def curl(folder: Path, n: int) -> Run:
    """As many transfers by curl, which fails where one of them does."""
    start = time.monotonic()
    with subprocess.Popen(
            ["curl", "-q", "--no-progress-meter", "--fail", "--parallel",
             "--parallel-max", str(AT_ONCE), "--noproxy", "*", "--http1.1",
             "--cacert", folder / "ca.pem", "--config", folder / "curl.conf"],
            env={"PATH": os.environ["PATH"]}) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        sys.exit(f"bench: curl ended with status {process.returncode}")
    return Run(n / seconds, (used.ru_utime + used.ru_stime) * 1e6 / n)


def bench(folder: Path, chosen: argparse.Namespace) -> None:
    """All rounds, then the figures."""
    write_world(folder, chosen.fetches)
    server = start_nginx(folder)
    own, beside = [], []
    try:
        for _ in range(chosen.rounds):
            beside.append(curl(folder, chosen.fetches))
            own.append(ours(chosen.loop, folder, chosen.fetches))
            print(f"# curl {beside[-1].rate:,.0f}/s, {beside[-1].cpu_us:,.0f}"
                  f" us, ours {own[-1].rate:,.0f}/s, {own[-1].cpu_us:,.0f} us,"
                  f" load {os.getloadavg()[0]:.1f}", flush=True)
    finally:
        server.terminate()
        server.wait()
    median = statistics.median
    figure("policy.rate_ratio", median(a.rate / b.rate
                                for a, b in zip(own, beside)), "x", 0.75,
           most=False)
    figure("policy.cpu_ratio", median(a.cpu_us / b.cpu_us
                               for a, b in zip(own, beside)), "x", 1.15)
    for name, runs in (("", own), ("curl_", beside)):
        figure(f"policy.{name}rate", median(run.rate for run in runs), "1/s")
        figure(f"policy.{name}cpu_us", median(run.cpu_us for run in runs), "us")
    figure("policy.rss_mb", max(run.megabytes for run in own), "MB")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Measures policy fetches.")
    parser.add_argument("--fetches", type=int, default=2000, metavar="N")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--loop", default=str(ROOT / "build/bench/policy_loop"),
                        metavar="PROGRAM", help="tests/bench/policy_loop.c")
    chosen = parser.parse_args()
    for tool in ("curl", "nginx"):
        if shutil.which(tool) is None:
            sys.exit(f"bench: {tool} is missing: apt-get install {tool}")
    print_machine(f"{chosen.fetches:,} fetches")
    with tempfile.TemporaryDirectory(prefix="mxcensus-bench-") as folder:
        bench(Path(folder), chosen)


if __name__ == "__main__":
    main()
