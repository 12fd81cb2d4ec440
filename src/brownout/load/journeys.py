"""What users do: weighted journeys, drawn from the seed. Pure.

A page is fetched as a browser does it: the document, on a first visit the assets that it names
(they are cached for ever), then what its code asks the API for.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WEIGHTS = {"browser": 0.4, "searcher": 0.25, "buyer": 0.1, "client": 0.25}
THINK = 0.8
"""Mean seconds between two pages; short, so that a journey fits into a short drill."""

WORDS = (
    "harbour garden letter orchard bridge mirror station river lantern archive winter compass "
    "island clock forest kitchen border machine atlas promise window desert library signal"
).split()
SORTS = ("popular", "newest", "rating", "price")
PAGE, ASSET = "GET /", "GET /assets/{file}"
NEWCOMERS = 0.35
"""The share of visits by browsers that the shop has not seen."""


@dataclass(frozen=True, slots=True)
class World:
    """What there is: customers' visitor cookies, book ids (most popular first), genres, assets."""

    visitors: Sequence[str]
    books: Sequence[int]
    genres: Sequence[str]
    assets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One request: how long after the visit began it is wanted, and its parts."""

    after: float
    trace_id: str
    route: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Visit:
    """One journey of one visitor. Steps at the same moment are made together, after the page."""

    journey: str
    visitor: str
    steps: list[Step] = field(default_factory=list)
    _at: float = 0.0

    def ask(
        self, rng: random.Random, route: str, path: str, body: Mapping[str, Any] | None = None
    ) -> None:
        trace_id = f"{rng.getrandbits(128):032x}"
        method = route.split(" ", 1)[0]
        self.steps.append(Step(self._at, trace_id, route, method, path, body))

    def think(self, rng: random.Random) -> None:
        self._at = round(self._at + min(rng.expovariate(1 / THINK), 4 * THINK), 4)


def visit(seed: int, number: int, world: World, weights: Mapping[str, float]) -> Visit:
    """The visit with this number: always the same for the same seed and world."""
    rng = random.Random(f"journeys/{seed}/{number}")
    journey = rng.choices(list(weights), list(weights.values()))[0]
    newcomer = rng.random() < NEWCOMERS
    visitor = f"{rng.getrandbits(128):032x}" if newcomer else rng.choice(world.visitors)
    made = Visit(journey, visitor)
    JOURNEYS[journey](made, rng, world, newcomer)
    return made


def book(rng: random.Random, world: World) -> int:
    """A book, by a power law of its rank (log-uniform)."""
    rank = int(len(world.books) ** rng.random()) - 1
    return world.books[rank]


def enter(made: Visit, rng: random.Random, world: World, newcomer: bool) -> None:
    """Home, with the assets when this browser has none yet."""
    made.ask(rng, PAGE, "/")
    if newcomer:
        for path in world.assets:
            made.ask(rng, ASSET, path)
    made.ask(rng, "GET /api/home/", "/api/home/")


def read(made: Visit, rng: random.Random, world: World) -> int:
    """Open a book's page; only its data are fetched, the code is there already."""
    chosen = book(rng, world)
    made.think(rng)
    made.ask(rng, "GET /api/books/{id}/", f"/api/books/{chosen}/")
    return chosen


def browser(made: Visit, rng: random.Random, world: World, newcomer: bool) -> None:
    enter(made, rng, world, newcomer)
    made.think(rng)
    made.ask(rng, "GET /api/genres/", "/api/genres/")
    genre, sort = rng.choice(world.genres), rng.choice(SORTS)
    made.ask(rng, "GET /api/books/", f"/api/books/?genre={genre}&sort={sort}")
    for _ in range(rng.randint(1, 2)):
        chosen = read(made, rng, world)
    if rng.random() < 0.3:
        made.think(rng)
        made.ask(rng, "GET /api/books/{id}/reviews/", f"/api/books/{chosen}/reviews/")


def searcher(made: Visit, rng: random.Random, world: World, newcomer: bool) -> None:
    enter(made, rng, world, newcomer)
    for _ in range(rng.randint(1, 2)):
        made.think(rng)
        words = "+".join(rng.sample(WORDS, rng.randint(1, 2)))
        made.ask(rng, "GET /api/search/", f"/api/search/?q={words}")
    read(made, rng, world)


def buyer(made: Visit, rng: random.Random, world: World, newcomer: bool) -> None:
    enter(made, rng, world, newcomer)
    read(made, rng, world)
    made.think(rng)
    # Any book, not a popular one: a long drill shall not empty the shelf of the bestsellers.
    wanted = {"book": rng.choice(world.books), "quantity": 1}
    made.ask(rng, "POST /api/cart/items/", "/api/cart/items/", wanted)
    made.think(rng)
    made.ask(rng, "GET /api/cart/", "/api/cart/")
    made.think(rng)
    address = {"name": "A. Visitor", "email": "visitor@example.com", "city": "Brenn"}
    made.ask(rng, "POST /api/checkout/", "/api/checkout/", address)


def client(made: Visit, rng: random.Random, world: World, newcomer: bool) -> None:
    """A program that reads the API and does not wait."""
    sort = rng.choice(SORTS)
    made.ask(rng, "GET /api/books/", f"/api/books/?sort={sort}")
    for _ in range(2):
        read(made, rng, world)


JOURNEYS = {"browser": browser, "searcher": searcher, "buyer": buyer, "client": client}
