# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server for policy hosts that a real server would never be.

Well-behaved policy hosts are nginx's; here are the faults (`connect`, `tls`
or `http` says when one strikes) and TLS versions that nginx cannot limit per
name.
"""
from __future__ import annotations

from typing import Any

from mxlab.session import (ALERT_HANDSHAKE_FAILURE, ENDLESS_CHUNK, NO_TLS,
                           Session)

PATH = "/.well-known/mta-sts.txt"
REQUEST_CAP = 65536
SLOW_TOTAL_S = 15.0
GARBAGE = b"\x00\x01\x02 no HTTP here \xff\xfe\r\n\r\n"
FILLER = b"note: this line is one of many that never end\n"
# when a fault strikes unless `at` says otherwise
USUAL_AT = {"slow": "http", "endless": "http", "tls_alert": "tls",
            "garbage": "tls"}


class HttpsSession(Session):
    """One connection to a policy host."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fault = self.spec.get("fault")
        self.strikes_at = (self.spec.get("at")
                           or USUAL_AT.get(self.fault, "connect"))
        self.buffer = b""
        self.facts.update(request=None, status=None)

    def on_open(self) -> None:
        """TLS from the first byte, unless a fault comes first."""
        waits = self.strikes_at == "tls" or self.fault == "reset"
        if self.strikes_at == "connect" and not waits and self.strike():
            return
        if self.fault is not None and self.strikes_at != "http":
            self.on_first_bytes(self.strike)
            return
        self.start_tls()

    def strike(self) -> bool:
        """The fault itself; False where there is none."""
        end = f"fault:{self.fault}"
        if self.fault is None:
            return False
        if self.fault == "reset":
            self.reset(end)
        elif self.fault == "close":
            self.finish(end)
        elif self.fault == "tls_alert":
            self.say_and_close(ALERT_HANDSHAKE_FAILURE, end)
        elif self.fault == "garbage":
            self.send(GARBAGE if self.is_secure else NO_TLS)
            self.finish(end)
        elif self.fault == "slow":
            self.facts["end"] = end
            head, body = self.response()
            self.send(head)
            self.spawn(self.trickle(body, len(body), SLOW_TOTAL_S))
        elif self.fault == "endless":
            head, body = self.response(has_length=False)
            self.send(head + body)
            chunk = FILLER * (ENDLESS_CHUNK // len(FILLER))
            self.spawn(self.flood(lambda: chunk))
        else:
            self.hang(end)
        return True

    def on_data(self, data: bytes) -> None:
        """Collect one request and answer it."""
        self.buffer += data
        if len(self.buffer) > REQUEST_CAP:
            self.finish("request_too_long")
            return
        while not self.is_over and b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            lines = head.decode("latin-1").split("\r\n")
            self.facts["agent"] = next(
                (line.partition(":")[2].strip() for line in lines
                 if line.lower().startswith("user-agent:")), "")
            self.answer(lines[0])

    def answer(self, request: str) -> None:
        """The policy at its path, 404 elsewhere."""
        self.facts["request"] = request[:200]
        if self.fault is not None:
            self.strike()
            return
        words = request.split(" ")
        if len(words) < 2 or words[1] != PATH:
            self.facts["status"] = 404
            self.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        head, body = self.response()
        self.send(head if words[0] == "HEAD" else head + body)

    def response(self, has_length: bool = True) -> tuple[bytes, bytes]:
        """Status line and headers, and the body."""
        body = self.spec.get("body", "").encode("latin-1")
        status = self.spec.get("status", 200)
        self.facts["status"] = status
        headers = {"content-type": "text/plain",
                   **{name.lower(): value for name, value
                      in (self.spec.get("headers") or {}).items()}}
        if has_length:
            headers["content-length"] = str(len(body))
        else:
            headers["connection"] = "close"
        lines = [f"HTTP/1.1 {status} Lab"]
        lines += [f"{name}: {value}" for name, value in headers.items()
                  if value is not None]
        return "\r\n".join([*lines, "", ""]).encode("latin-1"), body
