"""A table cut into chunks of whole series, each small enough for one process to hold."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from brownout.model import BrownoutError
from brownout.scan.database import ALONE, connection, quoted, told
from brownout.scan.tables import Table

ROWS = 400_000
"""Points of a chunk."""

AGAIN = 3.0
"""How often a Parquet file may be read in all, because its parts share series; else it is sorted
into a copy."""

LONGEST = 2_000_000
"""Points of a series beyond which it is not held in memory."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """The series of a table from ``low`` on and before ``high`` (SQL literals; "" is no bound).

    ``rows`` is SQL of (series, time, value); ``points``: at most so many of them. ``unnamed``: rows
    of the table that have no series; the first chunk tells of all.
    """

    rows: str
    low: str
    high: str
    points: int
    unnamed: int = 0

    @property
    def where(self) -> str:
        bounds = [f"series >= {self.low}"] * bool(self.low)
        bounds += [f"series < {self.high}"] * bool(self.high)
        return " AND ".join(bounds) or "true"


@dataclass(frozen=True, slots=True)
class Batch:
    """Series of a chunk, one after the other, each in the order of time.

    ``starts``: where each begins in ``times`` and ``values``, and last their length.
    ``too_long``: names of series that are not in it, with their points.
    """

    names: list[str]
    starts: NDArray[np.int64]
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    too_long: list[tuple[str, int]]


Say = Callable[[str], None]


def plan(table: Table, scratch: Path, say: Say) -> list[Chunk]:
    """Cut a table; where its rows are not in the order of series, sort it into ``scratch`` first.

    Raises BrownoutError when there are no rows.
    """
    if table.key:
        found = cut(table.files, table.key)
        if found is not None:
            return _chunks(table.rows, found, unnamed(table.files, table.key))
    say("sorting the points by series")
    path = scratch / "sorted.parquet"
    with connection(ALONE, scratch) as db, told(table.files[0]):
        db.execute("SET preserve_insertion_order = true")
        db.execute(
            f"COPY (SELECT * FROM ({table.rows}) ORDER BY series, time) "
            f"TO {quoted(str(path))} (FORMAT parquet, ROW_GROUP_SIZE 122880)"
        )
    found, lost = cut((str(path),), "series"), unnamed((str(path),), "series")
    if found is None:
        why = f"none of its {lost:,} rows names its series" if lost else "there are no rows in it"
        raise BrownoutError(f"{', '.join(table.files[:3])}: {why}")
    rows = f"SELECT series, time, value FROM read_parquet({quoted(str(path))})"
    return _chunks(rows, found, lost)


def _chunks(rows: str, bounds: Sequence[tuple[str, str, int]], lost: int) -> list[Chunk]:
    return [Chunk(rows, *each, lost if i == 0 else 0) for i, each in enumerate(bounds)]


def unnamed(files: Sequence[str], key: str) -> int:
    """The rows without a series, from what Parquet files say of their row groups."""
    listed = ", ".join(quoted(f) for f in files)
    with connection() as db, told(files[0]):
        found = db.execute(
            f"SELECT sum(stats_null_count)::BIGINT FROM parquet_metadata([{listed}]) "
            "WHERE path_in_schema = ?",
            [key],
        ).fetchone()
    return int(found[0] or 0) if found else 0


def cut(files: Sequence[str], key: str) -> list[tuple[str, str, int]] | None:
    """(low, high, points) of each chunk, from what Parquet files say of their row groups.

    None where they say nothing, or where too many groups hold some of the same series.
    """
    listed = ", ".join(quoted(f) for f in files)
    with connection() as db, told(files[0]):
        groups = db.execute(
            "SELECT stats_min_value, stats_max_value, "
            "row_group_num_rows - stats_null_count, type "
            f"FROM parquet_metadata([{listed}]) WHERE path_in_schema = ? "
            "AND row_group_num_rows > coalesce(stats_null_count, 0)",
            [key],
        ).fetchall()
    if not groups or any(None in group for group in groups):
        return None
    text = groups[0][3] == "BYTE_ARRAY"
    if not text and not groups[0][3].startswith("INT"):
        return None
    read: Callable[[str], str | int] = str if text else int
    try:
        spans = sorted((read(low), read(high), int(n)) for low, high, n, _ in groups)
    except ValueError:  # dates and decimals are integers inside
        return None
    return bounded(spans)


def bounded(spans: Sequence[tuple[str | int, str | int, int]]) -> list[tuple[str, str, int]] | None:
    """Chunks of about ROWS points from row groups' (lowest, highest series, rows), sorted."""
    edges: list[str | int] = []
    held = 0
    for low, _, rows in spans:
        if held >= ROWS and (not edges or low > edges[-1]) and low > spans[0][0]:  # type: ignore[operator]
            edges.append(low)
            held = 0
        held += rows
    points, mixed = [0] * (len(edges) + 1), [0] * (len(edges) + 1)
    for low, high, rows in spans:
        for i in range(bisect.bisect_right(edges, low), bisect.bisect_right(edges, high) + 1):
            points[i] += rows
            mixed[i] += rows if low != high else 0  # a single long series is no disorder
    disordered = sum(points) > AGAIN * sum(rows for _, _, rows in spans)
    if disordered or max(mixed) > min(2 * ROWS, LONGEST) + max(rows for _, _, rows in spans):
        return None
    bounds = ["", *(quoted(e) if isinstance(e, str) else str(e) for e in edges), ""]
    return [(bounds[i], bounds[i + 1], n) for i, n in enumerate(points)]


def read(chunk: Chunk) -> Batch:
    """The chunk's series. Raises BrownoutError for what cannot be read."""
    with connection() as db, told("reading the series"):
        too_long: list[tuple[str, int]] = []
        where = chunk.where
        if chunk.points > LONGEST:
            too_long = db.execute(
                f"SELECT series::VARCHAR, count(*) FROM ({chunk.rows}) WHERE {where} "
                f"GROUP BY series HAVING count(*) > {LONGEST}"
            ).fetchall()
            names = ", ".join(quoted(name) for name, _ in too_long)
            where += f" AND series::VARCHAR NOT IN ({names})" if too_long else ""
        return _batch(db, f"FROM ({chunk.rows}) WHERE {where} AND series IS NOT NULL", too_long)


def _batch(db: duckdb.DuckDBPyConnection, source: str, too_long: list[tuple[str, int]]) -> Batch:
    named = dict(
        db.execute(
            f"SELECT hash(series), any_value(series)::VARCHAR {source} GROUP BY 1"
        ).fetchall()
    )
    got = db.execute(
        "SELECT hash(series) AS series, coalesce(time, 'nan'::DOUBLE)::DOUBLE AS time, "
        f"coalesce(value, 'nan'::DOUBLE) AS value {source}"
    ).fetchnumpy()
    keys, times, values = (np.asarray(got[c]) for c in ("series", "time", "value"))
    fresh = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    falls = times[1:] < times[:-1]
    falls[fresh - 1] = False
    if falls.any() or len(fresh) + 1 != len(named):
        order = np.lexsort((times, keys))
        keys, times, values = keys[order], times[order], values[order]
        fresh = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    starts = np.concatenate([[0], fresh, [len(keys)]]) if len(keys) else np.zeros(1, np.int64)
    names = [named[int(k)] for k in keys[starts[:-1]]]
    return Batch(names, starts.astype(np.int64), times, values, too_long)
