"""Quantiles of samples, with intervals that assume nothing of the distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile (0..1) with linear interpolation between order statistics (type 7).

    Hyndman & Fan 1996. Raises ValueError for no values.
    """
    if not values:
        raise ValueError("a quantile of nothing")
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def quantile_interval(
    values: Sequence[float], q: float, z: float = 1.96
) -> tuple[float, float, float]:
    """(estimate, low, high): the order statistics around the quantile.

    The number of values below the quantile is binomial(n, q); its normal approximation with ``z``
    gives the ranks (Conover 1999, 3.2). The values must be independent.
    """
    ordered = sorted(values)
    n = len(ordered)
    estimate = quantile(ordered, q)
    half = z * math.sqrt(n * q * (1 - q))
    low = max(math.floor(n * q - half) - 1, 0)
    high = min(math.ceil(n * q + half), n - 1)
    return estimate, min(ordered[low], estimate), max(ordered[high], estimate)
