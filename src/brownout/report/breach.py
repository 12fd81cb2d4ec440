"""Breach and recovery: from when to when the promises were broken, to the second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from brownout.model import NS, Promise, Recording, Window
from brownout.report.promises import Seen, judged, outcomes

HOLD = 30
"""Seconds for which all SLOs must hold for the incident to count as mitigated."""

FULL_LOAD = 0.7
"""Of the calm window's planned requests a second: less is not the full load."""


def breach_and_recovery(
    recording: Recording, slos: Sequence[Promise], window: Window, rate: float
) -> tuple[int | None, int | None]:
    """(first instant from which an SLO is broken, first after it from which all hold), ns.

    Both are looked for second by second with windows of 30 s: they hold at ``t`` when every SLO is
    kept over [t, t + 30 s) at no less than 70% of ``rate`` requests a second. What the recording
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
        if _load(seconds[t : t + HOLD]) >= FULL_LOAD * rate
        and not _broken(seconds[t : t + HOLD], slos)
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
    merged: dict[str, Seen] = {}
    for second in seconds:
        for route, seen in second.items():
            total = merged.setdefault(route, Seen())
            total.latencies += seen.latencies
            total.failed += seen.failed
            total.n += seen.n
    return any(not judged(slo, merged[slo.route])["ok"] for slo in slos if slo.route in merged)


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
