"""The compiled part of the change points: splitting a sequence into levels, exactly.

Functional pruning (Maidstone, Hocking, Rigaill & Fearnhead, "On optimal multiple changepoint
algorithms for large data", 2017): for each level that a segment may have, remember the one last
change that is cheapest. A candidate that has lost at a level has lost there for good, for both pay
the same from then on; so each candidate keeps an interval of levels, and few candidates live.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import numpy as np

from brownout.stats.compiled import Floats, Indices, compiled

TREND = 1 / 3
"""A straight line replaces two levels when it leaves less than this share of their squares."""

NARROWEST = 1 / 256
"""Intervals narrower than this share of all levels go to their neighbours, so that a ramp (each
point its own level) costs no more than 256 candidates a point."""


@compiled
def challenge(
    pieces: Floats, k: int, rivals: Floats, sums: Floats, costs: Floats, s: int, narrowest: float
) -> int:
    """Let the candidate ``s`` take every level at which it is cheaper; returns the pieces left.

    A piece is (low, high, last change). The difference of two candidates is a parabola in the
    level, so an older candidate keeps the interval between its roots.
    """
    j = 0
    for i in range(k):
        low, high, old = pieces[i, 0], pieces[i, 1], int(pieces[i, 2])
        a, b, c = s - old, sums[s] - sums[old], costs[old] - costs[s]
        root = b * b - a * c
        left, right = high, low
        if root > 0:
            root = np.sqrt(root)
            left, right = max(low, (b - root) / a), min(high, (b + root) / a)
        if right - left < narrowest:
            left, right = high, low
        for part in range(3):
            if right <= left:
                if part > 0:
                    break
                start, end, owner = low, high, s
            elif part == 1:
                start, end, owner = left, right, old
            elif part == 0:
                start, end, owner = low, left, s
            else:
                start, end, owner = right, high, s
            if end <= start:
                continue
            if j > 0 and int(rivals[j - 1, 2]) == owner:
                rivals[j - 1, 1] = end
            else:
                rivals[j, 0], rivals[j, 1], rivals[j, 2] = start, end, owner
                j += 1
    return j


@compiled
def split(z: Floats, penalty: float, shortest: int) -> Indices:
    """The starts of the segments but the first, with the least squares + penalty for each.

    z: n levels; penalty: what a further change must save, in squares; shortest: points that each
    segment has at least (1 or more).
    """
    n = len(z)
    sums = np.zeros(n + 1)
    for i in range(n):
        sums[i + 1] = sums[i] + z[i]
    costs, last = np.zeros(n + 1), np.zeros(n + 1, np.int64)
    low, high = z.min(), z.max()
    narrowest = (high - low) * NARROWEST
    room = 32
    pieces, rivals = np.empty((room, 3)), np.empty((room, 3))
    pieces[0, 0], pieces[0, 1], pieces[0, 2] = low, high, 0
    k = 1
    for t in range(shortest, n + 1):
        if t >= 2 * shortest:
            if 2 * k + 1 > room:
                room *= 2
                grown = np.empty((room, 3))
                grown[:k] = pieces[:k]
                pieces, rivals = grown, np.empty((room, 3))
            k = challenge(pieces, k, rivals, sums, costs, t - shortest, narrowest)
            pieces, rivals = rivals, pieces
        best = np.inf
        for i in range(k):
            old = int(pieces[i, 2])
            total, width = sums[t] - sums[old], t - old
            level = min(max(total / width, pieces[i, 0]), pieces[i, 1])
            cost = costs[old] + level * (width * level - 2 * total)
            if cost < best:
                best, last[t] = cost, old
        costs[t] = best + penalty
    starts = np.empty(n // shortest + 1, np.int64)
    found, t = 0, last[n]
    while t > 0:
        starts[found] = t
        found += 1
        t = last[t]
    return starts[:found][::-1].copy()


@compiled
def trending(z: Floats, a: int, c: int, b: int) -> bool:
    """Whether z[a:b] is far nearer to a straight line than to two levels that change at c."""
    n, k = b - a, c - a
    mean = z[a:b].mean()
    squares, part, slope = 0.0, 0.0, 0.0
    for i in range(n):
        d = z[a + i] - mean
        squares += d * d
        slope += d * (i - (n - 1) / 2)
        part += d if i < k else 0.0
    step = part * part * n / (k * (n - k))
    line = slope * slope * 12 / (n * (n * n - 1.0))
    return squares - line < TREND * (squares - step)


@compiled
def without_trends(z: Floats, starts: Indices) -> Indices:
    """The changes that are no stairs of a trend, found by dropping one after the other."""
    kept = starts.copy()
    k, i = len(kept), 0
    while i < k:
        a = kept[i - 1] if i > 0 else 0
        b = kept[i + 1] if i + 1 < k else len(z)
        if trending(z, a, kept[i], b):
            kept[i : k - 1] = kept[i + 1 : k].copy()
            k -= 1
            i = max(i - 1, 0)
        else:
            i += 1
    return kept[:k]
