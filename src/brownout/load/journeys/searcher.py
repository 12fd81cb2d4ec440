"""Knows what it is about: home, a search or two, a book."""

from __future__ import annotations

from brownout.load.visits import Visit

WEIGHT = 0.24
NEEDS = ""

WORDS = (
    "harbour garden letter orchard bridge mirror station river lantern archive winter compass "
    "island clock forest kitchen border machine atlas promise window desert library signal"
).split()


def play(visit: Visit) -> None:
    visit.resume()
    visit.home()
    for _ in range(visit.rng.randint(1, 2)):
        visit.think()
        words = "+".join(visit.rng.sample(WORDS, visit.rng.randint(1, 2)))
        visit.open("Search")
        visit.ask("GET /api/search/", f"/api/search/?q={words}")
        visit.see()
    visit.read()
