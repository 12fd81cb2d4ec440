"""When users arrive: a seeded Poisson process, second by second, and who plays whom. Pure."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from brownout.load import journeys
from brownout.load.visits import Visit, World

NS = 1_000_000_000

MOST = 100_000
"""Visits are numbered by second and place in it: so many fit into one second."""


@dataclass(frozen=True, slots=True)
class Second:
    """One second of the play: its number, when it begins (ns), and visits a second."""

    number: int
    start: int
    rate: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visit and when it begins (ns); ``place`` numbers the arrivals of a second."""

    place: int
    due: int
    visit: Visit


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson number (Knuth 1969, 3.4.1); large means are split, lest exp(-mean) vanish."""
    if mean > 500:
        return poisson(rng, mean / 2) + poisson(rng, mean / 2)
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def offsets(seed: int, second: int, rate: float) -> list[float]:
    """The arrivals within one second of the play, as offsets in [0, 1), in order.

    Each second draws from its own generator: a change of the rate moves no other second.
    """
    rng = random.Random(f"arrivals/{seed}/{second}")
    count = min(poisson(rng, rate), MOST) if rate > 0 else 0
    return sorted(rng.random() for _ in range(count))


def arrivals(
    seed: int, second: Second, world: World, player: int = 0, players: int = 1
) -> list[Arrival]:
    """Who arrives in a second, in order: always the same for the same seed, second and world.

    With several players, those arrivals that the one numbered ``player`` (from 0) plays.
    """
    return [
        Arrival(
            place,
            second.start + int(offset * NS),
            journeys.visit(seed, second.number * MOST + place, world),
        )
        for place, offset in enumerate(offsets(seed, second.number, second.rate))
        if plays(player, players, second, place)
    ]


def plays(player: int, players: int, second: Second, place: int) -> bool:
    """Whether this one of several players plays the arrival: each is played by exactly one.

    The turn moves with the second, so that few arrivals a second burden nobody more than others.
    """
    return (second.number + place) % players == player
