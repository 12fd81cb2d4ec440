"""Looks around: home, a genre, a book or two, perhaps reviews."""

from __future__ import annotations

from brownout.load.visits import Visit

WEIGHT = 0.38
NEEDS = ""

SORTS = ("popular", "newest", "rating", "price")


def play(visit: Visit) -> None:
    visit.resume()
    visit.home()
    visit.think()
    visit.open("Books")
    visit.ask("GET /api/genres/", "/api/genres/")
    genre, sort = visit.rng.choice(visit.world.genres), visit.rng.choice(SORTS)
    visit.ask("GET /api/books/", f"/api/books/?genre={genre}&sort={sort}")
    visit.see()
    for _ in range(visit.rng.randint(1, 2)):
        chosen = visit.read()
    if visit.rng.random() < 0.3:
        visit.reviews(chosen)
