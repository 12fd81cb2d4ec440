"""The search for the knee: the highest rate at which every SLO holds. Pure.

A step plays one rate for some seconds and is judged by what users saw; ``search`` takes the steps
so far and answers with the next rate, or with the knee. Rates are journeys a second.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from brownout.model import SHIPPED, Promise, Recording, Window, Workload
from brownout.report import promises
from brownout.stats.quantiles import quantile_interval
from brownout.stats.shares import share_interval

Verdict = Literal["holds", "broken", "undecided", "void"]

GROWTH = 1.5
"""From one rate of the ramp to the next."""

CLOSE = 1.15
"""The knee is settled when the lowest rate that broke is at most so many times the highest that
held."""

MOST = 200.0
"""Journeys a second that are never exceeded: one process plays them."""

BUSY = 0.75
"""Of all cores: about so busy the machine is at its knee (for the ramp's first step alone)."""

FOREIGN = 0.5
"""Cores that other programs may use in a step that counts."""

NORMAL, PEAK = 0.35, 0.8
"""Shares of the knee at which drills play."""

FEW = 1
"""Answers over the limit that break no promise of a rare route (promises.p95_kept)."""

Look = Mapping[str, promises.Seen]
"""What users saw of each route in one block of time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was tried, and what came of it."""

    rate: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Knee:
    """The highest rate that held (None: none did), and the lowest above it that did not."""

    rate: float | None
    broken: float | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """A step's verdict, and the rows of promises.check with the p95's interval (low_ms, high_ms).

    ``ok`` of a row: by the estimate.
    """

    verdict: Verdict
    rows: tuple[Mapping[str, Any], ...]


# The search


def search(steps: Sequence[Step], first: float) -> float | Knee:
    """The next rate to try, or the knee.

    A ramp from ``first`` by ``GROWTH`` until a rate breaks, then bisection of the ratio; the rate
    that broke at last is tried once more before it is believed, for a disturbance breaks SLOs as
    well. What was void or undecided is repeated at once.
    """
    if steps and steps[-1].verdict in ("void", "undecided"):
        return steps[-1].rate
    knee = best(steps)
    if knee.broken is None:
        if knee.rate is not None and knee.rate >= MOST:
            return knee
        grown = first if knee.rate is None else max(first, knee.rate * GROWTH)
        return min(grown, MOST)
    if knee.rate is None:
        return Knee(None, knee.broken, True)
    if knee.broken > CLOSE * knee.rate:
        return math.sqrt(knee.rate * knee.broken)
    return knee if knee.settled else knee.broken


def best(steps: Sequence[Step]) -> Knee:
    """What the steps tell so far. A rate that broke below one that held was disturbed."""
    held = max((s.rate for s in steps if s.verdict == "holds"), default=None)
    broke = [s.rate for s in steps if s.verdict == "broken" and s.rate > (held or 0.0)]
    lowest = min(broke, default=None)
    settled = (
        held is not None
        and lowest is not None
        and lowest <= CLOSE * held
        and broke.count(lowest) >= 2
    )
    return Knee(held, lowest, settled)


def first_rate(calm: float, own_cpu: float, cores: int) -> float:
    """Where the ramp begins, from the cores that the drill used at the calm rate.

    The work per journey bounds the rate that the cores can carry (utilisation law, Denning and
    Buzen 1978); the ramp begins well below.
    """
    bound = calm * BUSY * cores / own_cpu if own_cpu > 0 else 2 * calm
    return min(max(bound / GROWTH, calm * GROWTH), MOST)


def workload(knee: Knee) -> Workload:
    """The normal and the peak rate of drills on a machine with this knee.

    Not below the shipped ones where no rate was seen to break: the search had no time to rise.
    """
    rate = knee.rate or SHIPPED.normal
    normal, peak = round(NORMAL * rate, 2), round(PEAK * rate, 2)
    if knee.broken is None:
        return Workload(max(normal, SHIPPED.normal), max(peak, SHIPPED.peak))
    return Workload(normal, peak)


# The verdict on a step


def blocks(recording: Recording, window: Window) -> list[Look]:
    """The two halves of a window: what is slow in one of them alone was a disturbance, perhaps."""
    middle = (window.start + window.end) // 2
    halves = Window(window.start, middle), Window(middle, window.end)
    return [promises.look(recording, half) for half in halves]


def judge(looks: Sequence[Look], slos: Sequence[Promise], final: bool = False) -> Judgement:
    """Whether the SLOs hold, over all blocks together.

    Broken: a route's p95 or error rate is beyond its limit with its whole 95% interval, and so in
    more than half of the blocks. Holds: every route's interval is within. Else undecided, or, when
    that is ``final``, by the estimate. No data never passes.
    """
    verdicts: list[Verdict] = []
    rows = []
    for slo in slos:
        found = [look[slo.route] for look in looks if slo.route in look]
        if found:
            seen = _merged(found)
            row = promises.judged(slo, seen)
            low, high = _interval(seen)
            rows.append({**row, "low_ms": low, "high_ms": high})
            by_rule: Verdict = "holds" if row["ok"] else "broken"
            verdicts.append(by_rule if final else _verdict(slo, seen, found, (low, high)))
    if not rows:
        unseen = [promises.judged(slo, promises.Seen()) for slo in slos]
        return Judgement("broken", tuple(unseen))
    order: tuple[Verdict, ...] = ("broken", "undecided", "holds")
    return Judgement(next(v for v in order if v in verdicts), tuple(rows))


def _verdict(
    slo: Promise, seen: promises.Seen, found: Sequence[promises.Seen], p95: tuple[float, float]
) -> Verdict:
    slow = [sum(v > slo.p95_ms for v in block.latencies) for block in found]
    failed = [block.failed for block in found]
    errors, _ = share_interval(seen.failed, seen.n)
    if (p95[0] > slo.p95_ms and _often(slow)) or (errors > slo.error_rate and _often(failed)):
        return "broken"
    kept = sum(slow) <= FEW or p95[1] <= slo.p95_ms
    return "holds" if kept and seen.failed <= slo.error_rate * seen.n else "undecided"


def _often(counts: Sequence[int]) -> bool:
    return sum(count > 0 for count in counts) > len(counts) / 2


def _interval(seen: promises.Seen) -> tuple[float, float]:
    if not seen.latencies:
        return promises.GAVE_UP_MS, promises.GAVE_UP_MS
    _, low, high = quantile_interval(seen.latencies, 0.95)
    return round(low, 3), round(high, 3)


def _merged(found: Sequence[promises.Seen]) -> promises.Seen:
    return promises.Seen(
        [v for seen in found for v in seen.latencies],
        sum(seen.failed for seen in found),
        sum(seen.n for seen in found),
    )
