"""The click log: what visitors asked, and the book that they then opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data import tables
from data.behaviour import Shelves
from data.catalogue import ADJECTIVES, NOUNS, Books
from data.tables import strings
from data.themes import CORNERS, GENRES, THEMES

BLOCK = 50_000
"""Searches at a time: what is in memory must not grow with the shop."""

ASKED = np.array([theme.asked for theme in THEMES], dtype=object)
CALLED = np.array([[g.lower(), *also.split()] for g, also in GENRES.items()], dtype=object)
TITLE_WORDS = strings([w.lower() for w in [*NOUNS.ravel(), *ADJECTIVES.ravel()]])

CHANCES = np.array([0.8, 0.45, 0.25, 0.25])
"""How often a query holds: a word for the theme, for the genre, of the title, another one."""

ASTRAY = 0.15
"""How often the visitor opened something else in the end."""


def write(folder: Path, rng: np.random.Generator, books: Books, shelves: Shelves, n: int) -> None:
    """``searches.csv``: query, book id; without a header."""
    corners = int(books.corner.max()) + 1
    with (folder / "searches.csv").open("w", encoding="utf-8", newline="") as file:
        for start in range(0, n, BLOCK):
            size = min(BLOCK, n - start)
            wanted = shelves.inside(rng, rng.integers(0, corners, size))
            astray = rng.random(size) < ASTRAY
            opened = np.where(astray, shelves.anywhere(rng, size), wanted)
            file.write(tables.lines(",", queries(rng, books, wanted), opened + 1))


def queries(rng: np.random.Generator, books: Books, wanted: np.ndarray) -> list[str]:
    """One to four words by which somebody looks for each ``wanted`` book (index: id - 1)."""
    n = len(wanted)
    asked = ASKED[books.theme[wanted]]
    row, first = np.arange(n), rng.integers(0, asked.shape[1], n)
    again = (first + rng.integers(1, asked.shape[1], n)) % asked.shape[1]
    genre = CALLED[books.corner[wanted] // CORNERS, rng.integers(0, CALLED.shape[1], n)]
    choices = np.stack([asked[row, first], genre, _of_title(rng, books, wanted), asked[row, again]])
    said = rng.random((n, 4)) < CHANCES
    said[~said.any(axis=1), 0] = True
    slots = np.where(said, choices.T, "")
    slots = np.take_along_axis(slots, np.argsort(rng.random((n, 4)), axis=1), axis=1)
    return [" ".join(filter(None, words)) for words in slots.tolist()]


def _of_title(rng: np.random.Generator, books: Books, wanted: np.ndarray) -> np.ndarray:
    """A word of each title: a noun, or rarely an adjective."""
    noun, adjective = books.nouns[wanted, 0], NOUNS.size + books.adjectives[wanted, 0]
    return TITLE_WORDS[np.where(rng.random(len(wanted)) < 0.8, noun, adjective)]
