"""Files of a known format as points: read once, what is left out counted, kept by series."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np

from brownout.model import BrownoutError
from brownout.scan.database import connection, quoted, told
from brownout.scan.places import Places
from brownout.scan.readers import Documents, Head, Point, Reader, Rows, packed
from brownout.scan.tables import Named, Table, Taken

MEGABYTES = 160
"""That the database may use: it would fill more with what it has read."""

THREADS = 2
"""That read a table. Each takes memory of its own."""

BATCH = 50_000
"""Points of documents that are handed to the database at a time."""

PIECE = 150_000_000
"""Bytes of tables whose seconds are put together at a time."""

VALUE = "CASE s.sort WHEN 'counter' THEN total WHEN 'rate' THEN mean ELSE middle END"


def table(reader: Reader, first: Head, paths: Sequence[Path], named: Named, room: Path) -> Table:
    """The points of files in a file of ``room``. Raises BrownoutError where there are none."""
    path = room / "points.parquet"
    with connection(MEGABYTES, room, THREADS) as db, told(str(paths[0])):
        if isinstance(reader, Rows):
            taken, calendar = _rows(db, Places(reader, first, paths, named), room), True
        else:
            taken, calendar = _documents(db, reader, paths, named), reader.calendar
        _must_hold(db, paths, taken)
        db.execute(
            f"COPY (SELECT * FROM points ORDER BY series, time) TO {quoted(str(path))} "
            "(FORMAT parquet, ROW_GROUP_SIZE 122880)"
        )
    rows = f"SELECT series, time, value FROM read_parquet({quoted(str(path))})"
    return Table((str(path),), rows, "series", calendar, taken)


def _must_hold(db: duckdb.DuckDBPyConnection, paths: Sequence[Path], taken: Taken) -> None:
    if not db.execute("SELECT 1 FROM points LIMIT 1").fetchone():
        why = "; ".join(f"{n:,} rows: {reason}" for reason, n in taken.left_out.items())
        raise BrownoutError(
            f"{paths[0]} was read as {taken.format}, and there is no point in it"
            + (f" (left out: {why})" if why else "")
        )


def _rows(db: duckdb.DuckDBPyConnection, places: Places, room: Path) -> Taken:
    """Fill ``points`` from a table; a second is a point."""
    try:
        _stage(db, places, room)
    except duckdb.Error as error:
        if "parallel=false" not in str(error):
            raise
        _stage(db, replace(places, parallel=False), room)
    db.execute(
        "CREATE VIEW points AS WITH sorts AS (SELECT metric, any_value(sort) AS sort FROM staged "
        f"WHERE sort IS NOT NULL GROUP BY metric) SELECT series, time, {VALUE} AS value "
        "FROM staged LEFT JOIN sorts s USING (metric) WHERE reason IS NULL"
    )
    counted = db.execute(
        "SELECT reason, sum(n)::BIGINT FROM staged WHERE reason <> '' GROUP BY 1 UNION ALL "
        f"SELECT {quoted(places.missing)}, sum(missing)::BIGINT FROM staged WHERE reason IS NULL "
        "HAVING sum(missing) > 0 ORDER BY 2 DESC, 1"
    ).fetchall()
    series = " and ".join(places.series)
    return Taken(
        places.reader.name, series, f"{places.time}, by seconds", places.value, dict(counted)
    )


def _stage(db: duckdb.DuckDBPyConnection, places: Places, room: Path) -> None:
    """Fill ``staged`` with the seconds of files; those of large ones piece by piece, for a median
    takes all values of its second at once."""
    rows = places.rows
    pieces = 1 + sum(map(_size, places.paths)) // PIECE
    if pieces > 1:
        path = quoted(str(room / "rows.parquet"))
        db.execute(f"COPY ({rows}) TO {path} (FORMAT parquet)")
        rows = f"SELECT * FROM read_parquet({path})"
    for piece in range(pieces):
        some = f"{rows} WHERE hash(time) % {pieces} = {piece}" if pieces > 1 else rows
        into = "INSERT INTO staged BY NAME" if piece else "CREATE TABLE staged AS"
        db.execute(f"{into} {places.seconds(some)}")


def _size(path: Path) -> int:
    """Bytes of a file, unpacked: such tables are packed to a tenth or less."""
    return path.stat().st_size * (20 if packed(path) else 1)


def _documents(
    db: duckdb.DuckDBPyConnection, reader: Documents, paths: Sequence[Path], named: Named
) -> Taken:
    """Fill ``points`` from nested documents."""
    if named.series or named.time or named.value not in ("", *reader.values):
        raise BrownoutError(
            f"{paths[0]} is of {reader.name}, whose series and times are known; "
            f"--value may be {', '.join(reader.values)}"
        )
    value = named.value or reader.values[0]
    db.execute("CREATE TABLE points (series VARCHAR, time DOUBLE, value DOUBLE)")
    left_out: Counter[str] = Counter()
    read = kept(reader, paths, value, left_out)
    while batch := list(islice(read, BATCH)):
        series = np.array([p.series for p in batch], dtype=object)
        times, values = np.array([[p.time, p.value] for p in batch], dtype=float).T
        db.register("batch", {"series": series, "time": times, "value": values})
        db.execute("INSERT INTO points SELECT series::VARCHAR, time, value FROM batch")
    return Taken(reader.name, reader.series, reader.time, value, dict(left_out.most_common()))


def kept(
    reader: Documents, paths: Sequence[Path], value: str, left_out: Counter[str]
) -> Iterator[Point]:
    """The points of documents; what is left out, or has no number, is counted.

    Raises BrownoutError for what is not as the tool writes it.
    """
    try:
        for point in reader.points(paths, value):
            if point.left_out or not point.series:
                left_out[point.left_out or f"no name in {reader.series}"] += 1
                continue
            if point.value is None or not math.isfinite(point.value):
                left_out[f"no number in {value}"] += 1
            yield point
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BrownoutError(
            f"{paths[0]} begins as {reader.name} does, but does not go on so ({error!r})"
        ) from error
