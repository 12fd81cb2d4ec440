"""The recording's schema: its version, its columns with their comments, and older versions of it.

python -m brownout.recording.schema > docs/recording.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

import duckdb

from brownout.model import BrownoutError

VERSION = 4
"""Of schema.sql. 1: before ``meta``; 2: ``meta``, ``profiles``, and more columns of ``work``; 3:
``work.tx_count``; 4: ``processes``, ``work.connect_time``, ``work.abandoned``, the alias of a
statement's database, and more columns of ``spans``, ``logs`` and ``metrics``."""

COLUMN = re.compile(r'^  "?(\w+)"? (.+?),?\s*(?:--\s*(.*))?$')


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its type as schema.sql has it, and what it means."""

    name: str
    kind: str
    means: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its columns in their order."""

    name: str
    means: str
    columns: tuple[Column, ...]


def sql() -> str:
    """The statements that make a recording; they do nothing to one that has it all."""
    return resources.files("brownout.recording").joinpath("schema.sql").read_text()


def tables() -> list[Table]:
    """The tables of schema.sql in its order."""
    return [
        Table(name, means, tuple(_columns(lines))) for name, means, lines in _statements("TABLE")
    ]


def views() -> dict[str, str]:
    """View -> what it means."""
    return {name: means for name, means, _ in _statements("VIEW")}


def _statements(kind: str) -> Iterator[tuple[str, str, list[str]]]:
    """(name, the comment above it, its lines) of each table or view."""
    comment: list[str] = []
    lines: list[str] = []
    for line in sql().splitlines():
        if lines or line.startswith("CREATE"):
            lines.append(line)
            if line.endswith(";"):
                match = re.match(rf"CREATE .*{kind} (?:IF NOT EXISTS )?(\w+)", lines[0])
                if match:
                    yield match[1], " ".join(comment), lines
                lines, comment = [], []
        else:
            comment = [*comment, line[2:].strip()] if line.startswith("--") else []


def _columns(lines: list[str]) -> Iterator[Column]:
    for line in lines[1:]:
        match = COLUMN.match(line)
        if match:
            yield Column(match[1], match[2].strip(), (match[3] or "").strip())


# Recordings of earlier versions


def version(connection: duckdb.DuckDBPyConnection, catalog: str) -> int:
    """The version of an attached recording."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = ? AND table_name = 'meta'",
        [catalog],
    ).fetchone()
    if found == (0,):
        return 1
    row = connection.execute(f"SELECT max(version) FROM {catalog}.meta").fetchone()
    return int(row[0]) if row and row[0] else 1


def present(connection: duckdb.DuckDBPyConnection, catalog: str) -> frozenset[str]:
    """Show an attached recording, of whatever version, as one of this version.

    Each table becomes a view in the connection's own catalog: columns that the recording has not
    got have their default, else null; tables that it has not got are empty. Nothing is written.
    The answer names what it has not got: "profiles", "work.wait".
    Raises BrownoutError for a recording of a later version.
    """
    found = version(connection, catalog)
    if found > VERSION:
        raise BrownoutError(
            f"its schema is of version {found}, and this brownout reads up to {VERSION}; "
            "update brownout"
        )
    connection.execute("ATTACH ':memory:' AS wanted; USE wanted;" + sql() + "USE memory;")
    there = _types(connection, catalog)
    lacks = set()
    for table, columns in _types(connection, "wanted").items():
        known = there.get(table)
        picked = ", ".join(
            f'"{name}"::{kind} AS "{name}"'
            if known and name in known
            else f'({default or "NULL"})::{kind} AS "{name}"'
            for name, (kind, default) in columns.items()
        )
        source = f'FROM {catalog}.main."{table}"' if known else "WHERE false"
        connection.execute(f'CREATE VIEW "{table}" AS SELECT {picked} {source}')
        lacks |= set() if known else {table}
        lacks |= {f"{table}.{name}" for name in columns if name not in (known or ())}
    connection.execute("DETACH wanted")
    for statement in duckdb.extract_statements(sql()):
        if statement.query.lstrip().upper().find("CREATE OR REPLACE VIEW") >= 0:
            connection.execute(statement)
    return frozenset(lacks)


def _types(
    connection: duckdb.DuckDBPyConnection, catalog: str
) -> dict[str, dict[str, tuple[str, str | None]]]:
    """Table -> column -> (type, default as SQL)."""
    rows = connection.execute(
        "SELECT table_name, column_name, data_type, column_default FROM duckdb_columns() "
        "WHERE database_name = ? AND NOT internal AND table_name IN "
        "(SELECT table_name FROM duckdb_tables() WHERE database_name = ?) "
        "ORDER BY table_name, column_index",
        [catalog, catalog],
    ).fetchall()
    found: dict[str, dict[str, tuple[str, str | None]]] = {}
    for table, column, kind, default in rows:
        found.setdefault(table, {})[column] = (kind, default)
    return found


# The page


HEAD = """# The recording

`telemetry.duckdb` in a run's folder, made by the collector; read it with DuckDB, or export it:
`brownout export RUN`. This page is made from `src/brownout/recording/schema.sql`
(`python -m brownout.recording.schema > docs/recording.md`; a test compares the two).

Times (`ts`, `start`, `intended`) are nanoseconds since the epoch in UTC, by the clock of whoever
sent them; durations, latencies and CPU times are nanoseconds. Null means "not measured".

The schema has version {version}. A recording of an earlier version still opens: what it has not got
shows as null (or as the column's default), a table that it has not got as empty. One of a later
version is refused with a sentence that says so.
"""


def page() -> str:
    """docs/recording.md."""
    parts = [HEAD.format(version=VERSION)]
    for table in tables():
        rows = [f"| `{c.name}` | {c.kind} | {c.means} |" for c in table.columns]
        lines = ["| column | type | meaning |", "|---|---|---|", *rows]
        parts.append(f"## `{table.name}`\n\n{table.means}\n\n" + "\n".join(lines) + "\n")
    rows = [f"| `{name}` | {means} |" for name, means in views().items()]
    parts.append("## Views\n\n" + "\n".join(["| view | rows |", "|---|---|", *rows]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
