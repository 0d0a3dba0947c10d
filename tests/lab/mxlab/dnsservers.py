# SPDX-License-Identifier: Apache-2.0
"""Configurations of NSD and Unbound, and how to see that they are up.

NSD needs port 53: Unbound follows referrals to that port only.  Unbound is
told to forget about servers that fail (faulty and sound names live in one
zone), to ask full names at once and to invent no answers, so that each
question meets exactly the fault that the world put there.
"""
from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from mxlab import dnsname
from mxlab.plan import Plan
from mxlab.process import Crew
from mxlab.zones import NSD_NAME

FLAG_AD = 0x20
NSD_WAIT_S = 60
UNBOUND_WAIT_S = 30
# Unbound answers some names itself unless told not to.
SPECIAL = ("test.", "invalid.", "onion.", "home.arpa.")


def write_nsd(name: str, address: str, folder: Path,
              zones: list[tuple]) -> list[str]:
    """The configuration of one NSD; returns the command."""
    run = folder / "run" / name
    run.mkdir()
    lines = [
        "server:",
        f"  ip-address: {address}@53",
        "  server-count: 1",
        '  username: ""' if os.geteuid() else "  username: root",
        f"  zonesdir: \"{folder / 'zones'}\"",
        f"  pidfile: \"{run / 'nsd.pid'}\"",
        f"  xfrdfile: \"{run / 'xfrd.state'}\"",
        f"  xfrdir: \"{run}\"",
        f"  zonelistfile: \"{run / 'zone.list'}\"",
        '  database: ""',
        "  tcp-count: 256",
        "  receive-buffer-size: 4194304", "  send-buffer-size: 4194304",
        "  minimal-responses: yes",
        "  rrl-ratelimit: 0",
        "  rrl-whitelist-ratelimit: 0",
        "remote-control:",
        "  control-enable: no",
    ]
    for apex, zonefile, _ in zones:
        lines += ["zone:", f'  name: "{apex or "."}"',
                  f"  zonefile: {zonefile}"]
    path = folder / "conf" / f"{name}.conf"
    path.write_text("\n".join(lines) + "\n")
    return ["nsd", "-d", "-c", str(path)]


def write_unbound(plan: Plan, folder: Path, port: int) -> list[str]:
    """unbound.conf, root hints and trust anchor; returns the command."""
    conf = folder / "conf"
    anchor = plan.key.dnskey("", 3600).text()
    (conf / "anchor.key").write_text(anchor + "\n")
    (conf / "root.hints").write_text(
        f". 3600 IN NS {NSD_NAME}.\n"
        f"{NSD_NAME}. 3600 IN A {plan.ground.nsd}\n")
    lines = [
        "server:",
        f"  interface: {plan.ground.resolver}@{port}",
        f"  port: {port}",
        "  access-control: 127.0.0.0/8 allow",
        '  username: ""', '  chroot: ""',
        f'  directory: "{conf}"',
        f"  pidfile: \"{folder / 'run' / 'unbound.pid'}\"",
        "  do-daemonize: no", "  use-syslog: no", '  logfile: ""',
        "  verbosity: 1", "  do-ip6: no",
        f'  root-hints: "{conf / "root.hints"}"',
        f'  trust-anchor-file: "{conf / "anchor.key"}"',
        '  module-config: "validator iterator"',
        "  do-not-query-localhost: no",
        "  ede: yes",
        "  num-threads: 1", "  outgoing-range: 4096",
        "  num-queries-per-thread: 2048",
        "  so-reuseport: no", "  so-rcvbuf: 4m", "  so-sndbuf: 4m",
        "  msg-cache-size: 64m", "  rrset-cache-size: 128m",
        "  key-cache-size: 32m", "  neg-cache-size: 32m",
        "  prefetch: no", "  prefetch-key: no", "  serve-expired: no",
        "  qname-minimisation: no", "  aggressive-nsec: no",
        "  harden-below-nxdomain: no",
        "  rrset-roundrobin: no", "  minimal-responses: yes",
        "  trust-anchor-signaling: no", "  root-key-sentinel: no",
        # What failed once is asked afresh; nothing is lost here, so a late
        # answer means a busy machine and no second question.
        "  infra-cache-numhosts: 65536",
        "  infra-host-ttl: 0", "  infra-cache-min-rtt: 800",
        "  outbound-msg-retry: 3",
        "  incoming-num-tcp: 256", "  outgoing-num-tcp: 64",
        *(f'  local-zone: "{name}" nodefault' for name in SPECIAL),
        "remote-control:", "  control-enable: no",
    ]
    path = conf / "unbound.conf"
    path.write_text("\n".join(lines) + "\n")
    return ["unbound", "-d", "-c", str(path)]


def ask(address: str, port: int, name: str, number: int,
        recurse: bool) -> bytes | None:
    """One question over UDP; the answer, or None after half a second."""
    flags = (0x0100 | FLAG_AD) if recurse else 0
    query = struct.pack("!6H", 4711, flags, 1, 0, 0, 0) \
        + dnsname.wire(name) + struct.pack("!2H", number, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect((address, port))
            sock.send(query)
            return sock.recv(4096)
        except OSError:
            return None


def answers(address: str, port: int, name: str, is_secure: bool) -> bool:
    """True when a SOA question is answered with NOERROR (and AD)."""
    reply = ask(address, port, name, 6, is_secure)
    if reply is None or len(reply) < 12 or reply[3] & 15:
        return False
    return bool(reply[3] & FLAG_AD) or not is_secure


def start(plan: Plan, crew: Crew, zones: list[tuple], port: int) -> None:
    """Start all; the last zone loaded proves NSD, AD proves the chain.

    Zones with faults live in an NSD of their own: the one that serves their
    parents would answer for them directly and pass the proxy by.
    """
    ground = plan.ground
    split = {"nsd": (ground.nsd, [zone for zone in zones if not zone[2]]),
             "nsd-faults": (ground.backend,
                            [zone for zone in zones if zone[2]])}
    for name, (address, served) in split.items():
        if served:
            crew.start(name, write_nsd(name, address, crew.folder, served))
    crew.start("unbound", write_unbound(plan, crew.folder, port))
    for name, (address, served) in split.items():
        if served:
            last = served[-1][0]
            crew.wait(name, lambda: answers(address, 53, last, False),
                      NSD_WAIT_S)
    crew.wait("unbound", lambda: answers(ground.resolver, port, "", True),
              UNBOUND_WAIT_S)
