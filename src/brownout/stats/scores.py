"""What a value is worth, whatever its unit: its rank, and how far outside it stays for good.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import math

import numpy as np

from brownout.stats.compiled import Floats, Indices, compiled

USUAL, FARTHEST = 4.0, 25.0
"""Robust standard deviations within which a value tells nothing more than its rank, and beyond
which it tells nothing more at all."""


@compiled
def ranks(values: Floats, order: Indices) -> Floats:
    """Mean ranks, standardised to mean 0 and, without ties, variance 1; ``order`` sorts them."""
    n = len(values)
    out = np.empty(n)
    i = 0
    while i < n:
        j = i
        while j + 1 < n and values[order[j + 1]] == values[order[i]]:
            j += 1
        for k in range(i, j + 1):
            out[order[k]] = ((i + j + 1) / (2 * n) - 0.5) * np.sqrt(12)
        i = j + 1
    return out


@compiled
def patience(n: int, share: float, by_chance: float) -> int:
    """The width (odd, 5 to 61) of a window most of which outliers do not fill by chance.

    share: of the n values that lie outside. by_chance: such windows that there may be by chance.
    Were outliers strewn independently, the expected number of windows with a majority of them would
    be at most n * C(w, w // 2 + 1) * share^(w // 2 + 1).
    """
    width = 5
    while width < 61:
        most = width // 2 + 1
        ways = math.lgamma(width + 1) - math.lgamma(most + 1) - math.lgamma(width - most + 1)
        if share == 0 or n * np.exp(ways + most * np.log(share)) <= by_chance:
            break
        width += 2
    return width


@compiled
def excess(values: Floats, order: Indices, by_chance: float) -> Floats:
    """By how much each value lies outside the usual for good, in robust standard deviations.

    The running median of (value - median) / (spread of the middle 80%), beyond USUAL: what ranks
    cannot tell, a short regime far away, whereas outliers leave no trace: by_chance so many windows
    full of them, where a series has independent values.
    """
    n = len(values)
    middle = values[order[n // 2]] / 2
    low, high = values[order[n // 10]] / 2, values[order[n - 1 - n // 10]] / 2
    scale = (high - low) / 2.563
    if scale == 0:
        scale = np.abs(values / 2 - middle).mean()
    z = (values / 2 - middle) / scale
    share = max((z > USUAL).sum(), (z < -USUAL).sum()) / n
    out = np.zeros(n)
    if share == 0:
        return out
    width = patience(n, share, by_chance)
    half = width // 2
    if n < 2 * width:
        return out
    for i in range(n):
        start = min(max(i - half, 0), n - width)  # at the ends the window stays inside
        window = z[start : start + width]
        outside = 0
        for k in range(width):
            outside += abs(window[k]) > USUAL
        if outside > half:
            level = np.sort(window)[half]
            out[i] = min(max(level, -FARTHEST), FARTHEST) - min(max(level, -USUAL), USUAL)
    return out
