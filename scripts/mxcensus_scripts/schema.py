# SPDX-License-Identifier: Apache-2.0
"""What `mxcensus schema` says, and the columns that follow from it.

A record type is an object with a field `type`.  Its fields are columns under
their own names; maps are STRUCT, lists of maps lists of STRUCT, so a field
that is added to the program's table of records is a column by itself.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mxcensus_scripts.trouble import Trouble

# Every field of a record type, as opposed to a list of paths.
ALL = ("*",)
# Record type to the fields a command reads: paths as in "sts.record.status".
Needs = Mapping[str, Sequence[str]]
SCALARS = {
    "STR": "VARCHAR", "WORD": "VARCHAR", "BIN": "VARCHAR",
    "UINT": "BIGINT", "INT": "BIGINT", "TIME": "BIGINT", "SECONDS": "BIGINT",
    "BOOL": "BOOLEAN", "COUNTS": "MAP(VARCHAR, BIGINT)",
    "STRS": "VARCHAR[]", "WORDS": "VARCHAR[]", "BINS": "VARCHAR[]",
    "STRLISTS": "VARCHAR[][]",
}
CATALOGUE = ("code", "area", "severity", "rfc", "section", "result_type",
             "sentence")
OUTCOMES = ("word", "layer", "class", "sentence")


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Field:
    """One row of the table of fields."""
    name: str
    type: str
    sub: str


class Schema:
    """Fields, findings and outcomes of one version of the program."""

    def __init__(self, said: Any, whose: str) -> None:
        self.said = said
        self.objects: dict[str, list[Field]] = {}
        try:
            for row in said["fields"]:
                self.objects.setdefault(row["object"], []).append(
                    Field(row["name"], row["type"], row["sub"]))
        except (KeyError, TypeError) as error:
            raise Trouble(f"{whose}: names no fields of records; is it of "
                          "this version?") from error
        self.kinds = [name for name, fields in self.objects.items()
                      if any(field.name == "type" for field in fields)]

    def columns(self, kind: str, paths: Iterable[str] = ALL
                ) -> dict[str, str]:
        """Columns with their DuckDB types; only those that paths name."""
        return dict(self._chosen(kind, set(paths), kind))

    def _chosen(self, name: str, paths: set[str], where: str
                ) -> list[tuple[str, str]]:
        """The members of an object that paths name."""
        everything = paths & set(ALL)
        heads = {path.split(".", 1)[0] for path in paths} - set(ALL)
        fields = self.objects.get(name, [])
        for head in heads - {field.name for field in fields}:
            raise Trouble(f"mxcensus schema knows no field {head} of {where};"
                          " is the program older than the scripts?")
        members = []
        for field in fields:
            below = {path.partition(".")[2] for path in paths
                     if path.split(".", 1)[0] == field.name}
            if everything or below:
                members.append((field.name, self._type(
                    field, set(ALL) if everything or "" in below else below,
                    f"{where}.{field.name}")))
        return members

    def _type(self, field: Field, paths: set[str], where: str) -> str:
        if field.type not in ("MAP", "MAPS"):
            # a type of a later version is kept as JSON text
            return SCALARS.get(field.type, "VARCHAR")
        members = ", ".join(
            f"{quoted(name)} {type_}" for name, type_
            in self._chosen(field.sub, paths, where))
        return f"STRUCT({members})" + "[]" * (field.type == "MAPS")

    def rows(self, what: str, keys: Sequence[str]) -> list[tuple[Any, ...]]:
        """The rows of `findings` or `outcomes`; none where it has none."""
        table = self.said.get(what)
        if not isinstance(table, list):
            return []
        return [tuple(row.get(key) for key in keys) for row in table
                if isinstance(row, dict)]


def stored(folder: Path) -> Schema | None:
    """The schema that `export` left in a folder."""
    file = folder / "schema.json"
    try:
        return Schema(json.loads(file.read_bytes()), str(file))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Trouble(f"{file}: is no JSON: {error}") from error
