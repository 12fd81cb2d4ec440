"""Journeys: what kinds of users there are, one file each, found by folder. Pure.

Each module has ``WEIGHT``, its share of the visits; ``NEEDS``, the name of what the shop must be
able to do for it (a flag of ``World``), or ""; and ``play(visit)``, which draws the steps.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from functools import cache
from typing import Any, Protocol

from brownout.load.visits import Visit, World

__all__ = ["Journey", "Visit", "World", "discover", "visit"]


class Journey(Protocol):
    WEIGHT: float
    NEEDS: str

    def play(self, visit: Visit) -> None: ...


@cache
def discover() -> dict[str, Journey]:
    """Name -> journey, for every module in this folder."""
    found: dict[str, Journey] = {}
    for module in pkgutil.iter_modules(__path__):
        journey: Any = importlib.import_module(f"{__name__}.{module.name}")
        found[module.name] = journey
    return found


def playable(world: World) -> dict[str, Journey]:
    """The journeys that this shop has all the pages for."""
    return {n: j for n, j in discover().items() if not j.NEEDS or getattr(world, j.NEEDS)}


def visit(seed: int, number: int, world: World) -> Visit:
    """The visit with this number: always the same for the same seed and world."""
    rng = random.Random(f"journeys/{seed}/{number}")
    journeys = playable(world)
    name = rng.choices(list(journeys), [j.WEIGHT for j in journeys.values()])[0]
    made = Visit(name, world, rng)
    made.arrive()
    journeys[name].play(made)
    return made
