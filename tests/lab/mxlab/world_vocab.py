# SPDX-License-Identifier: Apache-2.0
"""The closed sets of words that an expectation may use.

The statuses are those of the record's spine.  The finding codes come from
scanner/rules/findings.def, the one table of them, in its order; nothing else
of the scanner is read, so that the truth of a world stays independent of the
program that is measured against it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

RECORD = ("ok", "absent", "invalid", "multiple", "inconclusive")
POLICY = ("ok", "none_tried", "dns", "tcp", "tls", "http", "syntax",
          "inconclusive")
MODE = ("enforce", "testing", "none")
MX = ("ok", "null_mx", "implicit", "absent", "nxdomain", "invalid",
      "inconclusive")
STARTTLS = ("ok", "not_offered", "refused", "tls_failed", "blocked",
            "unreachable", "inconclusive")
DANE = ("absent", "insecure", "unusable", "ok", "mismatch", "bogus",
        "inconclusive")
VERDICT = ("none", "invalid", "testing_ok", "testing_fail", "enforce_ok",
           "enforce_degraded", "enforce_fail", "inconclusive")
VERDICT_DANE = ("none", "invalid", "enforce_ok", "enforce_degraded",
                "enforce_fail", "inconclusive")
TLS = ("1.0", "1.1", "1.2", "1.3")


@cache
def finding_codes() -> tuple[str, ...]:
    """Every code of findings.def, in its order."""
    text = (ROOT / "scanner/rules/findings.def").read_text(encoding="utf-8")
    return tuple(re.findall(r'^F\(\w+,\s*"([^"]+)"', text, re.M))


def in_order(codes: set[str]) -> list[str]:
    """The codes as a record lists them: in the table's order, each once."""
    known = finding_codes()
    unknown = codes.difference(known)
    if unknown:
        raise ValueError(f"no such finding: {', '.join(sorted(unknown))}")
    return [code for code in known if code in codes]
