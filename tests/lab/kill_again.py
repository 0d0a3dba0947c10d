# SPDX-License-Identifier: Apache-2.0
"""kill_again.py LABDIR WHOLE.mxc OUT.mxc KILLS SEED -- COMMAND...: a scan
that is killed and gone on with, again and again.

COMMAND scans into OUT.mxc with --resume; WHOLE.mxc is the same scan
undisturbed.  It is started and killed (SIGKILL) at moments drawn from the seed
and spread over the growth of the file, then gets to its end; its file is
compared with WHOLE.mxc, and the next scan starts afresh, until there were
KILLS kills.

After each kill the whole frames say which hosts are known.  The log of the
lab's servers must show no connection to an address of theirs from then on,
unless another host that is not known shares the address.  Every
certificate, host and line stands in a file once.
"""
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from mxlab import contacts

KEYS = {"domain": "line", "mx": "host", "cert": "sha256"}
KINDS = "scan,domain,mx,cert,end"
PER_SCAN = 5  # kills, before one is left to come to its end
WAIT_S = 0.2  # at most, from the size drawn to the kill


def cat(file: Path, *options: str) -> list[str]:
    """Lines of `mxcensus cat`; a torn end is no trouble."""
    run = subprocess.run([os.environ["MXCENSUS"], "cat", *options, str(file)],
                         check=False, capture_output=True, text=True)
    return run.stdout.splitlines()


def stable(file: Path) -> list[str]:
    """What equal scans share; where they were resumed is not part of it."""
    return sorted(cat(file, "--stable", "--type", KINDS))


def repeated(file: Path) -> list[str]:
    """Records that stand in the file twice."""
    seen: Counter[str] = Counter()
    for record in map(json.loads, cat(file)):
        kind = record["type"]
        if kind != "session":
            seen[f"{kind} {record.get(KEYS.get(kind, ''))}"] += 1
    return [key for key, n in seen.items() if n > 1]


def sharers(file: Path) -> dict[str, set[str]]:
    """All hosts of each address."""
    found: dict[str, set[str]] = defaultdict(set)
    for record in map(json.loads, cat(file, "--type", "mx")):
        for one in record.get("addresses") or []:
            found[one["address"]].add(record["host"])
    return found


class Trial:
    """One lab, one world, many kills."""

    def __init__(self, lab: Path, whole: Path, out: Path,
                 command: list[str]) -> None:
        self.lab, self.whole, self.out = lab, whole, out
        self.command = command
        self.said = out.with_suffix(".err")
        self.wanted = stable(whole)
        self.hosts = sharers(whole)
        self.known: set[str] = set()  # addresses of known hosts alone
        self.pairs = 0
        self.faults: list[str] = []

    def session(self, size: float | None, wait: float) -> bool:
        """Starts a session, killed `wait` seconds after the file has this
        size; True where it came to its end."""
        time.sleep(0.3)  # servers note the connections of the one before
        contacts.forget(self.lab)
        with open(self.said, "w", encoding="utf-8") as said, \
                subprocess.Popen(self.command, stderr=said) as run:
            while run.poll() is None and \
                    (size is None or self.size() < size):
                time.sleep(0.005)
            try:
                run.wait(None if size is None else wait)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                self.look_at_log()
                return False
        if run.returncode != 0:
            self.faults.append(f"exit status {run.returncode}: "
                               f"{self.said.read_text()}")
        self.look_at_log()
        return True

    def size(self) -> int:
        """Bytes of the file so far."""
        return self.out.stat().st_size if self.out.exists() else 0

    def look_at_log(self) -> None:
        """Was anybody probed again?"""
        time.sleep(0.3)
        seen = contacts.read_logs(self.lab)
        again = self.known & set(seen.sessions)
        self.faults += [f"{', '.join(self.hosts[address])} {address}: known, "
                        "and probed again" for address in sorted(again)]
        self.pairs += len(self.known)

    def learn(self) -> int:
        """What the file holds after a kill; the number of its domains."""
        records = [json.loads(line) for line in cat(self.out)]
        hosts = {record["host"] for record in records
                 if record["type"] == "mx"}
        self.known = {address for address, all_ in self.hosts.items()
                      if all_ <= hosts}
        return sum(record["type"] == "domain" for record in records)

    def compare(self) -> None:
        """A scan that came to its end, and the undisturbed one."""
        got = stable(self.out)
        if got != self.wanted:
            lost = sorted(set(self.wanted) - set(got))
            more = sorted(set(got) - set(self.wanted))
            self.faults.append(f"not equal: {len(lost)} missing, {len(more)} "
                               f"others, such as {(lost + more)[:2]}")
        self.faults += [f"twice: {key}" for key in repeated(self.out)]
        info = subprocess.run([os.environ["MXCENSUS"], "info", str(self.out)],
                              check=False, capture_output=True)
        if info.returncode != 0:
            self.faults.append("info finds the file not good")

    def start_afresh(self) -> None:
        """Nothing is known and there is no file."""
        self.out.unlink(missing_ok=True)
        self.known = set()


def main() -> int:
    lab, whole, out = map(Path, sys.argv[1:4])
    kills, seed = int(sys.argv[4]), int(sys.argv[5])
    draw = random.Random(seed)
    trial = Trial(lab, whole, out, sys.argv[sys.argv.index("--") + 1:])
    scans, at = 0, []
    while len(at) < kills:
        trial.start_afresh()
        whole_size = whole.stat().st_size
        for size in sorted(draw.random() * whole_size
                           for _ in range(min(PER_SCAN, kills - len(at)))):
            if trial.session(size, draw.random() * WAIT_S):
                break
            at.append(trial.learn())
        else:
            trial.session(None, 0)
        scans += 1
        trial.compare()
    print(f"truth: {scans} scans killed {len(at)} times, after "
          f"{' '.join(map(str, sorted(at)))} domains; {trial.pairs} times a "
          f"known address was left alone; faults: {len(trial.faults)}")
    print("\n".join(trial.faults[:20]))
    return 1 if trial.faults or trial.pairs == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
