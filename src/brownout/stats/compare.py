"""Comparing a signal before and after: blocks of time are the unit, never the observation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from brownout.stats.quantiles import quantile

T_975 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
"""Student's t, 97.5%, for 1 to 15 degrees of freedom."""

FEWEST = 3
"""Blocks on either side below which nothing is said."""


@dataclass(frozen=True, slots=True)
class Shift:
    """after - before, with a 95% interval, in the unit of the values; n: blocks in all."""

    before: float
    after: float
    low: float
    high: float
    n: int

    @property
    def effect(self) -> float:
        return self.after - self.before

    @property
    def ratio(self) -> float:
        return self.after / self.before if self.before else math.inf


def t_975(degrees: float) -> float:
    """The 97.5% point of Student's t; conservative (rounded down degrees of freedom)."""
    whole = max(int(degrees), 1)
    return T_975[whole - 1] if whole <= len(T_975) else 2.13 if whole < 30 else 2.05


def shift(before: Sequence[float], after: Sequence[float]) -> Shift | None:
    """The difference of the means of block statistics, by Welch's interval.

    Each value is one block's statistic (a p95 of 5 s, say). The blocks' most extreme values are
    pulled in to their second most extreme, so that one disturbed block does not decide (winsorised
    mean, Tukey 1962). None with fewer than three blocks on a side.
    """
    if min(len(before), len(after)) < FEWEST:
        return None
    b, a = _winsorised(before), _winsorised(after)
    mean_b, mean_a = sum(b) / len(b), sum(a) / len(a)
    var_b, var_a = _variance(b) / len(b), _variance(a) / len(a)
    error = math.sqrt(var_b + var_a)
    degrees = float(len(a) + len(b) - 2)
    if error > 0:
        parts = var_b**2 / (len(b) - 1) + var_a**2 / (len(a) - 1)
        degrees = (var_b + var_a) ** 2 / parts
    half = t_975(degrees) * error
    difference = mean_a - mean_b
    return Shift(mean_b, mean_a, difference - half, difference + half, len(a) + len(b))


def _winsorised(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    if len(ordered) < 5:
        return ordered
    low, high = ordered[1], ordered[-2]
    return [min(max(v, low), high) for v in ordered]


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)


def block_quantiles(blocks: Sequence[Sequence[float]], q: float, fewest: int = 5) -> list[float]:
    """The q-quantile of each block that has at least ``fewest`` values."""
    return [quantile(block, q) for block in blocks if len(block) >= fewest]
