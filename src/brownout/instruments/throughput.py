"""Requests a second: wanted by users, and answered well."""

from __future__ import annotations

from brownout.model import Artifact, Recording

NEEDS = ("requests", "scheduled")
UNIT = "1/s"
COLUMNS = ("route", "n", "scheduled", "done")
KEYS = ("route",)
FIGURES = COLUMNS[1:]
ORDER = "done"

SQL = """
SELECT route, count(*), count(*) FILTER (WHERE NOT failed) FROM outcomes
WHERE intended >= $1 AND intended < $2
GROUP BY route ORDER BY route
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a route: ``scheduled`` and ``done`` requests a second of the window."""
    bounds = recording.windows[window]
    rows = tuple(
        (route, n, round(n / bounds.seconds, 3), round(done / bounds.seconds, 3))
        for route, n, done in recording.query(SQL, [bounds.start, bounds.end])
    )
    return Artifact("throughput", window, UNIT, sum(r[1] for r in rows), COLUMNS, rows)
