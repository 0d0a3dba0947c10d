# SPDX-License-Identifier: Apache-2.0
"""read_browser.py LOG NETLOG: did a page that Chromium drew say anything on
its console, or ask the network for anything?  Prints each and exits 1 if so.

A browser also has business of its own (the time, updates, fonts of its own
pages): the source of what it says is chrome:, and its requests have no origin
that they were made for; those of a page do.
"""

import json
import sys
from pathlib import Path

# What Chromium writes as the initiator of its own requests.
NOBODY = "not an origin"


def requests(netlog: Path) -> set[str]:
    """What pages asked the network for."""
    log = json.loads(netlog.read_text(encoding="utf-8"))
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    asked = [event["params"] for event in log["events"]
             if event["type"] == start and "url" in event.get("params", {})]
    return {params["url"] for params in asked
            if params.get("initiator") != NOBODY}


def main() -> None:
    """The command line."""
    log, netlog = map(Path, sys.argv[1:])
    said = [f"console: {line.split(':CONSOLE', 1)[1]}" for line in
            log.read_text(encoding="utf-8", errors="replace").splitlines()
            if ":CONSOLE" in line and "source: chrome:" not in line]
    said += [f"request: {url}" for url in sorted(requests(netlog))]
    for line in said:
        print(line)
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
