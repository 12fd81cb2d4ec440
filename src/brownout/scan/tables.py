"""Files of series in any of their forms as one relation of rows (series, time, value)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from brownout.model import BrownoutError
from brownout.scan.columns import (
    CALENDAR,
    COMMITS,
    FIRST,
    FORMATS,
    Columns,
    described,
    must_hold,
    recipe,
)
from brownout.scan.database import ALONE, connection, ident, quoted, told
from brownout.scan.formats import check_width, kind

CERTAIN = ("series", "series_id")
SERIES = ("metric", "benchmark", "test", "name", "route", "id", "key")
TIMES = ("time", "timestamp", "ts", "at", "datetime", "date", "t", "when", "day", "index", "seq")
VALUES = ("value", "values", "val", "v", "y")
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
class Taken:
    """What was taken for what, in words: the ``format``, the columns of ``series``, ``time`` and
    ``value``; ``left_out``: reason -> rows."""

    format: str
    series: str
    time: str
    value: str
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Files of one form. ``rows``: SQL of (series, time, value); ``key``: the plain column of a
    Parquet file that names the series, "" otherwise; ``calendar``: times are seconds since the
    epoch, not plain numbers."""

    files: tuple[str, ...]
    rows: str
    key: str
    calendar: bool
    taken: Taken


@dataclass(frozen=True, slots=True)
class Moment:
    """SQL of a time: seconds since the epoch if ``calendar``, else a plain number; what it is, in
    ``words``."""

    sql: str
    calendar: bool
    words: str = ""


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
        return understood(described(Columns(db, tuple(paths), reader, {})), named)


def understood(columns: Columns, named: Named) -> Table:
    """Find the columns of series, time and value."""
    for option, given in (("series", named.series), ("time", named.time), ("value", named.value)):
        for name in filter(None, given.split(",")):
            if name not in columns.types:
                raise BrownoutError(f"{columns.where}: there is no column {name!r} for --{option}")
    dates = [c for c, t in columns.types.items() if CALENDAR.match(t)]
    time = named.time or columns.known(TIMES, dates) or columns.known(COMMITS, ())
    columns = in_order(columns, time)
    keys = [c for c in named.series.split(",") if c] or key_of(columns, time)
    if not keys and not named.value:
        return wide(columns, time)
    left = [c for c in columns.numeric if c not in (*keys, time) and c.lower() not in COMMITS]
    value = named.value or columns.known(VALUES, left)
    if not value or value in keys:
        hint = f" ({', '.join(left[:8])})" if left else "; none of the others holds numbers"
        example = f": for example {recipe(columns, keys, time, left[0])}" if left else ""
        raise BrownoutError(
            f"{columns.where}: which column holds the values? Name it with --value{hint}{example}"
        )
    return long(columns, keys, time, value)


def in_order(columns: Columns, time: str) -> Columns:
    """Commits that are no numbers are in the order of their first rows."""
    if time.lower() not in COMMITS or columns.types[time] != "VARCHAR":
        return columns
    return replace(columns, order=time)


def key_of(columns: Columns, time: str) -> list[str]:
    """The column that names the series, where there is one for certain."""
    texts = [
        c
        for c, t in columns.types.items()
        if t in ("VARCHAR", "UUID") and c != time and c.lower() not in COMMITS
    ]
    known = columns.known(CERTAIN, [])
    if not known and len(texts) > 1 and columns.numeric:
        left = [c for c in columns.numeric if c != time and c.lower() not in COMMITS]
        value = columns.known(VALUES, ()) or next(iter(left), "")
        raise BrownoutError(
            f"{columns.where}: which column names the series? Name it with --series, or several: "
            f"for example {recipe(columns, texts[:3], time, value)}"
        )
    key = known or columns.known(SERIES, texts if columns.numeric else [])
    return [key] if key and key != time else []


def long(columns: Columns, keys: list[str], time: str, value: str) -> Table:
    """Each row is a point; or each row is a series, with lists of values (and of times)."""
    lists = columns.types[value].endswith("[]")
    if not lists:
        must_hold(columns, value, "DOUBLE")
        columns = columns.read_as_texts([value])
    read = moment(columns, time)
    if len(keys) == 1:
        key = ident(keys[0])
    else:
        parts = [f"coalesce(nullif({ident(k)}::VARCHAR, ''), {quoted(EMPTY)})" for k in keys]
        key = " || ' ' || ".join(parts) or quoted(value)
    if lists:
        if not columns.types.get(time, "").endswith("[]"):
            read = Moment(f"unnest(range(len({ident(value)})))", False, "the order of a list")
        rows = (
            f"SELECT series, time::DOUBLE AS time, value::DOUBLE AS value FROM (SELECT {key} AS "
            f"series, {read.sql} AS time, unnest({ident(value)}) AS value FROM {columns.source})"
        )
    else:
        rows = (
            f"SELECT {key} AS series, {read.sql}::DOUBLE AS time, "
            f"{columns.number(value)} AS value FROM {columns.source}"
        )
    plain = len(keys) == 1 and columns.reader == "parquet" and not lists
    files = tuple(str(p) for p in columns.paths)
    taken = Taken(FORMATS[columns.reader], " and ".join(keys) or "none", read.words, value)
    return Table(files, rows, keys[0] if plain else "", read.calendar, taken)


def wide(columns: Columns, time: str) -> Table:
    """One column a series."""
    series = [
        c
        for c in columns.numeric
        if c != time and c.lower() not in COMMITS and not columns.types[c].endswith("[]")
    ]
    if not series:
        nested = (
            '; of nested JSON, make lines of {"series": "a", "time": 1, "value": 2} first'
            if columns.reader == "json"
            else ""
        )
        raise BrownoutError(
            f"{columns.where}: no numbers in it; wanted is a row a point (series, time, value) or "
            f"a column a series. Name columns with --series, --time and --value{nested}"
        )
    columns = columns.read_as_texts(series)
    read = moment(columns, time)
    each = ", ".join(f"{columns.number(c)} AS {ident(c)}" for c in series)
    free = ident("brownout time")  # no column of a user is named so
    rows = (
        f"SELECT series, {free} AS time, value FROM (SELECT {read.sql}::DOUBLE AS {free}, {each} "
        f"FROM {columns.source}) UNPIVOT INCLUDE NULLS (value FOR series IN "
        f"({', '.join(map(ident, series))}))"
    )
    few = ", ".join(series[:8]) + (f" and {len(series) - 8:,} more" if len(series) > 8 else "")
    taken = Taken(FORMATS[columns.reader], f"a column each: {few}", read.words, "these columns")
    return Table(tuple(str(p) for p in columns.paths), rows, "", read.calendar, taken)


def moment(columns: Columns, time: str) -> Moment:
    """The time of a row; without a column for it, the number of the row."""
    if not time:
        return Moment("row_number() OVER ()", False, "the order of the rows")
    if columns.order:
        words = f"{time}, in the order of the first rows"
        return Moment(f"dense_rank() OVER (ORDER BY {FIRST})", False, words)
    if not columns.types[time].endswith("[]"):
        must_hold(columns, time, "TIMESTAMPTZ")
    return replace(clock(columns.db, columns.source, time, columns.types[time]), words=time)


def clock(db: duckdb.DuckDBPyConnection, source: str, column: str, type_: str) -> Moment:
    """Read a column of times. Numbers as large as an epoch's s, ms, us or ns are dates, too."""
    name = ident(column)
    if type_.endswith("[]"):
        name, type_ = f"unnest({name})", type_.removesuffix("[]")
    if CALENDAR.match(type_):
        return Moment(f"epoch({name}::TIMESTAMP)", True)
    if type_ == "VARCHAR":  # as TIMESTAMP, the zone in a text would be passed over
        return Moment(f"epoch({name}::TIMESTAMPTZ)", True)
    query = f"SELECT median(t) FROM (SELECT {name} AS t FROM {source} LIMIT 1000)"
    usual = float((db.execute(query).fetchone() or [0])[0] or 0)
    for unit in EPOCHS:
        if usual >= unit * EPOCHS[0]:
            return Moment(f"{name} / {unit}", True)
    return Moment(name, False)
