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

import numpy as np

FEATURES = ("distance_km", "weight_g", "hour", "weekday", "stock", "express")

DAYS = 540
"""Days of history that are generated."""


def interactions(
    rng: np.random.Generator, genre_of_book: np.ndarray, customers: int, draws: int = 56
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who looked closely at what, and when: (customer, book, day), ids from 1, days from 0.

    A customer has three favourite corners of the shop; inside each, books are popular by a power
    law. Nobody is counted twice for the same book, so there are somewhat fewer than ``draws`` each.
    """
    books = len(genre_of_book)
    genres = int(genre_of_book.max()) + 1
    shelf = rng.integers(0, 6, books)
    """The corner of its genre that a book belongs to: series, school, period."""
    groups = genre_of_book * 6 + shelf
    order = np.argsort(groups, kind="stable")
    bounds = np.searchsorted(groups[order], np.arange(genres * 6 + 1))
    rank = np.arange(books) - bounds[groups[order]]
    popularity = np.empty(books)
    popularity[order] = 1.0 / (rank + 1) ** 0.9
    weight = np.cumsum(popularity[order])
    total = np.cumsum(popularity)

    n = customers * draws
    customer = np.repeat(np.arange(customers), draws)
    favourites = rng.integers(0, genres * 6, (customers, 3))
    choice = favourites[customer, rng.choice(3, n, p=[0.5, 0.3, 0.2])]
    low = np.where(bounds[choice] > 0, weight[bounds[choice] - 1], 0.0)
    high = weight[np.maximum(bounds[choice + 1] - 1, 0)]
    inside = order[np.searchsorted(weight, low + rng.random(n) * (high - low)).clip(0, books - 1)]
    anywhere = np.searchsorted(total, rng.random(n) * total[-1]).clip(0, books - 1)
    book = np.where(rng.random(n) < 0.85, inside, anywhere)
    day = rng.integers(0, DAYS, n)
    _, first = np.unique(customer.astype(np.int64) * books + book, return_index=True)
    customer, book, day = customer[first], book[first], day[first]
    return (
        (customer + 1).astype(np.int32),
        (book + 1).astype(np.int32),
        day.astype(np.int32),
    )


def deliveries(rng: np.random.Generator, n: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Past deliveries: features (see the module's docstring) and the hours that each took."""
    features = {
        "distance_km": rng.gamma(2.0, 180.0, n).round(1),
        "weight_g": rng.lognormal(6.2, 0.5, n).round(0),
        "hour": rng.integers(0, 24, n).astype(float),
        "weekday": rng.integers(0, 7, n).astype(float),
        "stock": rng.poisson(8, n).astype(float),
        "express": (rng.random(n) < 0.2).astype(float),
    }
    f = features
    hours = 14 + f["distance_km"] / 22 + 4 * np.sqrt(f["weight_g"] / 500)
    hours += np.where(f["hour"] >= 15, 12 + (24 - f["hour"]) * 0.4, 0)  # missed the van
    hours += np.where(f["weekday"] >= 5, 22, 0) + np.where(f["weekday"] == 4, 6, 0)
    hours += np.where(f["stock"] <= 2, 30 - 6 * f["stock"], 0)
    hours *= np.where(f["express"] == 1, 0.55, 1.0)
    hours += rng.normal(0, 2.5, n)
    return features, hours.clip(3).round(2)
