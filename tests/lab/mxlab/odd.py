# SPDX-License-Identifier: Apache-2.0
"""The odd-server matrix: a world of odd_cases, each reply split everywhere.

    odd world [--full] [--seed N] WORLD   every case as it is (host w.CASE),
        byte by byte (b.CASE) and with every reply cut at byte K (kK.CASE):
        at all K with --full, else at one that the seed chooses
    odd compare WORLD FILE.mxc            the mx records' facts, not only the
        spine that `lab check` compares

However a reply is cut, every fact must be that of the case.
"""
from __future__ import annotations

import argparse
import base64
import json
import random
import sys
from pathlib import Path
from typing import Any, Iterator

from mxlab import records
from mxlab.errors import LabError
from mxlab.odd_cases import ANY, BANNER, CASES, EHLO, STEPS, Case
from mxlab.smtpd import as_lines, crlf, without_starttls

ZONE = "odd.example"
READY = "220 go"
SAMPLES = 1
SHOWN = 40

# design: what an attempt's end says of STARTTLS at a host with one address
STARTTLS = {
    "ok": "ok", "starttls_absent": "not_offered", "starttls_5yz": "refused",
    "smtp_5yz": "blocked", "tls_alert": "tls_failed",
    "tls_failed": "tls_failed"}
FINDING = {"not_offered": "starttls.absent", "refused": "starttls.refused",
           "tls_failed": "starttls.tls_failed"}
# The peer, not we, ended these: nobody was there to say QUIT to.
CUT = ("closed", "reset", "timeout", "greeting_timeout", "tls_alert",
       "tls_failed", "tls_timeout", "connect_refused", "connect_timeout")
SILENT = ("refuse", "blackhole")
VERDICTS = ("trusted", "name_ok", "time_ok")
LISTS = ("banner", "ehlo", "ehlo_tls")
FACTS = (*LISTS, *VERDICTS, "attempts", "outcome", "starttls", "banner_code",
         "ehlo_code", "helo", "starttls_code", "starttls_reply", "injection",
         "quit", "alert", "version")


def server(case: Case) -> dict[str, Any]:
    """The world's smtp host of a case, its short defaults filled in."""
    names = {"names": [f"*.{case.name}.{ZONE}"]}
    return {"banner": BANNER, "ehlo": EHLO, "starttls": READY, **case.spec,
            "cert": {**names, **case.spec.get("cert", {})}}


def replies(spec: dict[str, Any]) -> Iterator[list[str]]:
    """Every reply that this server may give."""
    yield from (spec["banner"], spec["ehlo"], as_lines(spec["starttls"]),
                spec.get("ehlo_tls") or without_starttls(spec["ehlo"]),
                ["221 2.0.0 bye"])
    if spec.get("helo"):
        yield as_lines(spec["helo"])


def positions(case: Case) -> range:
    """Where the longest reply of a case can be cut."""
    spec = server(case)
    longest = max(len(crlf(lines, spec.get("eol") or "\r\n"))
                  for lines in replies(spec))
    return range(1, longest)


def code(lines: list[str]) -> int | None:
    """The code of a reply: that of its last line (RFC 5321 4.2)."""
    digits = lines[-1][:3]
    return int(digits) if digits.isdigit() else None


def facts(case: Case) -> dict[str, Any]:
    """What the mx record must hold, from the configuration."""
    spec = server(case)
    reached = STEPS.index(case.reached)
    made: dict[str, Any] = dict.fromkeys(FACTS)
    made.update(outcome=case.outcome,
                starttls=STARTTLS.get(case.outcome, "inconclusive"),
                quit=None if case.outcome in CUT else True,
                # what is temporary is tried once more
                attempts=1 if case.outcome in STARTTLS else 2)
    if reached >= STEPS.index("banner"):
        made.update(banner=spec["banner"], banner_code=code(spec["banner"]))
    if reached >= STEPS.index("ehlo"):
        made.update(ehlo=spec["ehlo"], ehlo_code=code(spec["ehlo"]))
    if case.reached == "helo":
        made["helo"] = True
    if reached >= STEPS.index("starttls"):
        lines = as_lines(spec["starttls"])
        made.update(starttls_code=code(lines), starttls_reply=lines[0])
    if case.reached == "tls":
        made["ehlo_tls"] = spec.get("ehlo_tls") \
            or without_starttls(spec["ehlo"])
        made.update(version="1.3", **dict.fromkeys(VERDICTS, True))
    made.update(case.facts)
    return made


def line(case: Case, variant: str, split: str | int | None) -> \
        dict[str, Any]:
    """One world line: a domain that is its own MX host."""
    name = f"{variant}.{case.name}.{ZONE}"
    made = facts(case)
    status = made["starttls"]
    findings = [*case.findings, *filter(None, [FINDING.get(status)])]
    spec = server(case)
    if split is not None:
        spec["split"] = split
    return {"domain": name, "kind": case.name,
            "records": [f"{name}. 300 IN MX 10 {name}."],
            "smtp": {name: spec},
            "expect": {"verdict": "none", "findings": findings, "mx": [{
                "host": name, "starttls": status, "dane": "absent",
                "tls": made["version"],
                **{key: made[key] for key in VERDICTS}}]}}


def world(is_full: bool, seed: int) -> Iterator[dict[str, Any]]:
    """All lines."""
    dice = random.Random(seed)
    for case in CASES:
        yield line(case, "w", None)
        if case.spec.get("fault") in SILENT:
            continue
        yield line(case, "b", "bytes")
        cuts = positions(case)
        chosen = list(cuts) if is_full else dice.sample(cuts, SAMPLES)
        for cut in chosen:
            yield line(case, f"k{cut}", cut)


# -- comparing

def plain(value: Any) -> str:
    """A recorded text as one character per byte."""
    if isinstance(value, dict):
        return base64.b64decode(value["b64"]).decode("latin-1")
    return str(value).encode("utf-8").decode("latin-1")


def recorded(record: dict[str, Any]) -> dict[str, Any]:
    """The facts of the one address of an mx record."""
    address = (record.get("addresses") or [{}])[0]
    tls = address.get("tls") or {}
    found = {key: address.get(key) for key in FACTS}
    alert = tls.get("alert")
    found.update(version=tls.get("version"),
                 # the library writes some names with the RFC's underscore
                 alert=alert.replace("_", " ") if alert else None,
                 **{key: tls.get(key) for key in VERDICTS})
    for key in LISTS:
        if found[key] is not None:
            found[key] = [plain(one) for one in found[key]]
    if found["starttls_reply"] is not None:
        found["starttls_reply"] = plain(found["starttls_reply"])
    return found


def differences(case: Case, record: dict[str, Any]) -> Iterator[str]:
    """Every fact that is not as configured."""
    found = recorded(record)
    for key, wanted in facts(case).items():
        if wanted is ANY or wanted == found[key] \
                or (key not in VERDICTS and not wanted and not found[key]):
            continue
        yield f"{key}: wanted {wanted!r}, got {found[key]!r}"


def compare(path: Path, file: Path, given: str | None) -> int:
    """Compare; the last line counts."""
    cases = {case.name: case for case in CASES}
    wanted = {value["domain"]: value["kind"] for value in map(
        json.loads, path.read_text().splitlines())}
    good, bad = 0, 0
    for record in records.read(file, given):
        if record.get("type") != "mx":
            continue
        kind = wanted.pop(record["host"])
        said = list(differences(cases[kind], record))
        good += not said
        bad += bool(said)
        if said and bad <= SHOWN:
            print(f"{record['host']}: {'; '.join(said)}")
    for name in wanted:
        print(f"{name}: no mx record")
    total = good + bad + len(wanted)
    print(f"facts: {good} of {total} hosts of {len(cases)} cases "
          "as configured")
    return 0 if good == total else 1


def main() -> int:
    """The command line."""
    top = argparse.ArgumentParser(prog="odd", description=__doc__)
    sub = top.add_subparsers(dest="command", required=True)
    one = sub.add_parser("world")
    one.add_argument("--full", action="store_true")
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("world", type=Path)
    one = sub.add_parser("compare")
    one.add_argument("world", type=Path)
    one.add_argument("file", type=Path)
    one.add_argument("--mxcensus", default=None)
    given = top.parse_args()
    if given.command == "world":
        names = [case.name for case in CASES]
        if len(set(names)) < len(names):
            raise LabError("two odd cases of one name")
        lines = [json.dumps(made) for made in world(given.full, given.seed)]
        given.world.write_text("".join(f"{made}\n" for made in lines))
        print(f"odd: {len(CASES)} cases, {len(lines)} hosts")
        return 0
    return compare(given.world, given.file, given.mxcensus)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as why:
        print(f"odd: {why}", file=sys.stderr)
        sys.exit(3)
