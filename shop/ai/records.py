"""What the shop has recorded, as files of the generator: what there is to learn from.

Of each, a tenth is held out: no model is trained on it.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

HELD_OUT = 0.1


class Review(NamedTuple):
    id: int
    book: int
    rating: int
    text: str
    created: str

    @property
    def held_out(self) -> bool:
        return self.id % 10 == 3


class Click(NamedTuple):
    query: str
    book: int

    @property
    def held_out(self) -> bool:
        """All clicks of a query are held out together: its words in this order are unseen."""
        return zlib.crc32(self.query.encode()) % 10 == 3


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(newline="") as file:
        yield from csv.reader(file)


def reviews(data: Path, books: Container[int] | None = None) -> Iterator[Review]:
    """The reviews (of these books) by their ids; a stream: a large shop has millions."""
    for row in _rows(data / "reviews_review.csv"):
        if books is None or int(row[1]) in books:
            yield Review(int(row[0]), int(row[1]), int(row[3]), row[4], row[6])


def books(data: Path) -> Iterator[tuple[int, str]]:
    """(id, title and description) of all books."""
    for row in _rows(data / "catalog_book.csv"):
        yield int(row[0]), f"{row[1]}. {row[2]}"


def reviewed(data: Path) -> dict[int, int]:
    """How many reviews each book has."""
    return {int(row[0]): int(row[10]) for row in _rows(data / "catalog_book.csv")}


def sold(data: Path) -> dict[int, int]:
    """How many copies of each book were sold."""
    return {int(row[0]): int(row[8]) for row in _rows(data / "catalog_book.csv")}


def clicks(data: Path) -> Iterator[Click]:
    """Searches with the book that was opened from their results."""
    for query, book in _rows(data / "searches.csv"):
        yield Click(query, int(book))


def interactions(data: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(customer, book) to train on, and (customer, book) held out: the latest of each customer."""
    stored = np.load(data / "interactions.npz")
    customer, book, day = stored["customer"], stored["book"], stored["day"]
    order = np.lexsort((day, customer))
    customer, book = customer[order], book[order]
    last = np.searchsorted(customer, customer, side="right") - np.arange(len(customer))
    size = np.bincount(customer)[customer]
    held = last <= np.maximum(size * HELD_OUT, 1)
    return customer[~held], book[~held], customer[held], book[held]


def deliveries(
    data: Path, features: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features and hours to train on, and those held out."""
    stored = np.load(data / "deliveries.npz")
    rows = np.column_stack([stored[name] for name in features])
    held = int(len(rows) * HELD_OUT)
    return rows[held:], stored["hours"][held:], rows[:held], stored["hours"][:held]
