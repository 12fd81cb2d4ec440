"""Files of series in any of their forms as one relation of rows (series, time, value)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from brownout.model import BrownoutError
from brownout.scan.database import ALONE, connection, ident, quoted, told
from brownout.scan.formats import WIDEST, check_width, kind, too_wide

CERTAIN = ("series", "series_id")
SERIES = ("metric", "benchmark", "test", "name", "route", "id", "key")
TIMES = ("time", "timestamp", "ts", "at", "datetime", "date", "t", "when", "day", "index", "seq")
VALUES = ("value", "values", "val", "v", "y", "duration", "latency", "mean", "median")

READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
NUMBERS = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|REAL|DECIMAL.*|BOOLEAN|BIGNUM"
)
CALENDAR = re.compile(r"TIMESTAMP.*|DATE$")
EMPTY = "(none)"
"""What stands for an empty part of a name that has several."""

EPOCHS = (1_000_000_000, 1_000_000, 1_000, 1)
"""Units of a second that times since the epoch are counted in; from 2001 on, they are at least 10^9
seconds: smaller numbers are no dates."""


@dataclass(frozen=True, slots=True)
class Named:
    """Columns named by the user; "" is to be found out. ``series``: several, with commas."""

    series: str = ""
    time: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Files of one form. ``rows``: SQL of (series, time, value); ``key``: the plain column of a
    Parquet file that names the series, "" otherwise; ``calendar``: times are seconds since the
    epoch, not plain numbers."""

    files: tuple[str, ...]
    rows: str
    key: str
    calendar: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """SQL of a time: seconds since the epoch if ``calendar``, else a plain number."""

    sql: str
    calendar: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of files of one form, name -> DuckDB type, and how to read them."""

    db: duckdb.DuckDBPyConnection
    paths: tuple[Path, ...]
    reader: str
    types: Mapping[str, str]

    @property
    def source(self) -> str:
        files = ", ".join(quoted(str(p)) for p in self.paths)
        return f"{READERS[self.reader]}([{files}], union_by_name = true)"

    @property
    def where(self) -> str:
        few = ", ".join(list(self.types)[:12])
        return f"{self.paths[0]} (columns {few}{', ...' * (len(self.types) > 12)})"

    @property
    def numeric(self) -> list[str]:
        """Columns of numbers, or of lists of numbers."""
        return [c for c, t in self.types.items() if NUMBERS.fullmatch(t.removesuffix("[]"))]

    def known(self, names: Sequence[str], others: Sequence[str]) -> str:
        """The column with one of the names, in their order, or else the only one of ``others``."""
        lower = {c.lower(): c for c in self.types}
        found = next((lower[n] for n in names if n in lower), "")
        return found or (others[0] if len(others) == 1 else "")


def table(paths: Sequence[Path], named: Named) -> Table:
    """Understand files of one form. Raises BrownoutError in words for what cannot be."""
    kinds = {path: kind(path) for path in paths}
    reader = kinds[paths[0]]
    for path, other in kinds.items():
        if other != reader:
            raise BrownoutError(
                f"{paths[0]} is {reader} and {path} is {other}: scan one kind at a time"
            )
        check_width(path, reader)
    with connection(ALONE) as db, told(str(paths[0])):
        columns = Columns(db, tuple(paths), reader, {})
        described = db.execute(f"DESCRIBE SELECT * FROM {columns.source}").fetchall()
        if len(described) > WIDEST:
            raise too_wide(paths[0])
        columns = replace(columns, types={str(row[0]): str(row[1]) for row in described})
        return understood(columns, named)


def understood(columns: Columns, named: Named) -> Table:
    """Find the columns of series, time and value."""
    for option, given in (("series", named.series), ("time", named.time), ("value", named.value)):
        for name in filter(None, given.split(",")):
            if name not in columns.types:
                raise BrownoutError(f"{columns.where}: there is no column {name!r} for --{option}")
    dates = [c for c, t in columns.types.items() if CALENDAR.match(t)]
    time = named.time or columns.known(TIMES, dates)
    keys = [c for c in named.series.split(",") if c] or key_of(columns, time)
    if not keys and not named.value:
        return wide(columns, time)
    left = [c for c in columns.numeric if c not in (*keys, time)]
    value = named.value or columns.known(VALUES, left)
    if not value or value in keys:
        hint = f" ({', '.join(left[:8])})" if left else "; none of the others holds numbers"
        raise BrownoutError(
            f"{columns.where}: which column holds the values? Name it with --value{hint}"
        )
    return long(columns, keys, time, value)


def key_of(columns: Columns, time: str) -> list[str]:
    """The column that names the series, where there is one for certain."""
    texts = [c for c, t in columns.types.items() if t in ("VARCHAR", "UUID") and c != time]
    known = columns.known(CERTAIN, [])
    if not known and len(texts) > 1 and columns.numeric:
        raise BrownoutError(
            f"{columns.where}: which column names the series? Name it with --series, or several: "
            f"--series {','.join(texts[:3])}"
        )
    key = known or columns.known(SERIES, texts if columns.numeric else [])
    return [key] if key and key != time else []


def long(columns: Columns, keys: list[str], time: str, value: str) -> Table:
    """Each row is a point; or each row is a series, with lists of values (and of times)."""
    lists = columns.types[value].endswith("[]")
    if not lists:
        must_hold(columns, value, "DOUBLE")
    read = moment(columns, time)
    if len(keys) == 1:
        key = ident(keys[0])
    else:
        parts = [f"coalesce(nullif({ident(k)}::VARCHAR, ''), {quoted(EMPTY)})" for k in keys]
        key = " || ' ' || ".join(parts) or quoted(value)
    if lists:
        if not columns.types.get(time, "").endswith("[]"):
            read = Moment(f"unnest(range(len({ident(value)})))", False)
        rows = (
            f"SELECT series, time::DOUBLE AS time, value::DOUBLE AS value FROM (SELECT {key} AS "
            f"series, {read.sql} AS time, unnest({ident(value)}) AS value FROM {columns.source})"
        )
    else:
        rows = (
            f"SELECT {key} AS series, {read.sql}::DOUBLE AS time, "
            f"{ident(value)}::DOUBLE AS value FROM {columns.source}"
        )
    plain = len(keys) == 1 and columns.reader == "parquet" and not lists
    files = tuple(str(p) for p in columns.paths)
    return Table(files, rows, keys[0] if plain else "", read.calendar)


def wide(columns: Columns, time: str) -> Table:
    """One column a series."""
    series = [c for c in columns.numeric if c != time and not columns.types[c].endswith("[]")]
    if not series:
        raise BrownoutError(
            f"{columns.where}: no numbers in it; wanted is a row a point (series, time, value) or "
            "a column a series. Name columns with --series, --time and --value"
        )
    read = moment(columns, time)
    each = ", ".join(f"{ident(c)}::DOUBLE AS {ident(c)}" for c in series)
    free = ident("brownout time")  # no column of a user is named so
    rows = (
        f"SELECT series, {free} AS time, value FROM (SELECT {read.sql}::DOUBLE AS {free}, {each} "
        f"FROM {columns.source}) UNPIVOT INCLUDE NULLS (value FOR series IN "
        f"({', '.join(map(ident, series))}))"
    )
    return Table(tuple(str(p) for p in columns.paths), rows, "", read.calendar)


def moment(columns: Columns, time: str) -> Moment:
    """The time of a row; without a column for it, the number of the row."""
    if not time:
        return Moment("row_number() OVER ()", False)
    if not columns.types[time].endswith("[]"):
        must_hold(columns, time, "TIMESTAMP")
    return clock(columns.db, columns.source, time, columns.types[time])


def clock(db: duckdb.DuckDBPyConnection, source: str, column: str, type_: str) -> Moment:
    """Read a column of times. Numbers as large as an epoch's s, ms, us or ns are dates, too."""
    name = ident(column)
    if type_.endswith("[]"):
        name, type_ = f"unnest({name})", type_.removesuffix("[]")
    if CALENDAR.match(type_) or type_ == "VARCHAR":
        return Moment(f"epoch({name}::TIMESTAMP)", True)
    query = f"SELECT median(t) FROM (SELECT {name} AS t FROM {source} LIMIT 1000)"
    usual = float((db.execute(query).fetchone() or [0])[0] or 0)
    for unit in EPOCHS:
        if usual >= unit * EPOCHS[0]:
            return Moment(f"{name} / {unit}", True)
    return Moment(name, False)


def must_hold(columns: Columns, column: str, wanted: str) -> None:
    """Raises BrownoutError unless a column is of numbers, or of texts that all can be read."""
    type_ = columns.types[column]
    if NUMBERS.fullmatch(type_) or (wanted == "TIMESTAMP" and CALENDAR.match(type_)):
        return
    name = ident(column)
    words = "numbers" if wanted == "DOUBLE" else "times (2026-01-31 12:00:00 or numbers)"
    if type_ != "VARCHAR":
        raise BrownoutError(f"{columns.where}: column {column} is {type_}, not {words}")
    odd = columns.db.execute(
        f"SELECT {name} FROM {columns.source} WHERE {name} IS NOT NULL "
        f"AND TRY_CAST({name} AS {wanted}) IS NULL LIMIT 1"
    ).fetchone()
    if odd:
        raise BrownoutError(
            f"{columns.where}: column {column} holds {odd[0]!r}: {words} are wanted, without units"
        )
