"""Database transactions per route: how long they are open, call other services and lock rows."""

from __future__ import annotations

from itertools import groupby

from brownout.model import Artifact, Recording

NEEDS = ("work", "work.tx_time", "work.tx_call_time", "work.lock_time", "work.tx_count")
UNIT = "ms"
COLUMNS = (
    "route", "requests", "transactions_per_request", "open_ms_per_request", "open_p50", "open_p95",
    "calling_ms_per_request", "calling_p95", "locked_ms_per_request", "locked_p95", "within",
)  # fmt: skip
KEYS = ("route",)
FIGURES = COLUMNS[1:-1]
ORDER = "open_ms_per_request"
PARTS = {
    "within": (("kind", "what", "caller", "locks"), ("calls_per_request", "ms_per_request")),
}

SQL = """
SELECT route, count(*), sum(tx_count) / count(*),
       avg(tx_time) / 1e6, quantile_cont(tx_time, .5) / 1e6, quantile_cont(tx_time, .95) / 1e6,
       avg(tx_call_time) / 1e6, quantile_cont(tx_call_time, .95) / 1e6,
       avg(lock_time) / 1e6, quantile_cont(lock_time, .95) / 1e6
FROM work WHERE start >= $1 AND start < $2 AND tx_time IS NOT NULL GROUP BY route ORDER BY route
"""
# What the meter takes for a statement that locks rows (meter/event/shapes.py).
WITHIN = """
SELECT route, 'sql' AS kind, s.shape AS what, s.caller AS caller,
       regexp_matches(s.shape, '^(UPDATE|DELETE|INSERT|REPLACE|MERGE)\\b', 'i') OR
       regexp_matches(s.shape, '\\bFOR (NO KEY )?(UPDATE|KEY SHARE|SHARE)\\b', 'i') AS locks,
       sum(s.in_transaction)::BIGINT,
       sum((s."time" + coalesce(s.fetch_time, 0)) * s.in_transaction / greatest(s.calls, 1))
         / 1e6 AS took
FROM work, unnest("sql") AS u(s)
WHERE start >= $1 AND start < $2 AND tx_time IS NOT NULL AND s.in_transaction > 0
GROUP BY ALL
UNION ALL
SELECT route, coalesce(a.kind, 'ai'), a.target, a.caller, false, sum(a.calls)::BIGINT,
       sum(a."time") / 1e6
FROM work, unnest(ai) AS u(a)
WHERE start >= $1 AND start < $2 AND tx_call_time > 0
GROUP BY ALL
ORDER BY route, took DESC, kind, what, caller
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row per route; ``n``: requests and tasks, with a transaction or without.

    ms and quantiles are over all of a route's requests, also those without a transaction;
    ``calling``: the part that passes in calls of AI and other services while one is open;
    ``locked``: while it holds locks on rows. ``within``: the statements asked for in transactions
    (of one that the same line also asks for outside, its share of the time), and the calls of
    requests that made any in one, what takes longest first.
    """
    bounds = recording.windows[window]
    span = [bounds.start, bounds.end]
    found = recording.query(SQL, span)
    requests = {route: n for route, n, *_ in found}
    within = {
        route: tuple(_part(requests[route], *part[1:]) for part in group)
        for route, group in groupby(recording.query(WITHIN, span), lambda r: str(r[0]))
    }
    rows = tuple(
        (route, n, *(None if f is None else round(f, 6) for f in figures), within.get(route, ()))
        for route, n, *figures in found
    )
    return Artifact("transactions", window, UNIT, sum(requests.values()), COLUMNS, rows)


def _part(
    requests: int, kind: str, what: str, caller: str, locks: bool, calls: int, took: float
) -> tuple[str, str, str, bool, float, float]:
    return kind, what, caller, locks, round(calls / requests, 6), round(took / requests, 6)
