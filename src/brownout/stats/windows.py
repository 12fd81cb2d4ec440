"""Comparing two windows of one run, before and after: blocks of time are the unit.

Observations of one second suffer together, so that a test over pooled observations alarms on most
comparisons of a release with itself. Each block of seconds therefore gives one number (a quantile,
a ratio), and the interval is over the blocks, as wide as neighbouring blocks are alike
(``blocks``). Differences, not ratios as in ``releases``: a window may begin at nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from brownout.stats.blocks import inflation, moments
from brownout.stats.quantiles import quantile

T = TypeVar("T")

CONFIDENCE = 0.99
"""Of every interval."""

FEWEST = 3
"""Blocks on either side below which nothing is said; also the values of a block's quantile."""

BLOCK_SECONDS = 5
"""The usual block."""

ENOUGH = 8
"""Observations that a block should have; sparse signals get longer blocks."""


@dataclass(frozen=True, slots=True)
class Shift:
    """after - before, with a 99% interval, in the unit of the values; n: blocks in all."""

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


@dataclass(frozen=True, slots=True)
class Sums:
    """n independent values by their sum and sum of squares."""

    n: int
    total: float
    squares: float


def shift(before: Sequence[float], after: Sequence[float]) -> Shift | None:
    """The difference of the trimmed means of block statistics, with its interval (Yuen 1974).

    Each value is one block's statistic (a p95 of 5 s, say), in the order of time. From five blocks
    on, the lowest and the highest are left out, so that one disturbed block does not decide. None
    with fewer than three blocks on a side.
    """
    if min(len(before), len(after)) < FEWEST:
        return None
    mean_b, var_b, df_b = _trimmed(before)
    mean_a, var_a, df_a = _trimmed(after)
    return _interval(mean_b, mean_a, (var_b, df_b), (var_a, df_a), len(before) + len(after))


def mean_shift(before: Sums, after: Sums) -> Shift | None:
    """The difference of two means of independent values, e.g. of exact work counts, by Welch.

    None with fewer than three values on a side.
    """
    if min(before.n, after.n) < FEWEST:
        return None
    spread = [
        (max(s.squares - s.total**2 / s.n, 0.0) / (s.n - 1) / s.n, s.n - 1) for s in (before, after)
    ]
    means = before.total / before.n, after.total / after.n
    return _interval(*means, spread[0], spread[1], before.n + after.n)


def quantile_shift(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], q: float
) -> Shift | None:
    """The change of a quantile; ``before`` and ``after`` hold the values of each second.

    Both sides have blocks of one length: a small block's p95 is too low, and so on both alike.
    """
    length = block_length([len(s) for s in before], [len(s) for s in after])
    sides = (
        block_quantiles([[v for s in block for v in s] for block in blocks(side, length)], q)
        for side in (before, after)
    )
    return shift(*sides)


def ratio_shift(
    before: Sequence[tuple[float, float]], after: Sequence[tuple[float, float]]
) -> Shift | None:
    """The change of a ratio, e.g. time per call; each second gives (numerator, denominator)."""
    length = block_length([s[1] for s in before], [s[1] for s in after])
    sides = []
    for side in (before, after):
        sums = [(sum(s[0] for s in b), sum(s[1] for s in b)) for b in blocks(side, length)]
        sides.append([top / bottom for top, bottom in sums if bottom > 0])
    return shift(*sides)


def value_shift(before: Sequence[float], after: Sequence[float]) -> Shift | None:
    """The change of the mean of a signal that is sampled about once a second."""
    return ratio_shift([(v, 1) for v in before], [(v, 1) for v in after])


def block_length(before: Sequence[float], after: Sequence[float]) -> int:
    """Seconds of a block, given how many observations each second has on the two sides.

    At least 5, more when observations are few, less when a window would not give four blocks.
    """
    shortest = min(len(before), len(after))
    if not shortest:
        return 1
    rate = min(sum(before) / len(before), sum(after) / len(after))
    wanted = max(BLOCK_SECONDS, math.ceil(ENOUGH / rate)) if rate > 0 else shortest
    return max(1, min(wanted, shortest // 4))


def blocks(seconds: Sequence[T], length: int) -> list[Sequence[T]]:
    """The seconds in blocks of ``length``; an incomplete last block is left out."""
    return [seconds[i : i + length] for i in range(0, len(seconds) - length + 1, length)]


def block_quantiles(blocks: Sequence[Sequence[float]], q: float) -> list[float]:
    """The q-quantile of each block that has at least three values."""
    return [quantile(block, q) for block in blocks if len(block) >= FEWEST]


def verdict(found: Shift | None, floor: float) -> Literal["regressed", "clean", "inconclusive"]:
    """Regressed: the whole interval is above ``floor``; clean: it is below; else inconclusive.

    ``floor`` is the least change that matters, in the unit of the values.
    """
    if found is None:
        return "inconclusive"
    if found.low > floor:
        return "regressed"
    return "clean" if found.high <= floor else "inconclusive"


def _interval(
    mean_b: float, mean_a: float, b: tuple[float, float], a: tuple[float, float], n: int
) -> Shift:
    """Welch's interval from each side's (variance of the mean, degrees of freedom)."""
    from scipy.special import stdtrit

    error = math.sqrt(b[0] + a[0])
    degrees = b[1] + a[1]
    if error > 0:
        share = b[0] / (b[0] + a[0])
        degrees = 1 / (share**2 / b[1] + (1 - share) ** 2 / a[1])
    half = float(stdtrit(degrees, (1 + CONFIDENCE) / 2)) * error
    difference = mean_a - mean_b
    return Shift(mean_b, mean_a, difference - half, difference + half, n)


def _trimmed(values: Sequence[float]) -> tuple[float, float, float]:
    """(trimmed mean, its variance, degrees of freedom), one value left out on each end."""
    ordered = sorted(values)
    n, cut = len(ordered), int(len(ordered) >= 5)
    kept = n - 2 * cut
    mean = math.fsum(ordered[cut : n - cut]) / kept
    low, high = ordered[cut], ordered[-1 - cut]
    pulled = [min(max(v, low), high) for v in values]
    _, squares = moments(pulled)
    return mean, squares / (kept * (kept - 1)) * inflation(pulled), kept - 1
