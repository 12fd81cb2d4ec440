"""The columns of a table: what they are called, of which type they are, how they are read."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from brownout.model import BrownoutError
from brownout.scan.database import ident, quoted
from brownout.scan.formats import WIDEST, decimal_comma, head, too_wide

MISSING = ("", "N/A", "n/a", "NA", "null", "NULL", "None")
"""Texts in the place of a number that is missing."""

MISSING_SQL = ", ".join(map(quoted, MISSING))
COMMITS = ("commit", "sha", "revision")
"""Columns that tell when, never what: a number, or an id."""

ROW, FIRST = ident("brownout row"), ident("brownout first")

FORMATS = {"parquet": "Parquet", "csv": "CSV", "json": "JSON"}
READERS = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
NUMBERS = re.compile(
    r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|REAL|DECIMAL.*|BOOLEAN|BIGNUM"
)
CALENDAR = re.compile(r"TIMESTAMP.*|DATE$")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of files of one form, name -> DuckDB type, and how to read them.

    ``options``: of the reader, in SQL. ``texts``: columns of numbers of a CSV that are read as
    texts, because a word may stand for one that is missing, wherever in the file. ``order``: the
    column whose texts are in the order of time where they first appear, "" without one.
    """

    db: duckdb.DuckDBPyConnection
    paths: tuple[Path, ...]
    reader: str
    types: Mapping[str, str]
    options: str = ""
    texts: tuple[str, ...] = ()
    order: str = ""

    @property
    def source(self) -> str:
        files = ", ".join(quoted(str(p)) for p in self.paths)
        texts = ", ".join(f"{quoted(c)}: 'VARCHAR'" for c in self.texts)
        options = self.options + (f", types = {{{texts}}}" if texts else "")
        read = f"{READERS[self.reader]}([{files}], union_by_name = true{options})"
        if not self.order:
            return read
        return (
            f"(SELECT *, min({ROW}) OVER (PARTITION BY {ident(self.order)}) AS {FIRST} "
            f"FROM (SELECT *, row_number() OVER () AS {ROW} FROM {read}))"
        )

    def read_as_texts(self, numbers: Sequence[str]) -> Columns:
        """With columns of numbers as texts, if this is a CSV."""
        if self.reader != "csv":
            return self
        return replace(self, texts=tuple(c for c in numbers if self.types[c] != "VARCHAR"))

    def number(self, column: str) -> str:
        """A column of numbers as SQL."""
        text = ident(column)
        if self.types[column] != "VARCHAR" and column not in self.texts:
            return f"{text}::DOUBLE"
        if "decimal_separator" in self.options:
            text = f"replace({text}, ',', '.')"
        missing = f"CASE WHEN {ident(column)} NOT IN ({MISSING_SQL}) THEN {text}::DOUBLE END"
        return f"coalesce(TRY_CAST({text} AS DOUBLE), {missing})"

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


def described(columns: Columns) -> Columns:
    """With the types of the columns, and what must be known to read them."""
    if columns.reader == "csv":
        start = head(columns.paths[0])
        if decimal_comma(start):
            options = f", delim = {quoted(start.delimiter)}, decimal_separator = ','"
            columns = replace(columns, options=options)
    types = _types(columns)
    if len(types) > WIDEST:
        raise too_wide(columns.paths[0])
    if columns.reader != "csv" or "VARCHAR" not in types.values():
        return replace(columns, types=types)
    bare = _types(replace(columns, options=f"{columns.options}, nullstr = [{MISSING_SQL}]"))
    types |= {c: t for c, t in bare.items() if NUMBERS.fullmatch(t)}
    return replace(columns, types=types)


def _types(columns: Columns) -> dict[str, str]:
    rows = columns.db.execute(f"DESCRIBE SELECT * FROM {columns.source}").fetchall()
    return {str(row[0]): str(row[1]) for row in rows}


def recipe(columns: Columns, keys: Sequence[str], time: str, value: str) -> str:
    """A command line that reads the files."""
    named = {"--series": ",".join(keys), "--time": time, "--value": value}
    options = [f"{option} {shlex.quote(name)}" for option, name in named.items() if name]
    files = [shlex.quote(str(p)) for p in columns.paths[:3]]
    return " ".join(["brownout scan", *files, *options])


def must_hold(columns: Columns, column: str, wanted: str) -> None:
    """Raises BrownoutError unless a column is of numbers, or of texts that all can be read."""
    type_ = columns.types[column]
    if NUMBERS.fullmatch(type_) or (wanted == "TIMESTAMPTZ" and CALENDAR.match(type_)):
        return
    name = ident(column)
    words = "numbers" if wanted == "DOUBLE" else "times (2026-01-31 12:00:00 or numbers)"
    if type_ != "VARCHAR":
        raise BrownoutError(f"{columns.where}: column {column} is {type_}, not {words}")
    read = name
    if wanted == "DOUBLE" and "decimal_separator" in columns.options:
        read = f"replace({name}, ',', '.')"
    odd = columns.db.execute(
        f"SELECT {name} FROM {columns.source} WHERE {name} NOT IN ({MISSING_SQL}) "
        f"AND TRY_CAST({read} AS {wanted}) IS NULL LIMIT 1"
    ).fetchone()
    if odd:
        raise BrownoutError(
            f"{columns.where}: column {column} holds {odd[0]!r}: {words} are wanted, without units"
        )
