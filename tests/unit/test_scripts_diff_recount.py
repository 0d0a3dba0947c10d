# SPDX-License-Identifier: Apache-2.0
"""scripts/diff over random pairs of scans against an independent recount in
plain Python.

    python3 -m unittest tests/unit/test_scripts_diff_recount.py
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scripts_records as records  # noqa: E402
from scripts_pairs import WEEK_MS, Commands, Record  # noqa: E402

HAS_RECORD = ("ok", "invalid", "multiple")
LAYERS = ("dns", "tcp", "tls", "http", "syntax")
NO_TLS = ("not_offered", "refused", "tls_failed")
NO_DANE = ("mismatch", "unusable", "insecure", "bogus")


def drawn(n: int, seed: int) -> list[Record]:
    """A random scan, of names that do not depend on the seed."""
    lines = list(records.scan_records(n, seed))
    for line in lines:
        if line["type"] == "scan":
            line["started"] = 1_700_000_000_000 + seed * WEEK_MS
        for one in (line, *line.get("mx", ())):
            for key in ("name", "host"):
                if isinstance(one.get(key), str):
                    one[key] = one[key].split(".")[0] + ".example" if (
                        key == "name") else ".".join(
                            one[key].split(".")[:2]) + ".example"
    return lines


def record_of(domain: Record) -> str | None:
    """The state of the STS record where it is known."""
    state = domain["sts"]["record"]["status"]
    return None if state == "inconclusive" else state


def policy_of(domain: Record) -> str | None:
    """The state of the policy where a fetch came to an end."""
    state = domain["sts"]["policy"]["status"]
    if state == "tcp" and domain["verdict"] == "inconclusive":
        return None
    return state if state in ("ok", *LAYERS) else None


def mode_of(domain: Record) -> str | None:
    """The mode of a usable policy."""
    if record_of(domain) == "ok" and policy_of(domain) == "ok":
        return domain["sts"]["policy"]["mode"]
    return None


def tlsrpt_of(domain: Record) -> bool | None:
    """Is there TLS-RPT?"""
    if "tlsrpt" not in domain:
        return False if domain["mx_status"] == "nxdomain" else None
    state = domain["tlsrpt"]["status"]
    return None if state == "inconclusive" else state != "absent"


def hosts_of(domain: Record) -> dict[str, Record]:
    """MX hosts by name."""
    return {one["host"]: one for one in domain.get("mx", ())}


def sts_events(old: Record, new: Record) -> set[str]:
    """Events of record, policy and TLS-RPT."""
    found = set()
    was, now = record_of(old), record_of(new)
    force = mode_of(old) in ("enforce", "testing")
    if was == "absent" and now in HAS_RECORD:
        found.add("adopted")
    if was in HAS_RECORD and now == "absent":
        found.add("removed_abruptly" if force else "removed_properly"
                  if mode_of(old) == "none" else "removed")
    if was == "ok" and now in ("invalid", "multiple"):
        found.add("record_broken")
    if was in ("invalid", "multiple") and now == "ok":
        found.add("record_repaired")
    if policy_of(old) == "ok" and policy_of(new) in LAYERS:
        found.add("policy_broken")
    if policy_of(old) in LAYERS and policy_of(new) == "ok":
        found.add("policy_repaired")
    modes = mode_of(old), mode_of(new)
    if None not in modes and modes[0] != modes[1]:
        found.add("withdrawn" if modes[1] == "none" else "mode_changed")
    if tlsrpt_of(old) is False and tlsrpt_of(new) is True:
        found.add("tlsrpt_added")
    if tlsrpt_of(old) is True and tlsrpt_of(new) is False:
        found.add("tlsrpt_removed")
    return found


def mail_events(old: Record, new: Record) -> set[str]:
    """Events of names, MX records and hosts."""
    found = set()
    states = old["mx_status"], new["mx_status"]
    before, after = hosts_of(old), hosts_of(new)
    if "inconclusive" not in states:
        if states[0] == "nxdomain" != states[1]:
            found.add("appeared")
        elif states[1] == "nxdomain" != states[0]:
            found.add("vanished")
        elif set(before) != set(after):
            found.add("mx_changed")
    # the synthetic policies all have the same body
    fits = [[one["in_policy"] for one in hosts.values()]
            for hosts in (before, after)]
    if ("inconclusive" not in states and set(before) != set(after)
            and mode_of(old) and mode_of(new) in ("enforce", "testing")
            and True in fits[0] and fits[1] and set(fits[1]) == {False}):
        found.add("policy_stale")
    for name in set(before) & set(after):
        a, b = before[name], after[name]
        if a["starttls"] == "ok" and b["starttls"] in NO_TLS:
            found.add("starttls_lost")
        if a["starttls"] in NO_TLS and b["starttls"] == "ok":
            found.add("starttls_gained")
        if a["dane"] == "ok" and b["dane"] in NO_DANE:
            found.add("dane_broken")
        if a["dane"] in NO_DANE and b["dane"] == "ok":
            found.add("dane_repaired")
        if a["starttls"] == b["starttls"] == "ok":
            checks = [[one[key] for key in ("trusted", "name_ok", "time_ok")]
                      for one in (a, b)]
            valid = [False if False in row else None if None in row else True
                     for row in checks]
            if valid == [True, False]:
                found.add("certificate_broken")
            if valid == [False, True]:
                found.add("certificate_repaired")
    return found


class TestRecount(Commands):
    """Thousands of domains over every vocabulary."""

    NOT_COUNTED = {"dane_added", "dane_removed"}

    def test_random(self) -> None:
        total = 0
        for seed in (1, 2, 3):
            scans = [drawn(3000, seed * 10 + n) for n in (0, 1)]
            sides = [{line["name"]: line for line in lines
                      if line["type"] == "domain"} for lines in scans]
            files = [self.write(f"{n}.mxc", lines)
                     for n, lines in enumerate(scans)]
            expected = {(name, event) for name, old in sides[0].items()
                        for event in sts_events(old, sides[1][name])
                        | mail_events(old, sides[1][name])}
            whole = self.json_of("diff", *files)
            got = {(row["domain"], row["event"]) for row in whole["events"]
                   if row["event"] not in self.NOT_COUNTED}
            self.assertEqual(got ^ expected, set())
            for cells in whole["matrices"].values():
                self.assertEqual(sum(cell["domains"] for cell in cells), 3000)
            self.assertGreater(len({event for _, event in got}), 15)
            total += len(got)
        self.assertGreater(total, 5000)


if __name__ == "__main__":
    unittest.main()
