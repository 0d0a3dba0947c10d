# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that does whatever a world line says (RFC 5321, RFC 3207).

It speaks well by default and goes wrong on request, at a named moment:
`connect`/`banner`, `ehlo`, `helo`, `starttls`, `tls`, `ehlo_tls`, `quit`.  It
accepts no mail; commands other than the few that a scanner needs are answered
and noted.
"""
from __future__ import annotations

import functools
from typing import Any, Callable

from mxlab.replies import Mouth
from mxlab.session import (ENDLESS_CHUNK, NO_TLS, RESET_AFTER_S, Session,
                           alert_record)

LINE_CAP = 8192
COMMAND_CAP = 100
SLOW_TOTAL_S = 1.5
SLOW_PIECES = 6
GARBAGE = b"\x00\xff\xfe\x01 no SMTP here \x80\x81\r\n\x7f\x45\x4c\x46\r\n"


def crlf(lines: list[str], eol: str = "\r\n") -> bytes:
    """Reply lines as bytes; worlds may hold any byte below 256."""
    return b"".join((line + eol).encode("latin-1", "replace")
                    for line in lines)


def as_lines(reply: str | list[str]) -> list[str]:
    """A reply of one line may stand without its list."""
    return [reply] if isinstance(reply, str) else list(reply)


def is_starttls(line: str) -> bool:
    """The keyword in an EHLO line, in any case, parameters or not."""
    return line[4:].upper().split()[:1] == ["STARTTLS"]


def without_starttls(lines: list[str]) -> list[str]:
    """The EHLO reply inside TLS: the same, STARTTLS gone (RFC 3207 4.2)."""
    kept = [line for line in lines if not is_starttls(line)]
    if kept and kept[-1][3:4] == "-":
        kept[-1] = f"{kept[-1][:3]} {kept[-1][4:]}"
    return kept or ["250 ok"]


def is_one_reply(lines: list[str]) -> bool:
    """A greeting that a client can know the end of (RFC 5321 4.2.1)."""
    return all(line[:3].isdigit() and (line[3:4] == "-") == (number > 1)
               for number, line in zip(range(len(lines), 0, -1), lines))


class SmtpSession(Session):
    """One SMTP connection."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        host = self.point["host"]
        spec = self.spec
        self.banner = spec.get("banner") or [f"220 {host} ESMTP"]
        self.ehlo = spec.get("ehlo") or [f"250-{host}", "250 STARTTLS"]
        self.offers = any(is_starttls(line) for line in self.ehlo)
        self.eol = spec.get("eol") or "\r\n"
        self.delay = spec.get("delay") or {}
        self.mouth = Mouth(self, spec.get("split"))
        fault = spec.get("fault")
        usual = "tls" if fault in ("tls_alert", "tls_warning") else "banner"
        at = spec.get("at") or usual
        self.strikes_at = "banner" if at == "connect" else at
        self.fault = fault
        self.buffer = b""
        self.closing_only = False
        self.is_greeting = is_one_reply(self.banner) and fault is None
        self.facts.update(ehlo=None, starttls=False, quit=False, mail=False,
                          complete=False, greeted=False, temporary=0,
                          commands=[])

    # -- the moments

    def on_open(self) -> None:
        """Greet, unless this connection is one to be sent away."""
        if self.number <= (self.spec.get("flaky") or 0):
            self.mark_over()
            self.facts["temporary"] += 1
            self.mouth.say(b"421 4.3.2 try again later\r\n",
                           lambda: self.finish("flaky"))
            return
        self.reply("banner", self.banner)

    def reply(self, moment: str, lines: list[str],
              then: Callable[[], None] | None = None,
              rider: bytes = b"") -> None:
        """The reply of a moment, or what goes wrong in its place.

        421 announces the end (RFC 5321 3.8); a greeting of 4yz or 5yz leaves
        nothing but QUIT (3.1).
        """
        data = crlf(lines, self.eol)
        if self.strike(moment, data, then):
            return
        self.facts["temporary"] += lines[-1].startswith("4")
        if moment == "banner":
            self.facts["greeted"] = True
            then = self.greeted
            self.closing_only = lines[-1][:1] in ("4", "5")
        if lines[-1].startswith("421"):
            self.mark_over()
            then = functools.partial(self.finish, moment)
        self.mouth.say(data, then, rider, self.delay.get(moment, 0.0))

    def greeted(self) -> None:
        """From here on it is the client's turn."""
        self.is_greeting = False

    def strike(self, moment: str, regular: bytes,
               then: Callable[[], None] | None) -> bool:
        """Let the fault strike; True when the regular course is replaced."""
        if self.fault is None or self.strikes_at != moment:
            return False
        if self.fault == "slow":
            self.facts["slow"] = True
            self.spawn(self.reply_slowly(regular, then))
            return True
        after = self.spec.get("after") or 0
        self.mouth.say(regular[:after], lambda: self.go_wrong(moment))
        return True

    async def reply_slowly(self, regular: bytes,
                           then: Callable[[], None] | None) -> None:
        """The regular course, in slow motion."""
        await self.trickle(regular, SLOW_PIECES, SLOW_TOTAL_S)
        if then is not None:
            then()

    def go_wrong(self, moment: str) -> None:
        """The fault itself, in place of a reply or of the rest of one."""
        end = f"fault:{self.fault}"
        if self.fault == "hang":
            self.hang(end)
        elif self.fault == "reset":
            self.after(RESET_AFTER_S, lambda: self.reset(end))
        elif self.fault == "close":
            self.finish(end)
        elif self.fault in ("endless", "endless_line"):
            code = "220-" if moment in ("banner", "starttls") else "250-"
            line = f"{code}and another line\r\n".encode()
            if self.fault == "endless_line":
                line = b"and so on "
            chunk = line * (ENDLESS_CHUNK // len(line))
            self.spawn(self.flood(lambda: chunk))
        elif self.fault == "tls_alert":
            self.say_and_close(self.alert(), end)
        else:
            self.send(GARBAGE)
            self.finish(end)

    def alert(self, is_fatal: bool = True) -> bytes:
        """The alert that the world names."""
        return alert_record(self.spec.get("alert") or "handshake_failure",
                            is_fatal)

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
        elif self.fault == "tls_warning":
            self.raw_hook = self.warned_tls
        elif self.fault == "reset":
            self.on_first_bytes(lambda: self.reset(end))
        elif self.fault == "close":
            self.on_first_bytes(lambda: self.finish(end))
        elif self.fault == "tls_alert":
            self.on_first_bytes(lambda: self.say_and_close(
                self.alert(), end))
        else:
            self.on_first_bytes(lambda: self.say_and_close(NO_TLS, end))
        return True

    def warned_tls(self, data: bytes) -> None:
        """A warning, then the handshake as if nothing were wrong."""
        self.transport.write(self.alert(is_fatal=False))
        self.start_tls()
        self.data_received(data)

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
        if self.is_greeting:
            self.facts["early"] = True
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
            self.reply("quit", ["221 2.0.0 bye"],
                       functools.partial(self.finish, "quit"))
        elif self.closing_only:
            self.mouth.say(b"503 5.5.1 only QUIT is left\r\n")
        elif verb == "EHLO":
            self.on_ehlo(rest.strip())
        elif verb == "HELO":
            self.facts["ehlo"] = rest.strip()
            lines = as_lines(self.spec.get("helo")
                             or f"250 {self.point['host']}")
            self.facts["complete"] = lines[-1].startswith("2")
            self.reply("helo", lines)
        elif verb == "STARTTLS":
            self.on_starttls()
        elif verb in ("MAIL", "RCPT", "DATA", "BDAT"):
            self.facts["mail"] = True
            self.mouth.say(b"550 5.7.1 no mail is taken here\r\n")
        elif verb in ("NOOP", "RSET"):
            self.mouth.say(b"250 2.0.0 ok\r\n")
        else:
            self.mouth.say(b"502 5.5.1 not implemented\r\n")

    def on_ehlo(self, name: str) -> None:
        """Say what we can do; inside TLS that is something else."""
        self.facts["ehlo"] = name
        if self.is_secure:
            lines = self.spec.get("ehlo_tls") or without_starttls(self.ehlo)
            self.reply("ehlo_tls", lines)
            return
        is_fine = self.ehlo[-1].startswith("2")
        self.facts["complete"] = is_fine and not self.offers
        self.reply("ehlo", self.ehlo)

    def on_starttls(self) -> None:
        """Reply, and speak TLS after a 220."""
        self.facts["starttls"] = True
        reply = self.spec.get("starttls")
        if reply is None:
            reply = "220 2.0.0 ready" if self.offers \
                else "502 5.5.1 not implemented"
        lines = as_lines(reply)
        if self.is_secure:
            self.mouth.say(b"503 5.5.1 TLS is active\r\n")
            return
        inject = self.spec.get("inject") or ""
        self.reply("starttls", lines, lambda: self.begin_tls(lines),
                   inject.encode("latin-1", "replace"))

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
