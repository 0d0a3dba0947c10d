# SPDX-License-Identifier: Apache-2.0
"""One HTML file out of the templates in scripts/page/ and the data.

What is said about hosts comes from the network and is hostile until proven
otherwise.  It is embedded as JSON, which no browser executes, with every
character escaped that HTML could take for markup; the script of the page makes
text nodes of it and never markup.  A Content-Security-Policy allows exactly
the style and the script of the page, by digest, and nothing to be loaded.
"""

import base64
import hashlib
import html
import json
import re
from typing import Any

from mxcensus_scripts.program import HOME

PAGE = HOME / "page"
STYLES = ("base.css", "parts.css")
# In the order in which they build on each other.
SCRIPTS = ("dom.js", "charts.js", "lines.js", "tables.js", "figures.js",
           "findings.js", "changes.js", "domains.js", "domain.js", "start.js")


def template(*names: str) -> str:
    """Files of scripts/page/, one after the other."""
    return "\n".join((PAGE / name).read_text(encoding="utf-8")
                     for name in names)


def embedded(data: Any) -> str:
    """JSON for a script element: nothing in it ends the element or begins a
    comment, and no character is one that scripts take for a line end."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"),
                      allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def digest(text: str) -> str:
    """A source of a Content-Security-Policy."""
    value = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(value).decode()}'"


def page(told: dict[str, Any]) -> str:
    """The whole file."""
    style = template(*STYLES)
    script = f"(() => {{\n{template(*SCRIPTS)}\n}})();\n"
    parts = {
        "policy": f"default-src 'none'; style-src {digest(style)}; "
                  f"script-src {digest(script)}; base-uri 'none'; "
                  "form-action 'none'",
        "title": html.escape(told["title"]),
        "style": style, "data": embedded(told), "script": script}
    # In one pass: what is put in is not looked at again.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]],
                  template("page.html"))
