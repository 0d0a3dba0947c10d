# SPDX-License-Identifier: Apache-2.0
"""How an SMTP server lets its replies go: in which pieces, and when.

A world may ask for every reply byte by byte or cut in two (`split`), and for
some seconds before the last line of one (`delay`).  What follows a reply, the
end of the connection or TLS, follows its last piece at once.
"""
from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable

CUT_PAUSE_S = 0.02
BYTE_PAUSE_S = 0.002
# A long reply byte by byte still takes no longer than this.
BYTES_TOTAL_S = 0.5

Piece = tuple[float, bytes]


def pieces(reply: bytes, split: str | int | None,
           rider: bytes = b"") -> list[Piece]:
    """Pauses and segments; the rider travels with the reply's last byte."""
    if split == "bytes":
        pause = min(BYTE_PAUSE_S, BYTES_TOTAL_S / max(1, len(reply)))
        parts = [reply[at:at + 1] for at in range(len(reply))]
    elif isinstance(split, int) and 0 < split < len(reply):
        pause = CUT_PAUSE_S
        parts = [reply[:split], reply[split:]]
    else:
        pause, parts = 0.0, [reply]
    parts[-1:] = [b"".join(parts[-1:]) + rider]
    return [(pause if at else 0.0, part) for at, part in enumerate(parts)]


class Mouth:
    """Says one reply after the other; a session has one."""

    def __init__(self, session: Any, split: str | int | None) -> None:
        self.session = session
        self.split = split
        self.waiting: deque[tuple[list[Piece], Callable | None]] = deque()
        self.is_busy = False

    def say(self, reply: bytes, then: Callable[[], None] | None = None,
            rider: bytes = b"", delay_s: float = 0.0) -> None:
        """Let a reply go, at once where nothing is to be waited for."""
        held = pieces(reply, self.split, rider)
        if delay_s > 0:
            # The lines before the last are the teaser: they go at once.
            cut = reply[:-1].rfind(b"\n") + 1
            head = pieces(reply[:cut], self.split) if cut else []
            tail = pieces(reply[cut:], self.split, rider)
            held = [*head, (delay_s, tail[0][1]), *tail[1:]]
        self.waiting.append((held, then))
        if self.is_busy:
            return
        if all(pause == 0 for pause, _ in held):
            self._speak_now()
        else:
            self.is_busy = True
            self.session.spawn(self._speak())

    def _speak_now(self) -> None:
        held, then = self.waiting.popleft()
        for _, part in held:
            self.session.send(part)
        if then is not None:
            then()

    async def _speak(self) -> None:
        while self.waiting:
            held, then = self.waiting.popleft()
            for pause, part in held:
                if pause > 0:
                    await asyncio.sleep(pause)
                self.session.send(part)
            if then is not None:
                then()
        self.is_busy = False
