"""Celery: depth of each queue, wait and run of each task, workers and what they hold."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

from brownout.collector.client import CollectorAway
from brownout.model import BrownoutError
from brownout.probes.terms import Found, Site, Table
from brownout.probes.valkey.broker import Broker, Events, opened
from brownout.stats.quantiles import quantile

ALONE = True
EXAMPLE = "brownout probe celery --broker redis://127.0.0.1:6379/1 --queues celery,mail"
LIMIT = 45.0
EVERY = 0.5
"""Seconds between two looks at the queues."""

KNOWN = """
SELECT count(*) FROM information_schema.columns
WHERE table_name = 'work' AND column_name IN ('wait', 'queued')
"""
RAN = """
WITH queues AS (
  SELECT q.task AS task, arg_max(q.queue, q.count) AS queue FROM work, unnest(queued) AS u(q)
  GROUP BY 1)
SELECT route, coalesce(any_value(queue), ''), count(*), quantile_cont("wait" / 1e6, 0.5),
  quantile_cont("wait" / 1e6, 0.95), quantile_cont(duration / 1e6, 0.5),
  quantile_cont(duration / 1e6, 0.95), count(*) FILTER (WHERE status <> 0 AND exception <> ''),
  count(*) FILTER (WHERE status <> 0 AND exception = '')
FROM work LEFT JOIN queues ON queues.task = work.route
WHERE kind = 'task' AND start + duration BETWEEN $1 AND $2
GROUP BY route ORDER BY sum(duration) DESC, route
"""
COLUMNS = (
    ("task", ""), ("queue", ""), ("ended", "runs"), ("wait p50", "ms"), ("wait p95", "ms"),
    ("run p50", "ms"), ("run p95", "ms"), ("failed", ""), ("retried", ""),
)  # fmt: skip

Workers = dict[str, dict[str, Any]]


def probe(
    site: Site,
    out: Path,
    seconds: float = 10,
    broker: Annotated[str, "the broker's URL, without a running shop"] = "",
    queues: Annotated[str, "queues to look at beside those found, with commas between"] = "",
) -> Found:
    """Depth per queue, wait and run per queue and task, workers, failures and retries of Celery.

    Wait and run come from the recording of the running shop, elsewhere from the workers' events.
    """
    url = broker or site.broker
    if not url:
        raise BrownoutError("no broker is known: name it with --broker")
    recorded = bool(site.collector) and url == site.broker
    notes: list[str] = []
    with opened(url) as looked:
        before, heard = looked.workers(), Events()
        names = sorted(_names(looked, before) | {q for q in queues.split(",") if q})
        since = time.time_ns()
        with nullcontext() if recorded else looked.listening(heard):
            depths = _watch(looked, names, seconds)
        window = since, time.time_ns()
        after = looked.workers()
        tables = [
            _queues(looked, names, depths),
            _recorded(site, window, notes) if recorded else _heard(heard, before, after, notes),
            _workers(before, after),
            _running(after),
        ]
        held = looked.unacknowledged()
    notes += _doubts(after, names, held)
    return Found(tables, (), notes)


def _names(broker: Broker, workers: Workers) -> set[str]:
    listened = (w["active_queues"] or () for w in workers.values())
    return broker.queues() | {queue["name"] for queues in listened for queue in queues}


def _watch(broker: Broker, names: Sequence[str], seconds: float) -> list[dict[str, int]]:
    seen, until = [broker.depths(names)], time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(EVERY, left))
        seen.append(broker.depths(names))
    return seen


def _queues(broker: Broker, names: Sequence[str], seen: Sequence[dict[str, int]]) -> Table:
    rows = []
    for name in names:
        depths, now = [s.get(name, 0) for s in seen], broker.waiting(name)
        tasks = ", ".join(f"{task} {count}" for task, count in now.tasks.most_common(5))
        rows.append(
            (name, depths[0], min(depths), sum(depths) / len(depths), max(depths), now.depth,
             now.oldest_s, tasks)
        )  # fmt: skip
    columns = (
        ("queue", ""), ("first", "tasks"), ("least", "tasks"), ("mean", "tasks"),
        ("most", "tasks"), ("now", "tasks"), ("oldest waits", "s"), ("what waits", ""),
    )  # fmt: skip
    return Table("queues", columns, rows)


def _recorded(site: Site, window: tuple[int, int], notes: list[str]) -> Table:
    """What ended in the window (ns), by the meter's events: they arrive while workers are asked."""
    client, rows = site.recording(), []
    try:
        if client is not None and client.query(KNOWN)[0][0] == 2:
            rows = client.query(RAN, window)
        else:
            notes.append("tasks: this recording knows neither waits nor queues")
    except CollectorAway as error:
        notes.append(f"tasks: {error}")
    return Table("tasks (from the recording)", COLUMNS, rows)


def _heard(heard: Events, before: Workers, after: Workers, notes: list[str]) -> Table:
    """What ended in the window, by the workers' events; without any, how often each task began."""
    rows: list[Sequence[Any]] = []
    for (task, queue), ran in sorted(heard.tasks.items()):
        times = [
            1000 * quantile(values, q) if values else None
            for values in (ran.waits, ran.runs)
            for q in (0.5, 0.95)
        ]
        rows.append((task, queue, len(ran.runs) + ran.failed, *times, ran.failed, ran.retried))
    counts = {task for worker in after for task in _counted(before, after, worker)}
    if counts and not rows:
        notes.append(
            "tasks: the workers send no events, so waits and runs are not known: start them with "
            "--events, or put the meter in (brownout run)"
        )
        rows = [
            (task, "", sum(_counted(before, after, w).get(task, 0) for w in after), *[None] * 6)
            for task in sorted(counts)
        ]
    return Table("tasks (from the workers' events)", COLUMNS, rows)


def _counted(before: Workers, after: Workers, worker: str) -> dict[str, int]:
    """Task -> how often the worker accepted it in the window; all since it began, if it is new."""
    then, now = (
        ((w.get(worker) or {}).get("stats") or {}).get("total") or {} for w in (before, after)
    )
    changes = {task: count - then.get(task, 0) for task, count in now.items()}
    return {task: change for task, change in changes.items() if change > 0}


def _workers(before: Workers, after: Workers) -> Table:
    rows = []
    for name, worker in sorted(after.items()):
        stats = worker["stats"] or {}
        pool = stats.get("pool") or {}
        kind = str(pool.get("implementation", "")).rsplit(":", 1)[-1]
        counts = (len(worker[what] or ()) for what in ("active", "reserved", "scheduled"))
        queues = ", ".join(queue["name"] for queue in worker["active_queues"] or ())
        rows.append(
            (name, kind, pool.get("max-concurrency") or len(pool.get("processes") or ()) or 1,
             stats.get("prefetch_count"), *counts, sum(_counted(before, after, name).values()),
             stats.get("uptime"), queues)
        )  # fmt: skip
    columns = (
        ("worker", ""), ("pool", ""), ("at once", "tasks"), ("prefetches", "tasks"),
        ("active", "tasks"), ("reserved", "tasks"), ("for later", "tasks"),
        ("accepted", "in the window"), ("up", "s"), ("queues", ""),
    )  # fmt: skip
    return Table("workers", columns, rows)


def _running(workers: Workers) -> Table:
    rows = [
        (task["name"], name, time.time() - task["time_start"] if task.get("time_start") else None)
        for name, worker in sorted(workers.items())
        for task in worker["active"] or ()
    ]
    columns = (("runs now", ""), ("worker", ""), ("for", "s"))
    return Table("running now", columns, sorted(rows, key=lambda row: -(row[2] or 0.0)))


def _doubts(workers: Workers, names: Sequence[str], held: int | None) -> list[str]:
    notes = []
    if not workers:
        notes.append(
            "no worker answered: none runs, they run a long task in a solo pool, or they were "
            "started without remote control"
        )
    if not names:
        notes.append("no queue is known: name some with --queues")
    if held is None:
        notes.append("what waits in a queue, and for how long, can be read of Redis alone")
    else:
        notes.append(f"with the workers, not yet acknowledged: {held} messages")
    return notes
