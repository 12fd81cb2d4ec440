"""Whether the meter speaks: answered requests, and how many of them sent a wide event."""

from __future__ import annotations

from brownout.model import Artifact, Recording

NEEDS = ("requests", "work")
UNIT = "share"
COLUMNS = ("route", "answered", "events", "share")
KEYS = ("route",)
FIGURES = COLUMNS[1:]
ORDER = "share"

SQL = """
SELECT route, count(*), count(w.trace_id) FROM requests
LEFT JOIN (
  SELECT DISTINCT trace_id FROM work
  WHERE kind = 'request' AND start >= $1 - 1000000000 AND start < $2 + 30000000000
) w USING (trace_id)
WHERE intended >= $1 AND intended < $2 AND status > 0
GROUP BY route ORDER BY route
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a route; ``n``: answered requests."""
    bounds = recording.windows[window]
    rows = tuple(
        (route, answered, events, round(events / answered, 6))
        for route, answered, events in recording.query(SQL, [bounds.start, bounds.end])
    )
    return Artifact("coverage", window, UNIT, sum(r[1] for r in rows), COLUMNS, rows)
