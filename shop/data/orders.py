"""Orders of what customers had looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import behaviour, tables, words
from data.accounts import CITIES, Customers
from data.behaviour import DAYS
from data.catalogue import Books
from data.tables import DAY, TODAY, ids, stamps

BLOCK = 50_000
"""Orders at a time: what is in memory must not grow with the shop."""

DISTANCES = np.array(list(words.CITIES.values()))


@dataclass(frozen=True)
class Orders:
    """One or two books each, oldest first; customers and books are indexes from 0."""

    customer: np.ndarray
    book: np.ndarray
    """Orders x 2; -1 where there is no second book."""
    quantity: np.ndarray
    ago: np.ndarray
    """Seconds before TODAY."""


def draw(
    rng: np.random.Generator, looks: tuple[np.ndarray, np.ndarray, np.ndarray], n: int
) -> Orders:
    """Orders of n of the ``looks`` (customer, book, day), each with the same customer's next."""
    customer, book, day = looks
    first = np.sort(rng.choice(len(book) - 1, n, replace=False))
    second = np.where(customer[first + 1] == customer[first], book[first + 1] - 1, -1)
    ago = (DAYS - day[first]) * DAY - rng.integers(0, DAY, n)
    order = np.argsort(-ago, kind="stable")
    return Orders(
        customer=customer[first][order] - 1,
        book=np.stack([book[first] - 1, second], axis=1)[order],
        quantity=rng.choice([1, 1, 1, 2], (n, 2)),
        ago=ago[order],
    )


def write(
    folder: Path, rng: np.random.Generator, orders: Orders, books: Books, customers: Customers
) -> np.ndarray:
    """Write orders and lines; copies sold per book (index: id - 1)."""
    there = orders.book >= 0
    prices = np.where(there, books.price[orders.book], 0)
    totals = (orders.quantity * prices).sum(axis=1)
    with tables.table(folder, "orders_order") as rows:
        for start in range(0, len(totals), BLOCK):
            part = slice(start, start + BLOCK)
            _write_orders(rows, rng, _part(orders, part), totals[part], books, customers, start)
    row, column = np.nonzero(there)
    book, quantity = orders.book[row, column], orders.quantity[row, column]
    with tables.table(folder, "orders_orderline") as rows:
        for start in range(0, len(row), BLOCK):
            part = slice(start, start + BLOCK)
            number = ids(start + 1, len(row[part]))
            rows(number, row[part] + 1, book[part] + 1, quantity[part], books.price[book[part]])
    return np.bincount(book, weights=quantity, minlength=len(books)).astype(int)


def _part(orders: Orders, part: slice) -> Orders:
    return Orders(orders.customer[part], orders.book[part], orders.quantity[part], orders.ago[part])


def _write_orders(
    rows: Callable[..., None],
    rng: np.random.Generator,
    orders: Orders,
    totals: np.ndarray,
    books: Books,
    customers: Customers,
    start: int,
) -> None:
    """Each was confirmed within two minutes."""
    who, n = orders.customer, len(orders.customer)
    hours = [f"{h:.1f}" for h in behaviour.hours(rng, _parcels(orders, books, customers))]
    confirmed = np.maximum(orders.ago - rng.integers(1, 120, n), 0)
    rows(
        ids(start + 1, n), customers.visitors[who], who + 1, customers.names[who],
        customers.emails[who], CITIES[customers.city[who]], totals, hours, stamps(orders.ago),
        stamps(confirmed),
    )  # fmt: skip


def _parcels(orders: Orders, books: Books, customers: Customers) -> dict[str, np.ndarray]:
    """Features of the orders' deliveries (see behaviour)."""
    there, days = orders.book >= 0, -(-orders.ago // DAY)
    weights = np.where(there, books.weight[orders.book], 0) * orders.quantity
    stocks = np.where(there, books.stock[orders.book], books.stock.max())
    return {
        "distance_km": DISTANCES[customers.city[orders.customer]],
        "weight_g": weights.sum(axis=1),
        "hour": (days * DAY - orders.ago) // 3600,
        "weekday": (TODAY.weekday() - days) % 7,
        "stock": stocks.min(axis=1),
        "express": np.zeros(len(days)),
    }
