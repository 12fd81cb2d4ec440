"""Means of blocks of time, which are not independent: what one block suffers, the next one may."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

MOST_ALIKE = 0.8
"""Neighbouring blocks are taken to be correlated by no more: few blocks cannot tell it well."""


def moments(values: Sequence[float]) -> tuple[float, float]:
    """(mean, sum of squared deviations)."""
    mean = math.fsum(values) / len(values)
    return mean, math.fsum((v - mean) ** 2 for v in values)


def mean_of_blocks(values: Sequence[float]) -> tuple[float, float]:
    """(mean, its variance) of two or more blocks in the order of time."""
    mean, squares = moments(values)
    n = len(values)
    return mean, squares / (n - 1) / n * inflation(values)


def inflation(values: Sequence[float]) -> float:
    """How many times the variance of a mean is what it would be of independent values, 1..9.

    That of an AR(1) at the values' own correlation from one to the next, whose estimate from n
    values is too low by 1 / n.
    """
    mean, squares = moments(values)
    if squares <= 0:
        return 1.0
    lagged = math.fsum((a - mean) * (b - mean) for a, b in itertools.pairwise(values))
    alike = min(max(lagged / squares + 1 / len(values), 0.0), MOST_ALIKE)
    return (1 + alike) / (1 - alike)
