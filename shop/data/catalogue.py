"""Genres, authors and books: a book's corner decides what its title and description are about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import tables, texts, words
from data.accounts import people
from data.tables import DATES, ids, quoted
from data.themes import CORNERS, GENRES, THEMES

NOUNS = np.array([theme.nouns for theme in THEMES], dtype=object)
ADJECTIVES = np.array([theme.adjectives for theme in THEMES], dtype=object)
"""By theme and place in it; elsewhere a word is its place in the flattened array."""

EXPLAINING = [list(GENRES).index(genre) for genre in words.EXPLAINING]

BLOCK = 20_000
"""Books at a time: what is in memory must not grow with the shop."""

ON_THEME = 0.85
"""How often a word of a text is of the theme of the book's corner."""


@dataclass(frozen=True)
class Books:
    """What is known of all books, each array by id - 1."""

    corner: np.ndarray
    """genre * CORNERS + shelf."""
    theme: np.ndarray
    nouns: np.ndarray
    """Two words of the title, books x 2, places in NOUNS."""
    adjectives: np.ndarray
    """The same of ADJECTIVES."""
    appeal: np.ndarray
    """How much it attracts: a power law inside each corner, in no order of ids."""
    price: np.ndarray
    """Cents."""
    weight: np.ndarray
    """Grams."""
    stock: np.ndarray
    published: np.ndarray
    """Days before TODAY."""

    def __len__(self) -> int:
        return len(self.corner)


def draw(rng: np.random.Generator, n: int) -> Books:
    """All that is decided of n books before anybody has read them."""
    corner = rng.integers(0, len(GENRES) * CORNERS, n)
    choices = [rng.choice(len(THEMES), CORNERS, replace=False) for _ in GENRES]
    theme = np.concatenate(choices)[corner]
    order = np.lexsort((rng.random(n), corner))
    rank = np.empty(n)
    rank[order] = np.arange(n) - np.searchsorted(corner[order], corner[order])
    return Books(
        corner=corner,
        theme=theme,
        nouns=_of_theme(rng, theme, NOUNS),
        adjectives=_of_theme(rng, theme, ADJECTIVES),
        appeal=(rank + 1) ** -0.9,
        price=(rng.gamma(4.0, 420.0, n) + 499).astype(int),
        weight=rng.lognormal(6.2, 0.4, n).astype(int),
        stock=rng.poisson(60, n) + 5,
        published=rng.integers(30, 9_000, n),
    )


def _of_theme(rng: np.random.Generator, theme: np.ndarray, vocabulary: np.ndarray) -> np.ndarray:
    """Two different words a book, the most of its theme: places in the flattened vocabulary."""
    n, (themes, size) = len(theme), vocabulary.shape
    stray = rng.random((n, 2)) > ON_THEME
    of = np.where(stray, rng.integers(0, themes, (n, 2)), theme[:, None])
    first = rng.integers(0, size, n)
    second = (first + rng.integers(1, size, n)) % size
    return of * size + np.stack([first, second], axis=1)


def write_books(
    folder: Path, rng: np.random.Generator, books: Books, sold: np.ndarray, rated: np.ndarray
) -> None:
    """``sold`` copies and ``rated`` (mean rating, number of reviews), by id - 1."""
    seen: dict[str, int] = {}
    with tables.table(folder, "catalog_book") as write:
        for start in range(0, len(books), BLOCK):
            part = np.arange(start, min(start + BLOCK, len(books)))
            nouns, adjectives = books.nouns[part], books.adjectives[part]
            told = texts.fillings(rng, NOUNS.ravel()[nouns], ADJECTIVES.ravel()[adjectives])
            genre = books.corner[part] // CORNERS
            titles = texts.titles(rng, told, np.isin(genre, EXPLAINING), seen)
            ratings, counts = rated[:, part]
            write(
                part + 1,
                [quoted(title) for title in titles],
                [quoted(text) for text in texts.descriptions(rng, told)],
                genre + 1,
                books.price[part],
                DATES[books.published[part]],
                books.weight[part],
                books.stock[part],
                sold[part],
                [f"{rating:.2f}" for rating in ratings],
                counts.astype(int),
            )


def write_genres(folder: Path) -> None:
    with tables.table(folder, "catalog_genre") as write:
        write(ids(1, len(GENRES)), [name.lower() for name in GENRES], list(GENRES))


def write_authors(folder: Path, rng: np.random.Generator, authors: int, books: int) -> None:
    """Authors, and who wrote what: every fifth book has two."""
    with tables.table(folder, "catalog_author") as write:
        write(ids(1, authors), people(rng, authors))
    first = rng.integers(0, authors, books)
    second = (first + rng.integers(1, authors, books)) % authors
    both = np.arange(books) % 5 == 4
    book = np.repeat(ids(1, books), 1 + both)
    follows = np.append(False, book[1:] == book[:-1])
    author = np.where(follows, second[book - 1], first[book - 1]) + 1
    with tables.table(folder, "catalog_book_authors") as write:
        write(ids(1, len(book)), book, author)
