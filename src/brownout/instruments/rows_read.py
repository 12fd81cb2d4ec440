"""Rows that the database read per route, beside those that were fetched from it."""

from __future__ import annotations

from brownout.model import Artifact, Recording

NEEDS = ("work", "work.rows_read")
UNIT = "1/request"
COLUMNS = (
    "route", "requests", "read_per_request", "read_p95", "fetched_per_request", "read_per_fetched",
)  # fmt: skip
KEYS = ("route",)
FIGURES = COLUMNS[1:]
ORDER = "read_per_request"

SQL = """
SELECT route, count(*), avg(rows_read), quantile_cont(rows_read, .95), avg(sql_rows),
       sum(rows_read) / nullif(sum(sql_rows), 0)
FROM work WHERE start >= $1 AND start < $2 AND rows_read IS NOT NULL GROUP BY route ORDER BY route
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row per route; ``n``: requests and tasks for which it was counted.

    The meter counts what is read with BROWNOUT_METER_DATABASE_WORK=1 alone: rows on PostgreSQL,
    those thrown away included; on SQLite steps of its virtual machine. ``read_per_fetched``: None
    where nothing was fetched.
    """
    bounds = recording.windows[window]
    found = recording.query(SQL, [bounds.start, bounds.end])
    rows = tuple(
        (route, n, *(None if f is None else round(f, 6) for f in figures))
        for route, n, *figures in found
    )
    return Artifact("rows_read", window, UNIT, sum(row[1] for row in rows), COLUMNS, rows)
