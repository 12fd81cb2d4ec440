"""Did a series change at all? One p-value a series, for many series at once.

Two looks: the largest standardised CUSUM over all ways to cut the series in two, and over all stays
on another level, which end again (``edges``). They have the same share of the false alarms: what is
called must not depend on whether it was mended. Scores in place of values (ranks, normal scores)
make outliers harmless and the law of the statistic free of the values' own (Pettitt 1979). The
tails of the maxima are those of a standardised Brownian bridge (Miller & Siegmund 1982) and of its
increments (Siegmund 1988; so does circular binary segmentation, Olshen et al. 2004). Neighbouring
values of telemetry are alike, which makes sums vary more than their parts suggest: the variance is
the long-run one, estimated from differences of values up to ``edges.horizon`` apart on one level.
What stays alike over longer than that (a daily rhythm in a window of a few days) counts as a change
here.

Few points tell little of how alike they are, and scores nothing of how far away a level is. So each
look has a second statistic: the gap by which all values of one level are beyond all others. Where
the level changed, neighbours differ by that much at least. In stationary Gaussian noise and in a
Gaussian walk, two neighbours anywhere do so as seldom as the gap is wide beside the differences of
all others, however alike they are.
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
"""Points of a stay, and outside of it (as in ``edges``)."""

HIGHEST = 37.0
"""A normal variable's height beyond which its tail is no number any more."""

NODES = 64
"""Of an integral."""

SHARE, OF_GAPS = 0.45, 0.05
"""Of the false alarms: that of each look's scores and of each look's gap; in all 1. A gap needs
few: its evidence grows with its square, and the scores lose little."""


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
    n = values.shape[1]
    if n < FEWEST:
        raise ValueError(f"{n} points: at least {FEWEST} are wanted")
    if not np.isfinite(values).all():
        raise ValueError("values that are not finite")
    first, last, squares, variance, freedom, gaps = looks(values).transpose(2, 1, 0)
    p = np.ones(len(values))
    for i, tail in enumerate((tail_of_cuts, tail_of_stays)):
        least = in_any_order(last[i] - first[i], n, i + 1)
        heights = as_normal(squares[i], variance[i], freedom[i])
        heights[(variance[i] == 0) & np.isinf(gaps[i])] = HIGHEST
        scored = np.maximum(tail(heights, n), least) / SHARE
        clear = np.maximum(tail_of_gaps(gaps[i], n, i + 1), least) / OF_GAPS
        p = np.minimum(p, np.minimum(scored, clear))
    return Tested(p, last[0].astype(np.int64))


def looks(values: Floats) -> Floats:
    """What each series shows of a cut and of a stay, shape (series, 2, 6): ``edges.Look``.

    Ranks are for the cut. Normal scores, which grow outwards, are for the stay: ranks do not tell a
    few points that are the largest of all from a few that are large.
    """
    from scipy.special import ndtri

    from brownout.stats import edges, scores

    orders, n = np.argsort(values, axis=1), values.shape[1]
    ranks, found = np.empty(values.shape), np.empty((len(values), 2, 6))
    for i, order in enumerate(orders):
        ranks[i] = scores.ranks(values[i], order)
    table = ndtri(np.arange(1, 2 * n) / (2 * n))
    normal = table[np.rint((ranks / math.sqrt(12) + 0.5) * 2 * n).astype(np.int64) - 1]
    tied = ranks.var(axis=1) < 1 - 1 / n**2 - 1 / n**3
    for i, quarter in enumerate(values / 4):  # differences of finite values stay finite
        found[i, 0] = edges.cut(quarter, ranks[i], tied[i])
        found[i, 1] = edges.stay(quarter, normal[i], tied[i])
    return found


def as_normal(squares: Floats, variance: Floats, freedom: Floats) -> Floats:
    """The height that a normal variable has as seldom as Student's t (Wallace 1959) has this one;
    0 without variance."""
    ratio = np.divide(squares, variance, out=np.zeros(len(squares)), where=variance > 0)
    heights = np.sqrt(freedom * np.log1p(ratio / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    return np.minimum(heights, HIGHEST)


def tail_of_cuts(heights: Floats, n: int) -> Floats:
    """P(max |W(t)| >= height) of a standardised Brownian bridge, cut off at SHORTEST points.

    Miller & Siegmund 1982, "Maximally selected chi square statistics".
    """
    edge = SHORTEST / n
    span = 2 * math.log((1 - edge) / edge)
    b = np.maximum(heights, 1.0)
    density = np.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    found = np.minimum(density * ((b - 1 / b) * span + 4 / b), 1.0)
    return np.where(heights < 1, 1.0, found)


def tail_of_stays(heights: Floats, n: int) -> Floats:
    """P(max |W(t) - W(s)|, standardised, >= height) of the bridge at n points.

    Siegmund 1988, "Approximate tail probabilities for the maxima of some random fields", with
    exp(-0.583 x) for his v(x). An integral over the shares of n that stays may have, which begins
    one point earlier than they do: of short series it would else be too small a sum of few.
    """
    u = (np.arange(NODES) + 0.5) / NODES * math.log(n / (SHORTEST - 1) - 1)
    spread = 1 / (2 + 2 * np.cosh(u))  # t (1 - t), u being the logit of the share t
    b = np.maximum(heights, 2.0)[:, None]
    integrand = np.exp(-b * b / 2 - 2 * 0.583 * b / np.sqrt(n * spread)) / spread
    found = b[:, 0] ** 3 / math.sqrt(8 * math.pi) * integrand.mean(axis=1) * (u[0] * 2 * NODES)
    return np.where(heights < 2, 1.0, np.minimum(found, 1.0))


def tail_of_gaps(gaps: Floats, n: int, ends: int) -> Floats:
    """At most the chance that neighbours differ by the gap at one place, or at two, of n.

    n times that of Student's t, with degrees of freedom that a mean square of n differences has of
    independent values, 2n/3; of a walk it has n.
    """
    from scipy.special import stdtr

    one = 2 * stdtr(2 * n / 3, -gaps)
    return np.where(gaps > 0, np.minimum(math.comb(n, ends) * one**ends, 1.0), 1.0)


def in_any_order(lengths: Floats, n: int, ends: int) -> Floats:
    """The chance that the values of a stay, or all others, are just the largest or the smallest
    where all orders are alike: no statistic of independent values says more.

    2 / C(n, length) from the beginning on; a stay may also begin at any of n places.
    """
    from scipy.special import gammaln

    ways = gammaln(n + 1) - gammaln(lengths + 1) - gammaln(n - lengths + 1)
    least: Floats = np.exp(-ways) * (2 if ends == 1 else 2 * n)
    return least
