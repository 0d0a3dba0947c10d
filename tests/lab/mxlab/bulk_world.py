# SPDX-License-Identifier: Apache-2.0
"""The bulk lab's world: what a name has, and what a scan must say of it.

Everything follows from the name by the rules of tests/lab/BULK.md; nothing is
stored.  What each piece means is said by the tables of the generated worlds
(world_hosts, world_policy, world_txt) and put together by world_truth, so that
both labs read the RFCs the same way.  This module shares nothing with the
server, nor with the scanner's judge.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import IPv4Address

from mxlab.world_hosts import HOSTS, HostKind
from mxlab.world_policy import POLICIES
from mxlab.world_truth import Facts, Host, conclude, dane_status
from mxlab.world_txt import STS

MASK = (1 << 64) - 1
FNV_OFFSET, FNV_PRIME = 14695981039346656037, 1099511628211
TLDS = ("com", "net", "org", "de", "io")
HOUSES = 5000
HOUSE_HOSTS = 20_000                  # of the small houses, kept in memory
POLICY_NET, BIG_NET, HOST_NET = 0x7f200000, 0x7f3c0000, 0x7f400000
BIG = (".a.bulk.test", ".b.bulk.test")
MAX_AGE = 604800
RECORD_ID, RECORD_TIME = "20240101000000Z", 1704067200
STRAY = "mail.elsewhere.example"

# Each row: the first share that is beyond it, and what holds below that.
Table = tuple[tuple[int, str], ...]
MAIL: Table = ((60, "nxdomain"), (250, "absent"), (275, "null_mx"),
               (305, "implicit"), (310, "inconclusive"), (1000, "ok"))
OPERATOR: Table = ((450, "own"), (650, "a.bulk.test"), (800, "b.bulk.test"),
                   (1000, "house"))
RECORD: Table = ((900, "ok"), (950, "id_missing"), (1000, "multiple"))
POLICY: Table = ((50, "http_404"), (70, "cert_self_signed"),
                 (90, "cert_name"), (110, "version"), (1000, "ok"))
MODE: Table = ((300, "enforce"), (900, "testing"), (1000, "none"))
# Kinds of HOSTS; "tls" goes on to the certificate.  Of a root that nobody
# trusts the leaf comes alone, as one whose issuer is missing does.
SMTP: Table = ((30, "not_offered"), (40, "banner_421"), (50, "starttls_454"),
               (60, "tls_close"), (1000, "tls"))
CERTIFICATE: Table = ((700, "tls13"), (900, "self_signed"),
                      (950, "wrong_name"), (970, "expired"),
                      (1000, "leaf_only"))


@cache
def _begin(what: str) -> int:
    """FNV-1a over the question and the slash behind it."""
    state = FNV_OFFSET
    for byte in what.encode() + b"/":
        state = (state ^ byte) * FNV_PRIME & MASK
    return state


def draw(what: str, name: str) -> int:
    """64 bits that depend on the question and the name alone."""
    x = _begin(what)
    for byte in name.encode():
        x = (x ^ byte) * FNV_PRIME & MASK
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9 & MASK
    x = (x ^ x >> 27) * 0x94d049bb133111eb & MASK
    return x ^ x >> 31


def share(what: str, name: str) -> int:
    """0 to 999."""
    return draw(what, name) % 1000


def pick(table: Table, what: str, name: str) -> str:
    """The row of a table that the name falls into."""
    at = share(what, name)
    return next(word for end, word in table if at < end)


def domain(number: int) -> str:
    """The name of one number."""
    label = f"d{number}"
    return f"{label}.{TLDS[draw('tld', label) % len(TLDS)]}"


def number_of(name: str) -> int | None:
    """The number of a name; None where no number has it."""
    digits = name.partition(".")[0][1:]
    if not (digits.isascii() and digits.isdigit()):
        return None
    number = int(digits) if len(digits) < 20 else -1
    return number if number >= 0 and domain(number) == name else None


# ---- hosts ----------------------------------------------------------------

@dataclass(frozen=True)
class Seen:
    """A host, whoever names it."""

    kind: HostKind
    tls: str | None
    address: str | None


def is_big(host: str) -> bool:
    """Does it belong to one of the two large houses?"""
    return host.endswith(BIG)


def address_of(host: str) -> str | None:
    """Its only address."""
    place = draw("place", host)
    if is_big(host):
        return str(IPv4Address(BIG_NET + (place & 0xffff)))
    if share("address", host) < 10:
        return None
    return str(IPv4Address(HOST_NET + (place & 0x3fffff)))


def look(host: str) -> Seen:
    """What a probe under the host's own name finds out."""
    address = address_of(host)
    if address is None:
        return Seen(HOSTS["no_address"], None, None)
    # the server depends on the address, which other hosts may have too
    kind = "tls" if is_big(host) else pick(SMTP, "smtp", address)
    if kind != "tls":
        return Seen(HOSTS[kind], None, address)
    kind = "tls13" if is_big(host) else pick(CERTIFICATE, "certificate", host)
    version = "1.2" if share("tls", address) < 200 else "1.3"
    return Seen(HOSTS[kind], version, address)


look_house = lru_cache(HOUSE_HOSTS)(look)


def is_secure_house(host: str) -> bool:
    """Are the answers for a house's host signed?"""
    return host.endswith(BIG[0])


def tlsa_of(host: str, secure: bool) -> str | None:
    """What the TLSA set of a host says of its certificate (dane_status).

    secure: the answers of the host's own zone have AD.
    """
    if is_secure_house(host):
        return "ok"
    if not secure or share("tlsa", host) >= 500:
        return None
    return "mismatch" if share("tlsa-right", host) < 50 else "ok"


# ---- domains --------------------------------------------------------------

def hosts_of(name: str) -> list[str]:
    """The hosts of a domain's MX records, in order of preference."""
    house = pick(OPERATOR, "operator", name)
    if house == "own":
        return [f"mx1.{name}", f"mx2.{name}"][:1 + (share("second", name)
                                                    < 350)]
    if house == "house":
        house = f"h{draw('house', name) % HOUSES}.bulk.test"
    return [f"mx1.{house}", f"mx2.{house}"]


def see_host(facts: Facts, host: str, preference: int, signed: bool) -> None:
    """One host, as the domain that names it sees it."""
    own = not host.endswith(".bulk.test")
    seen = look(host) if own else look_house(host)
    kind, secure = seen.kind, signed if own else is_secure_house(host)
    # RFC 7672 2.2.2: TLSA is asked where there are secure addresses
    tlsa = tlsa_of(host, secure) if seen.address else None
    facts.hosts.append(Host(
        host, preference, kind.starttls, seen.tls, kind.trusted, kind.name_ok,
        kind.time_ok, findings=kind.findings,
        cert_findings=kind.cert_findings,
        dane=dane_status(tlsa=tlsa, host_secure=secure,
                         mx_secure=signed, starttls=kind.starttls)))


def put_mx(facts: Facts, name: str) -> None:
    """What the MX answer says, and the hosts that it names."""
    facts.mx_status = pick(MAIL, "mail", name)
    signed = share("signed", name) < 100
    if facts.mx_status == "ok":
        for at, host in enumerate(hosts_of(name)):
            see_host(facts, host, 10 * (at + 1), signed)
    elif facts.mx_status == "implicit":
        # RFC 5321 5.1: an address takes the place of the MX
        if address_of(name) is None:
            facts.mx_status = "absent"
        else:
            see_host(facts, name, 0, signed)


def put_policy(facts: Facts, name: str) -> None:
    """The policy host, and what a fetch brings."""
    word = ("dns" if share("policy-address", name) < 20
            else pick(POLICY, "policy", name))
    kind = POLICIES[word]
    facts.policy, facts.valid = kind.status, kind.valid
    facts.findings.update(kind.findings)
    if not kind.valid:
        return
    facts.mode, facts.max_age = pick(MODE, "mode", name), MAX_AGE
    names = [host.name for host in facts.hosts]
    if pick(MAIL, "mail", name) == "implicit":
        names = [name]  # though it may have no address
    stray = share("patterns", name) >= 900
    facts.patterns = [STRAY] if stray else names or [f"mail.{name}"]
    if facts.mode != "none":
        for host in facts.hosts:
            host.in_policy = not stray


def put_sts(facts: Facts, name: str) -> bool:
    """The record at _mta-sts and the policy; tells whether there is any."""
    if share("sts", name) >= 100:
        return False
    kind = STS[pick(RECORD, "record", name)]
    facts.record = kind.status
    facts.findings.update(kind.findings)
    if facts.record == "ok":
        facts.record_id, facts.record_time = RECORD_ID, RECORD_TIME
    put_policy(facts, name)
    return True


def facts_of(name: str) -> Facts:
    """A domain, piece by piece."""
    facts = Facts(domain=name)
    put_mx(facts, name)
    if facts.mx_status == "nxdomain":
        return facts
    has_sts = put_sts(facts, name)
    if share("tlsrpt", name) < (720 if has_sts else 30):
        facts.tlsrpt, facts.rua = "ok", [f"mailto:tls@{name}"]
    return facts


def expect(name: str) -> dict:
    """What a scan must say of a domain, as `lab check` compares it."""
    return conclude(facts_of(name))
