"""The baseline: what this drill's calm window promises, and what its alerts compare with."""

from __future__ import annotations

import platform
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brownout.alerting import Limit, cpu_limit, latency_limit, memory_limit
from brownout.capacity import seeking
from brownout.model import INSTRUMENTS, MachineError, Promise, Recording, Window
from brownout.report import pages, promises
from brownout.site.observer import Seen, observations

FOREIGN = "SELECT avg(foreign_cpu) FROM machine WHERE ts >= $1 AND ts < $2"

REMEDY = "close what else is running and try again, or fly with --practice"


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is frozen when the baseline ends. ``routes`` is the value of the ``slo`` event;
    ``warning``: which promises did not hold, where a practice flight goes on all the same."""

    window: Window
    slos: tuple[Promise, ...]
    routes: list[dict[str, Any]]
    limits: tuple[Limit, ...]
    bad_seconds: Mapping[tuple[str, str], tuple[int, int]]
    warning: str = ""


def look(
    recording: Recording,
    window: Window,
    declared: promises.Declared,
    calibrated: Mapping[str, float] | None = None,
) -> None:
    """Raise MachineError when it is certain already that normal load cannot be held.

    ``window``: the first seconds of the calm traffic. What is not certain waits for ``freeze``.
    """
    slos, _ = promises.freeze(recording, declared, window, calibrated)
    blocks = seeking.blocks(recording, window)
    found = seeking.judge(blocks, promises.calm(declared, slos))
    if found.verdict == "broken":
        broken = [row for row in found.rows if not row["ok"]]
        raise MachineError(f"{_missed(broken, recording, window)}; {REMEDY}")


def freeze(
    recording: Recording,
    window: Window,
    seen: Sequence[Seen],
    declared: promises.Declared,
    calibrated: Mapping[str, float] | None = None,
    practice: bool = False,
) -> Frozen:
    """Freeze the SLOs and limits from the calm window; ``calibrated`` as in promises.freeze.

    Raises MachineError when a promise does not hold in the calm window itself: then this machine
    cannot carry the drill now. For ``practice`` what was measured is promised instead.
    """
    if practice:
        calibrated = None
    slos, measured = promises.freeze(recording, declared, window, calibrated)
    if not slos:
        raise MachineError(
            "no request was answered in the baseline; see the logs in the run folder"
        )
    latencies = promises.latencies(recording, window)
    # A route without a single good answer has nothing to calibrate; its promise is broken all the
    # more.
    mute = sorted(route for route, ms in latencies.items() if not ms and route in declared)
    asked = (*promises.calm(declared, slos), *(Promise(route, *declared[route]) for route in mute))
    broken = [row for row in promises.check(recording, asked, window) if not row["ok"]]
    warning = _missed(broken, recording, window) if broken else ""
    if broken and not practice:
        raise MachineError(f"{warning}; {REMEDY}")
    slos = _eased(slos, broken)
    limits = [latency_limit(slo.route, latencies[slo.route]) for slo in slos]
    limits += [Limit("errors", slo.route, 0.0, 20.0) for slo in slos]
    limits += service_limits(seen)
    return Frozen(
        window=window,
        slos=slos,
        routes=[
            {
                "route": slo.route,
                "p95_ms": slo.p95_ms,
                "error_rate": slo.error_rate,
                "baseline_p95_ms": round(measured[slo.route], 3),
                "calibrated_p95_ms": (calibrated or {}).get(slo.route),
            }
            for slo in slos
        ],
        limits=tuple(limits),
        bad_seconds=bad_seconds(seen, limits),
        warning=warning,
    )


def _eased(slos: Sequence[Promise], broken: Sequence[Mapping[str, Any]]) -> tuple[Promise, ...]:
    """Promises that hold where they were made: of no less time and errors than were measured."""
    rows = {row["route"]: row for row in broken}
    return tuple(
        Promise(
            slo.route,
            max(slo.p95_ms, rows[slo.route]["p95_ms"]),
            max(slo.error_rate, rows[slo.route]["error_rate"]),
        )
        if slo.route in rows
        else slo
        for slo in slos
    )


def slow_pages(recording: Recording, window: Window, declared: pages.Declared) -> str:
    """Which of the pages opened in the calm window miss even 3 times what is declared, or fail."""
    rows = pages.check(recording, pages.calm(declared), window)
    broken = [pages.told(row) for row in rows if not row["ok"]]
    if not broken:
        return ""
    return (
        f"in calm traffic a real browser on this machine ({platform.node()}) sees "
        f"{'; '.join(broken)}"
    )


def freeze_pages(
    recording: Recording, window: Window, declared: pages.Declared
) -> list[dict[str, Any]]:
    """The promises of the pages opened in the calm window (pages.freeze).

    Raises MachineError when one of them is too slow (slow_pages).
    """
    if slow := slow_pages(recording, window, declared):
        raise MachineError(f"{slow}; close what else is running, or fly with --no-browser")
    return pages.freeze(recording, declared, window)


def _missed(broken: Sequence[Mapping[str, Any]], recording: Recording, window: Window) -> str:
    row = promises.worst(broken)
    assert row is not None
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return (
        f"this machine ({platform.node()}) does not hold the SLO even in calm traffic of "
        f"{promises.told(row)}{more}{_others(recording, window)}"
    )


def _others(recording: Recording, window: Window) -> str:
    """What else used the machine, as far as it was seen."""
    [(cores,)] = recording.query(FOREIGN, [window.start, window.end])
    return f"; other programs used {cores:.1f} cores" if cores is not None else ""


def service_limits(seen: Sequence[Seen]) -> list[Limit]:
    cores: dict[str, list[float]] = defaultdict(list)
    sizes: dict[str, list[float]] = defaultdict(list)
    for second in seen:
        for service, usage in second.services.items():
            if service in INSTRUMENTS:
                continue
            cores[service].append(usage.cores)
            sizes[service].append(usage.megabytes)
    limits = [cpu_limit(service, values) for service, values in sorted(cores.items())]
    return limits + [memory_limit(service, values) for service, values in sorted(sizes.items())]


def bad_seconds(
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
