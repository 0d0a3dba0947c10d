# SPDX-License-Identifier: Apache-2.0
"""Certificates of every kind a world asks for.

A root signs an intermediate, the intermediate signs leaves; a second pair
that DIR/ca.pem does not hold makes the untrusted ones.  All leaves of one key
type share a key pair: thousands of certificates cost thousands of signatures,
not thousands of keys.  A server sends leaf and intermediate, unless the kind
says otherwise.  A renewed certificate, `"generation": N`, has the key pair of
its generation.

The folder remembers: whoever opens it again gets the same chain for the same
request, so that several labs one after another show the same certificates.
"""
from __future__ import annotations

import datetime
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mxlab.reading import TLSA_PARAMETERS

DAY = datetime.timedelta(days=1)
OTHER_NAME = "other-name.invalid"
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
# validity in days from now, by kind; `days` of a world wins
VALIDITY = {"expired": (-400, -10), "not_yet": (30, 400)}
USUAL_DAYS = (-2, 90)


@dataclass(frozen=True)
class Chain:
    """What one server presents, and the files that hold it."""
    chain: str
    key: str
    leaf: x509.Certificate
    issuer: x509.Certificate
    root: x509.Certificate
    request: tuple = ()


class Authority:
    """A root and its intermediate, kept in a file."""

    def __init__(self, title: str, path: Path) -> None:
        if not path.exists():
            self._found(title, path)
        pem = path.read_bytes()
        self.key = serialization.load_pem_private_key(pem, None)
        self.root, self.issuer = x509.load_pem_x509_certificates(pem)
        self.issuer_pem = self.issuer.public_bytes(PEM)
        self.key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            self.key.public_key())

    @staticmethod
    def _found(title: str, path: Path) -> None:
        root_key = ec.generate_private_key(ec.SECP256R1())
        key = ec.generate_private_key(ec.SECP256R1())
        root = _ca_certificate(f"{title} Root", f"{title} Root",
                               root_key, root_key, 1)
        issuer = _ca_certificate(f"{title} Intermediate", f"{title} Root",
                                 key, root_key, 0)
        _write_secret(path, _key_pem(key) + root.public_bytes(PEM)
                      + issuer.public_bytes(PEM))


def _key_pem(key: Any) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(data)


def _title(common: str | None) -> x509.Name:
    if common is None or len(common) > 64:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(days: tuple[int, int]) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return (x509.CertificateBuilder()
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * DAY)
            .not_valid_after(now + days[1] * DAY))


def _ca_certificate(subject: str, issuer: str, key: Any, signer: Any,
                    path_length: int) -> x509.Certificate:
    public = key.public_key()
    above = signer.public_key()
    return (_builder((-500, 3650))
            .subject_name(_title(subject)).issuer_name(_title(issuer))
            .public_key(public)
            .add_extension(x509.BasicConstraints(True, path_length), True)
            .add_extension(_usage(True), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public),
                           False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(above),
                False)
            .sign(signer, hashes.SHA256()))


def _usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=is_ca, crl_sign=is_ca, encipher_only=False,
        decipher_only=False)


def _new_key(kind: str) -> Any:
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, int(kind[3:]))


class Pki:
    """Issues chains into a folder; equal requests share one certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "leaf").mkdir(parents=True, exist_ok=True)
        self.good = Authority("Lab", folder / "authority-lab.pem")
        self.bad = Authority("Unknown", folder / "authority-unknown.pem")
        self._keys: dict[str, tuple[Any, str, Any]] = {}
        self._made: dict[tuple, Chain] = {}

    def write_anchor(self, path: Path) -> None:
        """The trust store of the lab."""
        path.write_bytes(self.good.root.public_bytes(PEM))

    def chain(self, host: str, cert: dict[str, Any] | None) -> Chain | None:
        """The chain for a host, or None where it has no certificate."""
        spec = cert or {}
        kind = spec.get("kind", "trusted")
        if kind == "none":
            return None
        names = spec.get("names")
        if not names:
            names = [OTHER_NAME if kind == "wrong_name" else host]
        days = tuple(spec.get("days") or VALIDITY.get(kind, USUAL_DAYS))
        wanted = (tuple(names), kind, spec.get("key", "p256"),
                  bool(spec.get("cn_only")), days,
                  spec.get("generation", 0))
        return self._chain(wanted)

    def of_generation(self, chain: Chain | None, generation: int) -> \
            Chain | None:
        """What stood or will stand in the place of a chain."""
        return chain and self._chain((*chain.request[:-1], generation))

    def _chain(self, wanted: tuple) -> Chain:
        made = self._made.get(wanted)
        if made is None:
            name = hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
            path = self.folder / "leaf" / f"{name[:32]}.pem"
            if not path.exists():
                self._issue(path, *wanted)
            made = self._made[wanted] = self._read(path, wanted)
        return made

    def _read(self, path: Path, wanted: tuple) -> Chain:
        _, kind, key_kind, _, _, generation = wanted
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        authority = self.bad if kind == "untrusted" else self.good
        alone = kind == "self_signed"
        return Chain(str(path), self._key(key_kind, generation)[1], leaf,
                     leaf if alone else authority.issuer,
                     leaf if alone else authority.root, wanted)

    def _key(self, kind: str, generation: int) -> tuple[Any, str, Any]:
        name = f"key-{kind}" + (f"-{generation}" if generation else "")
        if name not in self._keys:
            path = self.folder / f"{name}.pem"
            if not path.exists():
                _write_secret(path, _key_pem(_new_key(kind)))
            key = serialization.load_pem_private_key(path.read_bytes(), None)
            key_id = x509.SubjectKeyIdentifier.from_public_key(
                key.public_key())
            self._keys[name] = (key, str(path), key_id)
        return self._keys[name]

    def _issue(self, path: Path, names: tuple[str, ...], kind: str,
               key_kind: str, cn_only: bool, days: tuple[int, int],
               generation: int) -> None:
        key, _, key_id = self._key(key_kind, generation)
        authority = self.bad if kind == "untrusted" else self.good
        self_signed = kind == "self_signed"
        subject = _title(names[0])
        if self_signed and not list(subject):
            subject = _title("self-signed")
        builder = (_builder(days)
                   .subject_name(subject)
                   .issuer_name(subject if self_signed
                                else authority.issuer.subject)
                   .public_key(key.public_key())
                   .add_extension(x509.BasicConstraints(False, None), True)
                   .add_extension(_usage(False), True)
                   .add_extension(x509.ExtendedKeyUsage(
                       [ExtendedKeyUsageOID.SERVER_AUTH]), False)
                   .add_extension(key_id, False))
        if not self_signed:
            builder = builder.add_extension(authority.key_id, False)
        if not cn_only:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names]), not list(subject))
        leaf = builder.sign(key if self_signed else authority.key,
                            hashes.SHA256())
        alone = self_signed or kind == "leaf_only"
        pem = leaf.public_bytes(PEM)
        if not alone:
            pem += authority.issuer_pem
        if kind == "with_root":
            pem += authority.root.public_bytes(PEM)
        path.write_bytes(pem)


def tlsa_rdata(row: dict[str, Any], chain: Chain | None) -> str:
    """TLSA rdata for a row of a world's `tlsa` (RFC 6698 2.1).

    Usages 0 and 2 speak of the intermediate, all others of the leaf.  Where
    `right` is false, or there is no certificate, the data belong to nothing.
    `as` names the parameters that the data are computed for, so that right
    data stand under other ones; `of` names the certificate, whatever the
    usage.
    """
    head = f"{row['usage']} {row['selector']} {row['mtype']} "
    if row.get("data") is not None:
        return head + row["data"]
    usage, selector, mtype = (
        (row.get("as") or row)[key] for key in TLSA_PARAMETERS)
    source = b"no certificate of this lab"
    if chain is not None:
        of = row.get("of") or ("issuer" if usage in (0, 2) else "leaf")
        certificate = getattr(chain, of)
        source = (certificate.public_key().public_bytes(DER, SPKI)
                  if selector == 1 else certificate.public_bytes(DER))
    if row.get("right", True) is False or chain is None:
        source = source[:-1] + bytes([source[-1] ^ 1])
    if mtype == 0:
        return head + source.hex()
    digest = hashlib.sha512 if mtype == 2 else hashlib.sha256
    return head + digest(source).hexdigest()
