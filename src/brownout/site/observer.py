"""The observer: a thread that looks at the running drill once a second.

It takes the probes' samples into the recording and reads back the second before; what it saw goes
to the loop as a ``Seen``. It judges nothing.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from brownout.alerting import Limit, Observation
from brownout.model import NS, Recording
from brownout.stats.quantiles import quantile

LAG = 2
"""Seconds between a second's end and its reading: what ended in it has been recorded by then."""

BOARD_SECONDS = 10
"""How far back the figures on the board reach."""

VISITED_SECONDS = 90
"""How far back its pages reach: the real-browser visitor has opened each of them by then."""

ENDED = """
SELECT route, list(latency / 1e6), count(*) FILTER (WHERE status = 0 OR status >= 500)
FROM requests
WHERE intended >= $1 - 15000000000 AND intended + latency >= $1 AND intended + latency < $2
GROUP BY route ORDER BY route
"""
OPENED = """
SELECT page, last(lcp / 1e6 ORDER BY ts) FROM pages WHERE ts >= $1 GROUP BY page ORDER BY page
"""
PLANNED = """
SELECT route, count(*) FROM scheduled WHERE intended >= $1 AND intended < $2
GROUP BY route ORDER BY route
"""


@dataclass(frozen=True, slots=True)
class RouteSecond:
    """What ended in a second on one route: latencies in ms, failures, and what was planned."""

    latencies: tuple[float, ...]
    failed: int
    planned: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one service uses now: cores and megabytes."""

    cores: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Machine:
    """Cores that other programs used in the second until ``at`` (ns), and the biggest of these by
    name, as far as they are known."""

    at: int
    foreign: float
    others: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One second (``second`` is its beginning in ns), the figures of the board, and the machine."""

    second: int
    routes: dict[str, RouteSecond]
    services: dict[str, Usage]
    board: dict[str, Any] = field(default_factory=dict)
    machine: Machine | None = None


class Sampler(Protocol):
    """Takes one round of samples into the recording; answers with each service's usage.

    ``machine`` is what it then saw of other programs.
    """

    machine: Machine | None

    def sample(self) -> dict[str, Usage]: ...


def read_second(recording: Recording, second: int) -> dict[str, RouteSecond]:
    """What ended on each route in the second that begins at ``second`` (ns)."""
    ended = recording.query(ENDED, [second, second + NS])
    planned = dict(recording.query(PLANNED, [second, second + NS]))
    routes = {
        route: RouteSecond(tuple(latencies), failed, planned.get(route, 0))
        for route, latencies, failed in ended
    }
    for route, count in planned.items():
        routes.setdefault(route, RouteSecond((), 0, count))
    return routes


def read_pages(recording: Recording, now: int) -> dict[str, float | None]:
    """Page -> LCP in ms of the last visit before ``now`` (ns); None: it failed."""
    rows = recording.query(OPENED, [now - VISITED_SECONDS * NS])
    return {page: None if lcp is None else round(lcp, 1) for page, lcp in rows}


def observations(seen: Seen, limits: dict[tuple[str, str], Limit]) -> list[Observation]:
    """The second in the terms of the alerts: a value and a bad share per signal.

    When nothing at all ended though requests were planned, the shop stands still: every route that
    had users is then wholly bad.
    """
    result = []
    stalled = not any(r.latencies for r in seen.routes.values())
    for route, second in seen.routes.items():
        limit = limits.get(("latency", route))
        n = len(second.latencies)
        if limit and n:
            slow = sum(latency > limit.threshold for latency in second.latencies)
            value = quantile(list(second.latencies), 0.95)
            result.append(Observation("latency", route, value, slow / n))
            result.append(Observation("errors", route, 100 * second.failed / n, second.failed / n))
        elif limit and stalled and second.planned:
            result.append(Observation("latency", route, 1000.0, 1.0))
    for service, usage in seen.services.items():
        for signal, value in (("cpu", usage.cores), ("memory", usage.megabytes)):
            limit = limits.get((signal, service))
            if limit:
                result.append(Observation(signal, service, value, value > limit.threshold))
    return result


Sample = tuple[int, dict[str, Usage]]
"""When a round of samples was taken (ns), and each service's usage since the one before."""


def used_in(samples: Iterable[Sample], second: int) -> dict[str, Usage]:
    """The usage by the first of these rounds, oldest first, that was taken after a second's end.

    Where a busy machine leaves seconds out, a round some places back is of long before.
    """
    return next(usage for taken, usage in samples if taken >= second + NS)


class Observer:
    """Runs until ``stop``; ``report`` is called from its own thread."""

    def __init__(
        self, recording: Recording, sampler: Sampler, report: Callable[[Seen], None]
    ) -> None:
        self._recording = recording
        self._sampler = sampler
        self._report = report
        self._stopped = threading.Event()
        self._window: list[dict[str, RouteSecond]] = []
        # A second's requests are read LAG seconds late; its usage is told together with them.
        self._usage: deque[Sample] = deque(maxlen=LAG + 1)
        self._thread = threading.Thread(target=self._run, name="observer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=3)

    def _run(self) -> None:
        while not self._stopped.wait(1 - time.time() % 1):
            now = int(time.time())
            second = (now - 1 - LAG) * NS
            try:
                usage = self._sampler.sample()
                routes = read_second(self._recording, second)
                pages = read_pages(self._recording, second)
            except Exception:
                # The collector is being restarted, or refuses: this second is read by nobody. An
                # observer that died of it would leave the drill blind.
                continue
            self._window = [*self._window[1 - BOARD_SECONDS :], routes]
            self._usage.append((now * NS, usage))
            figures = board(self._window, usage) | {"pages": pages}
            used, machine = used_in(self._usage, second), self._sampler.machine
            self._report(Seen(second, routes, used, figures, machine))


def board(window: list[dict[str, RouteSecond]], usage: dict[str, Usage]) -> dict[str, Any]:
    """The figures that people look at: per route over the last seconds, per service now."""
    latencies: dict[str, list[float]] = defaultdict(list)
    failed: dict[str, int] = defaultdict(int)
    for second in window:
        for route, seen in second.items():
            latencies[route] += seen.latencies
            failed[route] += seen.failed
    seconds = max(len(window), 1)
    return {
        "routes": {
            route: {
                "per_second": round(len(values) / seconds, 2),
                "p95_ms": round(quantile(values, 0.95), 1) if values else None,
                "error_rate": round(failed[route] / len(values), 4) if values else None,
            }
            for route, values in sorted(latencies.items())
        },
        "services": {
            service: {"cores": round(u.cores, 3), "megabytes": round(u.megabytes, 1)}
            for service, u in sorted(usage.items())
        },
    }
