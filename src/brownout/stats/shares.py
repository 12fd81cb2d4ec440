"""Shares: so many of so many; their interval, and whether one is too large for chance."""

from __future__ import annotations

import math


def share_interval(count: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """(low, high) of ``count`` out of ``n`` independent cases, 0..1; Wilson 1927.

    (0, 1) for no cases. It holds for few cases and for shares near 0 and 1, too.
    """
    if n == 0:
        return 0.0, 1.0
    share, weight = count / n, z * z / n
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n)) / (1 + weight)
    return max(centre - half, 0.0), min(centre + half, 1.0)


def at_least(count: int, n: int, share: float) -> float:
    """The probability of ``count`` or more of ``n`` independent cases, each of them with ``share``.

    Where it is below 1%, the exact lower 99% bound of the share is above ``share`` (Clopper and
    Pearson 1934).
    """
    fewer = (math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count))
    return max(1.0 - math.fsum(fewer), 0.0)
