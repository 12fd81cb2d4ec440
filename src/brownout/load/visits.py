"""Visits: what one user does from arrival to leaving, drawn from the seed. Pure.

A page is fetched as a browser does it: the document; on a first visit the assets that it names,
each page's own code when it is first opened, and images as they come into view (all are cached for
ever); and what its code asks the API for.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

THINK = 0.8
"""Mean seconds between two pages; short, so that a journey fits into a short drill."""

NEWCOMERS = 0.35
"""The share of visits by browsers that the shop has not seen."""

LOGGED_IN = 0.3
"""Of the visits by browsers that it has seen: those whose session is still open."""

PASSWORD = "quayside"
"""Of every customer in the shop's made-up data."""

ASSET, LOGIN = "GET /assets/{file}", "POST /api/session/"
ASK = "POST /api/books/{id}/ask/"
PAGES = ("GET /", "GET /books/{id}")
"""Routes that answer with the document."""

IN_VIEW = 12
"""Images of a list that are seen without scrolling; the others are not fetched before."""


@dataclass(frozen=True, slots=True)
class World:
    """What there is: customers' visitor cookies and e-mail addresses (in the same order), book ids
    (most popular first), genres; the assets that its document names, those that each page of the
    front end needs beside them ("Book": files), and images; open sessions (cookies); and what this
    shop can do.
    """

    visitors: Sequence[str]
    books: Sequence[int]
    genres: Sequence[str]
    assets: Sequence[str] = ()
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    images: Sequence[str] = ()
    emails: Sequence[str] = ()
    sessions: Sequence[str] = ()
    accounts: bool = False
    assistant: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One request: how long after the visit began it is wanted, and its parts.

    Steps of the same ``wave`` are made together, once those of the wave before have been answered.
    """

    after: float
    wave: int
    trace_id: str
    route: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Visit:
    """One journey of one visitor; a journey's ``play`` fills in the steps."""

    journey: str
    world: World = field(repr=False)
    rng: random.Random = field(repr=False, compare=False)
    newcomer: bool = False
    customer: int = 0
    cookies: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    _at: float = 0.0
    _wave: int = 0
    _held: set[str] = field(default_factory=set)

    def arrive(self) -> None:
        """Draw who this is: a newcomer, or a customer, perhaps with an open session."""
        self.newcomer = self.rng.random() < NEWCOMERS
        self.customer = self.rng.randrange(len(self.world.visitors))
        known = self.world.visitors[self.customer]
        self.cookies = {"visitor": f"{self.rng.getrandbits(128):032x}" if self.newcomer else known}

    def resume(self) -> None:
        """Perhaps use a session that is still open. Not for who changes something: customers with
        open sessions are few, and two of their visits at once would share a cart.
        """
        if not self.newcomer and self.world.sessions and self.rng.random() < LOGGED_IN:
            self.cookies["sessionid"] = self.rng.choice(self.world.sessions)

    def ask(self, route: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Make a request, together with those asked for since the last ``then`` or ``think``."""
        trace_id = f"{self.rng.getrandbits(128):032x}"
        method = route.split(" ", 1)[0]
        self.steps.append(Step(self._at, self._wave, trace_id, route, method, path, body))

    def then(self) -> None:
        """What follows is wanted when all before has been answered."""
        self._wave += 1

    def think(self) -> None:
        """The user looks at the page for a while."""
        pause = min(self.rng.expovariate(1 / THINK), 4 * THINK)
        self._at = round(self._at + pause, 4)
        self.then()

    def waves(self) -> Iterable[list[Step]]:
        """The steps by wave."""
        return (list(steps) for _, steps in groupby(self.steps, lambda step: step.wave))

    # What several journeys have in common

    def enter(self, route: str = "GET /", path: str = "/") -> None:
        """A page's document, and the assets when this browser has none yet."""
        self.ask(route, path)
        self.then()
        if self.newcomer:
            self._fetch(self.world.assets)
            self.then()
        if self.world.accounts:
            self.ask("GET /api/session/", "/api/session/")

    def open(self, page: str) -> None:
        """Fetch a page's own code on a first visit; ask for its data next, they come together."""
        if self.newcomer:
            self._fetch(self.world.parts.get(page, ()))

    def see(self, count: int = IN_VIEW) -> None:
        """Fetch the images in view on a first visit, once the data that name them are there."""
        if self.newcomer and self.world.images:
            self.then()
            self._fetch(self.rng.sample(self.world.images, min(count, len(self.world.images))))

    def _fetch(self, assets: Iterable[str]) -> None:
        """Those that this browser has not got yet."""
        for asset in assets:
            if asset not in self._held:
                self._held.add(asset)
                self.ask(ASSET, asset)

    def home(self) -> None:
        """The first page."""
        self.enter()
        self.ask("GET /api/home/", "/api/home/")
        self.see()

    def book(self) -> int:
        """A book, by a power law of its rank (log-uniform)."""
        rank = int(len(self.world.books) ** self.rng.random()) - 1
        return self.world.books[rank]

    def read(self) -> int:
        """Go to a book's page; no document is fetched any more."""
        chosen = self.book()
        self.think()
        self.open("Book")
        self.ask("GET /api/books/{id}/", f"/api/books/{chosen}/")
        self.see(1)
        return chosen

    def reviews(self, book: int) -> None:
        self.think()
        self.ask("GET /api/books/{id}/reviews/", f"/api/books/{book}/reviews/")
