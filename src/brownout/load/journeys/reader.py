"""Comes to a book's page from elsewhere, reads its reviews, and asks the assistant about it."""

from __future__ import annotations

from brownout.load.visits import ASK, Visit

WEIGHT = 0.05
NEEDS = "assistant"

QUESTIONS = (
    "Is it a good present for somebody who reads little?",
    "What do readers say about the ending?",
    "Is the story slow to begin?",
    "Do people recommend it for a long journey?",
    "What did readers dislike?",
)


def play(visit: Visit) -> None:
    visit.resume()
    book = visit.book()
    visit.enter("GET /books/{id}", f"/books/{book}")
    visit.open("Book")
    visit.ask("GET /api/books/{id}/", f"/api/books/{book}/")
    visit.see(1)
    visit.reviews(book)
    visit.think()
    question = {"question": visit.rng.choice(QUESTIONS)}
    visit.ask(ASK, f"/api/books/{book}/ask/", question)
