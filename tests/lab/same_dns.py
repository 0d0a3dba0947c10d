# SPDX-License-Identifier: Apache-2.0
"""same_dns.py FULL.mxc DNS.mxc: a scan of look-ups alone against a whole one.

What DNS alone decides (both records, the MX status, the MX hosts and their
addresses) must be the same in both files.
"""
import json
import os
import subprocess
import sys
from typing import Any


def load(path: str) -> dict[str, Any]:
    """What DNS decides, by domain and by MX host."""
    cat = subprocess.run([os.environ["MXCENSUS"], "cat", "--stable", path],
                         check=True, capture_output=True, text=True)
    facts = {}
    for record in map(json.loads, cat.stdout.splitlines()):
        if record["type"] == "domain":
            facts["domain " + record["name"]] = (
                record["sts"]["record"], record["tlsrpt"],
                record["mx_status"], [mx["host"] for mx in record["mx"]])
        elif record["type"] == "mx":
            facts["mx " + record["host"]] = (
                record.get("a"), record.get("aaaa"), record.get("tlsa"))
    return facts


def main() -> int:
    full, dns = load(sys.argv[1]), load(sys.argv[2])
    for key in sorted(full.keys() | dns.keys()):
        if full.get(key) != dns.get(key):
            print(f"{key}: {full.get(key)} / {dns.get(key)}")
    return 0 if full == dns and full else 1


if __name__ == "__main__":
    sys.exit(main())
