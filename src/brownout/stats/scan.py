"""Many series at once: which of them changed, which changed together, and after what.

Pure. Every series has one p-value of "it did not change" (``homogeneity``); those whose share of
false ones is kept below a level are called changed, and only their changes are told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one series' level, ``before`` to ``after``.

    ``at``: the time of the first point after it; it began after ``low`` and by ``high`` (95%), in
    the unit of the series' times. ``least`` and ``most``: 95% interval of after - before.
    """

    series: str
    at: float
    low: float
    high: float
    before: float
    after: float
    least: float
    most: float

    @property
    def effect(self) -> float:
        return self.after - self.before

    @property
    def ratio(self) -> float | None:
        """after / before; None where that means nothing."""
        same_side = self.before * self.after > 0
        return self.after / self.before if same_side else None


@dataclass(frozen=True, slots=True)
class Deployment:
    """Something put live at ``at``, in the unit of the series' times."""

    at: float
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that may have begun at one time: it lies in the interval of each of them.

    ``members``: indices of the changes. They may all have begun after ``low`` and by ``high``.
    """

    low: float
    high: float
    members: tuple[int, ...]


def adjusted(p: Floats) -> Floats:
    """Each p-value's q-value: the least false discovery rate at which it is a discovery.

    Benjamini & Hochberg 1995. Among the series whose q is at most a, the expected share of those
    without a change is at most a, when the series are independent or move together (positive
    dependence; Benjamini & Yekutieli 2001). A p-value that is no number has q = 1.
    """
    clean = np.where(np.isnan(p), 1.0, p)
    order = np.argsort(clean)
    scaled = clean[order] * len(p) / np.arange(1, len(p) + 1)
    lowest = np.minimum.accumulate(scaled[::-1])[::-1]
    found = np.empty(len(p))
    found[order] = np.minimum(lowest, 1.0)
    return found


def threshold(p: Floats, level: float) -> float:
    """The largest p-value that is a discovery at this false discovery rate; 0 for none."""
    called = p[adjusted(p) <= level]
    return float(called.max()) if len(called) else 0.0


def groups(low: Floats, high: Floats) -> list[Group]:
    """Changes by the time that most of their intervals share, the largest group first.

    A change began after its ``low`` and by its ``high``, which is later. Greedy: the time in the
    most intervals makes a group of these; then the same with the rest.
    """
    count = len(low)
    steps = np.repeat([1, -1], count)
    order = np.lexsort((steps, np.concatenate([low, high])))  # one ends before another begins
    steps, owner = steps[order], order % max(count, 1)
    rest = np.ones(count, bool)
    found = []
    while rest.any():
        depth = np.cumsum(steps * rest[owner])
        top = int(np.argmax(depth))
        if depth[top] == 1:  # no two of them share a time
            alone = np.flatnonzero(rest).tolist()
            found += [Group(float(low[i]), float(high[i]), (i,)) for i in alone]
            break
        start = low[owner[top]]
        members = np.flatnonzero(rest & (low <= start) & (start < high))
        rest[members] = False
        shared = float(low[members].max()), float(high[members].min())
        found.append(Group(*shared, tuple(members.tolist())))
    return sorted(found, key=lambda g: (-len(g.members), g.low))


def nearest(
    deployments: Sequence[Deployment], at: Floats, low: Floats, high: Floats
) -> Deployment | None:
    """The deployment that most likely did changes that began together: after low and by high.

    The one that lies in the most of these intervals, at least in half of them; of several such, the
    one that most changes have as the last up to their first new point ``at``, then the earliest.
    Where none lies in half of them, the last one before most of them ended. None where every
    deployment came later. A point's own deployment (a commit and its benchmark) has its time.
    """
    ordered = sorted(deployments, key=lambda d: d.at)
    times = np.array([d.at for d in ordered])
    within = np.array([((low < t) & (t <= high)).sum() for t in times], np.int64)
    if ordered and within.max() * 2 >= len(low):
        last = np.searchsorted(times, at, side="right") - 1
        begun = np.bincount(last[last >= 0], minlength=len(times))
        return ordered[int(np.lexsort((-begun, -within))[0])]
    end = float(np.median(high))
    return next((d for d in reversed(ordered) if d.at <= end), None)
