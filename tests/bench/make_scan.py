#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_scan.py N -o FILE.mxc: a scan of N domains that nobody made, for
measuring what reads scans.

The records have the fields and about the sizes and proportions of a scan of a
top list: two thirds of the domains with MX, most of them at few operators, 1 %
with MTA-STS; each host and certificate once, before whatever names it.  Each
record is a function of the seed and its line, so that

  --wave W --change P   is the same world W weeks later, P per cent of the
                        domains having changed at each week
  --shard I/N           are the lines that I of N scanners would have asked

Names end in labels that cannot be top-level domains; nobody is meant.
"""

import argparse
import hashlib
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO

import msgpack
import zstandard

Record = dict[str, Any]
FRAME = 4 << 20
OPERATORS = 2000
TLDS = 300
WEEK_MS = 7 * 86400 * 1000
START_MS = 1_767_571_200_000  # 2026-01-05 00:00 UTC
POLICY = "version: STSv1\nmode: {}\nmx: {}\nmax_age: {}\n"
EHLO = ["PIPELINING", "SIZE 52428800", "ENHANCEDSTATUSCODES", "8BITMIME"]
# of 1,000 hosts; the rest has TLS
HOST_STATES = (("not_offered", 7, "starttls_absent"),
               ("refused", 2, "starttls_5yz"),
               ("tls_failed", 3, "tls_alert"),
               ("blocked", 6, "smtp_5yz"),
               ("unreachable", 12, "connect_refused"),
               ("inconclusive", 10, "connect_timeout"))
# of 1,000 policies; the rest is fine
POLICY_STATES = (("dns", 5, "nxdomain"), ("tcp", 8, "connect_refused"),
                 ("tls", 100, "tls_failed"), ("http", 30, "ok"),
                 ("syntax", 6, "ok"), ("inconclusive", 5, "dns_timeout"))


class Draw:
    """Choices that follow from a text alone."""

    def __init__(self, *key: object) -> None:
        text = ":".join(map(str, key)).encode()
        self.digest = hashlib.blake2b(text, digest_size=32).digest()
        self.bits = int.from_bytes(self.digest, "little")

    def below(self, n: int) -> int:
        """A number from 0 to n - 1."""
        self.bits, value = divmod(self.bits, n)
        return value

    def of(self, table: tuple[tuple[str, int, str], ...]
           ) -> tuple[str, str] | None:
        """A row of a table whose weights are of 1,000, or none."""
        value = self.below(1000)
        for word, weight, outcome in table:
            if value < weight:
                return word, outcome
            value -= weight
        return None


class World:
    """All records of a scan, counted as they are made."""

    def __init__(self, seed: int, wave: int, change: int) -> None:
        self.seed, self.wave, self.change = seed, wave, change
        self.outcomes: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.verdicts_dane: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self.hosts: dict[str, Record] = {}
        self.started = START_MS + wave * WEEK_MS
        self.ca: list[bytes] = []

    def draw(self, line: int) -> Draw:
        """The choices of a domain, as of the wave it last changed in."""
        for wave in range(self.wave, 0, -1):
            if Draw(self.seed, "c", wave, line).below(100) < self.change:
                return Draw(self.seed, "d", line, wave)
        return Draw(self.seed, "d", line, 0)

    def lookup(self, outcome: str, ad: bool, **more: Any) -> Record:
        """A question to a resolver."""
        self.outcomes[outcome] += 1
        return {"outcome": outcome, "ad": ad, **more}

    def cert(self, names: list[str], ca: bool = False) -> Record:
        """A certificate: its bytes are noise of the right length."""
        self.types["cert"] += 1
        draw = Draw(self.seed, names[0], ca)
        noise = draw.digest * 3 + hashlib.shake_128(draw.digest).digest(
            900 + draw.below(500))
        until = self.started // 1000 + 86400 * (10 + draw.below(80))
        return {"type": "cert", "sha256": hashlib.sha256(noise).digest(),
                "spki_sha256": draw.digest, "der": noise,
                "subject": f"CN={names[0]}", "subject_cn": names[0],
                "issuer": "CN=Made Root" if ca else "CN=Made R1,O=Nobody",
                "dns_names": names, "not_before": until - 90 * 86400,
                "not_after": until, "serial": draw.digest[:16].hex(),
                "key_type": "EC" if draw.below(2) else "RSA",
                "key_bits": 256, "signature_algorithm":
                    "ecdsa-with-SHA256", "self_issued": False, "is_ca": ca}

    def tls(self, leaf: bytes, bad: str) -> Record:
        """A TLS session; `bad` is the boolean that is false, if any."""
        self.outcomes["ok"] += 1
        facts = {"outcome": "ok", "version": "1.3",
                 "cipher": "TLS_AES_256_GCM_SHA384", "group": "x25519",
                 "signature": "ECDSA-SHA256", "chain": [leaf, *self.ca],
                 "trusted": True, "name_ok": True, "time_ok": True}
        if bad:
            facts[bad] = False
        return facts

    def addresses(self, draw: Draw, secure: bool) -> Iterator[Record]:
        """The A and the AAAA question of a host."""
        text = f"198.{18 + draw.below(2)}.{draw.below(256)}.{draw.below(256)}"
        yield self.lookup("ok", secure, addresses=[text], ttl=300,
                          elapsed_ms=1 + draw.below(60))
        yield self.lookup("nodata", secure)

    def host(self, name: str) -> Iterator[Record]:
        """The certificate and `mx` record of a host not seen before."""
        draw = Draw(self.seed, "h", name)
        state = draw.of(HOST_STATES)
        secure = draw.below(100) < 8
        starttls, outcome = state or ("ok", "ok")
        a, aaaa = self.addresses(draw, secure)
        at: Record = {"address": a["addresses"][0], "starttls": starttls,
                      "outcome": outcome, "attempts": 1}
        self.outcomes[outcome] += 1
        short: Record = {"starttls": starttls}
        if starttls not in ("unreachable", "inconclusive"):
            at |= {"banner_code": 554 if starttls == "blocked" else 220,
                   "banner": [f"220 {name} ESMTP"], "ehlo_code": 250,
                   "ehlo": [f"250-{name}", *(f"250-{x}" for x in EHLO),
                            "250 STARTTLS"]}
        if starttls == "ok":
            bad = ("", "trusted", "name_ok", "time_ok")[
                (draw.below(100) < 5) * (1 + draw.below(3))]
            cert = self.cert([name])
            yield cert
            at |= {"starttls_code": 220, "starttls_reply": "220 2.0.0 ready",
                   "ehlo_tls": at["ehlo"][:-1],
                   "tls": self.tls(cert["sha256"], bad)}
            short |= {"tls": "1.3" if draw.below(4) else "1.2"} | {
                key: at["tls"][key] for key in ("trusted", "name_ok",
                                                "time_ok")}
        at |= {"quit": True, "elapsed_ms": 20 + draw.below(900)}
        dane = "absent" if draw.below(100) >= 60 or not secure else "ok"
        record = {"type": "mx", "host": name, **short, "dane": dane, "a": a,
                  "aaaa": aaaa}
        if dane == "ok":
            record["tlsa"] = {"lookup": self.lookup("ok", True), "rr": [
                {"usage": 3, "selector": 1, "mtype": 1,
                 "data": draw.digest, "usable": True}]}
        self.types["mx"] += 1
        yield record | {"addresses": [at], "started": self.started,
                        "elapsed_ms": 1000 + draw.below(5000)}
        self.hosts[name] = {
            "host": name, "preference": 10, "in_policy": None,
            "starttls": starttls, "tls": short.get("tls"),
            "trusted": short.get("trusted"), "name_ok": short.get("name_ok"),
            "time_ok": short.get("time_ok"), "dane": dane}

    def host_names(self, draw: Draw, name: str) -> list[str]:
        """Whose hosts a domain uses: few operators have most domains."""
        if draw.below(100) < 20:
            return [f"mx.{name}"]
        far = draw.below(OPERATORS)
        operator = far * far // OPERATORS
        count = 1 + operator % 3
        return [f"mx{i}.op{operator}.tld{operator % 7}"
                for i in range(count)]

    def policy(self, draw: Draw, name: str, hosts: list[str]
               ) -> Iterator[Record]:
        """The certificate of a policy host, and last `sts.policy`."""
        state = draw.of(POLICY_STATES)
        status, outcome = state or ("ok", "ok")
        self.outcomes[outcome] += 1
        facts: Record = {"status": status, "valid": None,
                         "valid_lenient": None}
        reached = status in ("ok", "syntax", "http")
        if status in ("ok", "syntax"):
            mode = ("enforce", "enforce", "testing", "testing", "none")[
                draw.below(5)]
            good = status == "ok"
            facts |= {"valid": good, "valid_lenient": good}
            if good:
                facts |= {"mode": mode, "max_age": 604800, "mx": hosts}
            facts["body"] = POLICY.format(mode if good else "strict",
                                          "\nmx: ".join(hosts), 604800)
        facts["host"] = f"mta-sts.{name}"
        if status not in ("dns", "inconclusive"):
            facts["a"], facts["aaaa"] = self.addresses(draw, False)
        facts |= {"outcome": outcome}
        if reached:
            cert = self.cert([facts["host"]])
            yield cert
            facts |= {"attempts": [{"address": "198.18.0.1",
                                    "outcome": "ok"}],
                      "tls": self.tls(cert["sha256"], ""),
                      "http_status": 404 if status == "http" else 200,
                      "content_type": "text/plain", "server": "made"}
        yield facts | {"elapsed_ms": 50 + draw.below(900)}

    def sts(self, draw: Draw, name: str, hosts: list[str], ad: bool
            ) -> Iterator[Record]:
        """Certificates, and last the `sts` of a domain."""
        if draw.below(100) >= 1:
            yield {"record": {"status": "absent", "lookup":
                              self.lookup("nxdomain", ad)},
                   "policy": {"status": "none_tried", "valid": None,
                              "valid_lenient": None}}
            return
        got = list(self.policy(draw, name, hosts))
        yield from got[:-1]
        stamp = f"2025{1 + draw.below(12):02}{1 + draw.below(28):02}T000000"
        yield {"record": {"status": "ok", "id": stamp,
                          "txt": [f"v=STSv1; id={stamp}"],
                          "lookup": self.lookup("ok", ad, ttl=3600)},
               "policy": got[-1]}

    def tlsrpt(self, draw: Draw, name: str, often: int, ad: bool) -> Record:
        """The `tlsrpt` of a domain."""
        if draw.below(1000) >= often:
            return {"status": "absent", "rua": [],
                    "lookup": self.lookup("nxdomain", ad)}
        rua = f"mailto:tlsrpt@{name}"
        return {"status": "ok", "rua": [rua],
                "txt": [f"v=TLSRPTv1; rua={rua}"],
                "lookup": self.lookup("ok", ad, ttl=3600)}

    def domain(self, line: int) -> Iterator[Record]:
        """The record of a line, after those it refers to."""
        draw = self.draw(line)
        where = Draw(self.seed, "n", line).below(TLDS)
        name = f"name-{line}.tld{where * where // TLDS}"
        ad = draw.below(100) < 8
        exists = draw.below(1000)
        status = ("ok" if exists < 666 else "absent" if exists < 850
                  else "nxdomain" if exists < 920 else "implicit"
                  if exists < 960 else "null_mx" if exists < 990
                  else "inconclusive")
        names: list[str] = []
        if status in ("ok", "implicit"):
            names = (self.host_names(draw, name) if status == "ok"
                     else [name])
        for host in names:
            if host not in self.hosts:
                yield from self.host(host)
        mx = [self.hosts[host] for host in names]
        sts: Record = {"record": {"status": "absent"},
                       "policy": {"status": "none_tried"}}
        for part in self.sts(draw, name, names or ["mx.none.tld0"], ad):
            if "type" in part:
                yield part
            else:
                sts = part
        record = {"type": "domain", "line": line, "name": name, "rank": line,
                  **self.judged(sts, mx, status), "sts": sts, "tlsrpt": None,
                  "mx_status": status, "mx": mx}
        has_sts = sts["record"]["status"] == "ok"
        record["tlsrpt"] = self.tlsrpt(draw, name, 700 if has_sts else 20, ad)
        if has_sts and record["tlsrpt"]["status"] == "absent":
            record["findings"].append("tlsrpt.absent")
        self.findings.update(record["findings"])
        record["mx_lookup"] = self.lookup(
            {"nxdomain": "nxdomain", "inconclusive": "servfail",
             "absent": "nodata", "implicit": "nodata"}.get(status, "ok"), ad,
            ttl=300, elapsed_ms=1 + draw.below(80))
        record |= {"started": self.started + line, "elapsed_ms": 100}
        self.types["domain"] += 1
        yield record

    def judged(self, sts: Record, mx: list[Record], status: str) -> Record:
        """Verdicts and findings, about as the program would give them."""
        policy = sts["policy"]
        verdict, findings = "none", []
        if status == "inconclusive":
            verdict = "inconclusive"
        elif policy["status"] not in ("none_tried", "ok"):
            verdict = ("inconclusive" if policy["status"] == "inconclusive"
                       else "invalid")
            findings.append({"tls": "sts.policy.cert_name",
                             "http": "sts.policy.http_status",
                             "syntax": "sts.policy.mode"}.get(
                                 policy["status"], "sts.policy.dns"))
        elif policy["status"] == "ok" and policy["mode"] != "none":
            good = all(host["trusted"] and host["name_ok"] and host["time_ok"]
                       for host in mx)
            verdict = policy["mode"] + ("_ok" if good else "_fail")
        if any(host["starttls"] == "not_offered" for host in mx):
            findings.append("starttls.absent")
        if any(host["name_ok"] is False for host in mx):
            findings.append("mx.cert_name")
        dane = ("enforce_ok" if mx and all(host["dane"] == "ok"
                                           for host in mx) else "none")
        self.verdicts[verdict] += 1
        self.verdicts_dane[dane] += 1
        return {"verdict": verdict, "verdict_dane": dane,
                "findings": findings}

    def scan(self, n: int, shard: str) -> Record:
        """The first record."""
        options = [f"seed={self.seed}"] + ([f"shard={shard}"] if shard else [])
        return {"type": "scan", "format": 1, "program": "mxcensus",
                "version": "0.1.0", "libraries": [], "options": options,
                "stages": ["dns", "policy", "smtp"], "list": "made.csv",
                "list_sha256": Draw(n, self.seed).digest, "list_lines": n,
                "resolvers": ["192.0.2.53:53"], "trust_ad": True,
                "ehlo_name": "scanner.example",
                "contact": "https://scanner.example/", "vantage": "made",
                "ipv6": True, "started": self.started}

    def end(self, n: int) -> Record:
        """The last record: what all others add up to."""
        return {"type": "end", "reason": "complete",
                "list_sha256": Draw(n, self.seed).digest, "list_lines": n,
                "rejected": {}, "domains": self.types["domain"],
                "mx_hosts": self.types["mx"],
                "certificates": self.types["cert"],
                "verdicts": dict(self.verdicts),
                "verdicts_dane": dict(self.verdicts_dane),
                "findings": dict(self.findings),
                "outcomes": dict(self.outcomes),
                "ended": self.started + 3_600_000, "duration_ms": 3_600_000,
                "dns_queries": sum(self.outcomes.values()),
                "policy_connects": n // 100, "smtp_connects": n // 5}

    def records(self, n: int, shard: str) -> Iterator[Record]:
        """The whole file."""
        part, of = map(int, shard.split("/")) if shard else (1, 1)
        yield self.scan(n, shard)
        root = self.cert(["Made R1"], ca=True)
        yield root
        self.ca = [root["sha256"]]
        for line in range(part, n + 1, of):
            yield from self.domain(line)
        yield self.end(n)


def write(out: BinaryIO, records: Iterator[Record]) -> None:
    """Frames of whole records; the first and the last have one of their
    own."""
    squeeze = zstandard.ZstdCompressor(level=3, write_checksum=True)
    packer = msgpack.Packer(autoreset=False)
    for record in records:
        if record["type"] == "end" or packer.getbuffer().nbytes >= FRAME:
            out.write(squeeze.compress(packer.bytes()))
            packer.reset()
        packer.pack(record)
        if record["type"] in ("scan", "end"):
            out.write(squeeze.compress(packer.bytes()))
            packer.reset()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Makes a scan of N domains "
                                     "to measure with.")
    parser.add_argument("n", type=int, metavar="N", help="domains")
    parser.add_argument("-o", required=True, dest="out", metavar="FILE.mxc")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wave", type=int, default=0, metavar="W",
                        help="weeks later (default: 0)")
    parser.add_argument("--change", type=int, default=2, metavar="P",
                        help="per cent that change in a week (default: 2)")
    parser.add_argument("--shard", default="", metavar="I/N")
    chosen = parser.parse_args()
    world = World(chosen.seed, chosen.wave, chosen.change)
    with open(chosen.out, "wb") as out:
        write(out, world.records(chosen.n, chosen.shard))
        size = out.tell()
    print(f"{chosen.out}: {chosen.n:,} lines, "
          f"{sum(world.types.values()):,} records, {size / 1e6:.0f} MB",
          file=sys.stderr)


if __name__ == "__main__":
    main()
