"""A program that reads the API and does not wait: no pages, no assets, hardly a pause."""

from __future__ import annotations

from brownout.load.journeys.browser import SORTS
from brownout.load.visits import Visit

WEIGHT = 0.23
NEEDS = ""


def play(visit: Visit) -> None:
    sort = visit.rng.choice(SORTS)
    visit.ask("GET /api/books/", f"/api/books/?sort={sort}")
    for _ in range(2):
        visit.then()
        book = visit.book()
        visit.ask("GET /api/books/{id}/", f"/api/books/{book}/")
