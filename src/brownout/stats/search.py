"""The steps from a series to its changes: segments, a second look, exact places, sizes.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from brownout.stats import edges, levels, location, scores, segmentation, wandering
from brownout.stats.compiled import Floats, Indices

BY_CHANCE = 0.005
"""Windows full of outliers that a series of independent values may have by chance."""

SECOND = 0.5
"""What a cut must at least save to be looked at again, as a share of the penalty."""

ABRUPT = 10.0
"""Log n times this is what twice the log likelihood ratio of a step must be in the second look.

Large, because wandering telemetry of no incident reaches 3 to 9, its density being estimated twice.
"""

ENOUGH, MARGIN = 20, 5
"""Values that a segment, and either side of a cut, have at least in the second look."""


class Found(NamedTuple):
    """The start of a new level with its interval, the two levels, the error of their difference,
    and the evidence as a z-score."""

    start: int
    first: int
    last: int
    before: float
    after: float
    error: float
    evidence: float


def changes(values: Floats, order: Indices, strength: float, shortest: int) -> list[Found]:
    """The changes of n >= 8 finite values, not all equal; ``order`` sorts them."""
    z = scores.ranks(values, order)
    noise = wandering.long_run_variance(z)
    penalty = strength * max(noise, 1.0) * math.log(len(z))
    seen = z + scores.excess(values, order, BY_CHANCE)
    quarter = values / 4  # differences of finite values stay finite
    starts = segmentation.without_trends(z, segmentation.split(seen, penalty, shortest)).tolist()
    starts = second_look(quarter, z, seen, starts, penalty, noise, shortest)
    return [
        described(values, z, a, place, b, noise)
        for a, place, b in located(quarter, z, starts, shortest, noise)
    ]


def second_look(
    quarter: Floats,
    z: Floats,
    seen: Floats,
    starts: list[int],
    penalty: float,
    noise: float,
    shortest: int,
) -> list[int]:
    """The starts and those of weaker but abrupt changes inside the segments: of one, or of two that
    are a stay on another level, which alone each may save little."""
    margin = max(MARGIN, shortest)
    todo, more = list(pairwise([0, *starts, len(z)])), list(starts)
    while todo:
        a, b = todo.pop()
        if b - a < max(ENOUGH, 2 * margin):
            continue
        found = []
        cut, gain = location.likeliest_cut(seen[a:b], margin)
        if gain >= SECOND * penalty and not segmentation.trending(z, a, a + cut, b):
            place = location.locate(quarter[a:b], z[a:b], cut, shortest, noise)[0]
            if location.abruptness(quarter[a:b], place) >= ABRUPT * math.log(len(z)):
                found = [a + cut]
        found = found or abrupt_stay(quarter, seen, (a, b), 2 * SECOND * penalty, margin)
        more += found
        todo += pairwise([a, *found, b]) if found else []
    return sorted(more)


def abrupt_stay(
    quarter: Floats, seen: Floats, segment: tuple[int, int], least: float, margin: int
) -> list[int]:
    """Both ends of a stay that saves ``least`` and is entered and left abruptly; [] if none is."""
    a, b = segment
    x, z = quarter[a:b], seen[a:b]
    first, last, gain = edges.likeliest_stay(edges.sums_of(z), edges.weights_of(b - a))
    first, last = edges.clear_ends(x, first, last)
    if gain < least or min(first, last - first, b - a - last) < margin:
        return []
    enters, leaves = (x[:last], first), (x[first:], last - first)
    abrupt = min(location.abruptness(*enters), location.abruptness(*leaves))
    return [a + first, a + last] if abrupt >= ABRUPT * math.log(len(seen)) else []


Place = tuple[int, int, int]


def located(
    quarter: Floats, z: Floats, starts: list[int], shortest: int, noise: float
) -> list[tuple[int, Place, int]]:
    """Per change: the start of the level before, (index, first, last), the end of the one after."""
    places: list[Place] = []
    for i, start in enumerate(starts):
        a = places[-1][0] if places else 0
        b = starts[i + 1] if i + 1 < len(starts) else len(z)
        place = location.locate(quarter[a:b], z[a:b], start - a, shortest, noise)
        places.append((a + place[0], a + place[1], a + place[2]))
    edges = [0, *(p[0] for p in places), len(z)]
    return [(edges[i], place, edges[i + 2]) for i, place in enumerate(places)]


def described(values: Floats, z: Floats, a: int, place: Place, b: int, noise: float) -> Found:
    return Found(*place, *levels.compare(values[a:b], z[a:b], place[0] - a, noise))
