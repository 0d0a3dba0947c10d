# SPDX-License-Identifier: Apache-2.0
"""The domains that a report tells of one by one.

Up to LISTED domains all of them; in a larger scan the WORST, and those asked
for by name.  Texts are cut, so that no domain takes more than its part of the
page.
"""

from collections.abc import Sequence
from typing import Any

from mxcensus_scripts.schema import Needs
from mxcensus_scripts.store import Store
from mxcensus_scripts.trouble import Trouble

LISTED = 20_000
WORST = 1_000
# Characters of a text, items of a list.
TEXT, BODY, ITEMS = 400, 2_000, 12
NEEDS: Needs = {
    "domain": (
        "line", "name", "rank", "verdict", "verdict_dane", "findings",
        "mx_status", "mx", "sts.record.status", "sts.record.txt",
        "sts.policy.status", "sts.policy.outcome", "sts.policy.mode",
        "sts.policy.max_age", "sts.policy.mx", "sts.policy.body",
        "sts.policy.host", "sts.policy.http_status",
        "sts.policy.content_type", "sts.policy.location",
        "sts.policy.tls.version", "sts.policy.tls.trusted",
        "sts.policy.tls.name_ok", "sts.policy.tls.time_ok",
        "sts.policy.tls.not_after", "tlsrpt.status", "tlsrpt.rua",
        "tlsrpt.txt"),
    "mx": ("host", "starttls", "tls", "trusted", "name_ok", "time_ok",
           "addresses.address", "addresses.outcome", "addresses.starttls",
           "addresses.banner", "addresses.starttls_reply",
           "addresses.tls.version", "addresses.tls.not_after"),
}


def cut(value: Any, most: int = TEXT) -> Any:
    """A value whose texts and lists are not endless."""
    if isinstance(value, str):
        return value if len(value) <= most else value[:most - 1] + "…"
    if isinstance(value, list):
        kept = [cut(item) for item in value[:ITEMS]]
        return kept + ["…"] * (len(value) > ITEMS)
    return value


def lean(members: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    return {key: value for key, value in members.items()
            if value is not None and value != [] and value != {}}


def policy(row: dict[str, Any]) -> dict[str, Any]:
    """What is told of a policy; nothing where none was tried."""
    found = row["policy"] or {}
    if found.get("status") in (None, "none_tried"):
        return {}
    kept = {key: cut(found.get(key), BODY if key == "body" else TEXT)
            for key in ("status", "outcome", "host", "mode", "max_age", "mx",
                        "http_status", "content_type", "location", "body")}
    tls = found.get("tls") or {}
    kept["tls"] = lean({key: tls.get(key) for key in (
        "version", "trusted", "name_ok", "time_ok", "not_after")})
    return lean(kept)


def address(row: dict[str, Any]) -> dict[str, Any]:
    """What is told of an address of an MX host."""
    tls = row.get("tls") or {}
    return lean({
        "address": row.get("address"), "outcome": row.get("outcome"),
        "starttls": row.get("starttls"), "tls": tls.get("version"),
        "not_after": tls.get("not_after"),
        "banner": cut((row.get("banner") or [None])[0], 200),
        # what a server that is well says to STARTTLS is no news
        "reply": None if row.get("starttls") == "ok"
        else cut(row.get("starttls_reply"), 200)})


def hosts(records: Store) -> list[dict[str, Any]]:
    """The MX hosts of all domains told of."""
    return [lean({key: row[key] for key in (
        "host", "starttls", "tls", "trusted", "name_ok", "time_ok")}
        | {"addresses": [address(one) for one
                         in (row["addresses"] or [])[:ITEMS]]})
        for row in records.rows("report_hosts")]


def told(row: dict[str, Any], place: dict[str, int],
         codes: dict[str, int]) -> dict[str, Any]:
    """A domain; findings and hosts are places in lists."""
    mx = []
    for host in (row["mx"] or [])[:ITEMS]:
        name = str(host.get("host") or "").lower()
        mx.append([place.get(name, name), host.get("preference"),
                   host.get("in_policy"), host.get("dane")])
    tlsrpt = row["tlsrpt"] or {}
    return lean({
        "name": row["name"], "rank": row["rank"], "sts": row["verdict"],
        "dane": row["verdict_dane"],
        "findings": [codes.setdefault(code, len(codes))
                     for code in row["findings"] or []],
        "mx_status": None if row["mx_status"] == "ok" else row["mx_status"],
        "record": None if row["record_status"] == "absent"
        else row["record_status"],
        "txt": cut(row["record_txt"]), "policy": policy(row),
        "tlsrpt": None if tlsrpt.get("status") == "absent"
        else tlsrpt.get("status"),
        "rua": cut(tlsrpt.get("rua")), "rpt_txt": cut(tlsrpt.get("txt")),
        "mx": mx})


def want(records: Store, names: Sequence[str]) -> None:
    """The table of names that are told of in any case."""
    records.db.execute("CREATE TABLE wanted (name VARCHAR)")
    for given in names:
        name = given.lower().rstrip(".")
        if not records.one("SELECT count(*) FROM domain WHERE name = ?",
                           [name]):
            raise Trouble(f"--domain {given}: the scan has no such domain; "
                          "names are in lower case with A-labels (xn--)")
        records.db.execute("INSERT INTO wanted VALUES (?)", [name])


def domains(records: Store, names: Sequence[str], others: bool
            ) -> dict[str, Any]:
    """Domains and MX hosts as the page holds them."""
    want(records, names)
    total = int(records.one("SELECT count(*) FROM domain") or 0)
    most = 0
    if others:
        most = total if total <= LISTED else WORST
    records.run("report_worst", {"most": most})
    found = hosts(records)
    place = {str(host["host"]): n for n, host in enumerate(found)}
    codes: dict[str, int] = {}
    rows = [told(row, place, codes)
            for row in records.rows("report_domains")]
    return {"of": total, "shown": "named" if not others else
            "all" if total <= LISTED else "worst",
            "codes": list(codes), "hosts": found, "rows": rows}
