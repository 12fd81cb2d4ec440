"""Where a series most likely left its level, for good or for a while, and how strongly it did.

A stay is ``[first, last)``: the points on another level than all others. A cut is a stay from the
beginning on. This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import numpy as np

from brownout.stats.compiled import Floats, compiled

SHORTEST = 5
"""Points that a stay has at least, and that are outside of it."""

FINENESS = 4
"""Lengths of stays that are tried differ by a factor of 2^(1/4), their beginnings by a quarter of
the length: so some stay that is tried shares at least three quarters with any other."""

TILTS = (0.3, 0.55, 1.0)
"""Of a bound that holds for each; the last one is the best of a normal variable."""

SURELY = 1e-9
"""The least share by which one thing is more than another: rounding does not choose."""


@compiled
def sums_of(z: Floats) -> Floats:
    """Sums of the first 0 to n values of ``z`` minus its mean."""
    sums, mean = np.zeros(len(z) + 1), z.mean()
    for i in range(len(z)):
        sums[i + 1] = sums[i] + z[i] - mean
    return sums


@compiled
def weights_of(n: int) -> Floats:
    """What makes the square of a sum of l of n values one of variance 1; 0 where l is too short."""
    weights = np.zeros(n + 1)
    for k in range(SHORTEST, n - SHORTEST + 1):
        weights[k] = n / (k * (n - k))
    return weights


@compiled
def likeliest_end(sums: Floats, weights: Floats, start: int) -> tuple[int, float]:
    """(the other end of the best stay that has one at ``start``, the squares that it saves)."""
    end, gain = start, -1.0
    for i in range(len(sums)):
        weight = weights[abs(i - start)]
        saved = (sums[i] - sums[start]) ** 2 * weight
        if weight > 0 and saved > gain * (1 + SURELY):
            end, gain = i, saved
    return end, gain


@compiled
def likeliest_stay(sums: Floats, weights: Floats) -> tuple[int, int, float]:
    """(first, last, squares saved) of the best stay: the best one tried, its ends moved to where
    each is best beside the other."""
    n = len(sums) - 1
    first, gain = 0, -1.0
    length, exact = SHORTEST, float(SHORTEST)
    while length <= n - SHORTEST:
        most, at = -1.0, 0
        for i in range(0, n - length + 1, max(length // FINENESS, 1)):
            apart = abs(sums[i + length] - sums[i])
            if apart > most * (1 + SURELY):
                most, at = apart, i
        if most * most * weights[length] > gain * (1 + SURELY):
            first, gain = at, most * most * weights[length]
        exact *= 2 ** (1 / FINENESS)
        length = max(length + 1, round(exact))
    while True:
        last, _ = likeliest_end(sums, weights, first)
        moved, saved = likeliest_end(sums, weights, last)
        if saved <= gain * (1 + SURELY):
            return min(moved, last), max(moved, last), saved
        first, gain = moved, saved


@compiled
def variogram(z: Floats, first: int, last: int, h: int) -> float:
    """Half the mean square difference of values ``h`` apart with no end of the stay between."""
    total, count = 0.0, 0
    for low, high in ((0, first), (first, last), (last, len(z))):
        for t in range(low, high - h):
            total += (z[t + h] - z[t]) ** 2
        count += max(high - h - low, 0)
    return total / (2 * count) if count else 0.0


@compiled
def horizon(n: int) -> int:
    """Over how many points values may be alike: 3 of 10, 12 of 500, 15 of 1,000."""
    return max(2, int(np.rint(1.5 * np.cbrt(n))))


@compiled
def long_run_variance(z: Floats, first: int, last: int) -> tuple[float, float]:
    """(n times the variance of the mean of ``z``, degrees of freedom of this estimate).

    With g(h) half the mean square difference of values h apart, the autocovariance is g(H) - g(h).
    The larger one of Bartlett's sum of these and of what a first-order autoregression with the
    same g(1) has; at least g(H), the variance of a single value. The autoregression's coefficient
    r is too small by (1 + 3r)/n in the mean (Kendall 1954), here by about twice that for each end
    of the stay, as it was chosen. Degrees of freedom: of the independent values that n such ones
    are worth, n (1 - r) / (1 + r), a third for one end and a fifth for two; for r is least certain
    where the variance depends on it most, and comes out too small where a large statistic is due
    to chance.
    """
    n, reach = len(z), horizon(len(z))
    ends = 2 if first > 0 and last < n else 1
    near, sill = variogram(z, first, last, 1), variogram(z, first, last, reach)
    if sill <= 0:
        return 0.0, float(n)
    bartlett = sill
    for h in range(1, reach + 1):
        bartlett += 2 * (1 - h / reach) * (sill - variogram(z, first, last, h))
    alike = 1 - near / sill
    alike = min(max(alike + 2 * ends * (1 + 3 * alike) / n, 0.0), 0.95)
    freedom = n * (1 - alike) / (1 + alike) / (1 + 2 * ends)
    return max(bartlett, sill * (1 + alike) / (1 - alike)), freedom


@compiled
def beyond(values: Floats, first: int, last: int) -> float:
    """By how much all values of the stay are above all others, or below; else negative."""
    low, high, least, most = np.inf, -np.inf, np.inf, -np.inf
    for i in range(len(values)):
        if first <= i < last:
            low, high = min(low, values[i]), max(high, values[i])
        else:
            least, most = min(least, values[i]), max(most, values[i])
    return float(max(low - most, least - high))


@compiled
def clear_ends(values: Floats, first: int, last: int) -> tuple[int, int]:
    """The ends of the stay where its values are on one side of the middle of the two levels.

    Scores draw levels together, so that the best stay of theirs may take in a neighbour too many.
    """
    inside, whole = values[first:last].mean(), values.mean()
    n, length = len(values), last - first
    middle = (inside + (whole * n - inside * length) / (n - length)) / 2
    half = inside - middle
    if half == 0:
        return first, last
    low = high = (first + last) // 2
    while low > 0 and (values[low - 1] - middle) / half > SURELY:
        low -= 1
    while high < n and (values[high] - middle) / half > SURELY:
        high += 1
    enough = SHORTEST <= high - low <= n - SHORTEST and (first > 0 or low == 0)
    return (low, high) if enough and beyond(values, low, high) > 0 else (first, last)


@compiled
def clear_gap(values: Floats, first: int, last: int) -> float:
    """By how much all values of the stay are beyond all others, in root mean square differences of
    neighbours on one level; infinite without such differences, 0 where the values overlap."""
    gap = beyond(values, first, last)
    if gap <= 0:
        return 0.0
    total, count = 0.0, 0
    for i in range(1, len(values)):
        if i not in (first, last):
            total += ((values[i] - values[i - 1]) / gap) ** 2
            count += 1
    return float(1 / np.sqrt(total / count)) if total > 0 else np.inf


Look = tuple[int, int, float, float, float, float]
"""(first, last, squares saved, their variance, its degrees of freedom, clear gap)."""


@compiled
def certainty(z: Floats, first: int, last: int) -> float:
    """The share of the squares saved that a normal variable as seldom as this sum has, at most 1.

    Where most values are equal (errors a minute), few others decide, and sums of few of them are
    far from normal. Chernoff's bound for values in any order (Hoeffding 1963): of each tilt theta,
    exp(k K(theta) - theta sum), K being the logarithm of the mean of exp(theta z).
    """
    n, k = len(z), min(last - first, len(z) - last + first)
    mean, variance = z.mean(), z.var()
    apart = (z[first:last].mean() - mean) * (last - first) / k
    inside = apart if k == last - first else -apart
    if inside == 0 or variance == 0:
        return 1.0
    most = 0.0
    for part in TILTS:
        theta = part * inside / variance
        total = 0.0
        for v in z:
            total += np.exp(theta * (v - mean))
        most = max(most, theta * inside - np.log(total / n))
    return float(min(2 * most * variance / (inside * inside), 1.0))


@compiled
def cut(values: Floats, z: Floats, tied: bool) -> Look:
    """What the scores ``z`` of a series show of a cut, and its values beside it."""
    last, gain = likeliest_end(sums_of(z), weights_of(len(z)), 0)
    return seen(values, z, 0, last, gain, tied)


@compiled
def stay(values: Floats, z: Floats, tied: bool) -> Look:
    """What the scores ``z`` of a series show of a stay, and its values beside it."""
    first, last, gain = likeliest_stay(sums_of(z), weights_of(len(z)))
    return seen(values, z, first, last, gain, tied)


@compiled
def seen(values: Floats, z: Floats, first: int, last: int, gain: float, tied: bool) -> Look:
    if tied:
        gain *= certainty(z, first, last)
    first, last = clear_ends(values, first, last)
    variance, freedom = long_run_variance(z, first, last)
    return first, last, gain, variance, freedom, clear_gap(values, first, last)
