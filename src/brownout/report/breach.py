"""Breach and recovery: from when to when the promises were broken, to the second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brownout.model import NS, Promise, Recording, Window
from brownout.report.promises import Seen, judged, outcomes
from brownout.stats.shares import at_least

HOLD = 30
"""Seconds for which all SLOs must hold for the incident to count as mitigated."""

SLOW = 0.05
"""Share of a route's good answers that may be slower than its p95 promises."""

DOUBT = 0.01
"""An SLO is broken where so many too slow or failed requests, or more, are less likely than this by
chance with a share that keeps it: where the lower 99% bound of the share is beyond what is allowed.
Of 38 answers 2 too slow show nothing, 7 do; of 2 both."""

FULL_LOAD = 0.7
"""Of the calm window's planned requests a second: less is not the full load."""


def breach_and_recovery(
    recording: Recording, slos: Sequence[Promise], window: Window, rate: float
) -> tuple[int | None, int | None]:
    """(first instant from which an SLO is broken, first after it from which all hold), ns.

    Both are looked for second by second with windows of 30 s: one is broken where chance does not
    explain what was too slow or failed (DOUBT); they hold at ``t`` when every SLO is kept over
    [t, t + 30 s) at no less than 70% of ``rate`` requests a second. What the recording
    does not show for 30 s has not been shown.
    """
    seconds = _by_second(recording, window)
    last = len(seconds) - HOLD
    broken = next((t for t in range(last + 1) if _broken(seconds[t : t + HOLD], slos)), None)
    if broken is None:
        return None, None
    # The window that breaks first may begin long before what broke it.
    bad = range(broken, broken + HOLD)
    broken = next(t for t in bad if _bad_second(seconds[t], slos))
    holds = (
        t
        for t in range(broken, last + 1)
        if _load(seconds[t : t + HOLD]) >= FULL_LOAD * rate and _kept(seconds[t : t + HOLD], slos)
    )
    recovered = next(holds, None)
    return (
        window.start + broken * NS,
        None if recovered is None else window.start + recovered * NS,
    )


Second = dict[str, Seen]


def _by_second(recording: Recording, window: Window) -> list[Second]:
    """Each whole second of the window: route -> what users saw."""
    seconds: list[Second] = [{} for _ in range(max((window.end - window.start) // NS, 0))]
    for route, intended, latency, failed in outcomes(recording, window):
        second = (intended - window.start) // NS
        if second < len(seconds):
            seconds[second].setdefault(route, Seen()).add(latency, failed)
    return seconds


def _broken(seconds: Iterable[Second], slos: Sequence[Promise]) -> bool:
    """Whether an SLO is broken beyond doubt."""
    merged = _merged(seconds)
    return any(_beyond_doubt(slo, merged[slo.route]) for slo in slos if slo.route in merged)


def _beyond_doubt(slo: Promise, seen: Seen) -> bool:
    answered = len(seen.latencies)
    slow = sum(latency > slo.p95_ms for latency in seen.latencies)
    return _more(slow, answered, SLOW) or _more(seen.failed, seen.n, slo.error_rate)


def _more(count: int, n: int, allowed: float) -> bool:
    return count > allowed * n and at_least(count, n, allowed) < DOUBT


def _kept(seconds: Iterable[Second], slos: Sequence[Promise]) -> bool:
    merged = _merged(seconds)
    return all(judged(slo, merged[slo.route])["ok"] for slo in slos if slo.route in merged)


def _merged(seconds: Iterable[Second]) -> Second:
    merged: Second = {}
    for second in seconds:
        for route, seen in second.items():
            total = merged.setdefault(route, Seen())
            total.latencies += seen.latencies
            total.failed += seen.failed
            total.n += seen.n
    return merged


def _bad_second(second: Second, slos: Sequence[Promise]) -> bool:
    """Whether any request of this second was too slow or failed."""
    limits = {slo.route: slo.p95_ms for slo in slos}
    return any(
        seen.failed or max(seen.latencies, default=0.0) > limits[route]
        for route, seen in second.items()
        if route in limits
    )


def _load(seconds: Sequence[Second]) -> float:
    return sum(seen.n for second in seconds for seen in second.values()) / len(seconds)
