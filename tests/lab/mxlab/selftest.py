# SPDX-License-Identifier: Apache-2.0
"""The lab's own test: other implementations look at every kind of server.

If the lab and the scanner shared a mistake, a scan could be `as expected` and
wrong.  So what the servers do is proven here by dig, delv, drill, curl and
openssl alone.  Test cases are the functions named test_*; each says what it
saw and what it wanted.
"""
from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mxlab import selftest_smtp
from mxlab.selftest_tools import (HTTPS_PORT, SMTP_PORT, Failed, Lab, begins,
                                  dane_says, ehlo_inside_tls, flags, lasts,
                                  run, tlsa_rows, want)
from mxlab.selftest_world import KINDS, LATIN, POLICY, world

TRUST_WORDS = {"self_signed": "self-signed certificate",
               "untrusted": "unable to get local issuer certificate",
               "expired": "certificate has expired",
               "not_yet": "certificate is not yet valid",
               "wrong_name": "hostname mismatch",
               "leaf_only": "unable to get local issuer certificate"}


# -- DNS

def test_secure_answer(lab: Lab) -> None:
    answer = lab.dig("good.example", "MX")
    want("NOERROR" in answer and "ad" in flags(answer), answer)
    want("RRSIG\tMX 13" in answer, answer)


def test_chain_by_delv(lab: Lab) -> None:
    key = (lab.folder / "conf" / "anchor.key").read_text().split()
    anchor = lab.folder / "delv.key"
    anchor.write_text('trust-anchors { "." static-key '
                      f'{key[4]} {key[5]} {key[6]} "{key[7]}"; }};\n')
    for name, kind in (("good.example", "MX"), ("odd.co.test", "TXT"),
                       ("x.wild.dns.example", "TXT")):
        said = run("delv", f"@{lab.resolver}", "-a", str(anchor), name,
                   kind).both
        want("; fully validated" in said, said)


def test_chain_by_drill(lab: Lab) -> None:
    said = run("drill", "-k", str(lab.folder / "conf" / "anchor.key"),
               "-D", f"@{lab.nsd}", "good.example", "MX").both
    want("rcode: NOERROR" in said, said)
    said = run("drill", "-S", "-k", str(lab.folder / "conf" / "anchor.key"),
               f"@{lab.resolver}", "good.example", "MX").both
    want("Chase successful" in said, said)


def test_nxdomain(lab: Lab) -> None:
    for name in ("absent.example", "_mta-sts.absent.example",
                 "nobody.good.example"):
        answer = lab.dig(name, "TXT")
        want("NXDOMAIN" in answer and "ad" in flags(answer), answer)


def test_nodata(lab: Lab) -> None:
    answer = lab.dig("good.example", "TXT")
    want("NOERROR" in answer and "ANSWER: 0" in answer
         and "ad" in flags(answer), answer)


def test_insecure_answer(lab: Lab) -> None:
    answer = lab.dig("mx.plain.example", "A")
    want("NOERROR" in answer and "ad" not in flags(answer), answer)


def test_child_zone(lab: Lab) -> None:
    answer = lab.dig("child.dns.example", "TXT")
    want('"child"' in answer and "ad" in flags(answer), answer)
    said = run("dig", f"@{lab.nsd}", "child.dns.example", "SOA").stdout
    want("aa" in flags(said) and "child.dns.example." in said, said)


def test_odd_records(lab: Lab) -> None:
    answer = lab.dig("odd.co.test", "TXT")
    want(r'"a\"b\\c\009d;"' in answer and "ad" in flags(answer), answer)
    answer = lab.dig("odd.co.test", "TYPE65300")
    want("010203" in answer and "ad" in flags(answer), answer)
    answer = lab.dig("_443._tcp.odd.co.test", "TLSA")
    want("ABAB" in answer and "ad" in flags(answer), answer)
    answer = lab.dig("alias.dns.example", "TXT")
    want('"fine"' in answer and "CNAME" in answer, answer)


def test_dns_servfail(lab: Lab) -> None:
    for name in ("broken", "denied", "nothing"):
        answer = lab.dig(f"{name}.dns.example", "TXT")
        want("SERVFAIL" in answer and "EDE: 6" not in answer, answer)


def test_dns_silent_within_two_seconds(lab: Lab) -> None:
    begin = time.monotonic()
    answer = lab.dig("quiet.dns.example", "TXT")
    took = time.monotonic() - begin
    want("SERVFAIL" in answer, answer)
    want(0.5 < took < 3, f"took {took:.1f} s")
    answer = lab.dig("fine.dns.example", "TXT")
    want('"fine"' in answer and "ad" in flags(answer), answer)


def test_dns_silent_zone_and_below(lab: Lab) -> None:
    for name in ("dead.example", "below.dead.example"):
        answer = lab.dig(name, "TXT")
        want("SERVFAIL" in answer, answer)


def test_dns_truncated(lab: Lab) -> None:
    proxy = f"127.53.{lab.base}.2"
    answer = run("dig", f"@{proxy}", "+ignore", "+notcp", "+norec",
                 "long.dns.example", "TXT").stdout
    want("tc" in flags(answer) and "ANSWER: 0" in answer, answer)
    answer = run("dig", f"@{proxy}", "+tcp", "+norec", "long.dns.example",
                 "TXT").stdout
    want('"long"' in answer, answer)
    answer = lab.dig("long.dns.example", "TXT")
    want('"long"' in answer and "ad" in flags(answer), answer)


def test_dns_bogus_record(lab: Lab) -> None:
    answer = lab.dig("bad.dns.example", "TXT")
    want("SERVFAIL" in answer and re.search(r"EDE: (6|9|1\d|7|8)\b", answer),
         answer)
    answer = lab.dig("+cd", "bad.dns.example", "TXT")
    want('"bad"' in answer, answer)


def test_dns_bogus_zone(lab: Lab) -> None:
    answer = lab.dig("bogus.example", "TXT")
    want("SERVFAIL" in answer and re.search(r"EDE: (6|9|10)\b", answer),
         answer)


# -- TLSA

def test_tlsa_matches(lab: Lab) -> None:
    rows = lab.dig("+short", "_25._tcp.mx.good.example", "TLSA").splitlines()
    rows = [row for row in rows if re.match(r"[23] [01] [012] ", row)]
    want(len(rows) == 13, rows)
    matches = 0
    for row in rows:
        usage, selector, mtype, data = row.split(" ", 3)
        said = lab.s_client(
            "good", "-dane_tlsa_domain", "mx.good.example",
            "-dane_tlsa_rrdata",
            f"{usage} {selector} {mtype} {data.replace(' ', '')}")
        is_match = "matched" in said and "Verification: OK" in said
        matches += is_match
    want(matches == 12, f"{matches} of 13 rows match, 12 should")


def test_tlsa_under_other_parameters(lab: Lab) -> None:
    rows = tlsa_rows(lab, "mx.dane.example")
    want(len(rows) == 1 and rows[0][:3] == ["3", "1", "1"], rows)
    said = dane_says(lab, "dane", rows[0])
    want("no matching DANE TLSA records" in said, said)
    said = dane_says(lab, "dane", ["3", "0", "1", rows[0][3]])
    want("matched" in said and "Verification: OK" in said, said)


def test_tlsa_anchor_that_is_not_sent(lab: Lab) -> None:
    rows = tlsa_rows(lab, "mx.anchor.example")
    want(sorted(row[:3] for row in rows) == [["2", "0", "0"],
                                             ["2", "1", "0"]], rows)
    for row in rows:
        said = dane_says(lab, "anchor", row)
        word = "matched TA certificate at depth 1" if row[1] == "0" \
            else "signed the certificate at depth 0"
        want("Verification: OK" in said and word in said, (row, said))
        want(" 0 s:" in said and " 1 s:" not in said, (row, said))


def test_tlsa_servfail_below_secure_addresses(lab: Lab) -> None:
    answer = lab.dig("mx.unasked.example", "A")
    want("NOERROR" in answer and "ad" in flags(answer), answer)
    answer = lab.dig("_25._tcp.mx.unasked.example", "TLSA")
    want("status: SERVFAIL" in answer and not re.search(
        r"EDE: (6|9|1\d|7|8)\b", answer), answer)
    answer = lab.dig("_smtp._tls.mx.unasked.example", "TXT")
    want("v=TLSRPTv1" in answer and "ad" in flags(answer), answer)


# -- policy hosts

def test_https_good(lab: Lab) -> None:
    for name in ("good", "alias", "header", "untyped"):
        done = lab.curl(name, "-i")
        want(done.returncode == 0 and POLICY.encode() in done.stdout,
             done.both)
        has_type = b"content-type: text/plain" in done.stdout.lower()
        want(has_type == (name != "untyped"), done.stdout)
        want((b"X-Lab: yes; \"it\" is" in done.stdout) == (name == "header"),
             done.stdout)


def test_https_bytes(lab: Lab) -> None:
    done = lab.curl("bytes")
    want(done.stdout == LATIN, done.stdout)


def test_https_status(lab: Lab) -> None:
    done = lab.curl("gone", "-i")
    want(b" 404 " in done.stdout.split(b"\r\n")[0]
         and b"nothing $here\n" in done.stdout, done.stdout)
    done = lab.curl("moved", "-i")
    want(b" 301 " in done.stdout.split(b"\r\n")[0]
         and b"Location: https://www.moved.test/x" in done.stdout,
         done.stdout)
    done = lab.curl("html", "-i")
    want(b"Content-Type: text/html" in done.stdout, done.stdout)


def test_https_certificates(lab: Lab) -> None:
    words = {**TRUST_WORDS, "wrong_name": "no alternative certificate subject",
             "none": "unrecognized name"}
    for kind in KINDS:
        name = kind.replace("_", "-")
        done = lab.curl(name)
        want(done.returncode in (35, 60) and not done.stdout
             and words[kind].encode() in done.both, (kind, done.both))
        if kind != "none":
            want(lab.curl(name, "-k").stdout == POLICY.encode(), kind)


def test_https_faults(lab: Lab) -> None:
    for name, codes in (("refuse", (7,)), ("blackhole", (28,)),
                        ("reset", (35,)), ("hang", (28,)), ("close", (35,)),
                        ("garbage", (35,)), ("tls-alert", (35,)),
                        ("no-http", (1, 56, 52, 8)), ("slow", (28,)),
                        ("endless", (28, 63))):
        done = lab.curl(name, "--connect-timeout", "2")
        want(done.returncode in codes, (name, done.returncode, done.stderr))
        if name == "slow":
            want(0 < len(done.stdout) < len(POLICY), done.stdout)
        if name == "endless":
            want(len(done.stdout) > 100000, len(done.stdout))


def test_https_per_address(lab: Lab) -> None:
    want(lab.curl("triple").stdout == POLICY.encode(), "the first")
    want(lab.curl("triple", which=1).stdout == b"none\n", "the second")
    want(lab.curl("triple", which=2).returncode == 35, "the third")


def test_https_old_tls(lab: Lab) -> None:
    want(lab.curl("tls11").returncode == 35, "TLS 1.1 by default")
    done = lab.curl("tls11", "--tlsv1.0", "--ciphers", "DEFAULT:@SECLEVEL=0")
    want(done.stdout == POLICY.encode(), done.both)


def test_https_no_address(lab: Lab) -> None:
    answer = lab.dig("mta-sts.hostless.test", "A")
    want("NXDOMAIN" in answer, answer)


# -- SMTP

def test_smtp_good(lab: Lab) -> None:
    for name in ("good", "postfix", "rsa2048", "rsa1024", "two"):
        said = lab.s_client(name, "-cipher", "DEFAULT:@SECLEVEL=0")
        want("Verification: OK" in said and "TLSv1.3" in said, (name, said))


def test_smtp_versions(lab: Lab) -> None:
    said = lab.s_client("tls12")
    want("New, TLSv1.2" in said and "Verification: OK" in said, said)
    said = lab.s_client("two", which=1)
    want("New, TLSv1.2" in said, said)
    said = lab.s_client("tls10", "-cipher", "DEFAULT:@SECLEVEL=0",
                        "-min_protocol", "TLSv1")
    want("Protocol  : TLSv1\n" in said, said)
    said = lab.s_client("tls10")
    want("Protocol  : TLSv1\n" not in said or "Cipher is (NONE)" in said,
         said)


def test_smtp_certificates(lab: Lab) -> None:
    for kind in KINDS:
        said = lab.s_client(kind.replace("_", "-"))
        if kind == "none":
            want("handshake failure" in said, said)
        else:
            want(TRUST_WORDS[kind] in said.lower(), (kind, said))
    said = lab.s_client("cn-only", "-verify_return_error")
    want("Subject Alternative Name" not in said, said)


def test_days_of_certificates(lab: Lab) -> None:
    said = lab.s_client("days")
    want("Verification: OK" in said, said)
    want(lasts(said, 4) and not lasts(said, 5), said)
    want(84.9 < begins(said) < 85.1, begins(said))
    said = lab.s_client("days-over")
    want("certificate has expired" in said, said)
    host = "mta-sts.days.test"
    said = run("openssl", "s_client", "-connect",
               f"{lab.address(host)}:{HTTPS_PORT}", "-servername", host,
               input="").both
    want(lasts(said, 1) and not lasts(said, 2), said)
    want(4.9 < begins(said) < 5.1, begins(said))
    want(lab.curl("days").stdout == POLICY.encode(), "in date for curl")


def test_wildcard_over_a_suffix(lab: Lab) -> None:
    said = lab.s_client("upper", "-showcerts")
    pem = said[said.index("-----BEGIN CERT"):]
    said = run("openssl", "x509", "-noout", "-ext", "subjectAltName",
               input=pem).stdout
    want("DNS:*.example" in said, said)


def test_smtp_key_sizes(lab: Lab) -> None:
    for name, bits in (("rsa1024", 1024), ("rsa2048", 2048), ("good", 256)):
        said = lab.s_client(name, "-cipher", "DEFAULT:@SECLEVEL=0")
        want(f"Server public key is {bits} bit" in said, said)


def test_smtp_replies(lab: Lab) -> None:
    for name, lines, wanted in (
            ("plain", ("EHLO x", "QUIT"), b"250 PIPELINING\r\n221 "),
            ("refused", ("EHLO x", "STARTTLS", "QUIT"), b"\r\n454 4.7.0"),
            ("helo", ("EHLO x", "HELO x", "QUIT"), b"250 good old days"),
            ("shut", ("EHLO x", "QUIT"), b"554 5.7.1 no service\r\n503 "),
            ("busy", (), b"421 4.3.2 busy\r\n"),
            ("good", ("EHLO x", "MAIL FROM:<>", "QUIT"), b"\r\n550 "),
            ("inject", ("EHLO x", "STARTTLS"),
             b"ready\r\n250 injected\r\n")):
        got = lab.talk(name, *lines, wait_s=1)
        want(wanted in got, (name, got))


def test_smtp_inside_tls(lab: Lab) -> None:
    lines = ehlo_inside_tls(lab, "inside")
    want(lines == ["250-mx.inside.example", "250 X-INSIDE"], lines)


def test_smtp_starttls_inside_tls(lab: Lab) -> None:
    """Gone inside TLS unless the world wants it there again."""
    lines = ehlo_inside_tls(lab, "again")
    want(lines == ["250-mx.again.example", "250 STARTTLS"], lines)
    lines = ehlo_inside_tls(lab, "good")
    want(lines == ["250 mx.good.example"], lines)


def test_smtp_flaky(lab: Lab) -> None:
    want(b"421 " in lab.talk("flaky"), "the first connection is sent away")
    got = lab.talk("flaky", "QUIT")
    want(got.startswith(b"220 "), got)


def test_smtp_connect_faults(lab: Lab) -> None:
    for name, error in (("refuse", ConnectionRefusedError),
                        ("blackhole", TimeoutError)):
        try:
            lab.talk(name)
        except error:
            continue
        raise Failed(f"{name}: connected")


def test_smtp_faults(lab: Lab) -> None:
    for name, lines, wanted in (
            ("reset", (), b"<reset>"), ("hang", ("EHLO x",), b"<silence>"),
            ("close", (), b""), ("ehlo-close", ("EHLO x",), b"220 "),
            ("starttls-hang", ("EHLO x", "STARTTLS"), b"<silence>"),
            ("tls-close", ("EHLO x", "STARTTLS", "hello"), b"ready\r\n"),
            ("tls-reset", ("EHLO x", "STARTTLS", "hello"), b"<reset>"),
            ("tls-garbage", ("EHLO x", "STARTTLS", "hello"), b"this is no"),
            ("tls-hang", ("EHLO x", "STARTTLS", "hello"), b"<silence>")):
        got = lab.talk(name, *lines)
        want(wanted in got, (name, got))
    want(lab.talk("close") == b"", "close says nothing")
    want(b"220 " not in lab.talk("garbage"), "garbage is no greeting")
    got = lab.talk("endless", "EHLO x")
    want(b"220 " not in got and got.count(b"220-") > 50, got)
    want("alert handshake failure" in lab.s_client("tls-alert"), "alert")


def test_smtp_slow(lab: Lab) -> None:
    begin = time.monotonic()
    said = lab.s_client("slow")
    took = time.monotonic() - begin
    want("Verification: OK" in said and 1.2 < took < 5, f"{took:.1f} {said}")


# -- the lab itself

def test_log_of_contacts(lab: Lab) -> None:
    run("sh", "-c", "(sleep 1; printf 'quit\\r\\n'; sleep 1) | openssl"
        " s_client -quiet -starttls smtp -servername log.test -connect"
        f" {lab.address('mx.good.example')}:{SMTP_PORT}")
    time.sleep(0.3)
    log = (lab.folder / "log" / "contacts.jsonl").read_text().splitlines()
    mine = [json.loads(line) for line in log]
    mine = [entry for entry in mine if entry["sni"] == "log.test"]
    want(len(mine) == 1, mine)
    entry = mine[0]
    want(entry["host"] == "mx.good.example" and entry["starttls"]
         and entry["quit"] and entry["tls"] == "TLSv1.3"
         and entry["end"] == "quit" and not entry["mail"]
         and entry["ehlo"], entry)


def test_second_lab_is_refused(lab: Lab) -> None:
    other = lab.folder.parent / "other"
    done = lab.lab("up", str(lab.folder / "world.jsonl"), "--dir",
                   str(other), "--base", str(lab.base))
    want(done.returncode == 3 and done.stderr.count("\n") == 1, done.both)
    done = lab.lab("up", str(lab.folder / "world.jsonl"), "--dir",
                   str(lab.folder), "--base", str(lab.base))
    want(done.returncode == 3 and "lab down" in done.stderr, done.both)


def test_list(lab: Lab) -> None:
    rows = (lab.folder / "list.txt").read_text().splitlines()
    want(rows[0] == "1,good.example" and "7,absent.example" in rows
         and "odd.co.test" not in rows and len(set(rows)) == len(rows), rows)


def run_tests(lab: Lab) -> tuple[int, int]:
    """All of them; those that only wait run beside each other."""
    found = {**globals(), **vars(selftest_smtp)}
    cases = {name: case for name, case in found.items()
             if name.startswith("test_")}

    def one(case) -> str | None:
        try:
            case(lab)
        except (Failed, subprocess.TimeoutExpired, OSError) as why:
            return f"{why}" or repr(why)
        except Exception:
            return traceback.format_exc()
        return None

    with ThreadPoolExecutor(4) as pool:
        results = dict(zip(cases, pool.map(one, cases.values())))
    failed = {name: why for name, why in results.items() if why is not None}
    for name, why in failed.items():
        print(f"{name}: {why}")
    return len(results) - len(failed), len(failed)


def main() -> int:
    """Bring the world up, look at it, take it down, be sure it is gone."""
    options = argparse.ArgumentParser(prog="selftest")
    options.add_argument("--base", type=int, default=62)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="mxlab-") as home:
        folder = Path(home) / "lab"
        path = Path(home) / "world.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in world()))
        lab = Lab(folder, given.base)
        done = lab.lab("up", str(path), "--dir", str(folder), "--base",
                       str(given.base))
        print(done.both, end="")
        if done.returncode != 0:
            return 1
        try:
            passed, failed = run_tests(lab)
        finally:
            done = lab.lab("down", "--dir", str(folder))
        left = run("dig", f"@{lab.resolver}", "+tries=1", "+time=1",
                   "good.example").returncode == 0
        if done.returncode or left or (folder / "pids").exists():
            print(f"down: {done.both}")
            failed += 1
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0




if __name__ == "__main__":
    sys.exit(main())
