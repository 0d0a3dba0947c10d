# SPDX-License-Identifier: Apache-2.0
"""From the text of TLS reports to rows of the relations `report`,
`report_policy` and `report_failure`.

The program is the judge of what a report must hold (`mxcensus parse
rpt-json`).  A report it calls invalid is left out, with one exception: tokens
that the RFC does not know but a registry may (RFC 8460 section 6) are kept.
What it only remarks on is read, and counted as a deviation.
"""

import base64
import hashlib
import ipaddress
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from mxcensus_scripts.program import Program
from mxcensus_scripts.progress import Progress
from mxcensus_scripts.reports_read import Fault, Found, shown
from mxcensus_scripts.trouble import Trouble

# Longer texts are cut; a policy is never larger (its body is cut there too).
TEXT_KEPT = 1000
POLICY_KEPT = 64 << 10
PATTERNS_KEPT = 100
# The year 10000, in milliseconds
LAST_MOMENT = 253_402_300_800_000
# How many reasons the program gives of one report
REASONS = 64
TOKEN = re.compile(r"\S*\.(result-type|policy-type) is no")
RELATIONS: dict[str, dict[str, str]] = {
    "report": {
        "no": "INTEGER", "place": "VARCHAR", "organization": "VARCHAR",
        "report_id": "VARCHAR", "contact": "VARCHAR", "started": "BIGINT",
        "ended": "BIGINT", "day": "VARCHAR"},
    "report_policy": {
        "report": "INTEGER", "policy": "INTEGER", "domain": "VARCHAR",
        "type": "VARCHAR", "policy_string": "VARCHAR",
        "mx_patterns": "VARCHAR[]", "succeeded": "HUGEINT",
        "failed": "HUGEINT"},
    "report_failure": {
        "report": "INTEGER", "policy": "INTEGER", "result": "VARCHAR",
        "host": "VARCHAR", "helo": "VARCHAR", "sending_ip": "VARCHAR",
        "receiving_ip": "VARCHAR", "sessions": "HUGEINT",
        "reason": "VARCHAR", "information": "VARCHAR"},
}


class Judge:
    """`mxcensus parse rpt-json`, asked about one report after the other."""

    def __init__(self, program: Program) -> None:
        self.command = [program.path, "parse", "rpt-json"]
        self.process: subprocess.Popen[bytes] | None = None
        if self.ask(b"{}") is None:
            raise Trouble(f"{' '.join(self.command)}: gives no answer; is the"
                          " program older than the scripts?")

    def _start(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            try:
                self.process = subprocess.Popen(
                    self.command, stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except OSError as error:
                raise Trouble(f"{self.command[0]}: cannot run: "
                              f"{error.strerror}") from error
        return self.process

    def ask(self, text: bytes) -> dict[str, Any] | None:
        """Its answer; none where it ended over this report."""
        process = self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(b'{"input_b64":"' + base64.b64encode(text)
                                + b'"}\n')
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        except (OSError, ValueError):
            self.close()
            return None
        return answer if isinstance(answer, dict) and "valid" in answer \
            else None

    def close(self) -> None:
        """End the program; the next question starts it again."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.communicate()


def text_of(value: Any, most: int = TEXT_KEPT) -> str | None:
    """A text that says something, in one line."""
    return shown(value)[:most] or None if isinstance(value, str) else None


def name_of(value: Any) -> str | None:
    """A host or domain name as scans write it."""
    text = text_of(value)
    return text and text.strip().lower().rstrip(".") or None


def count_of(value: Any) -> int | None:
    """A number of sessions."""
    return value if type(value) is int and value >= 0 else None


def texts_of(value: Any) -> list[str]:
    """A list of texts, also where it is one text alone."""
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] \
        if isinstance(value, list) else []


def maps_of(value: Any) -> list[dict[str, Any]]:
    """A list of objects, empty for whatever else."""
    return [one for one in value if isinstance(one, dict)] \
        if isinstance(value, list) else []


def map_of(value: Any) -> dict[str, Any]:
    """An object, empty for whatever else."""
    return value if isinstance(value, dict) else {}


def moment(value: Any) -> int | None:
    """A date-time of RFC 3339 in milliseconds since 1970.  A leap second is
    the one before it."""
    if not isinstance(value, str):
        return None
    text = re.sub(r"^(.{17})60", r"\g<1>59", value.upper())
    try:
        time = round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return time if 0 <= time < LAST_MOMENT else None


def address_of(value: Any) -> str | None:
    """An IP address as scans write it."""
    text = text_of(value)
    try:
        return text and str(ipaddress.ip_address(text))
    except ValueError:
        return text


def day_of(moment_ms: int) -> str:
    """The day in UTC."""
    return datetime.fromtimestamp(moment_ms / 1000, timezone.utc
                                  ).strftime("%Y-%m-%d")


def why_not(reasons: list[str]) -> str:
    """Reasons in one line."""
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"is no valid report: {reasons[0] if reasons else '?'}{more}"


def of_members(notes: Iterable[str]) -> set[str]:
    """Remarks by member: `policies[3].policy.mx-host is null` and the same of
    another policy are one."""
    kinds = set()
    for note in notes:
        path, _, rest = note.partition(" ")
        member = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
        kinds.add(shown(f"{member} {rest}"))
    return kinds


@dataclass
class Taken:
    """Reports as rows, and what is to be said about the others."""
    judge: Judge
    folder: Path
    progress: Progress = field(default_factory=Progress)
    read: int = 0
    faults: list[Fault] = field(default_factory=list)
    # as Fault, which says of which report
    duplicates: list[Fault] = field(default_factory=list)
    deviations: Counter[str] = field(default_factory=Counter)
    known: dict[tuple[str, str], tuple[str, bytes]] = field(
        default_factory=dict)
    files: dict[str, IO[str]] = field(default_factory=dict)

    def path(self, relation: str) -> Path:
        """The file that gathers the rows of a relation."""
        return self.folder / f"{relation}.jsonl"

    def _put(self, relation: str, *row: Any) -> None:
        if relation not in self.files:
            self.files[relation] = open(self.path(relation), "w",
                                        encoding="utf-8")
        self.files[relation].write(json.dumps(
            dict(zip(RELATIONS[relation], row, strict=True))) + "\n")

    def all(self, texts: Iterable[Found | Fault]) -> None:
        """Take every report."""
        self.progress.start("reports")
        try:
            for one in texts:
                self.progress.add("texts", 1)
                if isinstance(one, Found):
                    self.take(one)
                else:
                    self.faults.append(one)
        finally:
            self.progress.clear()
            self.judge.close()
            for file in self.files.values():
                file.close()

    def take(self, one: Found) -> None:
        """One report: judged, read, counted; or why not."""
        answer = self.judge.ask(one.text)
        if answer is None:
            self.faults.append(Fault(one.place, "mxcensus parse rpt-json gives"
                                     " no answer about it"))
            return
        reasons = [str(reason) for reason in answer.get("reasons", [])]
        hard = [reason for reason in reasons if not TOKEN.match(reason)]
        if hard or len(reasons) >= REASONS:
            self.faults.append(Fault(one.place, shown(why_not(hard or reasons)
                                                      )))
            return
        try:
            report = json.loads(one.text)
        except (ValueError, RecursionError):
            self.faults.append(Fault(one.place, "is nested too deeply"))
            return
        fault = self._report(one.place, report)
        if fault is not None:
            self.faults.append(fault)
            return
        notes = [str(note) for note in answer.get("notes", [])]
        self.deviations.update(of_members(reasons + notes)
                               | set(one.deviations))

    def _report(self, place: str, report: dict[str, Any]) -> Fault | None:
        """The rows of a report, unless it is a duplicate or has no time."""
        range_ = map_of(report.get("date-range"))
        started = moment(range_.get("start-datetime"))
        ended = moment(range_.get("end-datetime"))
        if started is None or ended is None:
            return Fault(place, "has a date-range that cannot be read")
        for entry in maps_of(report.get("policies")):
            if not self._has_tokens(entry):
                return Fault(place, "has a policy or failure without a type")
        organization = text_of(report.get("organization-name")) or "(empty)"
        id_ = text_of(report.get("report-id")) or "(empty)"
        if self._is_known(place, organization, id_, report):
            return None
        self.read += 1
        self._put("report", self.read, place, organization, id_,
                  text_of(report.get("contact-info")), started, ended,
                  day_of(started))
        for n, entry in enumerate(maps_of(report.get("policies")), 1):
            self._entry(n, entry)
        return None

    @staticmethod
    def _has_tokens(entry: dict[str, Any]) -> bool:
        """Whether policy and failures have a type, be it an unknown one."""
        types = [map_of(entry.get("policy")).get("policy-type")]
        types += [detail.get("result-type")
                  for detail in maps_of(entry.get("failure-details"))]
        return all(text_of(type_) for type_ in types)

    def _is_known(self, place: str, organization: str, id_: str,
                  report: dict[str, Any]) -> bool:
        """Whether a report of this name was counted; if so it is told."""
        digest = hashlib.sha256(json.dumps(
            report, sort_keys=True).encode()).digest()
        before = self.known.setdefault((organization, id_), (place, digest))
        if before[0] == place and before[1] is digest:
            return False
        other = "" if before[1] == digest else ", with other content"
        self.duplicates.append(Fault(
            place, f"report {id_} of {organization} was counted from "
            f"{before[0]}{other}"))
        return True

    def _entry(self, n: int, entry: dict[str, Any]) -> None:
        """A policy with its sessions and failures."""
        policy, summary = map_of(entry.get("policy")), entry.get("summary")
        details = maps_of(entry.get("failure-details"))
        sessions = [count_of(detail.get("failed-session-count")) or 0
                    for detail in details]
        failed = count_of(map_of(summary).get("total-failure-session-count"))
        string = "\n".join(texts_of(policy.get("policy-string")))
        self._put(
            "report_policy", self.read, n, name_of(policy.get(
                "policy-domain")),
            text_of(policy.get("policy-type")), string[:POLICY_KEPT] or None,
            [shown(pattern)[:TEXT_KEPT] for pattern in
             texts_of(policy.get("mx-host"))[:PATTERNS_KEPT]],
            count_of(map_of(summary).get("total-successful-session-count"))
            or 0, sum(sessions) if failed is None else failed)
        for detail, count in zip(details, sessions):
            self._put(
                "report_failure", self.read, n,
                text_of(detail.get("result-type")),
                name_of(detail.get("receiving-mx-hostname")),
                text_of(detail.get("receiving-mx-helo")),
                address_of(detail.get("sending-mta-ip")),
                address_of(detail.get("receiving-ip")), count,
                text_of(detail.get("failure-reason-code")),
                text_of(detail.get("additional-information")))
