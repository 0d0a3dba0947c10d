# SPDX-License-Identifier: Apache-2.0
"""Signing zones with ECDSA P-256 and NSEC (RFC 4034, RFC 6605).

One key signs every zone of a lab: what matters is that a validating resolver
follows the chain, and a key per zone would add nothing but time.  Signing
here instead of by a program per zone keeps 800 zones to about a second, and
lets a single signature be broken on purpose.
"""
from __future__ import annotations

import base64
import hashlib
import struct
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from mxlab import dnsname
from mxlab.rr import Record, type_number, wire_rdata

ALGORITHM = 13
DIGEST_SHA256 = 2
FLAGS_KSK = 257
LIFETIME_S = 30 * 86400
BACKDATE_S = 3600


class ZoneKey:
    """The key pair and everything derived from it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        self.public = (point.x.to_bytes(32, "big")
                       + point.y.to_bytes(32, "big"))
        self.rdata = struct.pack("!HBB", FLAGS_KSK, 3, ALGORITHM) + self.public
        self.tag = key_tag(self.rdata)
        now = int(time.time())
        self.inception = now - BACKDATE_S
        self.expiration = now + LIFETIME_S

    def dnskey(self, apex: str, ttl: int) -> Record:
        """The DNSKEY record of a zone."""
        text = base64.b64encode(self.public).decode()
        return Record(apex, ttl, "DNSKEY",
                      f"{FLAGS_KSK} 3 {ALGORITHM} {text}")

    def ds(self, apex: str, ttl: int, broken: bool = False) -> Record:
        """The DS record for the parent; `broken` matches no key at all."""
        digest = hashlib.sha256(dnsname.wire(apex) + self.rdata).digest()
        if broken:
            digest = bytes(byte ^ 0x5a for byte in digest)
        return Record(apex, ttl, "DS",
                      f"{self.tag} {ALGORITHM} {DIGEST_SHA256} {digest.hex()}")

    def sign(self, data: bytes) -> bytes:
        """A raw r | s signature (RFC 6605 4)."""
        der = self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        r, s = utils.decode_dss_signature(der)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def key_tag(rdata: bytes) -> int:
    """RFC 4034 appendix B."""
    total = 0
    for i, byte in enumerate(rdata):
        total += byte if i & 1 else byte << 8
    return (total + (total >> 16)) & 0xffff


def rrsig(key: ZoneKey, apex: str, records: list[Record],
          broken: bool = False, wires: list[bytes] | None = None) -> Record:
    """The RRSIG over one RRset; `broken` flips a bit of the signature."""
    first = records[0]
    owner = dnsname.wire(first.owner)
    count = len(dnsname.labels(first.owner))
    if first.owner == "*" or first.owner.startswith("*."):
        count -= 1
    number = type_number(first.type)
    head = struct.pack("!HBBIIIH", number, ALGORITHM, count, first.ttl,
                       key.expiration, key.inception, key.tag)
    data = bytearray(head + dnsname.wire(apex))
    fixed = owner + struct.pack("!HHI", number, 1, first.ttl)
    for rdata in sorted(set(wires or map(wire_rdata, records))):
        data += fixed + struct.pack("!H", len(rdata)) + rdata
    signature = key.sign(bytes(data))
    if broken:
        signature = bytes([signature[0] ^ 1]) + signature[1:]
    text = (f"{first.type} {ALGORITHM} {count} {first.ttl} "
            f"{_stamp(key.expiration)} {_stamp(key.inception)} {key.tag} "
            f"{dnsname.absolute(apex)} {base64.b64encode(signature).decode()}")
    return Record(first.owner, first.ttl, "RRSIG", text)


def _stamp(seconds: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def _bitmap(numbers: list[int]) -> bytes:
    windows: dict[int, bytearray] = {}
    for number in sorted(numbers):
        field = windows.setdefault(number >> 8, bytearray(32))
        field[(number & 255) >> 3] |= 0x80 >> (number & 7)
    out = b""
    for window, field in sorted(windows.items()):
        used = field.rstrip(b"\0")
        out += bytes([window, len(used)]) + used
    return out


def nsec(owner: str, following: str, kinds: list[str],
         ttl: int) -> tuple[Record, bytes]:
    """One link of the NSEC chain: the record and its wire rdata."""
    numbers = {type_number(kind): kind for kind in [*kinds, "RRSIG", "NSEC"]}
    names = " ".join(numbers[number] for number in sorted(numbers))
    rdata = dnsname.wire(following) + _bitmap(list(numbers))
    text = f"{dnsname.absolute(following)} {names}"
    return Record(owner, ttl, "NSEC", text), rdata


Sets = dict[str, dict[str, list[Record]]]


def _authoritative(apex: str, sets: Sets) -> list[str]:
    """Owner names that the zone answers for itself: no glue."""
    cuts = {owner for owner, kinds in sets.items()
            if owner != apex and "NS" in kinds}
    keep = []
    for owner in sets:
        above = dnsname.parents(owner)[1:] if cuts else []
        if not any(name in cuts for name in above):
            keep.append(owner)
    return sorted(keep, key=dnsname.order)


def sign_zone(key: ZoneKey, apex: str, sets: Sets, ttl: int,
              broken: set[tuple[str, str]]) -> list[Record]:
    """Every record that turns a plain zone into a signed one.

    `sets` maps owner and type to RRsets and gains the DNSKEY; `broken` names
    the RRsets whose signature must not validate.  A pair that names no RRset
    breaks the proof of its absence: every NSEC of the zone.
    """
    sets[apex]["DNSKEY"] = [key.dnskey(apex, ttl)]
    out = list(sets[apex]["DNSKEY"])
    deny = any(kind not in sets.get(owner, {}) for owner, kind in broken)
    chain = _authoritative(apex, sets)
    for owner, following in zip(chain, chain[1:] + chain[:1]):
        kinds = sets[owner]
        is_cut = owner != apex and "NS" in kinds
        for kind, records in kinds.items():
            if is_cut and kind != "DS":
                continue
            out.append(rrsig(key, apex, records, (owner, kind) in broken))
        shown = [kind for kind in kinds
                 if not is_cut or kind in ("NS", "DS")]
        link, rdata = nsec(owner, following, shown, ttl)
        out += [link, rrsig(key, apex, [link], deny, [rdata])]
    return out
