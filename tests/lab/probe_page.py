# SPDX-License-Identifier: Apache-2.0
"""probe_page.py PAGE OUT: the page of a report again, with hostile texts in
its data and a probe at the end of its script, which uses the page as a person
would.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from mxcensus_scripts import report_page

EVIL = "</script><img src=//127.0.0.1:9/x onerror=alert(1)><!-- \u2028 & \x00"
PROBE = Path(__file__).resolve().parent / "probe_page.js"


def poisoned(value: Any, key: str = "") -> Any:
    """The same data with hostile texts where the network has a say."""
    if isinstance(value, dict):
        return {name: poisoned(member, name)
                for name, member in value.items()}
    if isinstance(value, list):
        return [poisoned(member, key) for member in value]
    if key in ("body", "txt", "rpt_txt", "rua", "banner", "location", "reply",
               "content_type", "host", "provider", "group", "list"):
        return f"{value}{EVIL}"
    return value


def main() -> None:
    """The command line."""
    source, target = map(Path, sys.argv[1:])
    found = re.search(r'id="data">(.*?)</script>', source.read_text("utf-8"),
                      re.S)
    assert found is not None
    told = json.loads(found[1])
    # ranks have to stay ranges, or there is no chart to look at
    ranks = told["by"]["rank"]
    told = poisoned(told)
    told["by"]["rank"] = ranks
    told["title"] += EVIL
    told["warnings"] = [EVIL]
    named = next(row for row in told["domains"]["rows"]
                 if row.get("policy", {}).get("body") and row.get("mx"))
    named["name"] = EVIL
    told["domains"]["codes"].append(EVIL)
    named["findings"] = [len(told["domains"]["codes"]) - 1]
    told["findings"].append({"code": EVIL, "domains": 1, "of": 9,
                             "names": [EVIL]})
    told["evil"] = EVIL
    whole = report_page.template

    def template(*names: str) -> str:
        text = whole(*names)
        return text + PROBE.read_text("utf-8") if "start.js" in names else text
    report_page.template = template
    target.write_text(report_page.page(told), encoding="utf-8")


if __name__ == "__main__":
    main()
