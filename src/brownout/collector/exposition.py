"""``/metrics``: what has been recorded, as figures for Prometheus (text format 0.0.4).

Counters begin at 0 with each life of the collector, as Prometheus expects.
"""

from __future__ import annotations

import bisect
import contextlib
import math
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from brownout.collector.tables import Row

BUCKETS = (
    0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0,
    1.5, 2.0, 3.0, 4.0, 6.0, 10.0,
)  # fmt: skip
"""Upper bounds of the latency histograms in s. Every limit in shop/slo.toml is one of them."""

SERIES = 5000
"""Series at most; a sender that invents names cannot take all memory."""

Labels = tuple[tuple[str, str], ...]

WORK = {
    "sql_calls": ("sql_statements_total", "SQL statements.", 1),
    "sql_rows": ("sql_rows_total", "Rows fetched from the database.", 1),
    "sql_time": ("sql_seconds_total", "Time in SQL statements.", 1e-9),
    "cache_gets": ("cache_gets_total", "Cache keys asked for.", 1),
    "cache_hits": ("cache_hits_total", "Cache keys found.", 1),
    "ai_calls": ("ai_calls_total", "Calls of AI and other HTTP services.", 1),
    "ai_time": ("ai_seconds_total", "Time in such calls.", 1e-9),
    "tasks": ("tasks_enqueued_total", "Celery tasks enqueued.", 1),
    "cpu": ("cpu_seconds_total", "CPU time of requests and tasks.", 1e-9),
    "wait": ("task_wait_seconds_total", "Time that tasks waited in their queue.", 1e-9),
}
"""Column of ``work`` -> (metric, help, unit); summed up per service, release, kind and route."""

GAUGES = {
    "process.cpu": ("process_cpu_cores", "Cores used by a service."),
    "process.rss": ("process_rss_bytes", "Resident memory of a service."),
    "process.private": ("process_private_bytes", "Memory of a service that it does not share."),
    "process.threads": ("process_threads", "Threads of a service."),
    "process.fds": ("process_open_fds", "Open file descriptors of a service."),
}

DROPPED = "meter_dropped_events_total"
DROPPED_HELP = "Wide events lost by full buffers, or refused."

MACHINE = {
    "foreign_cpu": ("machine_foreign_cpu_cores", "Cores used by programs that are not the run's."),
    "own_cpu": ("machine_own_cpu_cores", "Cores used by the run."),
    "pressure": ("machine_cpu_pressure_ratio", "Share of time in which a task waited for a CPU."),
    "memory_available": ("machine_memory_available_bytes", "Memory that is available."),
}


@dataclass
class Metric:
    """One metric: its series' values; of a histogram (counts of each bucket, sum) instead."""

    kind: str
    help: str
    values: dict[Labels, float] = field(default_factory=dict)
    histograms: dict[Labels, tuple[list[int], list[float]]] = field(default_factory=dict)


class Exposition:
    """Fed with rows once they are committed; thread-safe."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}
        self._lock = threading.Lock()
        self._series = 0
        self._dropped: dict[tuple[str, str], float] = {}

    def take(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Count rows, by table."""
        with self._lock:
            for table, found in rows.items():
                count = 0
                for row in found:
                    count += 1
                    # The recording took it, perhaps after a conversion; figures are not worth more.
                    with contextlib.suppress(TypeError, ValueError, KeyError):
                        self._count(table, row)
                self._add("collector_rows_total", "Rows recorded.", {"table": table}, count)

    def refused(self, status: int) -> None:
        """Count a request that the collector did not take."""
        with self._lock:
            told = "Requests that the collector refused, by their status."
            self._add("collector_refused_total", told, {"status": status}, 1)

    def text(self, now: Mapping[str, tuple[str, str, float]]) -> str:
        """The page. ``now``: metric -> (kind, help, value) of what is read off at this moment."""
        with self._lock:
            lines = []
            for found, metric in sorted(self._metrics.items()):
                name = f"brownout_{found}"
                lines += _head(name, metric.kind, metric.help)
                lines += [_line(name, labels, v) for labels, v in metric.values.items()]
                for labels, (counts, sums) in metric.histograms.items():
                    lines += _histogram(name, labels, counts, sums[0])
        for name, (kind, told, value) in now.items():
            lines += [*_head(name, kind, told), _line(name, (), value)]
        return "\n".join(lines) + "\n"

    def _count(self, table: str, row: Row) -> None:
        if table == "requests":
            self._request(row)
        elif table == "work":
            self._work(row)
        elif table == "metrics" and row["name"] == "queue.depth":
            told = "Messages that wait in a Celery queue."
            self._set("queue_depth", told, {"queue": row["attributes"]["queue"]}, row["value"])
        elif table == "metrics" and row["name"] == "meter.dropped":
            self._events_dropped(row)
        elif table == "metrics" and row["name"] in GAUGES:
            name, told = GAUGES[row["name"]]
            self._set(name, told, {"service": row["service"]}, row["value"])
        elif table == "machine":
            for column, (name, told) in MACHINE.items():
                if row.get(column) is not None:
                    self._set(name, told, {}, row[column])

    def _request(self, row: Row) -> None:
        route = {"route": row["route"]}
        told = "Requests that users made, by status; 0: no answer."
        self._add("requests_total", told, route | {"status": row["status"]}, 1)
        told = "From the moment a user wanted something to the end of its answer."
        self._observe("request_duration_seconds", told, _labels(route), row["latency"] / 1e9)

    def _work(self, row: Row) -> None:
        key = _labels({name: row[name] for name in ("service", "release", "kind", "route")})
        # From the service's first event on, so that the first loss is a rise and no beginning.
        self._add(DROPPED, DROPPED_HELP, {"service": row["service"]}, 0)
        told = "What the application took for requests and tasks."
        self._observe("work_duration_seconds", told, key, row["duration"] / 1e9)
        if row.get("exception"):
            self._count_up("exceptions_total", "Requests and tasks that raised.", key, 1)
        if row.get("abandoned"):
            self._count_up("abandoned_total", "Requests whose user left.", key, 1)
        for column, (name, told, unit) in WORK.items():
            if (found := row.get(column)) is not None:
                self._count_up(name, told, key, found * unit)

    def _events_dropped(self, row: Row) -> None:
        """Each process of a service tells how many it has lost in all."""
        process = row["service"], str(row["attributes"].get("process.pid", ""))
        before = self._dropped.get(process, 0.0)
        if len(self._dropped) < SERIES or process in self._dropped:
            self._dropped[process] = row["value"]
        lost = max(row["value"] - before, 0.0)
        self._add(DROPPED, DROPPED_HELP, {"service": row["service"]}, lost)

    def _find(self, kind: str, name: str, told: str) -> Metric:
        found = self._metrics.get(name)
        if found is None:
            found = self._metrics[name] = Metric(kind, told)
        return found

    def _room(self, known: bool) -> bool:
        self._series += not known
        return known or self._series <= SERIES

    def _add(self, name: str, told: str, labels: Mapping[str, object], value: float) -> None:
        self._count_up(name, told, _labels(labels), value)

    def _count_up(self, name: str, told: str, key: Labels, value: float) -> None:
        values = self._find("counter", name, told).values
        known = values.get(key)
        if self._room(known is not None):
            values[key] = (known or 0) + value

    def _set(self, name: str, told: str, labels: Mapping[str, object], value: float) -> None:
        values, key = self._find("gauge", name, told).values, _labels(labels)
        if self._room(key in values):
            values[key] = float(value)

    def _observe(self, name: str, told: str, key: Labels, value: float) -> None:
        found = self._find("histogram", name, told).histograms
        if self._room(key in found):
            counts, sums = found.setdefault(key, ([0] * (len(BUCKETS) + 1), [0.0]))
            counts[bisect.bisect_left(BUCKETS, value)] += 1
            sums[0] += value


def _labels(labels: Mapping[str, object]) -> Labels:
    return tuple((name, str(value)) for name, value in labels.items())


def _head(name: str, kind: str, told: str) -> list[str]:
    return [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: Labels, value: float) -> str:
    inner = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
    number = f"{value:.10g}" if math.isfinite(value) else str(value).replace("inf", "Inf")
    return f"{name}{{{inner}}} {number}" if inner else f"{name} {number}"


def _histogram(name: str, labels: Labels, counts: list[int], total: float) -> Iterable[str]:
    seen = 0
    for bound, count in zip([*(f"{b:g}" for b in BUCKETS), "+Inf"], counts, strict=True):
        seen += count
        yield _line(f"{name}_bucket", (*labels, ("le", bound)), seen)
    yield _line(f"{name}_sum", labels, total)
    yield _line(f"{name}_count", labels, seen)


def _escaped(text: str) -> str:
    text = text.replace("\\", r"\\").replace('"', r"\"")
    return re.sub("[\n\r]", r"\\n", text)
