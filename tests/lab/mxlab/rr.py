# SPDX-License-Identifier: Apache-2.0
"""Resource records: from a world's presentation form to canonical wire.

Zone files carry the text as the world wrote it; the wire form is needed for
signing alone (RFC 4034 6.2), so only types that a signed zone may hold are
known here, and any other in the generic form of RFC 3597.
"""
from __future__ import annotations

import base64
import ipaddress
import re
import struct
from dataclasses import dataclass

from mxlab import dnsname
from mxlab.errors import LabError

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MX": 15,
    "TXT": 16, "AAAA": 28, "SRV": 33, "DNAME": 39, "DS": 43, "RRSIG": 46,
    "NSEC": 47, "DNSKEY": 48, "TLSA": 52, "SPF": 99, "CAA": 257,
}
DEFAULT_TTL = 300

_HEAD = re.compile(
    r"^(?P<owner>\S+)\s+(?:(?P<ttl1>\d+)\s+)?(?:IN\s+)?(?:(?P<ttl2>\d+)\s+)?"
    r"(?P<type>[A-Za-z][A-Za-z0-9]*)\s+(?P<rdata>.*\S)\s*$", re.DOTALL)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|(?:[^\s"\\]|\\.)+', re.DOTALL)


@dataclass(frozen=True)
class Record:
    """One resource record; `rdata` stays in presentation form."""
    owner: str
    ttl: int
    type: str
    rdata: str

    def text(self) -> str:
        """A line of a zone file whose origin is the root."""
        owner = dnsname.absolute(self.owner)
        return f"{owner} {self.ttl} IN {self.type} {self.rdata}"


def parse(text: str) -> Record:
    """Read one line `owner [ttl] [IN] type rdata`."""
    match = _HEAD.match(text)
    if match is None or "\n" in text:
        raise LabError(f"record {text!r}: not `owner ttl IN type rdata`")
    kind = match["type"].upper()
    type_number(kind)
    ttl = int(match["ttl1"] or match["ttl2"] or DEFAULT_TTL)
    return Record(dnsname.normal(match["owner"]), ttl, kind, match["rdata"])


def type_number(kind: str) -> int:
    """The number of a type name, TYPEnnn included."""
    if kind in TYPES:
        return TYPES[kind]
    if kind.startswith("TYPE") and kind[4:].isdigit():
        return int(kind[4:])
    raise LabError(f"record type {kind}: unknown to the lab; "
                   "write it as TYPEnnn \\# length hex")


def _unescape(token: str) -> bytes:
    out = bytearray()
    i = 0
    while i < len(token):
        if token[i] != "\\":
            out += token[i].encode("utf-8")
            i += 1
        elif token[i + 1:i + 4].isdigit():
            out.append(int(token[i + 1:i + 4]) & 255)
            i += 4
        else:
            out += token[i + 1:i + 2].encode("utf-8")
            i += 2
    return bytes(out)


def strings(rdata: str) -> list[bytes]:
    """The character-strings of TXT rdata."""
    found = []
    for token in _TOKEN.findall(rdata):
        quoted = token.startswith('"')
        found.append(_unescape(token[1:-1] if quoted else token))
    return found


def _name(token: str) -> bytes:
    return dnsname.wire(dnsname.normal(token))


def _hex(tokens: list[str]) -> bytes:
    return bytes.fromhex("".join(tokens))


def _text(tokens: list[str], rdata: str) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in strings(rdata))


def _caa(tokens: list[str], rdata: str) -> bytes:
    tag, value = strings(rdata)[1:3]
    return bytes([int(tokens[0]), len(tag)]) + tag + value


def _soa(tokens: list[str], rdata: str) -> bytes:
    numbers = [int(token) for token in tokens[2:7]]
    return _name(tokens[0]) + _name(tokens[1]) + struct.pack("!5I", *numbers)


def _three(tokens: list[str], shape: str) -> bytes:
    return struct.pack(shape, *(int(token) for token in tokens[:3]))


_ENCODERS = {
    "A": lambda t, r: ipaddress.IPv4Address(t[0]).packed,
    "AAAA": lambda t, r: ipaddress.IPv6Address(t[0]).packed,
    "NS": lambda t, r: _name(t[0]),
    "CNAME": lambda t, r: _name(t[0]),
    "DNAME": lambda t, r: _name(t[0]),
    "PTR": lambda t, r: _name(t[0]),
    "MX": lambda t, r: struct.pack("!H", int(t[0])) + _name(t[1]),
    "SRV": lambda t, r: _three(t, "!HHH") + _name(t[3]),
    "TXT": _text, "SPF": _text, "HINFO": _text, "CAA": _caa, "SOA": _soa,
    "TLSA": lambda t, r: _three(t, "!BBB") + _hex(t[3:]),
    "DS": lambda t, r: _three(t, "!HBB") + _hex(t[3:]),
    "DNSKEY": lambda t, r: (_three(t, "!HBB")
                            + base64.b64decode("".join(t[3:]))),
}


def wire_rdata(record: Record) -> bytes:
    """Canonical wire rdata of a record (names in lower case)."""
    tokens = _TOKEN.findall(record.rdata)
    if tokens and tokens[0] == "\\#":
        return _hex(tokens[2:])
    encode = _ENCODERS.get(record.type)
    if encode is None:
        raise LabError(f"{record.owner} {record.type}: cannot be signed; "
                       "write the rdata as \\# length hex")
    try:
        return encode(tokens, record.rdata)
    except (ValueError, IndexError, struct.error) as why:
        raise LabError(f"{record.owner} {record.type} {record.rdata!r}: "
                       f"bad rdata ({why})") from None
