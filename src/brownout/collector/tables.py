"""Writing rows into the recording: one transaction a batch, committed before it is acknowledged."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from brownout import __version__
from brownout.collector.repeats import GENERATION, KEYS, Repeats
from brownout.model import BrownoutError
from brownout.recording import schema

Row = dict[str, Any]

NATIVE = (
    "requests", "scheduled", "pages", "metrics", "machine", "statements", "relations", "indexes",
    "profiles",
)  # fmt: skip
"""Tables that our own probes write row by row."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "enable_external_access": False,
}

QUERY_SECONDS = 20.0
QUERY_ROWS = 500_000
"""An answer's time and size at most."""


class BadRows(ValueError):
    """Rows that do not fit their table."""


class Unwritable(OSError):
    """The recording cannot be written now: a full disk, say."""


@dataclass(frozen=True)
class Insert:
    """How rows get into a table: the statement, the columns they may have, a row's text."""

    sql: str
    columns: frozenset[str]
    text: Callable[[Row], str]


HARD = (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)


class Tables:
    """The recording as its one writer sees it; thread-safe."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path), config=SETTINGS)
        self._begin(path)
        self._lock = threading.Lock()
        self._inserts: dict[str, Insert] = {}
        self._repeats = {table: Repeats(table, self._last(table)) for table in KEYS}

    def _begin(self, path: Path) -> None:
        """Make the tables, or find those of an earlier life of this collector."""
        names = "SELECT count(*) FROM duckdb_tables()"
        if self._connection.execute(names).fetchall() != [(0,)]:
            found = schema.version(self._connection, path.stem)
            if found != schema.VERSION:
                raise BrownoutError(
                    f"{path} is a recording of schema version {found}, and this brownout writes "
                    f"version {schema.VERSION}; name another file"
                )
        self._connection.execute(schema.sql())
        self._connection.execute(
            "INSERT INTO meta SELECT ?, ?, ? WHERE NOT EXISTS (FROM meta)",
            [schema.VERSION, __version__, time.time_ns()],
        )

    def _last(self, table: str) -> list[tuple[Any, ...]]:
        columns = ", ".join(f'"{c}"' for c in KEYS[table])
        sql = f"SELECT {columns} FROM {table} ORDER BY rowid DESC LIMIT {GENERATION}"
        return self._connection.execute(sql).fetchall()

    def insert(self, batches: dict[str, list[Row]]) -> dict[str, list[Row]]:
        """Insert and commit all batches together, or nothing (BadRows, Unwritable).

        Events that came before (repeats.KEYS) are passed over; the others are the answer.
        """
        with self._lock:
            self._connection.begin()
            try:
                written = {table: self._insert(table, rows) for table, rows in batches.items()}
                self._connection.commit()
            except (duckdb.Error, TypeError, ValueError, RecursionError) as error:
                self._roll_back()
                refusal = Unwritable if isinstance(error, HARD) else BadRows
                raise refusal(str(error).splitlines()[0]) from error
            for table, (_, keys) in written.items():
                if keys:
                    self._repeats[table].remember(keys)
        return {table: rows for table, (rows, _) in written.items()}

    def _roll_back(self) -> None:
        with contextlib.suppress(duckdb.Error):  # a failed commit has rolled back by itself
            self._connection.rollback()

    def _insert(self, table: str, rows: list[Row]) -> tuple[list[Row], set[int]]:
        if table not in self._inserts:
            self._inserts[table] = self._prepared(table)
        insert = self._inserts[table]
        for row in rows:
            if not isinstance(row, dict) or not insert.columns >= row.keys():
                raise BadRows(f"{table} has the columns {', '.join(sorted(insert.columns))}")
        keys: set[int] = set()
        if table in self._repeats:
            rows, keys = self._repeats[table].fresh(rows)
        if rows:
            self._connection.execute(insert.sql, [[insert.text(row) for row in rows]])
        return rows, keys

    def _prepared(self, table: str) -> Insert:
        found = self._connection.execute(f"DESCRIBE {table}").fetchall()
        types = {name: kind for name, kind, *_ in found}
        structure = json.dumps(types).replace("'", "''")
        columns = ", ".join(f'"{name}"' for name in types)
        # A column that the rows leave out has its default.
        picked = ", ".join(
            f'r."{name}"' if default is None else f'coalesce(r."{name}", {default})'
            for name, _, _, _, default, *_ in found
        )
        return Insert(
            # A text a row: DuckDB reads them a third faster than one long array.
            f"INSERT INTO {table} ({columns}) SELECT {picked} FROM "
            f"(SELECT from_json(unnest(?::VARCHAR[]), '{structure}') AS r)",
            frozenset(types),
            # The quicker one has no word for infinity.
            json.dumps if "DOUBLE" in types.values() else _json,
        )

    def query(self, sql: str, params: Sequence[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """(columns, rows) of one read-only statement; duckdb.Error when it is not one.

        ``QUERY_SECONDS`` and ``QUERY_ROWS`` are its limits.
        """
        with self._connection.cursor() as cursor:
            statements = duckdb.extract_statements(sql)
            if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
                raise duckdb.InvalidInputException("one SELECT statement is wanted")
            alarm = threading.Timer(QUERY_SECONDS, cursor.interrupt)
            alarm.daemon = True
            alarm.start()
            try:
                # A SELECT may have an INSERT or DELETE in its WITH.
                cursor.execute("BEGIN TRANSACTION READ ONLY")
                cursor.execute(sql, list(params))
                columns = [c[0] for c in cursor.description or ()]
                rows = cursor.fetchmany(QUERY_ROWS + 1)
            except duckdb.InterruptException as error:
                raise duckdb.InvalidInputException(
                    f"the query took longer than {QUERY_SECONDS:g} s"
                ) from error
            finally:
                alarm.cancel()
            if len(rows) > QUERY_ROWS:
                raise duckdb.InvalidInputException(
                    f"more than {QUERY_ROWS} rows; add a LIMIT, or sum them up"
                )
            return columns, rows

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT of our own, however long it takes."""
        with self._connection.cursor() as cursor:
            return cursor.execute(sql).fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.execute("CHECKPOINT")
            self._connection.close()


def _json(row: Row) -> str:
    return msgspec.json.encode(row).decode()


def by_table(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Rows grouped by their table, in order."""
    batches: dict[str, list[Row]] = {}
    for table, row in rows:
        batches.setdefault(table, []).append(row)
    return batches
