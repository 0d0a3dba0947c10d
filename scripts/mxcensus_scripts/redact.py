# SPDX-License-Identifier: Apache-2.0
"""Mailboxes in what is published: the local part of an address becomes
`redacted`, the domain stays.  Addresses stand in TXT records, above all in the
`rua` of TLS-RPT, and belong to persons who never agreed to be published.

Once for JSON lines and once as SQL, out of the same expressions; text that is
not UTF-8 cannot be searched that way and is left out.
"""

import json
import re
from typing import Any

from mxcensus_scripts.schema import literal

# Objects of the schema whose texts come from TXT records (or, in `rr`, CAA,
# which may name a mailbox); fields in them.
OBJECTS = ("sts_record", "tlsrpt", "also_answer")
TEXTS = ("rua", "txt", "rr")
PARTS = "txt_parts"
UNREADABLE = '{"b64":""}'
# In turn: the whole of a mailto:, user names of a URL, quoted local parts,
# anything else before an @.  Python and RE2 read these alike.
EXPRESSIONS = (
    (r"(mailto:)[^@,;?]*?(@|%40)", r"\1redacted\2"),
    (r"(https?://)[^/@,;]*@", r"\1redacted@"),
    (r'"[^"]*"@', "redacted@"),
    (r'[^\s,;:!="<>()@/?&]+@', "redacted@"),
)
COMPILED = tuple((re.compile(found, re.IGNORECASE), put)
                 for found, put in EXPRESSIONS)


def text(value: str) -> str:
    """A text without mailboxes."""
    for found, put in COMPILED:
        value = found.sub(put, value)
    return value


def parts(value: list[str]) -> list[str]:
    """The character-strings of a record; an address may run over several,
    so where there is one they become one."""
    joined = "".join(value)
    return value if text(joined) == joined else [text(joined)]


def clean(value: Any, inside: str | None = None) -> Any:
    """A record without mailboxes; unreadable text is a map {"b64"}."""
    if isinstance(value, dict):
        if inside and set(value) == {"b64"}:
            return {"b64": ""}
        return {key: clean(member, key if key in (*TEXTS, PARTS) else inside)
                for key, member in value.items()}
    if isinstance(value, list):
        if inside == PARTS and value and all(
                isinstance(one, str) for one in value):
            return parts(value)
        return [clean(member, inside) for member in value]
    return text(value) if inside and isinstance(value, str) else value


def line(value: bytes) -> bytes:
    """A JSON line without mailboxes."""
    if b"@" not in value and b"%40" not in value and b'"b64"' not in value:
        return value
    return json.dumps(clean(json.loads(value)), ensure_ascii=False,
                      separators=(",", ":")).encode() + b"\n"


def macros() -> str:
    """The same as SQL: redacted_texts() and redacted_parts()."""
    cleaned = "x"
    for found, put in EXPRESSIONS:
        cleaned = (f"regexp_replace({cleaned}, {literal(found)}, "
                   f"{literal(put)}, 'gi')")
    return (
        "CREATE MACRO redacted(x) AS CASE "
        f"""WHEN starts_with(x, '{{"b64":') THEN {literal(UNREADABLE)} """
        f"WHEN contains(x, '@') OR contains(x, '%40') THEN {cleaned} "
        "ELSE x END; "
        "CREATE MACRO redacted_texts(l) AS "
        "list_transform(l, lambda t: redacted(t)); "
        "CREATE MACRO redacted_parts(l) AS list_transform(l, lambda p: CASE "
        """WHEN contains(array_to_string(p, ''), '"b64":') THEN """
        f"[{literal(UNREADABLE)}] "
        "WHEN redacted(array_to_string(p, '')) = array_to_string(p, '') "
        "THEN p ELSE [redacted(array_to_string(p, ''))] END);")
