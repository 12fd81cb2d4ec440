"""What was put live when, from a file: CSV, JSON or Parquet with a time and a name."""

from __future__ import annotations

from pathlib import Path

from brownout.model import BrownoutError
from brownout.scan.columns import READERS
from brownout.scan.database import connection, ident, quoted, told
from brownout.scan.formats import kind
from brownout.scan.tables import TIMES, clock
from brownout.stats.scan import Deployment

NAMES = ("name", "deployment", "version", "release", "ref", "tag", "commit", "title", "id")
ALSO = ("service", "ref", "version", "environment")
"""Columns that are told beside the name."""

NAMELESS = "(no name)"


def load(path: Path, calendar: bool) -> list[Deployment]:
    """The deployments, in the unit of the series' times: seconds since the epoch if ``calendar``.

    Raises BrownoutError when times or names are missing, or when only one of the two files has
    times of the calendar.
    """
    source = f"{READERS[kind(path)]}({quoted(str(path))})"
    with connection() as db, told(str(path)):
        columns = {str(r[0]): str(r[1]) for r in db.execute(f"DESCRIBE FROM {source}").fetchall()}
        lower = {c.lower(): c for c in columns}
        time = next((lower[n] for n in (*TIMES, "deployed_at", "finished_at") if n in lower), "")
        name = next((lower[n] for n in NAMES if n in lower and lower[n] != time), "")
        if not time or not name:
            raise BrownoutError(
                f"{path} (columns {', '.join(columns)}): wanted is a column named "
                "time (or at, timestamp) and one named name (or version, release, commit)"
            )
        also = [lower[n] for n in ALSO if n in lower and lower[n] not in (time, name)]
        parts = [
            f"coalesce({ident(name)}::VARCHAR, '{NAMELESS}')",
            *(f"coalesce(' ' || {ident(c)}, '')" for c in also),
        ]
        label = " || ".join(parts)
        read = clock(db, source, time, columns[time])
        rows = db.execute(
            f"SELECT {read.sql}::DOUBLE, {label} FROM {source} "
            f"WHERE {ident(time)} IS NOT NULL ORDER BY 1"
        ).fetchall()
    if rows and read.calendar != calendar:
        kinds = ("dates", "plain numbers")
        own, others = kinds if read.calendar else kinds[::-1]
        raise BrownoutError(
            f"{path}: its times are {own}, those of the series are {others}: "
            "they cannot be compared"
        )
    return [Deployment(float(at), str(name)) for at, name in rows]
