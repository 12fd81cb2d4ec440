"""Did a series change at all? One p-value a series, for many series at once.

The test is the largest standardised rank CUSUM over all ways to cut the series in two. Ranks make
outliers harmless and the law of the statistic free of the values' own (Pettitt 1979); the tail of
the maximum is that of a standardised Brownian bridge (Miller & Siegmund 1982), which is on the
safe side for a finite number of cuts. Neighbouring values of telemetry are alike, which makes sums
vary more than their parts suggest: the variance is the long-run one, estimated from differences of
values up to ``horizon`` apart, which a step elsewhere hardly touches. What stays alike over longer
than that (a daily rhythm in a window of a few days) counts as a change here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST = 10
"""Points of a series below which nothing is said."""

SHORTEST = 5
"""Points on either side of a cut."""


@dataclass(frozen=True, slots=True)
class Tested:
    """Per series: ``p``, the chance of so large a statistic without a change; ``cut``, the index
    of the first point after the likeliest single change."""

    p: Floats
    cut: Integers


def test(values: Floats) -> Tested:
    """Test each row of ``values``, shape (series, points), finite, in the order of time.

    Raises ValueError for fewer than ten points or for values that are not finite.
    """
    series, n = values.shape
    if n < FEWEST:
        raise ValueError(f"{n} points: at least {FEWEST} are wanted")
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite")
    scores = ranks(values) - (n - 1) / 2
    sums = np.cumsum(scores, axis=1)[:, SHORTEST - 1 : n - SHORTEST]
    left = np.arange(SHORTEST, n - SHORTEST + 1)
    np.abs(sums, out=sums)
    sums /= np.sqrt(left * (n - left) / n)
    best = np.argmax(sums, axis=1)
    variance, freedom = long_run_variance(scores, left[best])
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = np.where(variance > 0, sums[np.arange(series), best] ** 2 / variance, 0.0)
    # What Student's t with so many degrees of freedom is to a normal variable (Wallace 1959).
    heights = np.sqrt(freedom * np.log1p(squares / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return Tested(tail(heights, n), left[best])


def ranks(values: Floats) -> Floats:
    """The ranks 0 to n - 1 within each row; ties share their mean rank."""
    series, n = values.shape
    order = np.argsort(values, axis=1)
    ordered = np.take_along_axis(values, order, axis=1)
    begins = np.ones((series, n), bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    position = np.arange(n)
    first = np.maximum.accumulate(np.where(begins, position, 0), axis=1)
    ends = np.ones((series, n), bool)
    ends[:, :-1] = begins[:, 1:]
    last = np.minimum.accumulate(np.where(ends, position, n - 1)[:, ::-1], axis=1)[:, ::-1]
    found = np.empty((series, n))
    np.put_along_axis(found, order, (first + last) / 2, axis=1)
    return found


def horizon(n: int) -> int:
    """Over how many points values may be alike: 3 of 10, 12 of 500, 15 of 1,000."""
    return max(2, round(1.5 * math.cbrt(n)))


def long_run_variance(scores: Floats, cut: Integers) -> tuple[Floats, Floats]:
    """(n times the variance of each row's mean, degrees of freedom of this estimate).

    With g(h) half the mean square difference of values h apart, the autocovariance is g(H) - g(h).
    The larger one of Bartlett's sum of these and of what a first-order autoregression with the
    same g(1) has; at least g(H), the variance of a single value. The autoregression's coefficient
    r is too small by (1 + 3r)/n in the mean (Kendall 1954), here by about twice that, as the cut
    was chosen. Degrees of freedom: a third of the independent values that n such ones are worth,
    n (1 - r) / (1 + r); for r is least certain where the variance depends on it most, and comes out
    too small where a large statistic is due to chance.
    """
    n = scores.shape[1]
    reach = horizon(n)
    grams = [_variogram(scores, cut, h) for h in range(1, reach + 1)]
    sill = grams[-1]
    bartlett = sill.copy()
    for h, gram in enumerate(grams, 1):
        bartlett += 2 * (1 - h / reach) * (sill - gram)
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = np.where(sill > 0, 1 - grams[0] / sill, 0.0)
    alike = np.clip(alike + 2 * (1 + 3 * alike) / n, 0.0, 0.95)
    variance: Floats = np.maximum(bartlett, sill * (1 + alike) / (1 - alike))
    return variance, n * (1 - alike) / (1 + alike) / 3


def _variogram(scores: Floats, cut: Integers, h: int) -> Floats:
    """Half the mean square difference of values ``h`` apart on the same side of the cut."""
    apart = scores[:, h:] - scores[:, :-h]
    total = np.einsum("ij,ij->i", apart, apart)
    over = cut[:, None] - h + np.arange(h)
    inside = (over >= 0) & (over < apart.shape[1])
    across = np.take_along_axis(apart, np.clip(over, 0, apart.shape[1] - 1), axis=1)
    total -= np.where(inside, across * across, 0.0).sum(axis=1)
    result: Floats = total / (2 * (apart.shape[1] - inside.sum(axis=1)))
    return result


def tail(heights: Floats, n: int) -> Floats:
    """P(max |W(t)| >= height) of a standardised Brownian bridge, cut off at SHORTEST points.

    Miller & Siegmund 1982, "Maximally selected chi square statistics".
    """
    edge = SHORTEST / n
    span = 2 * math.log((1 - edge) / edge)
    b = np.maximum(heights, 1.0)
    density = np.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    found = np.minimum(density * ((b - 1 / b) * span + 4 / b), 1.0)
    return np.where(heights < 1, 1.0, found)
