# SPDX-License-Identifier: Apache-2.0
"""The answer of `who` in words, to be pasted into a reply, or as JSON.

Whatever a server said may hold anything; it is printed escaped and cut.
"""

import base64
import binascii
import json
import textwrap
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, TextIO

from mxcensus_scripts.who_asked import Subject, Window
from mxcensus_scripts.who_found import Contact, Found, whole

WIDTH = 78
LONGEST = 100
MANY_NEIGHBOURS = 10
FOREVER = 1 << 62
NO_MAIL = ("No session went beyond that: no MAIL, no RCPT, no DATA, no "
           "password, nothing that would have delivered or relayed mail.")


def plain(value: Any, longest: int = LONGEST) -> str:
    """Text from anywhere as printable ASCII on one line; bytes that are no
    UTF-8 come as {"b64": ...}."""
    if isinstance(value, dict) and isinstance(value.get("b64"), str):
        try:
            raw = base64.b64decode(value["b64"], validate=True)
            value = raw.decode("utf-8", "backslashreplace")
        except (binascii.Error, ValueError):
            value = "?"
    text = "".join(c if " " <= c <= "~" else ascii(c)[1:-1]
                   for c in str(value))
    return text if len(text) <= longest else text[:longest] + "..."


def moment(ms: int) -> str:
    """A time, to the millisecond."""
    try:
        when = datetime.fromtimestamp(ms / 1000, timezone.utc)
    except (OverflowError, OSError, ValueError):
        return f"{ms} ms since 1970"
    return f"{when:%Y-%m-%d %H:%M:%S}.{ms % 1000:03d} UTC"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def agent(scan: dict[str, Any]) -> str:
    """The User-Agent that policy hosts saw."""
    contact = scan.get("contact")
    return f"{scan.get('program')}/{scan.get('version')}" + (
        f" (+{contact})" if contact else "")


def span(window: Window) -> str:
    """The time that was asked for."""
    if window.begin is None or window.end is None:
        return "the whole scan"
    return f"{moment(window.begin)} to {moment(window.end)}"


def exclusion(subject: Subject) -> str:
    """The line that --exclude takes."""
    if subject.network is None:
        return subject.name
    if subject.network.prefixlen == subject.network.max_prefixlen:
        return str(subject.network.network_address)
    return str(subject.network)


class Answer:
    """One answer; `words` says what an outcome means."""

    def __init__(self, subject: Subject, window: Window, found: Found,
                 words: dict[str, str]) -> None:
        self.subject, self.window = subject, window
        self.found, self.words = found, words
        self.scan = found.scans[0]
        self.smtp = [c for c in found.contacts if c.kind == "smtp"]
        self.https = [c for c in found.contacts if c.kind == "https"]

    # -- words

    def write(self, out: TextIO) -> None:
        """All of it."""
        parts = (self.head(), self.who(), self.what(), self.caveats(),
                 self.leave())
        out.write("\n".join("".join(line.rstrip() + "\n" for line in part)
                            for part in parts))

    def head(self) -> Iterator[str]:
        """The question and the number."""
        whom = plain(exclusion(self.subject))
        yield f"What the scanner did at {whom}"
        yield f"Time asked for: {span(self.window)}"
        yield ("Connections: " + (f"{len(self.found.contacts):,} "
               f"({len(self.smtp):,} to mail servers, {len(self.https):,} to "
               "web servers)" if self.found.contacts else "none"))

    def who(self) -> Iterator[str]:
        """Who we are."""
        scan, end = self.scan, (self.found.ends or [{}])[-1]
        vantage = dict.fromkeys(
            plain(one.get("vantage")) for one in
            self.found.scans + self.found.sessions if one.get("vantage"))
        source = self.found.option("source-ip")
        until = (f"to {moment(whole(end.get('ended')))} "
                 f"({plain(end.get('reason'))})" if end else
                 "and has no end record")
        rows = [
            ("program", f"{plain(scan.get('program'))} "
             f"{plain(scan.get('version'))}: measures how domains protect "
             "the mail they receive (MTA-STS, TLS-RPT, STARTTLS, DANE)"),
            ("contact", plain(scan.get("contact") or "none was given")),
            ("EHLO name", plain(scan.get("ehlo_name") or "localhost")),
            ("User-Agent", plain(agent(scan))),
            ("scanned from", ", ".join(vantage) or "not recorded")]
        if source:
            rows.append(("from address", plain(source)))
        rows.append(("the scan", f"list {plain(scan.get('list'))}, from "
                     f"{moment(whole(scan.get('started')))} {until}"))
        yield "Who we are"
        for label, text in rows:
            yield from folded(text, f"  {label:14}", " " * 16)

    def what(self) -> Iterator[str]:
        """Every connection, or that there was none."""
        if not self.found.contacts:
            yield from self.nothing()
            return
        if self.smtp:
            yield (f"Mail servers: {counted(len(self.smtp), 'session')}, one "
                   "at a time at each address")
            for one in self.smtp:
                yield from self.session(one)
            yield from folded(NO_MAIL, "  ", "  ")
        if self.https:
            if self.smtp:
                yield ""
            yield ("Web servers: "
                   f"{counted(len(self.https), 'fetch', 'fetches')} of a "
                   "mail security policy (RFC 8461)")
            for one in self.https:
                yield from self.fetch(one)

    def when(self, one: Contact) -> str:
        """The time, and where to."""
        place = plain(one.address)
        if ":" in place:
            place = f"[{place}]"
        place += f":{self.found.port(one.kind)}  {plain(one.host)}"
        if one.exact:
            return f"  {moment(one.begin)}  {place}"
        return (f"  between {moment(one.begin)} and {moment(one.end)}  "
                f"{place}")

    def ended(self, one: Contact) -> str:
        """The outcome in words, and how long it took."""
        text = plain(one.outcome)
        if one.outcome in self.words:
            text += f": {plain(self.words[one.outcome])}"
        if one.exact and one.end > one.begin:
            text += f" After {one.end - one.begin:,} ms."
        return text

    def session(self, one: Contact) -> Iterator[str]:
        """A session with an MX host."""
        yield from folded(self.when(one), "", "      ")
        naming = self.found.naming.get(one.host)
        if naming is None:
            why = "an MX host, of a domain of the list that has no record yet"
        else:
            why = (f"MX host of {counted(naming.count, 'domain')} of the "
                   f"list: {', '.join(plain(name) for name in naming.first)}")
            if naming.count > len(naming.first):
                why += ", ..."
        if one.number > 1:
            why += f" (attempt {one.number}, after a temporary failure)"
        yield from folded(why, "    why:   ", " " * 11)
        if one.said:
            yield from folded(", ".join(one.said), "    said:  ", " " * 11)
        yield from folded(self.ended(one), "    ended: ", " " * 11)
        if one.heard is not None:
            yield from folded(f'it greeted with "{plain(one.heard)}"',
                              "    heard: ", " " * 11)

    def fetch(self, one: Contact) -> Iterator[str]:
        """A connection to a policy host."""
        yield from folded(self.when(one), "", "      ")
        why = (f"https://{plain(one.host)}/.well-known/mta-sts.txt, the "
               f"policy of {plain(one.domain)}, which is in the list")
        yield from folded(why, "    why:   ", " " * 11)
        if one.said:
            yield from folded(", ".join(one.said), "    said:  ", " " * 11)
        yield from folded(self.ended(one), "    ended: ", " " * 11)

    def nothing(self) -> Iterator[str]:
        """Plainly."""
        yield from folded("This scan made no connection there"
                          + (" in that time." if self.window.end is not None
                             else "."), "", "")
        others = self.found.others
        if self.found.spared:
            yield from folded(
                "It is among what the scanner does not contact: "
                f"{counted(self.found.spared, 'time')} the list led there "
                "and nothing was sent.", "", "")
        begin, end = self.running()
        if not self.window.has(begin, end):
            yield from folded("The scan did not run at that time.", "", "")
        if others.count:
            yield from folded(
                "At other times it made "
                f"{counted(others.count, 'connection')}: begun from "
                f"{moment(others.first)} to {moment(others.last)}.", "", "")
        around, seen = self.subject.around, self.found.neighbours
        if around is not None and seen:
            shown = [f"{address} ({n})" for address, n in
                     list(seen.items())[:MANY_NEIGHBOURS]]
            more = ", ..." if len(seen) > len(shown) else ""
            yield from folded(
                f"In the same network, {around}, it contacted "
                f"{counted(len(seen), 'address', 'addresses')} (connections):"
                f" {', '.join(shown)}{more}", "", "")
        elif around is not None:
            yield from folded(f"Nor at any other address of {around}.", "",
                              "")

    def running(self) -> tuple[int, int]:
        """When the scan ran, as far as its file knows."""
        begin = whole(self.scan.get("started"))
        ended = whole((self.found.ends or [{}])[-1].get("ended"))
        return begin, ended or FOREVER

    def caveats(self) -> Iterator[str]:
        """DNS, names, and what the file cannot know."""
        resolvers = [plain(r) for one in self.found.scans
                     + self.found.sessions
                     for r in one.get("resolvers") or []]
        text = ("DNS questions (MX, TXT, A, AAAA, TLSA) went to the "
                "resolvers of the scanner alone: "
                + (", ".join(dict.fromkeys(resolvers)) or "not recorded")
                + ". Name servers elsewhere saw questions of those "
                "resolvers.")
        yield from folded(text, "", "")
        asked = [r for r in dict.fromkeys(resolvers)
                 if self.subject.has_address(host_of(r))]
        if asked:
            yield from folded(
                f"{', '.join(asked)} is such a resolver, and was sent "
                "questions of the whole scan.", "", "")
        listed = self.found.listed
        if listed.count:
            yield from folded(
                f"The list holds {counted(listed.count, 'domain')} of that "
                f"name ({', '.join(plain(n) for n in listed.first)}"
                f"{', ...' if listed.count > len(listed.first) else ''}); "
                "connections to MX hosts that these name are among those "
                "above.", "", "")
        ends = self.found.ends
        if self.found.sessions or not ends or (
                ends[-1].get("reason") != "complete"):
            yield from folded(
                "The scan was stopped at least once; connections that were "
                "open at that moment are not in its file.", "", "")

    def leave(self) -> Iterator[str]:
        """How to be left alone."""
        contact = self.scan.get("contact")
        yield from folded(
            "To be left out of all further scans, answer this message"
            + (f" or see {plain(contact)}" if contact else "")
            + ". This line then goes into the file that the scanner is given "
            "with --exclude; nothing that it names is contacted or asked "
            "about:", "", "")
        yield f"  {plain(exclusion(self.subject))}"

    # -- for tools

    def contact(self, one: Contact) -> dict[str, Any]:
        """One connection, for tools; text is as the record has it."""
        naming = self.found.naming.get(one.host)
        told: dict[str, Any] = {
            "kind": one.kind, "address": one.address,
            "port": self.found.port(one.kind), "host": one.host,
            "begin": one.begin, "end": one.end, "exact": one.exact,
            "attempt": one.number, "outcome": one.outcome, "said": one.said,
            "heard": one.heard}
        if one.kind == "https":
            return told | {"domains": [one.domain], "n_domains": 1}
        return told | {"domains": naming.first if naming else [],
                       "n_domains": naming.count if naming else 0}

    def json(self, out: TextIO) -> None:
        """One document."""
        scan = {key: self.scan.get(key) for key in (
            "program", "version", "ehlo_name", "contact", "vantage", "list",
            "started", "resolvers")}
        around, others = self.subject.around, self.found.others
        json.dump({
            "asked": {"subject": exclusion(self.subject),
                      "begin": self.window.begin, "end": self.window.end},
            "scan": scan | {
                "user_agent": agent(self.scan),
                "ended": (self.found.ends or [{}])[-1].get("ended")},
            "connections": [self.contact(one)
                            for one in self.found.contacts],
            "at_other_times": {"connections": others.count,
                               "first": others.first or None,
                               "last": others.last or None},
            "spared": self.found.spared,
            "neighbours": {"network": str(around) if around else None,
                           "connections": self.found.neighbours},
            "mail_transactions": 0,
            "exclude": exclusion(self.subject)}, out, indent=1)
        out.write("\n")


def host_of(resolver: str) -> str:
    """The address of ADDR, ADDR:PORT or [ADDR]:PORT."""
    if resolver.startswith("["):
        return resolver[1:].partition("]")[0]
    return resolver.partition(":")[0] if resolver.count(":") == 1 \
        else resolver


def folded(text: str, first: str, then: str) -> list[str]:
    """A paragraph; long names are not broken."""
    return textwrap.wrap(text, WIDTH, initial_indent=first,
                         subsequent_indent=then, break_long_words=False,
                         break_on_hyphens=False) or [first]
