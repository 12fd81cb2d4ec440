"""The baseline: what this drill's calm window promises, and what its alerts compare with."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brownout.alerting import Limit, cpu_limit, latency_limit, memory_limit
from brownout.model import MachineError, Promise, Recording, Window
from brownout.observer import Seen, observations
from brownout.report import promises


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is frozen when the baseline ends. ``routes`` is the value of the ``slo`` event."""

    window: Window
    slos: tuple[Promise, ...]
    routes: list[dict[str, Any]]
    limits: tuple[Limit, ...]
    bad_seconds: Mapping[tuple[str, str], tuple[int, int]]


def calibrate(
    recording: Recording,
    start: int,
    end: int,
    seen: Sequence[Seen],
    declared: Mapping[str, tuple[float, float]],
) -> Calibration:
    """Freeze the SLOs and limits from the calm window [start, end) in ns.

    ``declared``: route -> (p95 in ms, error rate). Raises MachineError when a promise does not
    hold in the calm window itself: then this machine cannot carry the drill now.
    """
    window = Window(start, end)
    slos, measured = promises.freeze(recording, declared, window)
    if not slos:
        raise MachineError(
            "no request was answered in the baseline; see the logs in the run folder"
        )
    latencies = promises.latencies(recording, window)
    # A route without a single good answer has nothing to calibrate; its promise is broken all the
    # more.
    mute = sorted(route for route, ms in latencies.items() if not ms and route in declared)
    asked = (*slos, *(Promise(route, *declared[route]) for route in mute))
    broken = [row for row in promises.check(recording, asked, window) if not row["ok"]]
    if broken:
        raise MachineError(_refusal(broken[0]))
    limits = [latency_limit(slo.route, latencies[slo.route]) for slo in slos]
    limits += [Limit("errors", slo.route, 0.0, 20.0) for slo in slos]
    limits += _service_limits(seen)
    return Calibration(
        window=window,
        slos=tuple(slos),
        routes=[
            {
                "route": slo.route,
                "p95_ms": slo.p95_ms,
                "error_rate": slo.error_rate,
                "baseline_p95_ms": round(measured[slo.route], 3),
            }
            for slo in slos
        ],
        limits=tuple(limits),
        bad_seconds=_bad_seconds(seen, limits),
    )


def _refusal(row: Mapping[str, Any]) -> str:
    return (
        f"this machine ({platform.node()}) does not hold the SLO of {row['route']} even in calm "
        f"traffic: p95 {row['p95_ms']:.0f} ms of {row['limit_ms']:.0f} ms, "
        f"{row['error_rate']:.1%} errors; close what else is running and try again"
    )


def _service_limits(seen: Sequence[Seen]) -> list[Limit]:
    cores: dict[str, list[float]] = defaultdict(list)
    sizes: dict[str, list[float]] = defaultdict(list)
    for second in seen:
        for service, usage in second.services.items():
            cores[service].append(usage.cores)
            sizes[service].append(usage.megabytes)
    limits = [cpu_limit(service, values) for service, values in sorted(cores.items())]
    return limits + [memory_limit(service, values) for service, values in sorted(sizes.items())]


def _bad_seconds(
    seen: Sequence[Seen], limits: Sequence[Limit]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Per signal (bad, all) seconds of the calm window, judged by its own limits."""
    by_key = {limit.key: limit for limit in limits}
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for second in seen:
        for o in observations(second, by_key):
            bad, n = counts.get((o.signal, o.subject), (0, 0))
            limit = by_key[o.signal, o.subject]
            counts[limit.key] = (bad + limit.bad(o.share), n + 1)
    return counts
