# SPDX-License-Identifier: Apache-2.0
"""Synthetic scans for the tests of scripts/: records as `mxcensus cat` prints
them, drawn at random over every status of the spine.

Nothing here is a plausible internet; it is a thorough one.  Every vocabulary
appears in full, keys go missing, and many domains share few MX hosts, as in a
real scan.  The same seed gives the same records.
"""

import json
import random
from collections.abc import Iterator
from typing import Any, TextIO

RECORD = ("ok", "absent", "invalid", "multiple", "inconclusive")
POLICY = ("ok", "dns", "tcp", "tls", "http", "syntax", "inconclusive")
MX = ("ok", "null_mx", "implicit", "absent", "nxdomain", "invalid",
      "inconclusive")
STARTTLS = ("ok", "not_offered", "refused", "tls_failed", "blocked",
            "unreachable", "inconclusive")
DANE = ("absent", "insecure", "unusable", "ok", "mismatch", "bogus",
        "inconclusive")
VERDICTS = ("none", "invalid", "testing_ok", "testing_fail", "enforce_ok",
            "enforce_degraded", "enforce_fail", "inconclusive")
FINDINGS = ("sts.record.multiple", "sts.policy.tcp", "tlsrpt.absent",
            "mx.cert_name", "dane.partial")
SEVERITIES = ("error", "error", "info", "error", "info")
TLDS = ("example", "test", "co.example", "invalid")
ALWAYS_MX = (60, 4, 6, 10, 12, 3, 5)


# The fields used here, by object: name, type and, for maps, the object inside.
FIELDS = {
    "scan": "type:STR version:UINT started:TIME options:STRS list:STR "
            "list_sha256:BIN findings:STR",
    "domain": "type:STR line:UINT name:STR rank:UINT verdict:WORD "
              "verdict_dane:WORD findings:STRS sts:MAP:sts tlsrpt:MAP:tlsrpt "
              "mx_status:WORD mx:MAPS:mx_short mx_lookup:MAP:lookup "
              "started:TIME also:MAP:also",
    "also": " ".join(f"{q}:MAP:also_answer" for q in (
        "ns", "ds", "spf", "dmarc", "caa", "bimi", "a")),
    "also_answer": "status:WORD policy:WORD rr:STRS txt:STRS "
                   "txt_parts:STRLISTS lookup:MAP:lookup",
    "sts": "record:MAP:sts_record policy:MAP:sts_policy",
    "sts_record": "status:WORD id:STR txt:STRS txt_parts:STRLISTS "
                  "id_time:SECONDS provider:STR lookup:MAP:lookup",
    "sts_policy": "status:WORD valid:BOOL mode:WORD max_age:UINT mx:STRS "
                  "body:STR outcome:WORD host:STR provider:STR "
                  "mx_match:WORD mx_class:WORD a:MAP:lookup aaaa:MAP:lookup "
                  "tls:MAP:tls http_status:UINT content_type:STR "
                  "location:STR",
    "lookup": "outcome:WORD ad:BOOL addresses:STRS cname:STRS ede:MAPS:ede",
    "ede": "code:UINT text:STR",
    "tls": "outcome:WORD version:STR cipher:STR group:STR chain:BINS "
           "trusted:BOOL name_ok:BOOL time_ok:BOOL expired:BOOL "
           "not_yet:BOOL self_signed:BOOL alert:STR incomplete:BOOL",
    "tlsrpt": "status:WORD rua:STRS txt:STRS txt_parts:STRLISTS",
    "mx_short": "host:STR preference:UINT in_policy:BOOL starttls:WORD "
                "tls:STR trusted:BOOL name_ok:BOOL time_ok:BOOL dane:WORD",
    "mx": "type:STR host:STR starttls:WORD tls:STR trusted:BOOL "
          "name_ok:BOOL time_ok:BOOL addresses:MAPS:address dane:WORD "
          "tlsrpt:MAP:tlsrpt a:MAP:lookup aaaa:MAP:lookup tlsa:MAP:tlsa",
    "tlsa": "lookup:MAP:lookup rr:MAPS:tlsa_rr",
    "tlsa_rr": "usage:UINT selector:UINT mtype:UINT usable:BOOL",
    "address": "address:STR starttls:WORD outcome:WORD banner_code:UINT "
               "banner:STRS ehlo_code:UINT ehlo:STRS helo:BOOL tls:MAP:tls "
               "dane:MAP:dane tls_versions:MAPS:tls_try",
    "tls_try": "version:STR outcome:WORD",
    "dane": "matched:BOOL matched_index:UINT alternative:MAP:tlsa_rr",
    "cert": "type:STR sha256:BIN tls:UINT issuer:STR dns_names:STRS "
            "self_issued:BOOL",
    "end": "type:STR reason:STR findings:COUNTS",
}


def schema() -> dict[str, Any]:
    """What `mxcensus schema` says about the findings and fields used here."""
    rows = [(name, *field.split(":")) for name, fields in FIELDS.items()
            for field in fields.split()]
    return {
        "fields": [{"object": row[0], "name": row[1], "type": row[2],
                    "sub": row[3] if len(row) > 3 else ""} for row in rows],
        "findings": [{"code": code, "severity": severity,
                      "sentence": f"About {code}."}
                     for code, severity in zip(FINDINGS, SEVERITIES)]}


def host_record(rng: random.Random, name: str) -> dict[str, Any]:
    """One `mx` record with short facts and one address."""
    starttls = rng.choices(STARTTLS, (70, 5, 3, 4, 4, 7, 7))[0]
    facts: dict[str, Any] = {"starttls": starttls}
    if starttls == "ok":
        facts["tls"] = rng.choice(("1.0", "1.2", "1.3", "1.3"))
        for key in ("trusted", "name_ok", "time_ok"):
            facts[key] = rng.choices((True, False, None), (85, 12, 3))[0]
    return {"type": "mx", "host": name, **facts,
            "addresses": [{"address": "192.0.2.1", "starttls": starttls}]}


def draw_hosts(rng: random.Random, n: int) -> list[dict[str, Any]]:
    """The MX hosts of the scan; a few big operators and a long tail."""
    return [host_record(rng, f"mx{i % 3}.op{i // 3}.{rng.choice(TLDS)}")
            for i in range(max(n, 1))]


def domain_hosts(rng: random.Random, hosts: list[dict[str, Any]],
                 usable: bool) -> list[dict[str, Any]]:
    """The short results a domain record keeps of the hosts it names."""
    picked = {}
    for _ in range(rng.choice((1, 1, 2, 3))):
        far = len(hosts) if rng.random() < 0.5 else min(9, len(hosts))
        host = hosts[rng.randrange(far)]
        picked[host["host"]] = host
    short = []
    for preference, name in enumerate(sorted(picked), 1):
        keep = {key: value for key, value in picked[name].items()
                if key not in ("type", "addresses")}
        keep |= {"preference": 10 * preference, "dane": rng.choice(DANE),
                 "in_policy": rng.random() < 0.9 if usable else None}
        short.append(keep)
    return short


def domain_record(rng: random.Random, line: int,
                  hosts: list[dict[str, Any]]) -> dict[str, Any]:
    """One `domain` record; absent keys are part of the exercise."""
    record: dict[str, Any] = {
        "type": "domain", "line": line, "rank": line,
        "name": f"d{line}.{rng.choice(TLDS)}",
        "verdict": rng.choice(VERDICTS), "verdict_dane": rng.choice(VERDICTS),
        "findings": [f for f in FINDINGS if rng.random() < 0.1],
        "mx_status": rng.choices(MX, ALWAYS_MX)[0]}
    status = rng.choices(RECORD, (20, 70, 4, 2, 4))[0]
    policy: dict[str, Any] = {"status": "none_tried"}
    if status in ("ok", "invalid", "multiple"):
        policy = {"status": rng.choices(POLICY, (60, 5, 9, 9, 9, 4, 4))[0]}
        if policy["status"] == "ok":
            policy |= {"valid": True, "max_age": 86400,
                       "mode": rng.choice(("enforce", "testing", "none")),
                       "mx": ["mx0.op1.example"],
                       "body": "version: STSv1\nmode: enforce\n"}
        elif policy["status"] == "syntax":
            policy |= {"valid": False, "body": "<html>"}
    record["sts"] = {"record": {"status": status}, "policy": policy}
    if status == "ok":
        record["sts"]["record"] |= {"id": "1", "txt": ["v=STSv1; id=1"]}
    if rng.random() < 0.98:
        record["tlsrpt"] = {"rua": [],
                            "status": rng.choices(RECORD, (25, 65, 4, 2, 4))[0]}
    if record["mx_status"] in ("ok", "implicit", "invalid"):
        record["mx"] = domain_hosts(rng, hosts, policy["status"] == "ok")
    return record


def scan_records(n: int, seed: int, hosts: int = 60
                 ) -> Iterator[dict[str, Any]]:
    """A whole file: scan, mx, cert, domain and end records."""
    rng = random.Random(seed)
    yield {"type": "scan", "version": 1, "name": {"list": "synthetic"},
           "findings": "of the scan record, not a list"}
    pool = draw_hosts(rng, hosts)
    yield {"type": "cert", "sha256": "00", "tls": 7}
    yield from pool
    for line in range(1, n + 1):
        yield domain_record(rng, line, pool)
    yield {"type": "end", "reason": "complete", "findings": {"mx.cname": 1}}


def write(file: TextIO, n: int, seed: int, hosts: int = 60) -> None:
    """Write a scan as JSON lines, compact as the program prints them."""
    for record in scan_records(n, seed, hosts):
        file.write(json.dumps(record, separators=(",", ":")) + "\n")
