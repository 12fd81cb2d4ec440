"""Where the columns of a known format stand in its files, as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from brownout.model import BrownoutError
from brownout.scan.database import ident, quoted
from brownout.scan.readers import Head, Rows
from brownout.scan.tables import Named


@dataclass(frozen=True, slots=True)
class Places:
    """A reader's columns, or those that the command line names in their place.

    ``parallel``: threads share a file, which cannot be where a quoted text goes over lines; DuckDB
    refuses that then.
    """

    reader: Rows
    first: Head
    paths: Sequence[Path]
    named: Named
    parallel: bool = True

    @property
    def series(self) -> list[str]:
        return [c for c in self.named.series.split(",") if c] or list(self.reader.series)

    @property
    def time(self) -> str:
        return self.named.time or self.reader.time

    @property
    def value(self) -> str:
        return self.named.value or self.reader.value

    @property
    def missing(self) -> str:
        return f"no number in {self.value}"

    def column(self, name: str) -> str:
        """A column as SQL. Raises BrownoutError where a table has none of that name."""
        if self.reader.types:
            return self.reader.places.get(name) or self.reader.places[""].format(ident(name))
        if name not in self.first.columns:
            few = ", ".join(self.first.columns[:20])
            raise BrownoutError(f"{self.paths[0]} (columns {few}): there is no column {name!r}")
        return ident(name)

    @property
    def source(self) -> str:
        """The files as a relation of texts: a row that is broken off is read, too."""
        files = ", ".join(quoted(str(p)) for p in self.paths)
        if self.reader.types:
            others = [c for c in (*self.series, "name") if c not in self.reader.places]
            tags = ", ".join(f"{ident(c)} VARCHAR" for c in dict.fromkeys(others))
            types = {c: t.format(tags) for c, t in self.reader.types.items()}
            return (
                f"read_json([{files}], format = 'newline_delimited', ignore_errors = true, "
                f"columns = {_struct(types)})"
            )
        types = dict.fromkeys(self.first.columns, "VARCHAR")
        return (
            f"read_csv([{files}], auto_detect = false, header = true, quote = '\"', escape = '\"', "
            f"delim = {quoted(self.first.delimiter)}, null_padding = true, strict_mode = false, "
            f"parallel = {self.parallel}, columns = {_struct(types)})"
        )

    @property
    def parts(self) -> list[str]:
        """What the parts of a series' name are called in ``rows``."""
        return [f"part{i}" for i in range(len(self.series))]

    @property
    def rows(self) -> str:
        """SQL of (metric, sort, a column each of ``parts``, time, value): the rows of the files."""
        columns = zip(map(self.column, self.series), self.parts, strict=True)
        return (
            f"SELECT {self.reader.metric} AS metric, {self.reader.sort} AS sort, "
            f"{', '.join(f'{column} AS {part}' for column, part in columns)}, "
            f"floor({epoch(self.column(self.time))}) AS time, "
            f"{finite(self.column(self.value))} AS value FROM {self.source}"
        )

    def seconds(self, rows: str) -> str:
        """SQL of the rows of each second: (reason, metric, sort, series, time, n, missing, middle,
        mean, total); ``reason``: why they are left out."""
        left_out = [
            *((condition, reason) for reason, condition in self.reader.left_out.items()),
            ("series IS NULL", f"no name in {' or '.join(self.series)}"),
            ("time IS NULL", f"no time in {self.time}"),
        ]
        cases = " ".join(f"WHEN {c} THEN {quoted(reason)}" for c, reason in left_out)
        named = ", ".join(f"nullif({part}, '')" for part in self.parts)
        # Names are put together for groups, not for rows: that takes longer than reading them.
        return (
            f"SELECT *, CASE {cases} END AS reason FROM (SELECT *, "
            f"nullif(concat_ws(' ', {named}), '') AS series FROM (SELECT metric, sort, time, "
            f"{', '.join(self.parts)}, count(*) AS n, count(*) - count(value) AS missing, "
            "median(value) AS middle, avg(value) AS mean, sum(value) AS total "
            f"FROM ({rows}) GROUP BY ALL))"
        )


def _struct(types: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{ident(c)}: {quoted(t)}" for c, t in types.items()) + "}"


def epoch(text: str) -> str:
    """SQL: a text of a date, or of a number of s, ms, us or ns, as seconds since the epoch."""
    number = _number(text)
    units = " ".join(f"WHEN {number} >= 1e{n + 8} THEN {number} / 1e{n}" for n in (9, 6, 3))
    return f"CASE {units} ELSE coalesce({number}, epoch(TRY_CAST({text} AS TIMESTAMPTZ))) END"


def finite(text: str) -> str:
    """SQL: a text as a number, NULL for anything that is none, such as N/A."""
    number = _number(text)
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _number(text: str) -> str:
    # A bare cast is handed down to the reader, to which a text that is no number is an error.
    return f"TRY_CAST(trim({text}) AS DOUBLE)"
