"""When users arrive: a seeded Poisson process, second by second. Pure."""

from __future__ import annotations

import math
import random


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson number (Knuth 1969, 3.4.1); for means of some dozens at most."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def arrivals(seed: int, second: int, rate: float) -> list[float]:
    """The arrivals within one second of the play, as offsets in [0, 1), in order.

    Each second draws from its own generator: a change of the rate moves no other second.
    """
    rng = random.Random(f"arrivals/{seed}/{second}")
    return sorted(rng.random() for _ in range(poisson(rng, rate))) if rate > 0 else []
