# SPDX-License-Identifier: Apache-2.0
"""TLS versions alone: the world of tls_versions.sh, and what it must show.

tls_versions.py world WORLD.jsonl: hosts of every range of versions, and near
misses.  tls_versions.py check: mx records on standard input, by
the configuration of the hosts.
"""
from __future__ import annotations

import json
import sys
from itertools import combinations_with_replacement
from pathlib import Path

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
# No TLS, hence nothing to ask.
PLAIN = {"ehlo": ["250 plain"]}
# No version helps here.
ALERT = {"fault": "tls_alert"}
# Temporary trouble first: the versions are asked after the retry alone.
FLAKY = {"flaky": 1, "tls": {"min": "1.2", "max": "1.2"}}
# The certificate is no business of versions.
EXPIRED = {"cert": {"kind": "expired"}, "tls": {"min": "1.1", "max": "1.3"}}


def hosts() -> dict[str, dict]:
    """Servers by the label of their domain."""
    ranges = {f"from{low}to{high}".replace(".", ""):
              {"tls": {"min": low, "max": high}}
              for low, high in combinations_with_replacement(VERSIONS, 2)}
    return ranges | {"plain": PLAIN, "alert": ALERT, "flaky": FLAKY,
                     "expired": EXPIRED,
                     "two": {"addresses": 2, "per_address":
                             [{"tls": {"min": "1.2", "max": "1.3"}},
                              {"tls": {"min": "1.0", "max": "1.0"}}]}}


def world(path: Path) -> None:
    """Write it."""
    path.write_text("".join(json.dumps({
        "domain": f"{label}.example",
        "records": [f"{label}.example. 300 IN MX 10 mx.{label}.example."],
        "smtp": {f"mx.{label}.example": spec}}) + "\n"
        for label, spec in hosts().items()))


def expected(spec: dict) -> list[tuple[str, str]] | None:
    """Outcome by version; None: nothing was to be asked."""
    if spec is PLAIN:
        return None
    if spec is ALERT:
        return [(version, "tls_alert") for version in VERSIONS]
    return [(version, outcome(version, spec["tls"]["min"], spec["tls"]["max"]))
            for version in VERSIONS]


def outcome(version: str, lowest: str, highest: str) -> str:
    """Of one version at a server of a range."""
    if lowest <= version <= highest:
        return "ok"
    # RFC 5246 E.1: up to 1.2 a client names its highest version alone, so a
    # server answers with a lower one, and it is the client that refuses.
    return "tls_failed" if highest < version <= "1.2" else "tls_alert"


def told(address: dict) -> list[tuple[str, str]] | None:
    """The same of a record; alert and cipher come where they belong."""
    tries = address.get("tls_versions")
    if tries is None:
        return None
    for one in tries:
        if ("cipher" in one) != (one["outcome"] == "ok") \
                or ("alert" in one) != (one["outcome"] == "tls_alert"):
            return [(one["version"], f"odd: {one}")]
    return [(one["version"], one["outcome"]) for one in tries]


def check() -> int:
    """How many hosts differ."""
    records = {one["host"]: one for one in map(json.loads, sys.stdin)}
    wrong = 0
    for label, spec in hosts().items():
        found = records[f"mx.{label}.example"]["addresses"]
        specs = spec.get("per_address") or [spec]
        wanted = sorted(map(str, map(expected, specs)))
        got = sorted(str(told(address)) for address in found)
        if wanted != got:
            wrong += 1
            print(f"{label}: wanted {wanted}, got {got}")
    print(f"truth: {len(records) - wrong} of {len(records)} hosts as "
          "configured")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "world":
        world(Path(sys.argv[2]))
    else:
        sys.exit(check())
