# SPDX-License-Identifier: Apache-2.0
"""Records in DuckDB: loading them, and running the files of scripts/sql/.

The database lives in a private temporary folder that goes away with the
process; memory is bounded and what does not fit spills to that folder.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from mxcensus_scripts.program import HOME, Program
from mxcensus_scripts.tables import OTHERS, Scan
from mxcensus_scripts.trouble import OURS, Trouble, one_line

SQL = HOME / "sql"
MEMORY = "1GB"
# Groups that `--by rank` aims for when no width is given.
RANK_GROUPS = 10


class Store:
    """A database of one or several scans."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = duckdb.connect(str(folder / "records.db"), config={
            "memory_limit": MEMORY,
            "temp_directory": str(folder / "spill"),
            # The order of records carries no meaning.
            "preserve_insertion_order": "false",
            # Nothing is to be fetched or loaded behind the user's back.
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        })
        self._run("prepare")

    def _run(self, name: str, parameters: dict[str, Any] | None = None
             ) -> duckdb.DuckDBPyConnection:
        statement = (SQL / f"{name}.sql").read_text(encoding="utf-8")
        return self.db.execute(statement, parameters)

    def _count(self, table: str, number: int) -> int:
        row = self.db.execute(
            f"SELECT count(*) FROM {table} WHERE file = ?", [number]
        ).fetchone()
        return int(row[0]) if row else 0

    def load(self, program: Program, file: str, number: int) -> Scan:
        """All `domain` and `mx` records of a file."""
        for kind in ("domain", "mx"):
            def insert(path: str, kind: str = kind) -> None:
                self._run(f"load_{kind}", {"path": path, "file": number})
            try:
                program.feed(file, kind, self.folder, insert)
            except duckdb.Error as error:
                raise Trouble(f"{file}: cannot load its {kind} records: "
                              f"{one_line(str(error))}", OURS) from error
        return Scan(file, self._count("domain", number),
                    self._count("mx", number),
                    bool(program.first(file, "end")))

    def repeated_lines(self) -> int:
        """Input lines that have a record in more than one file: then the
        files are not shards of one scan and everything is counted twice."""
        row = self.db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM domain GROUP BY line, name "
            "HAVING count(DISTINCT file) > 1)").fetchone()
        return int(row[0]) if row else 0

    def measure(self, severities: dict[str, str], rank_bin: int | None
                ) -> None:
        """Derive the tables that statistics are counted on."""
        if severities:
            self.db.executemany("INSERT INTO catalogue VALUES (?, ?)",
                                list(severities.items()))
        self.db.execute("INSERT INTO setting VALUES (?)",
                        [rank_bin or self._rank_bin()])
        self._run("measure")

    def _rank_bin(self) -> int:
        """The power of ten that makes at most RANK_GROUPS groups."""
        row = self.db.execute("SELECT max(rank) FROM domain").fetchone()
        highest = (row and row[0]) or 1
        width = 1
        while width * RANK_GROUPS < highest:
            width *= 10
        return width

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The result of one SQL file."""
        cursor = self._run(table)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def adoption(self, key: str, top: int = 1
                 ) -> dict[str, list[dict[str, Any]]]:
        """The adoption table by a group column of `measured`; the groups after
        the first `top` in size are one, named OTHERS."""
        self.db.execute(
            "CREATE OR REPLACE TEMP TABLE largest AS SELECT "
            f'"{key}" AS grp FROM measured GROUP BY grp '
            "ORDER BY count(*) DESC, grp LIMIT ?", [top])
        self.db.execute(
            "CREATE OR REPLACE TEMP VIEW grouped AS "
            f"SELECT measured.*, coalesce(grp, '{OTHERS}') AS grp "
            f'FROM measured LEFT JOIN largest ON grp = "{key}"')
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in self.rows("adoption"):
            groups.setdefault(row.pop("grp"), []).append(row)
        return groups


@contextmanager
def opened(program: Program, files: Sequence[str]
           ) -> Iterator[tuple[Store, list[Scan]]]:
    """A store loaded with the records of all files."""
    with tempfile.TemporaryDirectory(prefix="mxcensus-") as folder:
        try:
            store = Store(Path(folder))
            scans = [store.load(program, file, number)
                     for number, file in enumerate(files, 1)]
            yield store, scans
            store.db.close()
        except duckdb.Error as error:
            raise Trouble(f"database: {one_line(str(error))}", OURS
                          ) from error
