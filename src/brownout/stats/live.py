"""Watching one signal live, without a baseline beside it: its own past is what it is held against.

Every value becomes a surprise: the normal score of the chance of a value so far out, as the history
has it. Within the history that chance is a rank; beyond its outer fifth it falls as a generalised
Pareto tail through the tail's median excess (which one wild value in the history does not move), so
that a signal that is constant most of the time, or skewed, needs no tuning. Surprises are added up
over every window that ends now; the largest sum over the root of its length is the statistic (a
generalised likelihood ratio): one wild point, or a small shift that lasts. Of all windows only
those on a convex hull can win (FOCuS: Romano, Eckley, Fearnhead & Rigaill 2023).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

from brownout.stats.quantiles import quantile

THRESHOLD = 3.0
"""Made for about one false alarm in a day of 5-minute points, on telemetry that drifts, bursts and
remembers. It is measured, not derived (docs/comparing.md has the curve)."""

FEWEST = 20
"""Points of history without which nothing can be called unusual."""

OUTER, SHAPE = 0.2, 0.1
"""The share of the history that is its tail; how heavy the tail is beyond (0: exponential)."""

MOST, LEAST = 6.0, -1.5
"""Surprises are cut to these: one point is no proof, one calm point no acquittal."""

DRIFT = 0.7
"""Taken off each surprise before it is added up: what a signal that drifts and remembers may well
last at. A smaller shift than this, on the scale of normal scores, is left to other tools."""

NORMAL = NormalDist()


@dataclass
class Side:
    """The windows in which one direction's surprises may have begun: (points, sum) before each."""

    points: int = 0
    total: float = 0.0
    hull: list[tuple[int, float]] = field(default_factory=list)

    def add(self, surprise: float) -> tuple[float, int]:
        """(the largest sum / root of length over all windows that end now, that window's start)."""
        start = (self.points, self.total)
        while self.hull and self._beaten(start):
            self.hull.pop()
        self.hull.append(start)
        self.points += 1
        self.total += surprise - DRIFT
        sums = ((self.total - s) / math.sqrt(self.points - n) for n, s in self.hull)
        return max(zip(sums, (n for n, _ in self.hull), strict=True))

    def _beaten(self, start: tuple[int, float]) -> bool:
        """The last start can never win again: it is above the line to its neighbours."""
        n, s = self.hull[-1]
        if s >= start[1]:  # a later start with less behind it is better in every future
            return True
        if len(self.hull) == 1:
            return False
        m, r = self.hull[-2]
        return (s - r) * (start[0] - n) >= (start[1] - s) * (n - m)


@dataclass(frozen=True, slots=True)
class Tail:
    """Beyond ``edge`` the history's outer share; ``scale``: of the excess over it."""

    edge: float
    scale: float

    def log_beyond(self, excess: float) -> float:
        return math.log(OUTER) - math.log1p(SHAPE * excess / self.scale) / SHAPE


class Live:
    """Alarms when a signal has left its past; tells which way and since which point (from 0).

    ``history``: at least 20 points, in the order of time, without a change in them (best some 200).
    An update takes O(log n) on average. After an alarm make a new one from the new past.
    Raises ValueError for too short a history, NaN and infinity.
    """

    def __init__(self, history: Sequence[float], threshold: float = THRESHOLD) -> None:
        self._sorted = sorted(map(float, history))
        if len(self._sorted) < FEWEST:
            raise ValueError(f"a history of {len(self._sorted)} points; {FEWEST} are wanted")
        if not all(map(math.isfinite, self._sorted)):
            raise ValueError("the history has NaN or infinity in it; leave such points out")
        self.threshold = threshold
        self.points = 0
        self.statistic = 0.0
        self.since: int | None = None
        self.direction = ""
        self._sides = {"higher": Side(), "lower": Side()}
        mirrored = [-v for v in reversed(self._sorted)]
        self._tails = {"higher": _tail(self._sorted), "lower": _tail(mirrored)}

    def update(self, value: float) -> bool:
        """One more point: an alarm now?"""
        if not math.isfinite(value):
            raise ValueError(f"point {self.points} is {value:g}; finite is wanted")
        found = [
            (*side.add(self.surprise(value, name)), name) for name, side in self._sides.items()
        ]
        self.points += 1
        self.statistic, self.since, self.direction = max(found)
        return self.statistic > self.threshold

    def surprise(self, value: float, direction: str) -> float:
        """The normal score of a value, towards higher or lower."""
        n = len(self._sorted)
        below, above = bisect_left(self._sorted, value), n - bisect_right(self._sorted, value)
        beyond, signed = (above, value) if direction == "higher" else (below, -value)
        tail = self._tails[direction]
        if signed > tail.edge:
            chance = math.exp(max(tail.log_beyond(signed - tail.edge), -80.0))
        else:
            equal = n - below - above
            chance = (beyond + equal / 2 + 0.5) / (n + 1)
        return min(max(-NORMAL.inv_cdf(chance), LEAST), MOST)


def _tail(ordered: Sequence[float]) -> Tail:
    """The upper tail of an ordered history."""
    outer = ordered[-max(5, int(OUTER * len(ordered))) :]
    middle = quantile(ordered, 0.75) - quantile(ordered, 0.25)
    excess = quantile(outer, 0.5) - outer[0]
    # A tail that hardly varies: a fiftieth of the middle half's width; no width at all: rounding.
    least = max(0.02 * middle, 1e-9 * abs(outer[0]), 1e-12)
    # The median of the Pareto tail is scale * (2 ** SHAPE - 1) / SHAPE.
    return Tail(outer[0], max(excess / ((2**SHAPE - 1) / SHAPE), least))
