# SPDX-License-Identifier: Apache-2.0
"""Holds TLS reports against what a world says must be in them.

read_tlsrpt.py world STORIES WORLD LIST
    writes the world that the lab reads, without the key `report` of each
    line, and the names to ask about
read_tlsrpt.py judge STORIES REPORTS
    a line a verdict: ok or FAILED, a name, why, parted by tabs; three for
    each domain that has a report: as the story tells it, as parsedmarc reads
    it, as `mxcensus parse rpt-json` does.  REPORTS has one document a line.

`report` lists the entries of "policies" in order; null: no report.  It is
written from RFC 8460, not from what the program prints.
"""
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

Report = dict[str, Any]


def stories(path: str) -> list[dict[str, Any]]:
    """The lines of a world."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_asked(story: dict[str, Any]) -> bool:
    """Mail houses are there for others."""
    return story.get("list", True)


def write_world(path: str, world: str, names: str) -> None:
    """What the lab serves, and the domains to ask about."""
    told = stories(path)
    with open(world, "w", encoding="utf-8") as out:
        for story in told:
            line = {k: v for k, v in story.items() if k != "report"}
            out.write(json.dumps(line) + "\n")
    with open(names, "w", encoding="utf-8") as out:
        for story in filter(is_asked, told):
            out.write(story["domain"] + "\n")


# ---- the story ----

def told_by(report: Report) -> list[dict[str, Any]]:
    """The entries of a report in the words of a story."""
    entries = []
    for entry in report["policies"]:
        summary = entry["summary"]
        failures = [[d["result-type"], d.get("receiving-mx-hostname"),
                     d["failed-session-count"]]
                    for d in entry.get("failure-details", [])]
        entries.append({
            "type": entry["policy"]["policy-type"],
            "domain": entry["policy"]["policy-domain"],
            "good": summary["total-successful-session-count"],
            "failed": summary["total-failure-session-count"],
            "failures": failures,
        })
    return entries


def policy_is_whole(story: dict[str, Any], policy: dict[str, Any]) -> bool:
    """The policy as it was served stands in the report (RFC 8460 4.4)."""
    text = policy.get("policy-string")
    if policy["policy-type"] == "sts":
        body = story["policy"].get("body", "")
        is_served = (story["policy"].get("status", 200) == 200 and
                     "fault" not in story["policy"] and
                     "cert" not in story["policy"])
        if not is_served:
            return text is None and "mx-host" not in policy
        mx = [line[4:] for line in body.splitlines() if line[:4] == "mx: "]
        return text == body.splitlines() and policy.get("mx-host", []) == mx
    if policy["policy-type"] == "tlsa" and text is not None:
        return (policy["mx-host"] == [policy["policy-domain"]] and
                all(len(rr.split(" ")) == 4 for rr in text))
    return text is None


def as_told(story: dict[str, Any], report: Report) -> None:
    """The entries, counts and result types that the story names."""
    got = told_by(report)
    assert got == story["report"], f"{got} where {story['report']} is due"
    name = story["domain"]
    assert report["report-id"] == (
        report["date-range"]["start-datetime"] + "_" + name)
    for entry in report["policies"]:
        details = entry.get("failure-details", [])
        summary = entry["summary"]
        assert policy_is_whole(story, entry["policy"]), entry["policy"]
        assert sum(d["failed-session-count"] for d in details) == \
            summary["total-failure-session-count"]
        for detail in details:
            # 4.3.3 wants a reason for general failures; we always give one.
            assert detail["failure-reason-code"]
            assert detail["additional-information"].startswith("https://")


# ---- parsedmarc ----

def reader() -> Callable[[str], Any]:
    """parsedmarc's parser of one report.

    Its package imports connectors to Gmail, Microsoft Graph and IMAP that
    parse nothing and want 30 packages: empty classes stand in for them.
    """
    mail = types.ModuleType("parsedmarc.mail")
    for name in ("MailboxConnection", "IMAPConnection", "MSGraphConnection",
                 "GmailConnection", "MaildirConnection"):
        setattr(mail, name, type(name, (), {}))
    sys.modules["parsedmarc.mail"] = mail
    from parsedmarc import parse_smtp_tls_report_json
    return parse_smtp_tls_report_json


# Our member and parsedmarc's word for it.  It knows two members by names that
# drafts and the prose of RFC 8460 4.4 use and the JSON of its examples does
# not: `mx-host-pattern` for `mx-host` and `additional-info-uri` for
# `additional-information`.  We keep to the JSON, so it passes over both.
DETAIL_WORDS = {
    "result-type": "result_type",
    "failed-session-count": "failed_session_count",
    "sending-mta-ip": "sending_mta_ip",
    "receiving-ip": "receiving_ip",
    "receiving-mx-hostname": "receiving_mx_hostname",
    "receiving-mx-helo": "receiving_mx_helo",
    "failure-reason-code": "failure_reason_code",
}


def entry_of_parsedmarc(entry: dict[str, Any]) -> dict[str, Any]:
    """What it must make of one of our entries."""
    policy, summary = entry["policy"], entry["summary"]
    want: dict[str, Any] = {
        "policy_domain": policy["policy-domain"],
        "policy_type": policy["policy-type"],
        "successful_session_count": summary["total-successful-session-count"],
        "failed_session_count": summary["total-failure-session-count"],
    }
    if "policy-string" in policy:
        want["policy_strings"] = policy["policy-string"]
    if "failure-details" in entry:
        want["failure_details"] = [
            {word: detail[ours] for ours, word in DETAIL_WORDS.items()
             if ours in detail} for detail in entry["failure-details"]]
    return want


def as_parsedmarc(read: Callable[[str], Any], text: str) -> None:
    """Accepted without error, and every value arrives."""
    ours = json.loads(text)
    got = read(text)
    want = {
        "organization_name": ours["organization-name"],
        "begin_date": ours["date-range"]["start-datetime"],
        "end_date": ours["date-range"]["end-datetime"],
        "contact_info": ours["contact-info"],
        "report_id": ours["report-id"],
        "policies": [entry_of_parsedmarc(e) for e in ours["policies"]],
    }
    assert got == want, f"parsedmarc reads {got}"


# ---- mxcensus parse ----

def as_parsed(text: str) -> None:
    """Valid by our own rules, with nothing to remark."""
    answer = subprocess.run(
        [os.environ["MXCENSUS"], "parse", "rpt-json"], check=True,
        input=json.dumps({"input": text}) + "\n", capture_output=True,
        text=True)
    got = json.loads(answer.stdout)
    assert got["valid"] and not got["ambiguous"], got
    assert got["reasons"] == [] and got["notes"] == [], got


def judge(path: str, reports: str) -> Iterator[tuple[str, str]]:
    """Names of checks, and why they failed; empty: they did not."""
    read = reader()
    asked = list(filter(is_asked, stories(path)))
    with open(reports, encoding="utf-8") as lines:
        texts = lines.read().splitlines()
    due = [story for story in asked if story["report"] is not None]
    found = [json.loads(text)["report-id"].split("_")[1] for text in texts]
    yield "a report for each domain that has one, in the order asked", (
        "" if found == [s["domain"] for s in due] else f"reports of {found}")
    by_name = dict(zip(found, texts))
    for story in due:
        text = by_name.get(story["domain"], "{}")
        checks: dict[str, Callable[[], None]] = {
            "as told": lambda: as_told(story, json.loads(text)),
            "read by parsedmarc": lambda: as_parsedmarc(read, text),
            "read by parse rpt-json": lambda: as_parsed(text),
        }
        for name, check in checks.items():
            why = ""
            try:
                check()
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
            yield f"{story['domain']}: {name}", " ".join(why.split())


def main(args: list[str]) -> int:
    """Exit status 1 on wrong usage alone; verdicts are lines."""
    if len(args) == 4 and args[0] == "world":
        write_world(*args[1:])
    elif len(args) == 3 and args[0] == "judge":
        for name, why in judge(args[1], args[2]):
            print("FAILED" if why else "ok", name, why, sep="\t")
    else:
        print(__doc__, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
