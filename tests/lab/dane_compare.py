# SPDX-License-Identifier: Apache-2.0
"""DANE vectors: three verdicts on each (see dane_vectors.sh).

dane_compare.py DIR FILE.mxc [--no-postfix]: what the scan recorded, beside
what the RFCs make of the configuration, `openssl s_client -dane_tlsa_rrdata`
and Postfix's posttls-finger on the same servers.  A verdict is verified (with the depth of the certificate that
matched), fails, unusable (records, none of which counts) or none (no records
that count as there).  Every difference must be one of DIFFERENCES; another
one is wrong, and so is a reason that would explain an agreement.
"""
from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dane_vectors import Vector

RESOLVER = "127.53.0.53"
SMTP_PORT = 25
RUN_S = 30
OURS = {"ok": "verified", "mismatch": "fails", "unusable": "unusable",
        "insecure": "none", "absent": "none"}
MATCHED = re.compile(r"(?i)(?:matched|signed|verified).* at depth (\d)")


@dataclass(frozen=True)
class Difference:
    """Where another implementation may say something else, and why."""
    other: str
    why: str
    holds: Callable[[Vector, str, str], bool]  # vector, ours, theirs


DIFFERENCES = (
    Difference(
        "s_client", "RFC 7672 3.1.3: PKIX-TA(0) and PKIX-EE(1) do not count "
        "for SMTP; s_client, which serves no protocol in particular, obeys "
        "them (RFC 6698 2.1.1)",
        lambda v, ours, theirs: v.signed and v.usage in (0, 1)
        and v.selector < 2 and v.mtype < 3 and ours == "unusable"),
    Difference(
        "s_client", "RFC 7672 2.2, RFC 6698 4.1: records of an unsigned zone "
        "do not count; s_client is told them by hand",
        lambda v, ours, theirs: not v.signed and ours == "none"),
)


def words(command: list[str]) -> str:
    """What a program says, on either stream."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=RUN_S, check=False, errors="replace")
    return done.stdout


def ours(record: dict) -> str:
    """The verdict of the mx record."""
    verdict = OURS.get(record["dane"], record["dane"])
    dane = record["addresses"][0].get("dane") or {}
    if verdict == "verified":
        return f"verified {dane['matched_depth']}"
    return verdict


def matched(text: str) -> str:
    """The depth that a program names."""
    found = MATCHED.search(text)
    return f"verified {found[1]}" if found else "verified ?"


def s_client(folder: Path, host: str, address: str, rdata: str) -> str:
    """OpenSSL's verdict."""
    text = words([
        "openssl", "s_client", "-starttls", "smtp", "-name", "lab.test",
        "-connect", f"{address}:{SMTP_PORT}", "-servername", host,
        "-CAfile", str(folder / "ca.pem"), "-dane_tlsa_domain", host,
        "-dane_ee_no_namechecks", "-dane_tlsa_rrdata", rdata])
    if "Failed to import any TLSA records" in text:
        return "unusable"
    if "Verification: OK" in text:
        return matched(text)
    return ("fails" if "Verification error:" in text
            else f"? {text.strip()[-200:]}")


def posttls_finger(folder: Path, host: str) -> str:
    """Postfix's verdict; it asks the system's resolver."""
    text = words([
        "posttls-finger", "-c", "-l", "dane-only", "-L", "summary,verbose",
        "-F", str(folder / "ca.pem"), "-t", "10",
        f"[{host}]:{SMTP_PORT}"])
    if ("no usable TLSA records found" in text
            or "all TLSA records unusable" in text):
        return "unusable"
    if "no TLSA records found" in text:
        return "none"
    if "Verified TLS connection established" in text:
        return matched(text)
    return ("fails" if re.search(r"(Untrusted|Trusted|Anonymous) TLS "
                                 "connection established", text)
            else f"? {text.strip()[-200:]}")


def tlsa_records(vectors: list[Vector]) -> dict[str, str]:
    """Rdata by host, as DNS has them."""
    names = [f"_25._tcp.{v.host}" for v in vectors]
    text = words(["dig", f"@{RESOLVER}", "+noall", "+answer", "+nosplit",
                  *(part for name in names for part in (name, "TLSA"))])
    found = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 7 and fields[3] == "TLSA":
            host = fields[0].rstrip(".").removeprefix("_25._tcp.")
            found[host] = " ".join(fields[4:7]) + " " + "".join(fields[7:])
    return found


def reason(other: str, vector: Vector, mine: str, theirs: str) -> str:
    """Why they differ: a clause, or that nobody knows."""
    if mine == theirs:
        return ""
    for one in DIFFERENCES:
        if one.other == other and one.holds(vector, mine, theirs):
            return one.why
    return "UNEXPLAINED"


def compare(given: argparse.Namespace) -> int:
    """Print the table; how many verdicts nobody can explain."""
    vectors = [Vector(**one) for one in
               json.loads((given.dir / "vectors.json").read_text())]
    dump = subprocess.run([given.mxcensus, "cat", "--type", "mx", given.file],
                          capture_output=True, text=True, check=True).stdout
    records = {one["host"]: one
               for one in map(json.loads, dump.splitlines())}
    rdata = tlsa_records(vectors)
    lab = given.dir / "lab"

    def verdicts(vector: Vector) -> tuple[str, str | None, str | None]:
        record = records[vector.host]
        address = record["addresses"][0]["address"]
        postfix = (posttls_finger(lab, vector.host)
                   if given.postfix else None)
        return (ours(record), s_client(lab, vector.host, address,
                                       rdata[vector.host]), postfix)

    with ThreadPoolExecutor(4) as pool:
        all_verdicts = list(pool.map(verdicts, vectors))
    wrong = 0
    reasons: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for vector, (mine, openssl, postfix) in zip(vectors, all_verdicts):
        notes = [f"{other}: {why}" for other, theirs in
                 (("RFCs", vector.expected()), ("s_client", openssl),
                  ("posttls-finger", postfix))
                 if theirs is not None
                 and (why := reason(other, vector, mine, theirs))]
        unexplained = sum("UNEXPLAINED" in note for note in notes)
        wrong += unexplained
        reasons.update(notes)
        seen[mine] += 1
        if given.table or unexplained:
            print(f"{vector.host.removesuffix('.example')[3:]:42} "
                  f"{mine:11} {openssl:11} {postfix or '-':11} "
                  + " ".join(note[:60] for note in notes))
    for why, count in reasons.items():
        print(f"{count} differ: {why}")
    print(f"dane: {len(vectors)} vectors ("
          + ", ".join(f"{n} {word}" for word, n in sorted(seen.items()))
          + f"), {wrong} verdicts that differ without a reason")
    return wrong


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("dir", type=Path)
    parser.add_argument("file")
    parser.add_argument("--mxcensus", default="build/mxcensus")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--no-postfix", dest="postfix", action="store_false")
    return 1 if compare(parser.parse_args()) else 0


if __name__ == "__main__":
    sys.exit(main())
