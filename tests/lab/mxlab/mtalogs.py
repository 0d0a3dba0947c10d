# SPDX-License-Identifier: Apache-2.0
"""What the logs of Postfix and Exim say of the scanner's manners.

Each reader takes one line and notes in `seen` (contacts.Seen) sessions, mail
transactions, ends without QUIT, and clients that speak before a greeting has
ended, as postscreen calls it: PREGREET.
"""
from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

LOGS = ("postfix.log", "exim.log")
_SMTPD = re.compile(
    r"lab/(?P<address>[0-9.]+)/smtpd\[\d+\]: "
    r"(?P<what>connect|disconnect) from (?P<peer>\S+)(?P<rest>.*)$")
# postscreen sees a client first; smtpd only those that it hands over.
_POSTSCREEN = re.compile(
    r"lab/(?P<address>[0-9.]+)/postscreen\[\d+\]: "
    r"(?P<what>CONNECT|PREGREET|HANGUP|COMMAND \S+)\b")
_EXIM = re.compile(
    r"SMTP connection from .*\bI=\[(?P<address>[0-9.]+)\]:\d+ (?P<rest>.*)$")
_MAIL = ("MAIL", "RCPT", "DATA")


def points(folder: Path) -> list[dict[str, Any]]:
    """The endpoints that these programs serve."""
    found: list[dict[str, Any]] = []
    for name in ("postfix", "exim"):
        path = folder / "run" / f"{name}.json"
        if path.exists():
            found += json.loads(path.read_text())
    return found


class MtaLogs:
    """Reads both logs; one for each run of `contacts`."""

    def __init__(self, seen: Any, folder: Path) -> None:
        self.seen = seen
        self.point = {point["address"]: point for point in points(folder)}
        # sessions that Exim has not said to be free of MAIL
        self.unclear: Counter = Counter()

    def take(self, name: str, line: str) -> None:
        """One line of a log of LOGS."""
        if name == "exim.log":
            self._exim(line)
            return
        match = _SMTPD.search(line)
        if match is not None and match["what"] == "disconnect":
            self._smtpd(match["address"], match["rest"])
        match = _POSTSCREEN.search(line)
        if match is not None:
            self._postscreen(match["address"], match["what"])

    def finish(self) -> None:
        """What only the end of the logs tells."""
        for address, count in (+self.unclear).items():
            self.seen.mail.append(f"{self._who(address)}: {count} sessions "
                                  "that may have held MAIL")

    def _who(self, address: str) -> str:
        return f"{self.point.get(address, {}).get('host', '?')} {address}"

    def _session(self, address: str) -> None:
        self.seen.sessions[address] += 1
        self.seen.hosts[address] = self._who(address).partition(" ")[0]

    def _ends(self, address: str, verbs: list[str]) -> None:
        """A session is over; `verbs` are what it said."""
        who = self._who(address)
        if set(_MAIL) & set(verbs):
            self.seen.mail.append(f"{who}: a MAIL, RCPT or DATA command")
        if "QUIT" not in verbs:
            self.seen.no_quit.append(f"{who}: no QUIT")

    def _smtpd(self, address: str, rest: str) -> None:
        spec = self.point.get(address, {}).get("spec", {})
        if spec.get("server") not in ("postscreen", "postscreen_deep"):
            self._session(address)
        verbs = re.findall(r"(\w+)=[\d/]+", rest)
        self._ends(address, [verb.upper() for verb in verbs])

    def _postscreen(self, address: str, what: str) -> None:
        who = self._who(address)
        if what == "CONNECT":
            self._session(address)
        elif what == "PREGREET":
            self.seen.early.append(f"{who}: spoke before the greeting ended")
        elif what == "HANGUP":
            self.seen.no_quit.append(f"{who}: no QUIT (hung up)")
        else:
            self.seen.early.append(f"{who}: postscreen notes {what}")

    def _exim(self, line: str) -> None:
        """A connection, its end, and whether there was no MAIL in it."""
        match = _EXIM.search(line)
        if match is None:
            return
        address, rest = match["address"], match["rest"]
        if "connection count" in rest:
            self._session(address)
            self.unclear[address] += 1
        elif "no MAIL in SMTP" in line:
            self.unclear[address] -= 1
            said = re.search(r"C=(\S+)", rest)
            self._ends(address, said[1].split(",") if said else [])
        elif not rest.startswith("closed by QUIT"):
            self.seen.no_quit.append(f"{self._who(address)}: no QUIT")
