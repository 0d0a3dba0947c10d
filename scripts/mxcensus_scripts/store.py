# SPDX-License-Identifier: Apache-2.0
"""Records as relations in DuckDB, the same from .mxc files and from Parquet,
and the files of scripts/sql/ run over them.

    with store.opened(reader, paths, NEEDS) as records:
        records.rows("adoption")

Relations: one for each record type (domain, mx, cert, scan; end_ for `end`),
one row a record, columns as `mxcensus schema` names them after

    file     INTEGER  which input, from 1
    scan_no  INTEGER  which scan, from 1

and from the schema itself `catalogue` (findings) and `outcome_word`.

The database lives in a private temporary folder that goes away with the
process; memory is bounded and what does not fit spills to that folder.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from mxcensus_scripts import inputs as inputs_
from mxcensus_scripts.inputs import (  # noqa: F401  (for the commands)
    BY_TIME, GIVEN, TOGETHER, Input, table_name)
from mxcensus_scripts.program import HOME, MAX_LINE, Chunk, Program
from mxcensus_scripts.progress import Progress
from mxcensus_scripts.schema import (
    ALL, CATALOGUE, OUTCOMES, Needs, Schema, literal, quoted, stored)
from mxcensus_scripts.trouble import OURS, Trouble, one_line

SQL = HOME / "sql"
MEMORY = "1GB"
# More threads want more memory than that for their buffers.
THREADS = 8
# These are small and always at hand.
HEADS: Needs = {"scan": ALL, "end": ALL}


def listed(members: Mapping[str, str]) -> str:
    """Columns with types, as CREATE TABLE has them."""
    return ", ".join(f"{quoted(name)} {type_}"
                     for name, type_ in members.items())


class Store:
    """A database of the records of some inputs."""

    def __init__(self, folder: Path, schema: Schema, needs: Needs,
                 progress: Progress) -> None:
        self.folder, self.schema, self.progress = folder, schema, progress
        self.inputs: list[Input] = []
        self.columns = {kind: schema.columns(kind, paths)
                        for kind, paths in (HEADS | dict(needs)).items()}
        self.is_narrow = {kind: tuple(paths) != ALL
                          for kind, paths in (HEADS | dict(needs)).items()}
        self.db = duckdb.connect(str(folder / "records.db"), config={
            "memory_limit": MEMORY,
            "threads": str(min(os.cpu_count() or 1, THREADS)),
            "temp_directory": str(folder / "spill"),
            # What is promised of an export: rows in the order of records.
            "preserve_insertion_order": "true",
            # Nothing is to be fetched or loaded behind the user's back.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        })
        self.db.execute("SET enable_progress_bar = false")
        self.run("macros")
        for table, what, keys in (("catalogue", "findings", CATALOGUE),
                                  ("outcome_word", "outcomes", OUTCOMES)):
            self.db.execute(f"CREATE TABLE {table} ("
                            + listed(dict.fromkeys(keys, "VARCHAR")) + ")")
            rows = schema.rows(what, keys)
            if rows:
                self.db.executemany(
                    f"INSERT INTO {table} VALUES "
                    f"({', '.join('?' * len(keys))})", rows)

    def run(self, name: str, parameters: dict[str, Any] | None = None
            ) -> duckdb.DuckDBPyConnection:
        """Execute a file of scripts/sql/."""
        statement = (SQL / f"{name}.sql").read_text(encoding="utf-8")
        return self.db.execute(statement, parameters)

    def rows(self, name: str, parameters: dict[str, Any] | None = None
             ) -> list[dict[str, Any]]:
        """The result of a file of scripts/sql/."""
        cursor = self.run(name, parameters)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def one(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first value of a query."""
        row = self.db.execute(query, list(parameters)).fetchone()
        return row[0] if row else None

    def load(self, reader: Program, one: Input) -> None:
        """The records of a .mxc file, into the tables `loaded_KIND`."""
        def insert(chunk: Chunk) -> None:
            columns = self.columns[chunk.kind]
            types = ", ".join(f"{quoted(name)}: {literal(type_)}"
                              for name, type_ in columns.items())
            try:
                self.db.execute(
                    f"INSERT INTO loaded_{chunk.kind} SELECT ?, ?, * FROM "
                    "read_json(?, format = 'newline_delimited', "
                    f"auto_detect = false, maximum_object_size = {MAX_LINE}, "
                    f"columns = {{{types}}})",
                    [one.number, one.scan_no, str(chunk.path)])
            except duckdb.Error as error:
                raise Trouble(f"{one.name}: cannot load its {chunk.kind} "
                              f"records: {one_line(str(error))}", OURS
                              ) from error
            self.progress.add(chunk.kind, chunk.n)
        self.progress.start(one.name)
        reader.feed(one.path, list(self.columns), self.folder, insert)
        self._drop_superseded(one)

    def _drop_superseded(self, one: Input) -> None:
        """Of an MX host with several records the last one counts that found
        something out: a host may be asked under its own name after it had
        shared what another was told, and shards may have asked it twice."""
        if not {"host", "starttls"} <= set(self.columns.get("mx", {})):
            return
        twice = self.one("SELECT count(*) - count(DISTINCT host) "
                         "FROM loaded_mx WHERE file = ?", [one.number])
        if twice:
            self.db.execute(
                "DELETE FROM loaded_mx WHERE file = ? AND rowid NOT IN ("
                "SELECT arg_max(rowid, (starttls <> 'inconclusive')::BIGINT "
                "* (1::BIGINT << 40) + rowid) FROM loaded_mx "
                "WHERE file = ? GROUP BY host)", [one.number, one.number])

    def _as_stored(self, kind: str, one: Input) -> str:
        """A query for the rows of a Parquet table in the columns of today:
        those that an older version did not have are null."""
        files = ", ".join(map(literal, one.tables[kind]))
        source = (f"read_parquet([{files}], hive_partitioning = false, "
                  f"union_by_name = {len(one.tables[kind]) > 1})")
        try:
            has = dict(self.db.execute(
                f"SELECT column_name, column_type FROM (DESCRIBE FROM "
                f"{source})").fetchall())
            wanted = dict(self.db.execute(
                "SELECT column_name, column_type FROM (DESCRIBE "
                f"loaded_{kind})").fetchall())
            cells = []
            for name, type_ in self.columns[kind].items():
                cell = quoted(name) if name in has else "NULL"
                if has.get(name) != wanted[name]:
                    cell = f"CAST({cell} AS {type_}) AS {quoted(name)}"
                cells.append(cell)
            query = (f"SELECT {one.number}::INTEGER AS file, "
                     f"{one.scan_no}::INTEGER AS scan_no, "
                     f"{', '.join(cells)} FROM {source}")
            self.db.execute(f"DESCRIBE {query}")
        except duckdb.Error as error:
            raise Trouble(f"{one.name}: cannot read its table {kind}: "
                          f"{one_line(str(error))}") from error
        return query

    def relate(self, inputs: Sequence[Input], reader: Program | None) -> None:
        """Load what has to be loaded and define the relations."""
        self.inputs = list(inputs)
        if all(one.is_folder for one in inputs):
            # Parquet is read where it lies, so nothing has to be left out.
            self.columns = {kind: self.schema.columns(kind)
                            for kind in self.columns}
        for kind, columns in self.columns.items():
            self.db.execute(
                f"CREATE TABLE loaded_{kind} (file INTEGER, scan_no INTEGER, "
                f"{listed(columns)})")
        for one in inputs:
            if not one.is_folder:
                assert reader is not None
                self.load(reader, one)
        self.progress.clear()
        for kind in self.columns:
            parts = [f"FROM loaded_{kind}"] + [
                self._as_stored(kind, one) for one in inputs
                if kind in one.tables]
            if len(parts) > 1 and all(one.is_folder for one in inputs):
                del parts[0]
            self.db.execute(f"CREATE VIEW {table_name(kind)} AS "
                            + " UNION ALL ".join(parts))
        self._count()

    def _count(self) -> None:
        """What is known of each input beforehand."""
        for kind, what in (("domain", "domains"), ("mx", "mx_hosts"),
                           ("end", "complete")):
            if kind in self.columns:
                counted = dict(self.db.execute(
                    f"SELECT file, count(*) FROM {table_name(kind)} "
                    "GROUP BY file").fetchall())
                for one in self.inputs:
                    setattr(one, what, type(getattr(one, what))(
                        counted.get(one.number, 0)))

    def repeated_lines(self) -> int:
        """Input lines that have a record in more than one input of a scan:
        then these are not shards and everything is counted twice."""
        return int(self.one(
            "SELECT count(*) FROM (SELECT 1 FROM domain GROUP BY scan_no, "
            "line, name HAVING count(*) > 1)") or 0)


def parquet_head(one: Input) -> dict[str, Any]:
    """The first scan record of a folder."""
    try:
        with duckdb.connect() as db:
            cursor = db.execute("FROM read_parquet(?) LIMIT 1",
                                [one.tables["scan"]])
            names = [column[0] for column in cursor.description or ()]
            row = cursor.fetchone()
    except duckdb.Error as error:
        raise Trouble(f"{one.name}: cannot read its table scan: "
                      f"{one_line(str(error))}") from error
    return dict(zip(names, row or ()))


def schema_of(reader: Program | None, paths: Sequence[str]) -> Schema:
    """The program's schema, else that of the latest folder."""
    if reader is not None:
        return reader.schema()
    found = [schema for path in paths
             if (schema := stored(Path(path))) is not None]
    if not found:
        raise Trouble(f"{paths[0]}: has no schema.json; name the program "
                      "with --mxcensus PATH")
    return found[-1]


@contextmanager
def opened(reader: Program | None, paths: Sequence[str], needs: Needs, *,
           scans: str = TOGETHER, progress: Progress | None = None
           ) -> Iterator[Store]:
    """The records of all inputs as relations.

    `needs` names the record types a command reads, and of each the fields
    (or ALL); `scans` says how inputs become scans: TOGETHER (all are parts of
    scan 1), GIVEN (each is a scan, as given), BY_TIME (each is a scan but for
    shards, by time).  `reader` may be None where all inputs are folders.
    """
    schema = schema_of(reader, paths)
    found = [one for path in paths
             for one in inputs_.find(path, schema.kinds)]
    for one in found:
        if not one.is_folder:
            assert reader is not None
            one.head = reader.head(one.path)
        elif "scan" in one.tables:
            one.head = parquet_head(one)
    inputs_.number(found, scans)
    with tempfile.TemporaryDirectory(prefix="mxcensus-") as folder:
        try:
            store = Store(Path(folder), schema, needs,
                          progress or Progress())
            store.relate(found, reader)
            yield store
            store.db.close()
        except duckdb.Error as error:
            raise Trouble(f"database: {one_line(str(error))}", OURS
                          ) from error
        finally:
            if progress is not None:
                progress.clear()
