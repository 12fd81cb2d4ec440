"""Writing rows into the recording: one statement a batch, committed before it is acknowledged."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb

Row = dict[str, Any]

NATIVE = (
    "requests", "scheduled", "pages", "metrics", "machine", "statements", "relations", "indexes",
)  # fmt: skip
"""Tables that our own probes write row by row."""


class BadRows(ValueError):
    """Rows that do not fit their table."""


class Tables:
    """The recording as its one writer sees it; thread-safe."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(str(path), config={"threads": 1, "memory_limit": "512MB"})
        self._connection.execute(resources.files("brownout").joinpath("schema.sql").read_text())
        self._lock = threading.Lock()
        self._inserts: dict[str, tuple[str, set[str]]] = {}

    def insert(self, batches: dict[str, list[Row]]) -> None:
        """Insert and commit all batches together, or nothing (BadRows)."""
        with self._lock:
            self._connection.begin()
            try:
                for table, rows in batches.items():
                    self._insert(table, rows)
                self._connection.commit()
            except (duckdb.Error, TypeError, ValueError) as error:
                self._connection.rollback()
                raise BadRows(str(error).splitlines()[0]) from error

    def _insert(self, table: str, rows: list[Row]) -> None:
        statement, columns = self._statement(table)
        for row in rows:
            if not isinstance(row, dict) or not columns >= row.keys():
                raise BadRows(f"{table} has the columns {', '.join(sorted(columns))}")
        self._connection.execute(statement, [json.dumps(rows)])

    def _statement(self, table: str) -> tuple[str, set[str]]:
        if table not in self._inserts:
            found = self._connection.execute(f"DESCRIBE {table}").fetchall()
            types = {name: kind for name, kind, *_ in found}
            structure = json.dumps([types]).replace("'", "''")
            columns = ", ".join(f'"{name}"' for name in types)
            picked = ", ".join(f'r."{name}"' for name in types)
            self._inserts[table] = (
                f"INSERT INTO {table} ({columns}) SELECT {picked} FROM "
                f"(SELECT unnest(from_json(?::JSON, '{structure}')) AS r)",
                set(types),
            )
        return self._inserts[table]

    def query(self, sql: str, params: Sequence[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
        """(columns, rows) of one read-only statement; duckdb.Error when it is not one."""
        with self._connection.cursor() as cursor:
            statements = duckdb.extract_statements(sql)
            if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
                raise duckdb.InvalidInputException("one SELECT statement is wanted")
            # A SELECT may have an INSERT or DELETE in its WITH.
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            cursor.execute(sql, list(params))
            return [c[0] for c in cursor.description or ()], cursor.fetchall()

    def close(self) -> None:
        with self._lock:
            self._connection.execute("CHECKPOINT")
            self._connection.close()


def by_table(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Rows grouped by their table, in order."""
    batches: dict[str, list[Row]] = {}
    for table, row in rows:
        batches.setdefault(table, []).append(row)
    return batches
