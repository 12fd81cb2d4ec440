"""How much a series without changes wanders by itself.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import numpy as np

from brownout.stats.compiled import Floats, compiled

SCALES = 16
"""Fluctuations over up to a 16th of the series are noise: fewer blocks would not tell them from
changes, and one change would reach into too many."""


@compiled
def long_run_variance(z: Floats) -> float:
    """The variance of a sum of ``z`` per value, over all scales up to n / SCALES: the largest.

    At each scale m, by the median of the differences of neighbouring means of m, which few steps
    do not disturb; autocorrelation, wandering levels and trends all show at some scale.
    """
    n = len(z)
    sums = np.zeros(n + 1)
    for i in range(n):
        sums[i + 1] = sums[i] + z[i]
    largest, top = 0.0, max(n // SCALES, 1)
    scale, m = 1.0, 1
    while True:
        stride = max(m // 4, 1)
        count = (n - 2 * m) // stride + 1
        differences = np.empty(count)
        for i in range(count):
            j = i * stride
            differences[i] = abs(sums[j] - 2 * sums[j + m] + sums[j + 2 * m])
        largest = max(largest, (np.median(differences) / 0.6745) ** 2 / (2 * m))
        if m >= top:
            return largest
        while round(scale) <= m:
            scale *= np.sqrt(2)
        m = min(round(scale), top)
