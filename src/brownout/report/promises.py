"""Promises: the SLOs, frozen in the calm window and judged on the users' side.

A failed request is one without an answer, with a status from 400 on, or planned and never made
(view ``outcomes`` of the recording). p95 is over the requests that were answered well, from their
intended moment; that failing fast does not pay is seen to by the error rate. One rule says what the
p95 of a window is, where a promise is frozen as where it is checked: ``p95_kept``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout import history
from brownout.model import Event, Promise, Recording, Window

K = 3.0
"""A promise is at least so many times this machine's own p95 in the calm window."""

GAVE_UP_MS = 10_000.0
"""What is told as p95 when no request at all was answered well: users give up by then."""

SQL = """
SELECT route, intended, latency, failed FROM outcomes
WHERE intended >= $1 AND intended < $2 ORDER BY route, intended, trace_id
"""


Declared = Mapping[str, tuple[float, float]]
"""What the shop promises by itself: route -> (p95 in ms, error rate)."""


@dataclass(slots=True)
class Seen:
    """What users saw of one route: latencies in ms of good answers, failures, all requests."""

    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    n: int = 0

    def add(self, latency: int | None, failed: bool) -> None:
        self.n += 1
        if failed or latency is None:
            self.failed += 1
        else:
            self.latencies.append(latency / 1e6)


def latencies(recording: Recording, window: Window) -> dict[str, list[float]]:
    """Route -> latencies in ms of the requests that were answered well, in order of time."""
    return {route: seen.latencies for route, seen in look(recording, window).items()}


def freeze(
    recording: Recording,
    declared: Declared,
    window: Window,
    calibrated: Mapping[str, float] | None = None,
) -> tuple[tuple[Promise, ...], dict[str, float]]:
    """The SLOs of this drill, and each route's p95 in ms in the calm window.

    ``calibrated``: what `brownout calibrate` found to be the p95 (ms) of each route here; a route
    that is not in it is calibrated by the calm window itself. Routes that nobody asked for in the
    calm window get no promise.
    """
    measured = {
        route: p95_kept(values)
        for route, values in latencies(recording, window).items()
        if values and route in declared
    }
    return promised(declared, {**measured, **(calibrated or {})}, measured), measured


def promised(
    declared: Declared, calibrated: Mapping[str, float], routes: Iterable[str]
) -> tuple[Promise, ...]:
    """The promise of each route: max(declared, 3 x calibrated p95); the declared one alone for a
    route that was not calibrated."""
    return tuple(
        Promise(
            route,
            round(max(declared[route][0], K * calibrated.get(route, 0.0)), 1),
            declared[route][1],
        )
        for route in sorted(routes)
    )


def calm(declared: Declared, slos: Iterable[Promise]) -> tuple[Promise, ...]:
    """What must hold in calm traffic: the promises, and no p95 beyond 3 times the declared one.

    A machine that is slower than that cannot hold normal load: a promise made three times its own
    p95 would always hold, however slow it is.
    """
    return tuple(
        Promise(slo.route, min(slo.p95_ms, K * declared[slo.route][0]), slo.error_rate)
        for slo in slos
    )


def worst(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of the rows of ``check`` the broken one that is furthest beyond its limit; None: all hold."""
    broken = [row for row in rows if not row["ok"]]
    return max(broken, key=_excess, default=None)


def _excess(row: Mapping[str, Any]) -> tuple[float, float]:
    """How far a promise is missed: errors first, for a failed request is slower than any."""
    over = max(row["error_rate"] - row["limit_error_rate"], 0.0)
    return over, row["p95_ms"] / row["limit_ms"]


def told(row: Mapping[str, Any]) -> str:
    """A row of ``check`` in words: the route, and by how much it misses its promise."""
    return (
        f"{row['route']}: p95 {row['p95_ms']:.0f} ms of {row['limit_ms']:.0f} ms, "
        f"{row['error_rate']:.1%} errors of {row['limit_error_rate']:.1%}, {row['n']} requests"
    )


def check(recording: Recording, slos: Sequence[Promise], window: Window) -> list[dict[str, Any]]:
    """Each promise in a window: route, p95_ms, limit_ms, error_rate, limit_error_rate, n, ok.

    Routes that nobody asked for are left out, unless nobody asked for anything: no data never
    passes.
    """
    seen = look(recording, window)
    rows = [judged(slo, seen[slo.route]) for slo in slos if slo.route in seen]
    return rows or [judged(slo, Seen()) for slo in slos]


def from_history(events: Sequence[Event]) -> tuple[Promise, ...]:
    """The SLOs as the history has them frozen; none when the drill ended before that."""
    event = history.last_info(events, "slo")
    rows = event.value["routes"] if event else []
    return tuple(Promise(r["route"], r["p95_ms"], r["error_rate"]) for r in rows)


def planned_rate(recording: Recording, window: Window) -> float:
    """Requests a second that users wanted."""
    n = sum(seen.n for seen in look(recording, window).values())
    return n / window.seconds if window.seconds > 0 else 0.0


def p95_kept(values: Sequence[float]) -> float:
    """The least limit that at most 5% of the values exceed, or one value where 5% are less.

    Of a single value it is that value, though ``judged`` takes no promise for broken by it. Raises
    IndexError for no values.
    """
    ordered = sorted(values)
    over = max(len(ordered) // 20, 1)
    return ordered[max(len(ordered) - 1 - over, 0)]


def judged(slo: Promise, seen: Seen) -> dict[str, Any]:
    """One promise against what users saw: a row of ``check``.

    A single slow answer never breaks the promise of a rare route.
    """
    p95 = p95_kept(seen.latencies) if seen.latencies else GAVE_UP_MS
    rate = seen.failed / seen.n if seen.n else 1.0
    return {
        "route": slo.route,
        "p95_ms": round(p95, 3),
        "limit_ms": slo.p95_ms,
        "error_rate": round(rate, 6),
        "limit_error_rate": slo.error_rate,
        "n": seen.n,
        "ok": (p95 <= slo.p95_ms or len(seen.latencies) == 1) and rate <= slo.error_rate,
    }


def look(recording: Recording, window: Window) -> dict[str, Seen]:
    """Route -> what users saw of it in the window."""
    seen: dict[str, Seen] = {}
    for route, _, latency, failed in outcomes(recording, window):
        seen.setdefault(route, Seen()).add(latency, failed)
    return seen


def outcomes(recording: Recording, window: Window) -> Iterator[tuple[str, int, int | None, bool]]:
    """(route, intended in ns, latency in ns, failed) of each request wanted in the window."""
    yield from recording.query(SQL, [window.start, window.end])
