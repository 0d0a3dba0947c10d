# SPDX-License-Identifier: Apache-2.0
"""What a folder of tables needs beside them to be put online: the schema, a
README that says what was measured and how, and checksums.
"""

import argparse
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mxcensus_scripts.inputs import table_name
from mxcensus_scripts.schema import Schema
from mxcensus_scripts.store import Store

README = """\
# {title}

{about}

## Tables

| table | one row per | rows |
|---|---|---:|
{tables}

`schema.json` says what every column means (`fields`), every finding
(`findings`), every outcome (`outcomes`) and every word (`vocabulary`); it is
what `mxcensus schema` prints. `SHA256SUMS` has the checksums of all files:
`sha256sum -c SHA256SUMS`.{how}

## What was scanned

{scans}

## How to read it

- A value that is missing is null and says nothing, neither yes nor no.
- *Absent* is an answer: the name or the record does not exist.
  *Inconclusive* is none: a time-out, a server failure, a temporary refusal;
  another attempt might have ended otherwise. *Blocked* means that a server
  refused the scanner and says nothing about what others are offered. Shares
  are to be computed without inconclusive and blocked ones in numerator and
  denominator, and to be published beside their number.
- The key of `domain` is `line`, of `mx` `host`, of `cert` `sha256`. Each mail
  host was contacted once for all domains that name it.
- The data are of one vantage point and of the times above.
- {mailboxes}

## Licence

To be filled in by the publisher.
"""
ROWS_OF = {"domain": "line of the list", "mx": "MX host",
           "cert": "distinct certificate", "scan": "scan (how it was made)",
           "end": "scan (what it added up to)"}
REDACTED = ("Mailboxes in TXT records (`tlsrpt` with its `rua`, also of `mx`; "
            "`sts.record`, `also`) are redacted: the local part reads `redacted`, the "
            "domain is kept; a record split in several strings is joined "
            "where it held one, and text that is not UTF-8 is left out.")
KEPT = "Mailboxes in TXT records are as they were found."
PARQUET = """ In DuckDB:

```sql
SELECT mx_status, count(*) FROM '{}' GROUP BY ALL;
```"""


def write_schema(schema: Schema, folder: Path) -> None:
    """schema.json, in the words of the program."""
    with open(folder / "schema.json", "w", encoding="utf-8") as out:
        json.dump(schema.said, out, indent=1, ensure_ascii=False)
        out.write("\n")


def moment(ms: Any) -> str:
    """A time for people."""
    if not isinstance(ms, int):
        return "unknown"
    return datetime.fromtimestamp(ms / 1000, timezone.utc).strftime(
        "%Y-%m-%d %H:%M UTC")


def safe(value: Any) -> str:
    """A value as Markdown text on one line."""
    if value is None or value == []:
        return "not recorded"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(
        f"{value:,}" if isinstance(value, int) else value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    for mark in "\\|`*_<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def facts(scan: dict[str, Any], end: dict[str, Any]) -> list[tuple[str, str]]:
    """What the first and the last record say of a scan."""
    resolvers = scan.get("resolvers")
    return [
        ("List", safe(scan.get("list"))),
        ("SHA-256 of the list", safe(scan.get("list_sha256")
                                     or end.get("list_sha256"))),
        ("Lines of the list", safe(end.get("list_lines"))),
        ("Records: domains, MX hosts, certificates", ", ".join(
            safe(end.get(key)) for key in ("domains", "mx_hosts",
                                           "certificates"))),
        ("Began", moment(scan.get("started"))),
        ("Ended", moment(end.get("ended")) + " ("
         + safe(end.get("reason")) + ")" if end else
         "not: the scan has no end record"),
        ("Program", f"{safe(scan.get('program'))} "
         f"{safe(scan.get('version'))}"),
        ("Judged again with", safe(scan.get("judged_version"))),
        ("Stages", safe(scan.get("stages"))),
        ("Vantage", safe(scan.get("vantage"))),
        ("EHLO name", safe(scan.get("ehlo_name"))),
        ("Contact", safe(scan.get("contact"))),
        ("Resolvers", "not recorded" if resolvers is None
         else str(len(resolvers))),
        ("Notes", safe(scan.get("notes")))]


def dicts(records: Store, table: str, number: int) -> list[dict[str, Any]]:
    """The rows of a small table that an input has."""
    cursor = records.db.execute(f"FROM {table} WHERE file = ?", [number])
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def scans(records: Store) -> str:
    """The facts of every input."""
    said = []
    for one in records.inputs:
        ends = dicts(records, "end_", one.number)
        for i, scan in enumerate(dicts(records, "scan", one.number)):
            end = ends[i] if i < len(ends) else {}
            said.append("\n".join(["| | |", "|---|---|", *(
                f"| {name} | {value} |" for name, value in facts(scan, end)
                if value != "not recorded" or name not in (
                    "Judged again with", "Notes"))]))
    return "\n\n".join(said) or "No scan record was found."


def page(records: Store, kinds: list[str], chosen: argparse.Namespace) -> str:
    """What the README says; the records have to be at hand."""
    suffix = f"/date=*/*.{chosen.format}" if chosen.partition else (
        f".{chosen.format}")
    counts = {kind: "" for kind in kinds}
    for kind in kinds:
        if chosen.format == "parquet":
            counts[kind] = f"{records.one(count_of(kind)):,}"
    return README.format(
        title="A scan of mail transport security",
        about="Records of [mxcensus](schema.json): how the inbound mail of "
        "many domains is protected by MTA-STS (RFC 8461), TLS-RPT (RFC 8460), "
        "STARTTLS (RFC 3207) and DANE (RFC 7672).",
        tables="\n".join(
            f"| `{kind}{suffix}` | {ROWS_OF.get(kind, kind)} "
            f"| {counts[kind]} |" for kind in kinds),
        how=PARQUET.format(f"domain{suffix}") if (
            chosen.format == "parquet" and "domain" in kinds) else "",
        scans=scans(records),
        mailboxes=KEPT if chosen.keep_mailboxes else REDACTED)


def finish(folder: Path, text: str) -> None:
    """Write README.md and, last, SHA256SUMS."""
    (folder / "README.md").write_text(text, encoding="utf-8")
    write_sums(folder)


def count_of(kind: str) -> str:
    """A query for the number of rows."""
    return f"SELECT count(*) FROM {table_name(kind)}"


def write_sums(folder: Path) -> None:
    """SHA256SUMS of every file below a folder, as sha256sum reads it."""
    lines = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != "SHA256SUMS":
            with open(file, "rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            lines.append(f"{digest}  {file.relative_to(folder)}\n")
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
