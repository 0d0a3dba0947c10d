# SPDX-License-Identifier: Apache-2.0
"""What the lab's own test looks through: dig, curl, openssl, a plain socket.

Nothing here knows how the servers are built; a Lab is a folder, a resolver
and the names that the world of the test put there.
"""
from __future__ import annotations

import calendar
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

LAB = Path(__file__).resolve().parent.parent / "lab"
WAIT_S = 20
SMTP_PORT = 2525
HTTPS_PORT = 8443


class Lab:
    """A lab that is up, and other programs to look at it."""

    def __init__(self, folder: Path, base: int) -> None:
        self.folder = folder
        self.resolver = f"127.53.{base}.53"
        self.nsd = f"127.53.{base}.1"
        self.base = base

    def lab(self, *words: str) -> subprocess.CompletedProcess:
        """The lab's own command."""
        return run(str(LAB), *words)

    def dig(self, *words: str) -> str:
        """dig through the validating resolver."""
        return run("dig", f"@{self.resolver}", "+tries=1", "+time=15",
                   "+dnssec", *words).stdout

    def address(self, host: str, which: int = 0) -> str:
        """An address of a host."""
        found = self.dig("+short", host, "A").split()
        addresses = sorted(one for one in found if one[0].isdigit()
                           and one.count(".") == 3)
        want(len(addresses) > which, f"{host} has no address {which}")
        return addresses[which]

    def curl(self, name: str, *words: str,
             which: int = 0) -> subprocess.CompletedProcess:
        """Fetch the policy of a .test domain."""
        host = f"mta-sts.{name}.test"
        return run("curl", "-sS", "-m", "4", "--noproxy", "*",
                   "--cacert", str(self.folder / "ca.pem"), "--connect-to",
                   f"::{self.address(host, which)}:{HTTPS_PORT}", *words,
                   f"https://{host}/.well-known/mta-sts.txt", text=False)

    def s_client(self, name: str, *words: str, which: int = 0) -> str:
        """STARTTLS with a .example host; all that openssl says."""
        host = f"mx.{name}.example"
        return run("openssl", "s_client", "-starttls", "smtp", "-connect",
                   f"{self.address(host, which)}:{SMTP_PORT}", "-CAfile",
                   str(self.folder / "ca.pem"), "-no-CApath", "-no-CAstore",
                   "-servername", host, "-verify_hostname", host, *words,
                   input="").both

    def finger(self, name: str) -> str | None:
        """What Postfix's posttls-finger says; None where there is none."""
        host = f"mx.{name}.example"
        program = shutil.which("posttls-finger", path="/usr/sbin:/usr/bin")
        if program is None or not Path("/etc/postfix/main.cf").exists():
            return None
        return run(program, "-c", "-l", "secure", "-t", "5", "-F",
                   str(self.folder / "ca.pem"),
                   f"[{self.address(host)}]:{SMTP_PORT}", host).both

    def first_segment(self, name: str) -> bytes:
        """What the first read of a connection brings."""
        where = (self.address(f"mx.{name}.example"), SMTP_PORT)
        with socket.create_connection(where, 2) as sock:
            sock.settimeout(2)
            return sock.recv(4096)

    def talk(self, name: str, *lines: str, wait_s: float = 2.0) -> bytes:
        """Plain SMTP: send the lines one by one; all that comes back."""
        where = (self.address(f"mx.{name}.example"), SMTP_PORT)
        got = b""
        with socket.create_connection(where, 2) as sock:
            sock.settimeout(wait_s)
            try:
                got += sock.recv(4096)
                for line in lines:
                    sock.sendall(line.encode() + b"\r\n")
                    time.sleep(0.1)
                    got += sock.recv(4096)
                got += sock.recv(4096)
            except TimeoutError:
                got += b"<silence>"
            except ConnectionResetError:
                got += b"<reset>"
        return got


def run(*command: str, **how) -> subprocess.CompletedProcess:
    """Run a program within a deadline; `both` is stdout and stderr."""
    options = {"text": True, **how}
    done = subprocess.run(command, capture_output=True, timeout=WAIT_S,
                          **options)
    done.both = done.stdout + done.stderr
    return done


class Failed(Exception):
    """Something was not as wanted."""


def want(is_so: object, saw: object) -> None:
    """Fail with what was seen."""
    if not is_so:
        raise Failed(str(saw)[-300:])


def flags(answer: str) -> set[str]:
    """Header flags of dig's answer."""
    match = re.search(r";; flags: ([a-z ]*);", answer)
    return set(match[1].split()) if match else set()


def tlsa_rows(lab: Lab, host: str) -> list[list[str]]:
    """The TLSA records of a host: usage, selector, type, data in hex."""
    said = lab.dig("+short", f"_25._tcp.{host}", "TLSA").splitlines()
    rows = [row.split(" ", 3) for row in said
            if re.match(r"\d \d \d [0-9A-F]", row)]
    return [[*row[:3], row[3].replace(" ", "")] for row in rows]


def dane_says(lab: Lab, name: str, row: list[str]) -> str:
    """What openssl makes of one TLSA record of mx.<name>.example."""
    return lab.s_client(name, "-dane_tlsa_domain", f"mx.{name}.example",
                        "-dane_tlsa_rrdata", " ".join(row))


def ehlo_inside_tls(lab: Lab, name: str) -> list[str]:
    """The lines after EHLO in a session that openssl has brought to TLS."""
    said = run("sh", "-c", "(sleep 1; printf 'EHLO x\\r\\n'; sleep 1;"
               " printf 'quit\\r\\n'; sleep 1) | openssl s_client -quiet"
               " -starttls smtp -connect"
               f" {lab.address(f'mx.{name}.example')}:{SMTP_PORT}").stdout
    want("221 " in said, said)
    return [line for line in said.splitlines() if line.startswith("250")]


def lasts(chain: str, days: int) -> bool:
    """openssl's own word: is the first certificate valid in so many days?"""
    pem = chain[chain.index("-----BEGIN CERT"):]
    done = run("openssl", "x509", "-noout", "-checkend", str(days * 86400),
               input=pem)
    return done.returncode == 0


def begins(chain: str) -> float:
    """Days since the first certificate became valid, as openssl prints it."""
    pem = chain[chain.index("-----BEGIN CERT"):]
    said = run("openssl", "x509", "-noout", "-startdate", input=pem).stdout
    text = said.partition("=")[2].strip()
    at = calendar.timegm(time.strptime(text, "%b %d %H:%M:%S %Y GMT"))
    return (time.time() - at) / 86400
