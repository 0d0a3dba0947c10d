# SPDX-License-Identifier: Apache-2.0
"""DANE vectors: the world of dane_vectors.sh.

dane_vectors.py WORLD.jsonl [sample]: one host per vector, each with one TLSA
record; the list of vectors goes beside the world, for dane_compare.py.
"""
from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# A sample takes one vector in so many; prime to the list's own periods, so
# that every kind has its turn.
STRIDE = 7
# Chains that are good but for one thing, or sent in another length.
CHAINS = ("leaf_only", "with_root", "expired", "wrong_name", "self_signed")


@dataclass(frozen=True)
class Vector:
    """One TLSA record at one host."""
    chain: str      # `kind` of the lab's certificates
    usage: int
    selector: int
    mtype: int
    of: str         # whose data: leaf, issuer, root, or nobody's (wrong)
    signed: bool

    @property
    def domain(self) -> str:
        """Its own zone."""
        return (f"u{self.usage}s{self.selector}m{self.mtype}-{self.of}-"
                f"{self.chain.replace('_', '')}-"
                f"{'signed' if self.signed else 'unsigned'}.example")

    @property
    def host(self) -> str:
        """Its MX host."""
        return f"mx.{self.domain}"

    def expected(self) -> str:
        """What RFC 6698, 7671 and 7672 make of it: verified (with the depth
        of the certificate that matches), fails, unusable or none."""
        if not self.signed:
            return "none"  # RFC 7672 2.2
        if self.usage not in (2, 3) or self.selector > 1 or self.mtype > 2:
            return "unusable"  # RFC 7672 3.1.3, RFC 6698 4.1
        if self.of == "wrong" and (self.selector, self.mtype) == (1, 0):
            return "unusable"  # RFC 6698 4.1: the data are no public key
        if self.usage == 3:  # RFC 7672 3.1.1: names and dates do not matter
            return "verified 0" if self.of == "leaf" else "fails"
        # A key in full (RFC 7671 5.2.2) verifies the signature of the last
        # certificate that was sent: told is the depth of that one.
        bare_key = (self.selector, self.mtype) == (1, 0)
        if self.chain == "self_signed" and bare_key:
            return "verified 0"
        if self.chain in ("expired", "wrong_name", "self_signed"):
            return "fails"  # RFC 7672 3.1.2, 3.2.2: path, dates, name
        depth = {"issuer": 1, "root": 2}.get(self.of)
        sent = {"leaf_only": 0, "trusted": 1, "with_root": 2}[self.chain]
        if depth is None or depth > sent + (self.mtype == 0):
            return "fails"  # a digest is of no use without the certificate
        return f"verified {depth - (bare_key and depth > sent)}"

    def line(self) -> dict:
        """What the lab serves.  Data for parameters that are not assigned
        are those of the nearest ones that are."""
        row = {"usage": self.usage, "selector": self.selector,
               "mtype": self.mtype,
               "of": "leaf" if self.of == "wrong" else self.of,
               "as": {"usage": self.usage,
                      "selector": min(self.selector, 1),
                      "mtype": min(self.mtype, 2)},
               "right": self.of != "wrong"}
        return {"domain": self.domain, "signed": self.signed,
                "records": [f"{self.domain}. 300 IN MX 10 {self.host}."],
                "smtp": {self.host: {"cert": {"kind": self.chain}}},
                "tlsa": {self.host: [row]}}


def everything() -> Iterator[Vector]:
    """Every combination, assigned or not, on a good chain; the assigned ones
    on all others."""
    numbers = itertools.product(range(5), range(3), range(4))
    for usage, selector, mtype in numbers:
        for of in ("leaf", "issuer", "root", "wrong"):
            yield Vector("trusted", usage, selector, mtype, of, True)
        for of in ("leaf", "wrong"):
            yield Vector("trusted", usage, selector, mtype, of, False)
    assigned = itertools.product(range(4), range(2), range(3))
    for usage, selector, mtype in assigned:
        for chain in CHAINS:
            for of in ("leaf", "issuer", "root"):
                if chain == "self_signed" and of != "leaf":
                    continue
                yield Vector(chain, usage, selector, mtype, of, True)


def chosen(sample: bool) -> list[Vector]:
    """All, or a sample."""
    return list(everything())[::STRIDE if sample else 1]


def main(arguments: list[str]) -> None:
    """Write the world and the list of vectors beside it."""
    path = Path(arguments[0])
    vectors = chosen("sample" in arguments[1:])
    path.write_text("".join(json.dumps(vector.line()) + "\n"
                            for vector in vectors))
    path.with_name("vectors.json").write_text(
        json.dumps([asdict(vector) for vector in vectors]))
    print(f"{len(vectors)} vectors")


if __name__ == "__main__":
    main(sys.argv[1:])
