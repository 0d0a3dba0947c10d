# SPDX-License-Identifier: Apache-2.0
"""Rows of vectors.jsonl that are told in words, made into questions.

Keyed by the words themselves, so that a row that is told anew is noticed.

    CHAINS      a chain and TLSA records are made as the words say
    RESULTS     an event, and the findings that stand for it: their result
                type in the catalogue must be the one the row asks for
    ELSEWHERE   look-ups, no rules: the file and line that has the story
    DIFFER      where we answer otherwise, and why
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "mx.a.example"
NOW = 1_800_000_000

RESULTS = {
    "recipient MX did not advertise STARTTLS": ["starttls.absent"],
    "certificate has expired": ["mx.cert_expired"],
    "certificate chain is not trusted (all other untrusted-certificate "
    "cases)": ["mx.cert_untrusted", "mx.cert_self_signed",
               "mx.cert_incomplete"],
    "no valid DNSSEC records returned by the recursive resolver":
        ["dane.bogus"],
    "policy could not be fetched: malformed host name, lookup failure, "
    "connect failure or HTTP error": [
        "sts.policy.dns", "sts.policy.tcp", "sts.policy.http",
        "sts.policy.http_status", "sts.policy.redirect"],
    "TLS verify error: name mismatch": ["mx.cert_name"],
    "peer speaks plaintext after STARTTLS": ["starttls.tls_failed"],
    "MX host not matched by any policy mx (enforce)":
        ["sts.policy.mx_mismatch"],
    "all TLSA records unusable": ["dane.unusable"],
    "STARTTLS refused with 4xx/5xx or not offered":
        ["starttls.refused", "starttls.absent"],
    "untrusted issuer": ["mx.cert_untrusted"],
    "certificate not yet valid": ["mx.cert_not_yet"],
    "X509_V_ERR_CERT_UNTRUSTED (local or TLSA policy)":
        ["mx.cert_untrusted"],
    "trusted but name does not match": ["mx.cert_name"],
    "all TLSA unusable": ["dane.unusable"],
    "no STARTTLS offered": ["starttls.absent"],
}
DIFFER = {
    "vdukhovni.postfix/rpt-result/004":
        "certificate-not-trusted covers certificate failures (8460 4.3.1)",
}
CASES = "tests/cases/vectors.case"
ELSEWHERE = {
    "A reached via an insecure CNAME":
        (CASES, "case an alias leads to addresses that are not signed"),
    "MX secure; A of an MX SERVFAIL":
        (CASES, "case the MX answer is signed, the address look-up fails"),
    "MX host A SERVFAIL":
        ("tests/cases/host.case", "case the address look-up fails"),
    "MX host has neither A nor AAAA, secure NODATA":
        (CASES, "case a signed proof that the host has no address"),
    "domain has secure NODATA for MX, secure A and TLSA 3 1 1 at the domain "
    "itself":
        (CASES, "case no MX, and signed TLSA records at the domain itself"),
    'null MX "0 ."':
        (CASES, "case a signed null MX has no hosts that DANE could apply to"),
    "domain is a secure CNAME to a name with secure MX and TLSA":
        (CASES, "case the domain is a signed alias of a name with MX and "
         "TLSA"),
    '{"_mta-sts.followtemperror.example.": {"CNAME": '
    '"_mta-sts.temperror.example."}, "_mta-sts.temperror.example.": '
    '{"rcode": "SERVFAIL"}}':
        (CASES, "case the look-up of the record fails"),
    ".good.loc":
        ("tests/unit/test_name.c",
         '{ "dot in front", ".example", NULL, NAME_EMPTY_LABEL },'),
}


class Made(NamedTuple):
    """Two certificates of one authority, and the authority's."""
    authority: bytes
    leaf: bytes
    other: bytes  # for a host of another name
    authority_key: bytes
    leaf_key: bytes


def make() -> Made:
    """Keys and certificates, good around NOW."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
             for name in ("An Authority", "leaf")]

    def sign(key: int, name: int, extension: x509.ExtensionType) -> bytes:
        made = (x509.CertificateBuilder().subject_name(names[name])
                .issuer_name(names[0]).public_key(keys[key].public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(datetime.datetime(2026, 1, 1))
                .not_valid_after(datetime.datetime(2028, 1, 1))
                .add_extension(extension, critical=False)
                .sign(keys[0], hashes.SHA256()))
        return made.public_bytes(serialization.Encoding.DER)

    def spki(key: int) -> bytes:
        return keys[key].public_key().public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    return Made(
        sign(0, 0, x509.BasicConstraints(ca=True, path_length=0)),
        sign(1, 1, x509.SubjectAlternativeName([x509.DNSName(HOST)])),
        sign(1, 1, x509.SubjectAlternativeName(
            [x509.DNSName("mx.b.example")])),
        spki(0), spki(1))


def chains(made: Made) -> dict[str, tuple[bytes, list[str]]]:
    """The leaf that is sent and the TLSA records, by the words of a row."""
    key = hashlib.sha256(made.leaf_key).hexdigest()
    good = f"3 1 1 {key}"
    anchor = f"2 0 1 {hashlib.sha256(made.authority).hexdigest()}"
    return {
        "secure TLSA 3 1 1 matching leaf SPKI": (made.leaf, [good]),
        "TLSA 2 0 1 mismatch + 3 1 1 match":
            (made.leaf, [f"2 0 1 {'00' * 32}", good]),
        "TLSA 2 0 1 matches self-signed CA sent in the chain, leaf name = MX "
        "host": (made.leaf, [anchor]),
        "TLSA 3 1 2 matching leaf SPKI":
            (made.leaf,
             [f"3 1 2 {hashlib.sha512(made.leaf_key).hexdigest()}"]),
        "TLSA 3 1 0 with the full SPKI":
            (made.leaf, [f"3 1 0 {made.leaf_key.hex()}"]),
        "TLSA 2 0 0 with the full CA certificate (also in the chain)":
            (made.leaf, [f"2 0 0 {made.authority.hex()}"]),
        "TLSA 2 0 1 matches the CA but the leaf names another host":
            (made.other, [anchor]),
        "malformed 16-byte 3 1 1 + good 3 1 1":
            (made.leaf, [f"3 1 1 {key[:32]}", good]),
        "only TLSA has usage 10": (made.leaf, [f"10 1 1 {key}"]),
        "usage 10 + good 3 1 1": (made.leaf, [f"10 1 1 {key}", good]),
    }


def chain_questions() -> dict[str, dict[str, Any]]:
    """The lines for `mxcensus parse tlsa-chain`, by the words of a row."""
    made = make()
    return {told: {"input": json.dumps({
        "base_domain": HOST, "time": NOW, "tlsa": records,
        "chain_der_b64": [base64.b64encode(der).decode()
                          for der in (leaf, made.authority)]})}
            for told, (leaf, records) in chains(made).items()}


def is_elsewhere(root: Path, told: str) -> bool:
    """Is the story where it is said to be?"""
    file, line = ELSEWHERE[told]
    text = (root / file).read_text(encoding="utf-8")
    return line in (one.strip() for one in text.splitlines())
