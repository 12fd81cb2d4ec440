"""Change points: where a series goes over to another level, and by how much.

The series becomes ranks, so that no outlier weighs more than any other extreme value and units do
not matter; only what stays far outside for longer than outliers do by chance weighs more. An exact
segmentation (``segmentation``) then minimises the squares around the levels plus a penalty for each
change: ``STRENGTH * max(variance of the whole series, long-run variance) * log n`` (Yao 1988; for
dependent noise Lavielle & Moulines 2000). So a change must be large beside all that the series
does, and beside how it wanders by itself on any scale. The stairs of a steep trend are no changes.
A second look (``search``) at what saves half as much takes a change that came abruptly, or two: a
stay on another level; and the likelihood of the values themselves (``location``) says where each
one is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from brownout.stats.search import Found

STRENGTH = 4.0
"""Twice what suffices for independent Gaussian noise whose variance is known."""

FEWEST = 8
"""Values below which nothing is said."""


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The value at ``index`` (0-based) is the first of the new level.

    first, last: 95% interval of the index. before, after: medians of the two levels; low, high:
    95% interval of size = after - before, in the unit of the series. confidence: 1 - the
    probability that the ranks show this much anywhere in a series without a change whose
    neighbours resemble each other as they do here. Few values that do so say little: then it is
    low, also for a change that is there.
    """

    index: int
    first: int
    last: int
    before: float
    after: float
    low: float
    high: float
    confidence: float
    still_there: bool
    at: float | None = None

    @property
    def size(self) -> float:
        return self.after - self.before

    @property
    def ratio(self) -> float | None:
        """after / before; None where that means nothing (zero, or different signs)."""
        return self.after / self.before if self.before * self.after > 0 else None

    @property
    def direction(self) -> Literal["up", "down"]:
        return "up" if self.after > self.before else "down"


@dataclass(frozen=True, slots=True)
class Changes:
    """The change points of one series of ``n`` values, in order; ``reason`` if inconclusive."""

    n: int
    verdict: Literal["changed", "unchanged", "inconclusive"]
    points: tuple[ChangePoint, ...] = ()
    reason: str | None = None

    def __iter__(self) -> Iterator[ChangePoint]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)


def change_points(
    series: ArrayLike,
    times: Sequence[float] | None = None,
    *,
    min_effect: float = 0.0,
    still_there: bool = False,
    min_length: int = 3,
    min_confidence: float = 0.0,
) -> Changes:
    """The change points of equally important values in order of time.

    times: one rising number per value, given back as ``at``. min_effect: share of the level before
    by which a change must differ at least. still_there: only changes whose new level the series has
    not left again for the old one. min_length: values that a level has at least. min_confidence:
    0 tells what looks like a change; 0.95 nothing that wandering noise does more often than 5%.
    Raises ValueError for what is not a series of finite numbers.
    """
    values = finite(series)
    n = len(values)
    if times is not None:
        rising(times, n)
    check(min_effect, min_length, min_confidence)
    if n < max(FEWEST, 2 * min_length):
        return Changes(n, "inconclusive", reason=f"{n} values; at least {FEWEST} are needed")
    from brownout.stats import search

    order = np.argsort(values)
    if values[order[0]] == values[order[-1]]:
        return Changes(n, "unchanged", reason="all values are equal")
    found = search.changes(values, order, STRENGTH, min_length)
    points = tuple(
        point
        for one in found
        if relevant(point := described(one, found[-1].after, n, times), min_effect, still_there)
        and point.confidence >= min_confidence
    )
    return Changes(n, "changed" if points else "unchanged", points)


def finite(series: ArrayLike) -> np.ndarray:
    """The series as an array of floats. Raises ValueError, which says where it is not one."""
    try:
        values = np.ascontiguousarray(series, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a series is a sequence of numbers: {error}") from None
    if values.ndim != 1:
        raise ValueError(f"a series has one dimension, not {values.ndim}")
    if not np.isfinite(values).all():
        where = int(np.flatnonzero(~np.isfinite(values))[0])
        raise ValueError(f"value {where} is {values[where]}; leave out what was not measured")
    return values


def rising(times: Sequence[float], n: int) -> None:
    """Raises ValueError unless there are ``n`` times, each later than the one before."""
    if len(times) != n:
        raise ValueError(f"{len(times)} times for {n} values")
    for i in range(1, n):
        if not times[i] > times[i - 1]:
            raise ValueError(f"time {i} ({times[i]}) is not after the one before; sort the series")


def check(min_effect: float, min_length: int, min_confidence: float) -> None:
    """Raises ValueError for arguments that mean nothing."""
    if not 0 <= min_effect < math.inf:
        raise ValueError(f"min_effect is a share of the level, 0 or more, not {min_effect}")
    if min_length < 1:
        raise ValueError(f"min_length is a number of values, 1 or more, not {min_length}")
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"min_confidence is a probability, 0 to 1, not {min_confidence}")


def described(found: Found, final: float, n: int, times: Sequence[float] | None) -> ChangePoint:
    half = 1.96 * found.error
    size = found.after - found.before
    return ChangePoint(
        index=found.start,
        first=found.first,
        last=found.last,
        before=found.before,
        after=found.after,
        low=size - half,
        high=size + half,
        confidence=max(0.0, 1 - n * math.erfc(found.evidence / math.sqrt(2))),
        still_there=abs(final - found.after) <= abs(final - found.before),
        at=None if times is None else times[found.start],
    )


def relevant(point: ChangePoint, min_effect: float, still_there: bool) -> bool:
    if still_there and not point.still_there:
        return False
    return abs(point.size) >= min_effect * abs(point.before)
