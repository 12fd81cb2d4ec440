"""The cache per family of keys: how often what was asked for was there."""

from __future__ import annotations

from itertools import groupby

from brownout.model import NS, Artifact, Recording

NEEDS = ("work",)
UNIT = "hit ratio"
COLUMNS = (
    "family", "requests", "gets", "hits", "sets", "hit_ratio", "gets_per_request",
    "ms_per_request", "seconds",
)  # fmt: skip
KEYS = ("family",)
FIGURES = COLUMNS[1:-1]
ORDER = "hit_ratio"

SQL = """
SELECT family, (c.start - $1) // 1000000000 AS second, count(*), sum(gets)::BIGINT,
       sum(hits)::BIGINT, sum("sets")::BIGINT, sum(duration)::BIGINT
FROM cache_calls c JOIN (
  SELECT trace_id, start, duration FROM work WHERE start >= $1 AND start < $2
) w USING (trace_id, start)
WHERE gets > 0
GROUP BY ALL ORDER BY family, second
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a family; ``requests`` are those that asked for it, and how long they took in all.

    ``seconds``: (hits, gets) of each second of the window.
    """
    bounds = recording.windows[window]
    length = max(-(-(bounds.end - bounds.start) // NS), 1)
    rows, total = [], 0
    found = recording.query(SQL, [bounds.start, bounds.end])
    for name, group in groupby(found, lambda r: str(r[0])):
        seconds = [(0, 0)] * length
        sums = [0] * 5
        for _, second, *values in group:
            seconds[second] = (values[2], values[1])
            sums = [a + b for a, b in zip(sums, values, strict=True)]
        n, gets, hits, sets, duration = sums
        figures = (round(f, 6) for f in (hits / gets, gets / n, duration / n / 1e6))
        rows.append((name, n, gets, hits, sets, *figures, tuple(seconds)))
        total += gets
    return Artifact("cache", window, UNIT, total, COLUMNS, tuple(rows))
