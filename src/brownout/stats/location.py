"""Where exactly a level changed, and whether it did so abruptly: by the likelihood of the values.

The noise is a first-order autoregression whose innovations have a density of any shape, estimated
by a kernel from the series itself (Stone 1975, "Adaptive maximum likelihood estimators of a
location parameter"). In skewed or heavy-tailed noise this places a change better than ranks do; in
noise that resembles itself a step is one large innovation, whereas wandering is many small ones.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import numpy as np

from brownout.stats.compiled import Floats, compiled

CELLS, REACH = 160, 8.0
"""Densities are tables of CELLS from -REACH to REACH robust deviations; beyond, all are alike."""

OUTLIERS = 0.05
"""The share of the density that is the same everywhere."""

POOLED = 20
"""The spread on either side is drawn to that of both as if these had so many values more."""

BY_RANKS = 0.25
"""Weight of the ranks' log likelihood beside the values': it decides in short series."""

NEAR = 300
"""Values on either side of where the change may be that tell of the noise there."""

NOT_WORSE = 6.0
"""By how much an index may be less likely than the best one and still be in the 95% interval.

3.7 = -log(1 - sqrt(0.95)) for Gaussian noise of known variance (the maximum of a Brownian motion
with drift on either side); the rest is for the density and the resemblance, which are estimated.
"""


@compiled
def spread(values: Floats) -> float:
    """The standard deviation by the middle 80%."""
    ordered = np.sort(values)
    n = len(ordered)
    return float(ordered[n - 1 - n // 10] - ordered[n // 10]) / 2.563


@compiled
def resemblance(r: Floats) -> float:
    """The first-order autocorrelation of standardised residuals, 0 to 0.95."""
    products, squares = 0.0, 0.0
    for i in range(1, len(r)):
        one, other = min(max(r[i - 1], -4.0), 4.0), min(max(r[i], -4.0), 4.0)
        products += one * other
        squares += one * one
    return min(max(products / squares, 0.0), 0.95) if squares > 0 else 0.0


@compiled
def log_density(e: Floats) -> Floats:
    """The table of the logarithm of the kernel density of ``e``; Silverman's width (1986)."""
    n, cell = len(e), 2 * REACH / CELLS
    counts = np.zeros(CELLS)
    for v in e:
        at = min(max((v + REACH) / cell - 0.5, 0.0), CELLS - 1.001)
        i = int(at)
        counts[i] += 1 - (at - i)
        counts[i + 1] += at - i
    ordered = np.sort(e)
    usual, all_of_it = (ordered[n * 3 // 4] - ordered[n // 4]) / 1.34, e.std()
    width = 0.9 * (min(usual, all_of_it) if usual > 0 else all_of_it) * n**-0.2
    width = max(width, cell / 2)
    far = int(3 * width / cell) + 1
    kernel = np.exp(-0.5 * ((np.arange(2 * far + 1) - far) * cell / width) ** 2)
    kernel *= (1 - OUTLIERS) / (n * kernel.sum())
    table = np.full(CELLS, OUTLIERS / CELLS)
    for i in range(CELLS):
        for k in range(max(-far, i - CELLS + 1), min(far, i) + 1):
            table[i] += kernel[k + far] * counts[i - k]
    logs: Floats = np.log(table)
    return logs


@compiled
def look_up(table: Floats, v: float) -> float:
    at = min(max((v + REACH) * CELLS / (2 * REACH) - 0.5, 0.0), CELLS - 1.001)
    i = int(at)
    return float(table[i] + (at - i) * (table[i + 1] - table[i]))


@compiled
def standardised(values: Floats, level: float, scale: float) -> Floats:
    inside: Floats = np.minimum(np.maximum((values - level) / scale, -REACH), REACH)
    return inside


@compiled
def pooled_scale(own: float, n: int, both: float) -> float:
    return both * float(np.sqrt((n * min(own / both, REACH) ** 2 + POOLED) / (n + POOLED)))


@compiled
def log_likelihoods(x: Floats, cut: int) -> Floats:
    """Of a change at each index of ``x``, up to a constant, where the levels, spreads, resemblance
    and density are those of a change at ``cut``; empty if the values do not differ enough."""
    n = len(x)
    before, after = np.median(x[:cut]), np.median(x[cut:])
    residuals = np.concatenate((x[:cut] - before, x[cut:] - after))
    both = spread(residuals)
    if both <= 0:
        return np.empty(0)
    one = pooled_scale(spread(residuals[:cut]), cut, both)
    other = pooled_scale(spread(residuals[cut:]), n - cut, both)
    old, new = standardised(x, before, one), standardised(x, after, other)
    r = np.concatenate((old[:cut], new[cut:]))
    rho = resemblance(r)
    e = r.copy()
    e[1:] -= rho * r[:-1]
    table = log_density(e)
    constant = np.log(other / one)
    total = np.zeros(n)
    for t in range(1, n - 1):  # the value at t goes over from the new level to the old one
        more = look_up(table, old[t] - rho * old[t - 1]) + constant
        more -= look_up(table, new[t] - rho * old[t - 1])
        more += look_up(table, new[t + 1] - rho * old[t])
        total[t + 1] = total[t] + more - look_up(table, new[t + 1] - rho * new[t])
    return total


@compiled
def rank_gains(z: Floats) -> Floats:
    """The squares that a cut at each index saves; 0 at the first."""
    n = len(z)
    gains, part, mean = np.zeros(n), 0.0, z.mean()
    for t in range(1, n):
        part += z[t - 1] - mean
        gains[t] = part * part * n / (t * (n - t))
    return gains


@compiled
def within(z: Floats, cut: int) -> float:
    """The variance of ``z`` around its levels before and after ``cut``."""
    n = len(z)
    return float(z[:cut].var() * cut + z[cut:].var() * (n - cut)) / max(n - 2, 1)


@compiled
def locate(x: Floats, z: Floats, cut: int, shortest: int, noise: float) -> tuple[int, int, int]:
    """(index, first and last of its 95% interval) of the change in ``x``, which is near ``cut``.

    x: values; z: their ranks, standardised; noise: the least variance of z. The index is looked
    for a little beyond where the ranks alone would have it.
    """
    gains = rank_gains(z)
    noise = max(within(z, cut), noise)
    likely = np.flatnonzero(gains[1:] >= gains[cut] - 7.35 * noise) + 1
    best, first, last = cut, likely[0], likely[-1]
    low = max(cut - 2 * (cut - first) - 3, cut - 2 * NEAR, shortest)
    high = min(cut + 2 * (last - cut) + 3, cut + 2 * NEAR, len(x) - shortest)
    if high <= low:
        return best, first, last
    start = max(low - NEAR, 0)
    part, gains = x[start : high + NEAR], gains[start : high + NEAR]
    for _ in range(2):
        found = log_likelihoods(part, best - start)
        if len(found) == 0:
            break
        found += BY_RANKS / (2 * noise) * gains
        top = found[low - start : high - start + 1].max()
        likely = np.flatnonzero(found[1:] >= top - NOT_WORSE) + 1 + start
        first, last, before = likely[0], likely[-1], best
        # Rounding does not choose between equals.
        best = low + np.flatnonzero(found[low - start : high - start + 1] >= top - 1e-9)[0]
        if best == before:
            break
    return best, min(first, best), max(last, best)


@compiled
def best_log_likelihood(residuals: Floats) -> float:
    scale = spread(residuals)
    if scale <= 0:
        return np.nan
    r = np.minimum(np.maximum(residuals / scale, -REACH), REACH)
    rho = resemblance(r)
    e = r[1:] - rho * r[:-1]
    unit = spread(e)
    if unit <= 0:
        return np.nan
    e = np.minimum(np.maximum(e / unit, -REACH), REACH)
    table, total = log_density(e), 0.0
    for v in e:
        total += look_up(table, v)
    return total - len(e) * float(np.log(unit) + np.log(scale))


@compiled
def abruptness(x: Floats, cut: int) -> float:
    """Twice the log likelihood ratio of a step at ``cut`` to none, by the values near it.

    0 where it cannot be told.
    """
    start = max(cut - NEAR, 0)
    x, cut = x[start : cut + NEAR], cut - start
    flat = best_log_likelihood(x - np.median(x))
    parts = (x[:cut] - np.median(x[:cut]), x[cut:] - np.median(x[cut:]))
    stepped = best_log_likelihood(np.concatenate(parts))
    return 2 * (stepped - flat) if np.isfinite(stepped - flat) else 0.0


@compiled
def likeliest_cut(z: Floats, margin: int) -> tuple[int, float]:
    """(index, squares saved) of the best cut that leaves ``margin`` values on either side."""
    gains = rank_gains(z)[margin : len(z) - margin + 1]
    at = int(np.argmax(gains))
    return margin + at, gains[at]
