"""The interval of a share: so many of so many."""

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
