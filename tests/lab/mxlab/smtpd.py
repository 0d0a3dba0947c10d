# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that does whatever a world line says (RFC 5321, RFC 3207).

It speaks well by default and goes wrong on request, at a named moment:
`connect`/`banner`, `ehlo`, `starttls`, `tls`.  It accepts no mail; commands
other than the few that a scanner needs are answered and noted.
"""
from __future__ import annotations

from typing import Any

from mxlab.session import (ALERT_HANDSHAKE_FAILURE, ENDLESS_CHUNK, NO_TLS,
                           RESET_AFTER_S, Session)

LINE_CAP = 8192
COMMAND_CAP = 100
SLOW_TOTAL_S = 1.5
SLOW_PIECES = 6
GARBAGE = b"\x00\xff\xfe\x01 no SMTP here \x80\x81\r\n\x7f\x45\x4c\x46\r\n"


def crlf(lines: list[str]) -> bytes:
    """Reply lines as bytes; worlds may hold any byte below 256."""
    return b"".join(line.encode("latin-1", "replace") + b"\r\n"
                    for line in lines)


def without_starttls(lines: list[str]) -> list[str]:
    """The EHLO reply inside TLS: the same, STARTTLS gone (RFC 3207 4.2)."""
    kept = [line for line in lines if line[4:].strip().upper() != "STARTTLS"]
    if kept and kept[-1][3:4] == "-":
        kept[-1] = f"{kept[-1][:3]} {kept[-1][4:]}"
    return kept or ["250 ok"]


class SmtpSession(Session):
    """One SMTP connection."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        host = self.point["host"]
        spec = self.spec
        self.banner = spec.get("banner") or [f"220 {host} ESMTP"]
        self.ehlo = spec.get("ehlo") or [f"250-{host}", "250 STARTTLS"]
        self.offers = any(line[4:].strip().upper() == "STARTTLS"
                          for line in self.ehlo)
        fault = spec.get("fault")
        usual = "tls" if fault == "tls_alert" else "banner"
        at = spec.get("at") or usual
        self.strikes_at = "banner" if at == "connect" else at
        self.fault = fault
        self.buffer = b""
        self.closing_only = False
        self.facts.update(ehlo=None, starttls=False, quit=False, mail=False,
                          complete=False, greeted=False, temporary=0,
                          commands=[])

    # -- the moments

    def on_open(self) -> None:
        """Greet, unless this connection is one to be sent away."""
        if self.number <= (self.spec.get("flaky") or 0):
            self.mark_over()
            self.facts["temporary"] += 1
            self.send(b"421 4.3.2 try again later\r\n")
            self.finish("flaky")
            return
        if not self.strike("banner", crlf(self.banner)):
            self.greet()

    def greet(self) -> None:
        """The greeting; 4yz ends here, 5yz waits for QUIT (RFC 5321 3.1)."""
        self.facts["greeted"] = True
        self.say(self.banner, "banner")
        if self.banner[-1][:1] in ("4", "5"):
            self.closing_only = True

    def strike(self, moment: str, regular: bytes = b"") -> bool:
        """Let the fault strike; True when the regular course is replaced."""
        if self.fault is None or self.strikes_at != moment:
            return False
        end = f"fault:{self.fault}"
        if self.fault == "slow":
            self.facts["slow"] = True
            self.spawn(self.trickle(regular, SLOW_PIECES, SLOW_TOTAL_S))
        elif self.fault == "hang":
            self.hang(end)
        elif self.fault == "reset":
            self.after(RESET_AFTER_S, lambda: self.reset(end))
        elif self.fault == "close":
            self.finish(end)
        elif self.fault == "endless":
            code = "220-" if moment in ("banner", "starttls") else "250-"
            line = f"{code}and another line\r\n".encode()
            chunk = line * (ENDLESS_CHUNK // len(line))
            self.spawn(self.flood(lambda: chunk))
        elif self.fault == "tls_alert":
            self.say_and_close(ALERT_HANDSHAKE_FAILURE, end)
        else:
            self.say_and_close(GARBAGE, end)
        return True

    def strike_tls(self) -> bool:
        """Faults in place of the handshake wait for the ClientHello."""
        if self.fault is None or self.strikes_at != "tls":
            return False
        end = f"fault:{self.fault}"
        if self.fault == "hang":
            self.hang(end)
        elif self.fault == "slow":
            self.facts["slow"] = True
            self.raw_hook = self.late_tls
        elif self.fault == "reset":
            self.on_first_bytes(lambda: self.reset(end))
        elif self.fault == "close":
            self.on_first_bytes(lambda: self.finish(end))
        elif self.fault == "tls_alert":
            self.on_first_bytes(lambda: self.say_and_close(
                ALERT_HANDSHAKE_FAILURE, end))
        else:
            self.on_first_bytes(lambda: self.say_and_close(NO_TLS, end))
        return True

    def late_tls(self, data: bytes) -> None:
        """Answer the ClientHello after a while."""
        held = bytearray(data)
        self.raw_hook = None

        def go() -> None:
            self.raw_hook = None
            self.start_tls()
            self.data_received(bytes(held))

        def keep(more: bytes) -> None:
            held.extend(more)
            self.raw_hook = keep

        self.raw_hook = keep
        self.after(SLOW_TOTAL_S, go)

    # -- the dialogue

    def on_data(self, data: bytes) -> None:
        """Cut lines and obey them."""
        self.buffer += data
        while not self.is_over and b"\n" in self.buffer:
            line, self.buffer = self.buffer.split(b"\n", 1)
            self.obey(line.rstrip(b"\r"))
        if len(self.buffer) > LINE_CAP:
            self.send(b"500 5.5.2 line too long\r\n")
            self.finish("line_too_long")

    def obey(self, line: bytes) -> None:
        """One command."""
        verb, _, rest = line.decode("latin-1").partition(" ")
        verb = verb.upper()
        self.facts["commands"].append(verb[:16])
        if len(self.facts["commands"]) > COMMAND_CAP:
            self.finish("too_many_commands")
        elif verb == "QUIT":
            self.facts["quit"] = True
            self.mark_over()
            self.send(b"221 2.0.0 bye\r\n")
            self.finish("quit")
        elif self.closing_only:
            self.send(b"503 5.5.1 only QUIT is left\r\n")
        elif verb == "EHLO":
            self.on_ehlo(rest.strip())
        elif verb == "HELO":
            self.facts["ehlo"] = rest.strip()
            helo = self.spec.get("helo") or f"250 {self.point['host']}"
            self.facts["complete"] = helo.startswith("2")
            self.say([helo], "helo")
        elif verb == "STARTTLS":
            self.on_starttls()
        elif verb in ("MAIL", "RCPT", "DATA", "BDAT"):
            self.facts["mail"] = True
            self.send(b"550 5.7.1 no mail is taken here\r\n")
        elif verb in ("NOOP", "RSET"):
            self.send(b"250 2.0.0 ok\r\n")
        else:
            self.send(b"502 5.5.1 not implemented\r\n")

    def say(self, lines: list[str], end: str, more: bytes = b"") -> None:
        """A reply; 421 announces the end (RFC 5321 3.8)."""
        if lines[-1].startswith("421"):
            self.mark_over()
        self.facts["temporary"] += lines[-1].startswith("4")
        self.send(crlf(lines) + more)
        if lines[-1].startswith("421"):
            self.finish(end)

    def on_ehlo(self, name: str) -> None:
        """Say what we can do; inside TLS that is something else."""
        self.facts["ehlo"] = name
        if self.is_secure:
            lines = self.spec.get("ehlo_tls") or without_starttls(self.ehlo)
            self.send(crlf(lines))
            return
        is_fine = self.ehlo[-1].startswith("2")
        self.facts["complete"] = is_fine and not self.offers
        if not self.strike("ehlo", crlf(self.ehlo)):
            self.say(self.ehlo, "ehlo")

    def on_starttls(self) -> None:
        """Reply, and speak TLS after a 220."""
        self.facts["starttls"] = True
        reply = self.spec.get("starttls")
        if reply is None:
            reply = "220 2.0.0 ready" if self.offers \
                else "502 5.5.1 not implemented"
        lines = [reply] if isinstance(reply, str) else list(reply)
        if self.is_secure:
            lines = ["503 5.5.1 TLS is active"]
        if self.strike("starttls", crlf(lines)):
            if self.fault == "slow":
                self.begin_tls(lines)
            return
        inject = self.spec.get("inject") or ""
        self.say(lines, "starttls", inject.encode("latin-1", "replace"))
        self.begin_tls(lines)

    def begin_tls(self, lines: list[str]) -> None:
        """After 220 nothing but TLS follows."""
        if not lines[-1].startswith("220"):
            self.facts["complete"] = not self.is_secure
            return
        if self.buffer:
            self.facts["early_bytes"] = len(self.buffer)
            self.buffer = b""
        if not self.strike_tls():
            self.start_tls()

    def on_secure(self) -> None:
        """A session that got here owes us a QUIT."""
        self.facts["complete"] = True
