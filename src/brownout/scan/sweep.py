"""One chunk examined: each series' p-value, and the changes of those that may have changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brownout.scan.chunks import LONGEST, Batch, Chunk, read
from brownout.stats import homogeneity
from brownout.stats.changes import ChangePoint, change_points
from brownout.stats.scan import Change

Floats = NDArray[np.float64]

TOGETHER = 131_072
"""Points that are tested at a time: what the processor's cache holds."""

DURATION = re.compile(r"latency|duration|elapsed|response_time|_(ns|us|ms|seconds)\b", re.I)
"""Names of series that cannot be negative."""

UNFIT = 100_000
"""Series without an answer that are named; more are counted alone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``level``: a series whose p-value is above it is no discovery, however the others turn out.
    ``floor``: the least relative change that matters. ``direction``: either, up or down."""

    level: float
    floor: float = 0.0
    direction: str = "either"


@dataclass(slots=True)
class Part:
    """What came of a chunk. ``p``: of each series that was tested. ``changes``: with the p-value of
    their series. ``unfit``: (series, reason) without an answer. ``notes``: remark -> series.
    ``expected``: the points that its chunk was thought to have."""

    p: Floats = field(default_factory=lambda: np.empty(0))
    changes: list[tuple[float, Change]] = field(default_factory=list)
    unfit: list[tuple[str, str]] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    points: int = 0
    expected: int = 0


def sweep(chunk: Chunk, wanted: Wanted) -> Part:
    """Read and examine a chunk."""
    part = examine(read(chunk), wanted)
    part.expected = chunk.points
    if chunk.unnamed:
        part.unfit.append(("(no name)", f"{chunk.unnamed:,} rows that name no series: left out"))
    return part


def examine(batch: Batch, wanted: Wanted) -> Part:
    """Examine the series of a batch."""
    part = Part(points=len(batch.values))
    part.unfit += [
        (name, f"{n:,} points: more than {LONGEST:,}; scan hourly or daily medians of it")
        for name, n in batch.too_long
    ]
    found = []
    for names, times, values in alike(fit(batch, part)):
        tested = homogeneity.test(values)
        found.append(tested.p)
        for i in np.flatnonzero(tested.p <= wanted.level):
            points = change_points(values[i], min_effect=wanted.floor)
            part.changes += [
                (float(tested.p[i]), change(names[i], times[i], point))
                for point in points
                if wanted.direction in ("either", point.direction)
            ]
    part.p = np.concatenate(found) if found else np.empty(0)
    return part


def fit(batch: Batch, part: Part) -> Iterator[tuple[str, Floats, Floats]]:
    """(name, times, values) of the series that can be tested; the others go to ``part.unfit``."""
    finite = np.isfinite(batch.values) & np.isfinite(batch.times)
    whole = np.logical_and.reduceat(finite, batch.starts[:-1]) if len(finite) else finite
    steps_ = np.diff(batch.times, prepend=-np.inf)
    steps_[batch.starts[:-1]] = 1
    same = np.logical_or.reduceat(steps_ == 0, batch.starts[:-1]) if len(finite) else finite
    lowest = np.minimum.reduceat(batch.values, batch.starts[:-1]) if len(finite) else finite
    for i, name in enumerate(batch.names):
        a, b = batch.starts[i], batch.starts[i + 1]
        times, values = batch.times[a:b], batch.values[a:b]
        if not whole[i]:
            keep = finite[a:b]
            if 2 * keep.sum() < len(keep):
                part.unfit.append((name, "most of its values are missing, NaN or infinite"))
                continue
            part.notes["missing, NaN or infinite values left out"] += 1
            times, values = times[keep], values[keep]
        if same[i]:
            part.notes["several values at one time: their median is used"] += 1
            times, values = medians(times, values)
        if len(values) < homogeneity.FEWEST:
            reason = f"too few points: at least {homogeneity.FEWEST} are wanted"
            part.unfit.append((name, reason))
        elif not lowest[i] >= 0 and DURATION.search(name) and (values < 0).any():
            part.unfit.append((name, "negative durations"))
        else:
            yield name, times, values


def alike(
    series: Iterator[tuple[str, Floats, Floats]],
) -> Iterator[tuple[list[str], list[Floats], Floats]]:
    """Series of one length together: (names, times of each, values as a matrix)."""
    waiting: dict[int, list[tuple[str, Floats, Floats]]] = {}
    for one in series:
        n = len(one[2])
        group = waiting.setdefault(n, [])
        group.append(one)
        if n * len(group) >= TOGETHER:
            yield stacked(waiting.pop(n))
    yield from map(stacked, waiting.values())


def stacked(group: list[tuple[str, Floats, Floats]]) -> tuple[list[str], list[Floats], Floats]:
    return [g[0] for g in group], [g[1] for g in group], np.stack([g[2] for g in group])


def medians(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """One value for each time: the median of those that share it."""
    fresh = np.flatnonzero(np.diff(times, prepend=-np.inf))
    middle = np.array([np.median(part) for part in np.split(values, fresh[1:])])
    return times[fresh], middle


def change(name: str, times: Floats, point: ChangePoint) -> Change:
    """A change point as a change in time: it may have begun right after the last old point."""
    at, low, high = (float(times[i]) for i in (point.index, max(point.first - 1, 0), point.last))
    return Change(name, at, low, high, point.before, point.after, point.low, point.high)
