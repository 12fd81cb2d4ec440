"""Latency and failures per route, from the users' side."""

from __future__ import annotations

from typing import Any

from brownout.model import NS, Artifact, Recording
from brownout.stats.quantiles import quantile

NEEDS = ("requests", "scheduled")
UNIT = "ms"
COLUMNS = ("route", "n", "failed", "missing", "p50", "p95", "p99", "seconds", "failures")
KEYS = ("route",)
FIGURES = COLUMNS[1:-2]
ORDER = "p95"

SQL = """
SELECT route, intended, latency, failed FROM outcomes
WHERE intended >= $1 AND intended < $2
ORDER BY route, intended, trace_id
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a route. ``n`` counts what users wanted; ``missing`` of it was never answered.

    The quantiles are of successful answers, counted from the intended moment. ``seconds``: the
    latencies of each second of the window; ``failures``: (failed, wanted) of each second.
    """
    bounds = recording.windows[window]
    length = max(-(-(bounds.end - bounds.start) // NS), 1)
    routes: dict[str, _Route] = {}
    for route, intended, latency, failed in recording.query(SQL, [bounds.start, bounds.end]):
        seen = routes.setdefault(route, _Route(length))
        seen.add((intended - bounds.start) // NS, latency, failed)
    rows = tuple((name, *seen.row()) for name, seen in sorted(routes.items()))
    return Artifact("latency", window, UNIT, sum(r[1] for r in rows), COLUMNS, rows)


class _Route:
    """What is gathered of one route, second by second."""

    def __init__(self, length: int) -> None:
        self.seconds: list[list[float]] = [[] for _ in range(length)]
        self.failures = [[0, 0] for _ in range(length)]
        self.missing = 0

    def add(self, second: int, latency: int | None, failed: bool) -> None:
        self.failures[second][0] += failed
        self.failures[second][1] += 1
        if latency is None:
            self.missing += 1
        elif not failed:
            self.seconds[second].append(latency / 1e6)

    def row(self) -> tuple[Any, ...]:
        values = [v for second in self.seconds for v in second]
        quantiles = [round(quantile(values, q), 3) if values else None for q in (0.5, 0.95, 0.99)]
        return (
            sum(s[1] for s in self.failures),
            sum(s[0] for s in self.failures),
            self.missing,
            *quantiles,
            tuple(tuple(second) for second in self.seconds),
            tuple((failed, wanted) for failed, wanted in self.failures),
        )
