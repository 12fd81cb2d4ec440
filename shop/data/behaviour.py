"""What customers and carriers do: generated, deterministic, with structure that a model can learn.

Delivery features (the keys that the shop sends to the AI service, in this order):
  distance_km  warehouse to the visitor's city
  weight_g     weight of the parcel in grams
  hour         hour of the day of the order, 0-23 (UTC)
  weekday      0 Monday ... 6 Sunday
  stock        copies in the warehouse (none: it must be ordered first)
  express      0 or 1
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

FEATURES = ("distance_km", "weight_g", "hour", "weekday", "stock", "express")

DAYS = 540
"""Days of history that are generated."""

FAVOURITES = (0.5, 0.3, 0.2)
"""How a customer's attention is shared among three favourite corners."""

DRAWS = 56
"""How often each customer takes a closer look; a book that they know already does not count."""

BLOCK = 5_000
"""Customers at a time: what is in memory must not grow with the shop."""


class Shelves:
    """Draws books as visitors come upon them: the more appealing, the oftener."""

    def __init__(self, corner: np.ndarray, appeal: np.ndarray) -> None:
        """``corner`` and ``appeal`` of each book (index: id - 1)."""
        self._order = np.argsort(corner, kind="stable")
        self._bounds = np.searchsorted(corner[self._order], np.arange(corner.max() + 2))
        self._below = np.concatenate([[0.0], np.cumsum(appeal[self._order])])

    def inside(self, rng: np.random.Generator, corners: np.ndarray) -> np.ndarray:
        """A book of each of the corners (index: id - 1)."""
        low, high = self._below[self._bounds[corners]], self._below[self._bounds[corners + 1]]
        return self._at(low + rng.random(len(corners)) * (high - low))

    def anywhere(self, rng: np.random.Generator, n: int) -> np.ndarray:
        return self._at(rng.random(n) * self._below[-1])

    def _at(self, weight: np.ndarray) -> np.ndarray:
        place = np.searchsorted(self._below, weight, side="right") - 1
        return self._order[place.clip(0, len(self._order) - 1)]


class Readers:
    """Draws who wrote about a book: half of them like its corner, where so many do."""

    def __init__(self, liked: np.ndarray, corner: np.ndarray) -> None:
        """``liked``: each customer's favourite corners; ``corner`` of each book."""
        self._customers, choices = liked.shape
        self._corner = corner
        order = np.argsort(liked, axis=None, kind="stable")
        self._fans = order // choices
        corners = np.arange(max(liked.max(), corner.max()) + 2)
        self._bounds = np.searchsorted(liked.ravel()[order], corners)

    def __len__(self) -> int:
        return self._customers

    def pairs(
        self, rng: np.random.Generator, books: np.ndarray, wanted: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(book, customer), indexes from 0, each pair once: about ``wanted`` of each book."""
        book = np.repeat(books, wanted)
        n, corner = len(book), self._corner[book]
        low, fans = self._bounds[corner], np.diff(self._bounds)[corner]
        chance = 0.5 * np.minimum(1, fans / np.repeat(np.maximum(wanted, 1), wanted))
        place = low + (rng.random(n) * fans).astype(int)
        fan = self._fans[place.clip(max=len(self._fans) - 1)]
        anybody = rng.integers(0, self._customers, n)
        customer = np.where(rng.random(n) < chance, fan, anybody)
        pairs = np.unique(book * self._customers + customer)
        return pairs // self._customers, pairs % self._customers


def favourites(rng: np.random.Generator, customers: int, corners: int) -> np.ndarray:
    """Each customer's favourite corners, the dearest first."""
    return rng.integers(0, corners, (customers, len(FAVOURITES)))


def interactions(
    rng: np.random.Generator, shelves: Shelves, liked: np.ndarray, books: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who looked closely at what, and when: (customer, book, day), ids from 1, days from 0.

    Sorted by customer and book. Nobody is counted twice for the same book.
    """
    blocks = []
    for start in range(0, len(liked), BLOCK):
        who = np.repeat(np.arange(start, min(start + BLOCK, len(liked))), DRAWS)
        n = len(who)
        corner = liked[who, rng.choice(len(FAVOURITES), n, p=FAVOURITES)]
        inside, anywhere = shelves.inside(rng, corner), shelves.anywhere(rng, n)
        book = np.where(rng.random(n) < 0.85, inside, anywhere)
        pairs = np.unique(who * books + book)
        day = rng.integers(0, DAYS, len(pairs))
        blocks.append(np.stack([pairs // books + 1, pairs % books + 1, day]).astype(np.int32))
    customer, book, day = np.concatenate(blocks, axis=1)
    return customer, book, day


def parcels(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Features of past deliveries (see the module's docstring)."""
    return {
        "distance_km": rng.gamma(2.0, 180.0, n).round(1),
        "weight_g": rng.lognormal(6.2, 0.5, n).round(0),
        "hour": rng.integers(0, 24, n).astype(float),
        "weekday": rng.integers(0, 7, n).astype(float),
        "stock": rng.poisson(8, n).astype(float),
        "express": (rng.random(n) < 0.2).astype(float),
    }


def hours(rng: np.random.Generator, parcel: Mapping[str, np.ndarray]) -> np.ndarray:
    """The hours that each delivery took, of which 2.5 (standard deviation) nobody can foresee."""
    f = parcel
    took = 14 + f["distance_km"] / 22 + 4 * np.sqrt(f["weight_g"] / 500)
    took += np.where(f["hour"] >= 15, 12 + (24 - f["hour"]) * 0.4, 0)  # missed the van
    took += np.where(f["weekday"] >= 5, 22, 0) + np.where(f["weekday"] == 4, 6, 0)
    took += np.where(f["stock"] <= 2, 30 - 6 * f["stock"], 0)
    took *= np.where(f["express"] == 1, 0.55, 1.0)
    return (took + rng.normal(0, 2.5, len(took))).clip(3).round(2)
