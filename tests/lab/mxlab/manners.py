# SPDX-License-Identifier: Apache-2.0
"""A judge of manners who knows the options of a scan and the servers' log.

    python3 -m mxlab.manners RULE --log DIR/log [OPTIONS as the scan had them]

Nothing here asks the scanner or its records.  A session lasts, for this
judge, from the moment the server accepted it until just before the server sent
what ended it (`over`), which lies within what the scanner calls the session;
so a fault that is found is one, however busy the machine is.  Where the
scanner hung up first, the server noticed late, and the judge takes off LATE_S.
"""
from __future__ import annotations

import argparse
import ipaddress
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The scanner counts whole milliseconds, and the two clocks are not one.
CLOCKS_S = 0.003
LATE_S = 0.5
NETWORK_BITS = {4: 24, 6: 48}
Entry = dict[str, Any]
Fault = str


@dataclass
class Exclusions:
    """What lines of an --exclude file forbid."""
    networks: list[Any]
    names: list[str]

    def has(self, entry: Entry) -> bool:
        """Does it forbid this contact?"""
        address = ipaddress.ip_address(entry["address"])
        if any(address in net for net in self.networks
               if net.version == address.version):
            return True
        return any(name == one or name.endswith("." + one)
                   for one in self.names for name in names_of(entry))


def names_of(entry: Entry) -> set[str]:
    """The host as the server knows it, and as it was called."""
    return {name for name in (entry["host"], entry.get("sni")) if name}


def read_exclusions(paths: list[Path]) -> Exclusions:
    """Addresses and networks apart from names."""
    found = Exclusions([], [])
    for path in paths:
        for raw in path.read_text().splitlines():
            line = raw.partition("#")[0].strip()
            if not line:
                continue
            try:
                found.networks.append(ipaddress.ip_network(line))
            except ValueError:
                found.names.append(line.lower())
    return found


class Log:
    """What the servers saw."""

    def __init__(self, folder: Path) -> None:
        own = [told_in_time(e) for e in lines(folder / "contacts.jsonl")]
        self.smtp = sorted((e for e in own if e["kind"] == "smtp"),
                           key=lambda e: e["time"])
        self.https = [e for e in own if e["kind"] == "https"]
        self.nginx = [{**e, "over": e["time"],
                       "time": e["time"] - e["seconds"]}
                      for e in lines(folder / "nginx.jsonl")]

    def everything(self) -> list[Entry]:
        """Every contact with any server."""
        return self.smtp + self.https + self.nginx


def lines(path: Path) -> Iterator[Entry]:
    """The entries of a log; one that does not exist is empty."""
    if path.exists():
        with open(path, encoding="utf-8") as log:
            for line in log:
                yield json.loads(line)


def told_in_time(entry: Entry) -> Entry:
    """An entry whose `over` is no later than the scanner's end."""
    if not entry.get("quit") and entry["end"] in (
            "client_close", "client_reset", "fault:hang"):
        entry["over"] = max(entry["time"], entry["over"] - LATE_S)
    return entry


def by_address(entries: list[Entry]) -> dict[str, list[Entry]]:
    """The entries of each address, in order of time."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda e: e["time"]):
        found[entry["address"]].append(entry)
    return found


def network_of(entry: Entry) -> str:
    """The /24 or /48."""
    address = ipaddress.ip_address(entry["address"])
    return str(ipaddress.ip_network(
        (address, NETWORK_BITS[address.version]), strict=False))


def operator_of(entry: Entry) -> str:
    """Worlds for this test have names of two labels below no other suffix."""
    name = entry.get("sni") or entry["host"]
    return ".".join(name.split(".")[-2:])


def most_at_once(entries: list[Entry]) -> int:
    """How many of these sessions were open together at the worst moment."""
    steps = sorted([(e["over"], -1) for e in entries]
                   + [(e["time"], 1) for e in entries])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def is_troubled(entry: Entry) -> bool:
    """421, 4yz or a reset."""
    return entry["temporary"] > 0 or entry["end"] == "fault:reset"


# -- rules: each gives how much it looked at, and the faults

Verdict = tuple[int, list[Fault]]


def alone(log: Log, chosen: argparse.Namespace) -> Verdict:
    """No address has two sessions at once."""
    faults = [f"{e['address']}: a session while {e['overlap']} stood"
              for e in log.smtp if e["overlap"]]
    for address, sessions in by_address(log.smtp).items():
        if most_at_once(sessions) > 1:
            faults.append(f"{address}: two sessions at once")
    return len(log.smtp), faults


def rest(log: Log, chosen: argparse.Namespace) -> Verdict:
    """A rest between sessions, doubled for each trouble in a row."""
    faults, n = [], 0
    for address, sessions in by_address(log.smtp).items():
        in_a_row = 0
        for before, after in zip(sessions, sessions[1:]):
            in_a_row = in_a_row + 1 if is_troubled(before) else 0
            wanted = min(chosen.rest_ms * chosen.factor ** in_a_row,
                         chosen.rest_max_ms) / 1000
            gap = after["time"] - before["over"]
            n += 1
            if gap < wanted - CLOCKS_S:
                faults.append(f"{address}: {gap:.3f} s of rest after "
                              f"{before['end']}, {in_a_row} troubles in a "
                              f"row, {wanted:.3f} s wanted")
    return n, faults


def limit(entries: list[Entry], group: Callable[[Entry], str], most: int
          ) -> Verdict:
    """At most so many of a group at once."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[group(entry)].append(entry)
    at_once = {name: most_at_once(some) for name, some in groups.items()}
    return len(groups), [f"{name}: {n} at once, {most} allowed"
                         for name, n in at_once.items() if n > most]


def network(log: Log, chosen: argparse.Namespace) -> Verdict:
    """--per-net over the sessions."""
    return limit(log.smtp, network_of, chosen.per_net)


def operator(log: Log, chosen: argparse.Namespace) -> Verdict:
    """--per-operator."""
    return limit(log.smtp, operator_of, chosen.per_operator)


def policy_network(log: Log, chosen: argparse.Namespace) -> Verdict:
    """--per-net over the fetches."""
    return limit(log.https + log.nginx, network_of, chosen.per_net)


def policy_rest(log: Log, chosen: argparse.Namespace) -> Verdict:
    """--policy-rest-ms; nginx notes when a request was answered, and the next
    answer cannot come before its connection."""
    faults, n = [], 0
    for address, fetches in by_address(log.nginx).items():
        ends = sorted(e["over"] for e in fetches)
        for before, after in zip(ends, ends[1:]):
            n += 1
            if after - before < chosen.policy_rest_ms / 1000 - CLOCKS_S:
                faults.append(f"{address}: fetches {after - before:.3f} s "
                              "apart")
    return n, faults


def quit_said(log: Log, chosen: argparse.Namespace) -> Verdict:
    """QUIT in every session that had a greeting and was not cut off."""
    greeted = [e for e in log.smtp if e["greeted"]]
    return len(greeted), [
        f"{e['address']}: no QUIT ({e['end']}) after {e['commands']}"
        for e in greeted
        if not e["quit"] and (e["end"].startswith("client")
                              or e["end"] == "deadline")]


def mail(log: Log, chosen: argparse.Namespace) -> Verdict:
    """Nothing but these commands, ever."""
    allowed = {"EHLO", "HELO", "STARTTLS", "QUIT"}
    return sum(len(e["commands"]) for e in log.smtp), [
        f"{e['address']}: said {sorted(set(e['commands']) - allowed)}"
        for e in log.smtp
        if e["mail"] or not allowed.issuperset(e["commands"])]


def names(log: Log, chosen: argparse.Namespace) -> Verdict:
    """The EHLO name, and a User-Agent with program and contact."""
    said = [(e["address"], e["ehlo"], e["ehlo"] == chosen.ehlo)
            for e in log.smtp if e["ehlo"] is not None]
    said += [(e["address"], e["agent"], e["agent"].startswith("mxcensus/")
              and e["agent"].endswith(f" (+{chosen.contact})"))
             for e in log.https + log.nginx if "agent" in e]
    return len(said), [f"{address}: called itself {what!r}"
                       for address, what, right in said if not right]


def forbidden(log: Log, chosen: argparse.Namespace) -> Verdict:
    """Nothing that is excluded, nothing special that is not allowed."""
    shut = read_exclusions(chosen.exclude)
    open_nets = [ipaddress.ip_network(net) for net in chosen.allow_net]
    faults = []
    for e in log.everything():
        address = ipaddress.ip_address(e["address"])
        where = f"{e['kind']} {e['host']} {address}"
        if shut.has(e):
            faults.append(f"{where}: excluded")
        elif not address.is_global and not any(
                address in net for net in open_nets
                if net.version == address.version):
            faults.append(f"{where}: a special-purpose address")
    return len(log.everything()), faults


def later(log: Log, chosen: argparse.Namespace) -> Verdict:
    """Nothing of --later begins after --since, but what was granted before:
    one session an address, --per-operator of a name."""
    since = float(chosen.since)
    n, faults = 0, []
    for line in (one.strip() for path in chosen.later
                 for one in path.read_text().splitlines() if one.strip()):
        shut = Exclusions([], [line])
        in_flight = chosen.per_operator
        try:
            shut = Exclusions([ipaddress.ip_network(line)], [])
            in_flight = 1
        except ValueError:
            pass
        meant = [e for e in log.everything() if shut.has(e)]
        after = [e for e in meant if e["time"] > since]
        n += len(meant)
        if not meant:
            faults.append(f"{line}: not contacted before either")
        if len(after) > in_flight:
            faults.append(f"{line}: {len(after)} contacts after it was "
                          "excluded")
    return n, faults


RULES: dict[str, Callable[[Log, argparse.Namespace], Verdict]] = {
    "alone": alone, "rest": rest, "network": network, "operator": operator,
    "policy-network": policy_network, "policy-rest": policy_rest,
    "quit": quit_said, "mail": mail, "names": names, "forbidden": forbidden,
    "later": later}


def main(arguments: list[str]) -> int:
    """One rule; exit status 1 where it was broken or met nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rule", choices=RULES)
    parser.add_argument("--log", type=Path, required=True)
    for option, default in (("rest-ms", 1000), ("rest-max-ms", 60000),
                            ("policy-rest-ms", 100), ("per-net", 4),
                            ("per-operator", 2)):
        parser.add_argument(f"--{option}", type=int, default=default)
    parser.add_argument("--factor", type=int, default=2,
                        help="by which trouble lengthens a rest")
    parser.add_argument("--ehlo", default="")
    parser.add_argument("--contact", default="")
    parser.add_argument("--exclude", type=Path, action="append", default=[])
    parser.add_argument("--allow-net", action="append", default=[])
    parser.add_argument("--later", type=Path, action="append", default=[])
    parser.add_argument("--since", default="0")
    chosen = parser.parse_args(arguments)
    n, faults = RULES[chosen.rule](Log(chosen.log), chosen)
    for text in faults[:20]:
        print(text)
    print(f"manners: {chosen.rule}: {n} looked at, {len(faults)} faults")
    return 1 if faults or n == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
