# SPDX-License-Identifier: Apache-2.0
"""What `who` is asked about: an address, a network or a name, and a time.

Both say whether a record may be meant before it is parsed (`hint`): a file
has a million records and a complaint is about a few.
"""

import ipaddress
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from mxcensus_scripts.trouble import Trouble

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Clocks differ and so do the moments that logs note.
TOLERANCE = timedelta(minutes=5)
NEIGHBOURS = {4: 24, 6: 48}
NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Window:
    """From and to, ms since 1970, both inclusive; None: without end."""
    begin: int | None = None
    end: int | None = None

    def has(self, begin: int, end: int) -> bool:
        """Does something that lasted from begin to end touch it?"""
        return ((self.end is None or begin <= self.end)
                and (self.begin is None or end >= self.begin))


@dataclass(frozen=True)
class Subject:
    """An address or network, or else a name."""
    text: str
    network: Network | None
    name: str = ""

    @property
    def around(self) -> Network | None:
        """The network in which neighbours are named."""
        if self.network is None:
            return None
        bits = NEIGHBOURS[self.network.version]
        if self.network.prefixlen <= bits:
            return None
        return self.network.supernet(new_prefix=bits)

    def has_address(self, text: str) -> bool:
        """Is this address meant?"""
        return self.network is not None and inside(self.network, text)

    def has_name(self, name: str) -> bool:
        """Is this name meant, itself or as one below?"""
        return bool(self.name) and (name == self.name
                                    or name.endswith("." + self.name))

    def hint(self) -> re.Pattern[bytes]:
        """What stands in the JSON line of every record that may be meant,
        neighbours included."""
        if self.network is None:
            return re.compile(rb'[".]' + re.escape(self.name.encode()) + b'"')
        return address_hint(self.around or self.network)


def address_hint(network: Network) -> re.Pattern[bytes]:
    """The leading parts that the addresses of a network share, as text."""
    if network.version == 4:
        whole = network.prefixlen // 8
        parts = str(network.network_address).split(".")[:whole]
        text = '"' + "".join(f"{part}." for part in parts)
        return re.compile(re.escape(text.rstrip(".") if whole == 4 else text
                                    ).encode())
    first = int(network.network_address) >> 112
    if network.prefixlen >= 16 and first:
        return re.compile(f'"{first:x}:'.encode())
    return re.compile(b":")


def inside(network: Network, text: str) -> bool:
    """Is the text an address of the network?"""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.version == network.version and address in network


def subject(text: str) -> Subject:
    """ADDRESS as typed."""
    try:
        return Subject(text, ipaddress.ip_network(text.strip("[]"),
                                                  strict=False))
    except ValueError:
        pass
    name = text.rstrip(".").lower()
    if not name.isascii():
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            pass
    if (len(name) > 253 or not NAME.fullmatch(name)
            or name.replace(".", "").isdigit()):
        raise Trouble(f"{text!r} is no address, network (192.0.2.0/24) or "
                      "host name")
    return Subject(text, None, name)


def milliseconds(moment: datetime) -> int:
    """Since 1970; without a zone UTC is meant."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1000)


def instant(text: str) -> tuple[datetime, datetime]:
    """The first and last moment that a date or an ISO 8601 time means."""
    try:
        if DAY.fullmatch(text):
            begin = datetime.combine(date.fromisoformat(text), time(),
                                     timezone.utc)
            return begin, begin + timedelta(days=1, milliseconds=-1)
        moment = datetime.fromisoformat(text)
        milliseconds(moment)
        return moment, moment
    except (ValueError, OverflowError):
        raise Trouble(
            f"{text!r} is no time; give 2026-11-22, 2026-11-22T10:00:00Z, "
            "2026-11-22T10:00:00+01:00, or two of these with a / between"
        ) from None


def window(text: str | None) -> Window:
    """TIME as typed; a single moment stands for five minutes around it."""
    if text is None:
        return Window()
    first, slash, last = text.partition("/")
    begin, end = instant(first)
    if slash:
        end = instant(last)[1]
    elif begin == end:
        try:
            begin, end = begin - TOLERANCE, end + TOLERANCE
        except OverflowError:
            pass
    asked = Window(milliseconds(begin), milliseconds(end))
    if milliseconds(begin) > milliseconds(end):
        raise Trouble(f"{text!r} ends before it begins")
    return asked
