"""SQL statements per route, shape and calling line: exact counts, and time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby

from brownout.model import NS, Artifact, Recording

NEEDS = ("work",)
UNIT = "1/request"
COLUMNS = (
    "route", "shape", "caller", "requests", "calls", "calls_per_request", "rows_per_request",
    "repeats_per_request", "ms_per_request", "ms_per_call", "squares", "seconds",
)  # fmt: skip
KEYS = ("route", "shape", "caller")
FIGURES = COLUMNS[3:-2]
ORDER = "ms_per_request"

SQL = """
SELECT route, shape, caller, (start - $1) // 1000000000 AS second, sum(calls)::BIGINT,
       sum("rows")::BIGINT, sum(repeats)::BIGINT, sum("time" + fetch_time)::BIGINT,
       sum(calls::BIGINT * calls)::BIGINT
FROM sql_calls WHERE start >= $1 AND start < $2
GROUP BY ALL ORDER BY route, shape, caller, second
"""
REQUESTS = """
SELECT route, count(*) FROM work WHERE start >= $1 AND start < $2 GROUP BY route ORDER BY route
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row per route, shape and caller; ``n``: requests and tasks, with SQL or without.

    ``squares``: the sum over requests of the squared number of calls; ``seconds``: (ns, calls) of
    each second of the window.
    """
    bounds = recording.windows[window]
    span = [bounds.start, bounds.end]
    requests = dict(recording.query(REQUESTS, span))
    length = max(-(-(bounds.end - bounds.start) // NS), 1)
    rows = []
    for key, group in groupby(recording.query(SQL, span), lambda r: tuple(r[:3])):
        seconds = [(0, 0)] * length
        sums = [0] * 5
        for _, _, _, second, *values in group:
            seconds[second] = (values[3], values[0])
            sums = [a + b for a, b in zip(sums, values, strict=True)]
        rows.append((*key, *_figures(requests[key[0]], sums), tuple(seconds)))
    return Artifact("statements", window, UNIT, sum(requests.values()), COLUMNS, tuple(rows))


@dataclass(frozen=True, slots=True)
class Statement:
    """One shape on one route, whoever called it; ``caller`` is who did so most."""

    requests: int
    calls: int
    squares: float
    ms_per_request: float
    caller: str
    seconds: tuple[tuple[int, int], ...]

    @property
    def calls_per_request(self) -> float:
        return self.calls / self.requests


def by_shape(artifact: Artifact) -> dict[tuple[str, str], Statement]:
    """(route, shape) -> statement. A release moves lines: only the shape can be followed."""
    found: dict[tuple[str, str], Statement] = {}
    for row in sorted(artifact.records(), key=lambda r: -int(r["calls"])):
        key = row["route"], row["shape"]
        one = Statement(
            row["requests"],
            row["calls"],
            row["squares"],
            row["ms_per_request"],
            row["caller"],
            row["seconds"],
        )
        found[key] = _together(found[key], one) if key in found else one
    return found


def _together(a: Statement, b: Statement) -> Statement:
    """Two callers of one statement. Their squares' sum is bounded from above (Minkowski)."""
    return Statement(
        a.requests,
        a.calls + b.calls,
        (math.sqrt(a.squares) + math.sqrt(b.squares)) ** 2,
        a.ms_per_request + b.ms_per_request,
        a.caller,
        tuple((x[0] + y[0], x[1] + y[1]) for x, y in zip(a.seconds, b.seconds, strict=True)),
    )


def _figures(requests: int, sums: list[int]) -> tuple[float, ...]:
    calls, rows, repeats, time, squares = sums
    return (
        requests,
        calls,
        round(calls / requests, 6),
        round(rows / requests, 6),
        round(repeats / requests, 6),
        round(time / requests / 1e6, 6),
        round(time / calls / 1e6, 6) if calls else 0.0,
        squares,
    )
