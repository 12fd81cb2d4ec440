"""Celery's queues and tasks: what is enqueued by whom, how long it waits and runs, what waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from brownout.model import NS, Artifact, Recording

NEEDS = ("work", "metrics", "work.queued", "work.wait")
UNIT = "ms"
COLUMNS = (
    "queue", "task", "enqueued", "enqueued_per_request", "ran", "failed", "wait_p50", "wait_p95",
    "run_p50", "run_p95", "depth_mean", "depth_most", "depths", "enqueued_by",
)  # fmt: skip
KEYS = ("queue", "task")
FIGURES = COLUMNS[2:-1]
ORDER = "wait_p95"
PARTS = {"enqueued_by": (("route",), ("enqueued", "enqueued_per_request"))}

SQL = """
SELECT route, count(*), count(*) FILTER (WHERE status <> 0 AND exception <> ''),
       quantile_cont("wait", .5) / 1e6, quantile_cont("wait", .95) / 1e6,
       quantile_cont(duration, .5) / 1e6, quantile_cont(duration, .95) / 1e6
FROM work WHERE kind = 'task' AND start >= $1 AND start < $2 GROUP BY route ORDER BY route
"""
# Of all the time before, too: an event of a task does not tell which queue it came from.
ENQUEUED = """
SELECT q.queue AS queue, q.task AS task, route,
       coalesce(sum(q.count) FILTER (WHERE start >= $1), 0)::BIGINT AS n
FROM work, unnest(queued) AS u(q) WHERE start < $2 GROUP BY ALL ORDER BY queue, task, n DESC, route
"""
REQUESTS = """
SELECT route, kind, count(*) FROM work WHERE start >= $1 AND start < $2
GROUP BY route, kind ORDER BY route, kind
"""
DEPTHS = """
SELECT attributes->>'queue', (ts - $1) // 1000000000 AS second, avg(value) FROM metrics
WHERE name = 'queue.depth' AND ts >= $1 AND ts < $2 GROUP BY ALL ORDER BY ALL
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row per queue and task; ``n``: tasks that were enqueued and that ran.

    ``enqueued`` counts what requests and tasks asked for, ``enqueued_per_request`` over all
    requests of the window; ``enqueued_by``: the same by route, over that route's. ``ran``: begun in
    the window, and over. The depth is of the queue, all its tasks together; ``depths``: of each
    second, None where it was not sampled. Of a task that goes to several queues each row has the
    waits and runs of all. A queue "": nobody was seen to enqueue the task; a task "": nothing was
    enqueued there.
    """
    bounds = recording.windows[window]
    span = [bounds.start, bounds.end]
    ran = {task: figures for task, *figures in recording.query(SQL, span)}
    asked = _asked(recording, span)
    depths = _depths(recording, span, max(-(-(bounds.end - bounds.start) // NS), 1))
    keys = {key for key, by in asked.items() if by or key[1] in ran}
    keys |= {("", task) for task in ran.keys() - {task for _, task in keys}}
    keys |= {(queue, "") for queue in depths.keys() - {queue for queue, _ in keys}}
    counted = recording.query(REQUESTS, span)
    works: defaultdict[str, int] = defaultdict(int)
    requests = 0
    for route, kind, n in counted:
        works[route] += n
        requests += n * (kind == "request")
    rows = []
    for queue, task in sorted(keys):
        by = asked.get((queue, task))
        rows.append((
            queue, task, *_enqueued(by, requests), *_ran(ran.get(task)), *_depth(depths.get(queue)),
            tuple((route, n, round(n / works[route], 6)) for route, n in by or ()),
        ))  # fmt: skip
    n = sum(count for by in asked.values() for _, count in by) + sum(f[0] for f in ran.values())
    return Artifact("queues", window, UNIT, n, COLUMNS, tuple(rows))


def _asked(recording: Recording, span: list[int]) -> dict[tuple[str, str], list[tuple[str, int]]]:
    """(queue, task), of all that were seen -> who enqueued it in the window, and how often."""
    asked: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for queue, task, route, n in recording.query(ENQUEUED, span):
        by = asked.setdefault((queue, task), [])
        if n:
            by.append((route, n))
    return asked


def _depths(recording: Recording, span: list[int], length: int) -> dict[str, list[float | None]]:
    """Queue -> messages that wait there, in each second."""
    depths: dict[str, list[float | None]] = {}
    for queue, second, depth in recording.query(DEPTHS, span):
        depths.setdefault(queue, [None] * length)[second] = round(depth, 3)
    return depths


def _enqueued(
    by: Sequence[tuple[str, int]] | None, requests: int
) -> tuple[int | None, float | None]:
    if by is None:
        return None, None
    n = sum(count for _, count in by)
    return n, round(n / requests, 6) if requests else None


def _ran(figures: Sequence[Any] | None) -> tuple[Any, ...]:
    if figures is None:
        return (0, 0, None, None, None, None)
    n, failed, *times = figures
    return (n, failed, *(None if t is None else round(t, 6) for t in times))


def _depth(depths: Sequence[float | None] | None) -> tuple[Any, ...]:
    known = [d for d in depths or () if d is not None]
    if not known:
        return (None, None, ())
    return (round(sum(known) / len(known), 3), max(known), tuple(depths or ()))
