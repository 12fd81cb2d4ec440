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


def harrell_davis(values: Sequence[float], q: float, z: float = 1.96) -> tuple[float, float, float]:
    """(estimate, low, high) of the q-quantile (0 < q < 1): all order statistics, weighted.

    Harrell & Davis 1982; the standard error is Maritz & Jarrett's (1978). It varies less than one
    or two order statistics do, which matters for few values; for tails of few values (less than 20
    beyond the quantile) prefer ``quantile_interval``. The values must be independent.
    Raises ValueError for no values, NaN, infinity, q not inside 0..1.
    """
    import numpy as np
    from scipy.special import betainc

    ordered = np.sort(np.asarray(values, float))
    n = len(ordered)
    if not n or not np.isfinite(ordered).all() or not 0 < q < 1:
        raise ValueError(f"the {q:g}-quantile of {n} values: finite ones and 0 < q < 1 are wanted")
    steps = betainc((n + 1) * q, (n + 1) * (1 - q), np.arange(n + 1) / n)
    weights = np.diff(steps)
    estimate = float(weights @ ordered)
    error = math.sqrt(max(float(weights @ (ordered - estimate) ** 2), 0.0))
    return estimate, estimate - z * error, estimate + z * error
