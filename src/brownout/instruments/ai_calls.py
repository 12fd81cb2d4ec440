"""Calls of AI models per route, model and version: how many, and how long."""

from __future__ import annotations

from itertools import groupby

from brownout.model import NS, Artifact, Recording

NEEDS = ("work",)
UNIT = "ms"
COLUMNS = (
    "route", "model", "version", "requests", "calls", "errors", "calls_per_request",
    "ms_per_request", "ms_per_call", "seconds",
)  # fmt: skip
KEYS = ("route", "model", "version")
FIGURES = COLUMNS[3:-1]
ORDER = "ms_per_request"

SQL = """
SELECT route, model, version, (start - $1) // 1000000000 AS second, sum("time")::BIGINT,
       sum(calls)::BIGINT, sum(errors)::BIGINT
FROM ai_calls WHERE start >= $1 AND start < $2 AND coalesce(kind, 'ai') = 'ai'
GROUP BY ALL ORDER BY route, model, version, second
"""
REQUESTS = """
SELECT route, count(*) FROM work WHERE start >= $1 AND start < $2 GROUP BY route ORDER BY route
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row per route, model and version; ``n``: calls. A call without an answer has no model.

    ``seconds``: (ns, calls) of each second of the window.
    """
    bounds = recording.windows[window]
    span = [bounds.start, bounds.end]
    requests = dict(recording.query(REQUESTS, span))
    length = max(-(-(bounds.end - bounds.start) // NS), 1)
    rows = []
    for key, group in groupby(recording.query(SQL, span), lambda r: tuple(r[:3])):
        seconds = [(0, 0)] * length
        time = calls = errors = 0
        for _, _, _, second, *values in group:
            seconds[second] = (values[0], values[1])
            time, calls, errors = time + values[0], calls + values[1], errors + values[2]
        n = requests[key[0]]
        figures = (n, calls, errors, calls / n, time / n / 1e6, time / max(calls, 1) / 1e6)
        rows.append((*key, *(round(f, 6) for f in figures), tuple(seconds)))
    return Artifact("ai_calls", window, UNIT, sum(r[4] for r in rows), COLUMNS, tuple(rows))
