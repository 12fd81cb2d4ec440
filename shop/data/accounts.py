"""Customers, and the accounts with which they log in."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import tables, words
from data.tables import TODAY, ids, strings

NAMESPACE = uuid.UUID("6f0c2f52-7e5b-4a8e-9d55-3a1b5a4be001")
PASSWORD, SALT = "quayside", "demonstration"
"""Of every account. Demonstration data: all know it, and one hash serves all."""

STAFF = "staff@example.com"
CITIES = strings(list(words.CITIES))


@dataclass(frozen=True)
class Customers:
    """All customers, each array by id - 1."""

    names: np.ndarray
    emails: np.ndarray
    visitors: np.ndarray
    """The cookies by which their browsers are known."""
    city: np.ndarray
    """Places in CITIES."""

    def __len__(self) -> int:
        return len(self.names)


def people(rng: np.random.Generator, n: int) -> np.ndarray:
    """Names of n people."""
    parts = (words.FIRST, [f" {letter}. " for letter in words.INITIALS], words.LAST)
    first, middle, last = (strings(part)[rng.integers(0, len(part), n)] for part in parts)
    return first + middle + last


def draw(rng: np.random.Generator, n: int) -> Customers:
    return Customers(
        names=people(rng, n),
        emails=strings([f"customer{i}@example.com" for i in range(1, n + 1)]),
        visitors=strings([str(visitor_of(i)) for i in range(1, n + 1)]),
        city=rng.integers(0, len(CITIES), n),
    )


def visitor_of(customer: int) -> uuid.UUID:
    return uuid.uuid5(NAMESPACE, f"customer {customer}")


def password_hash() -> str:
    """As Django's ScryptPasswordHasher stores it, with Django 5.2's costs: it need not update."""
    n, r, p = 2**14, 8, 1
    made = hashlib.scrypt(PASSWORD.encode(), salt=SALT.encode(), n=n, r=r, p=p, dklen=64)
    return f"scrypt${n}${SALT}${r}${p}${base64.b64encode(made).decode()}"


def write(folder: Path, customers: Customers) -> None:
    """Customer N belongs to user N; the user after the last customer's is of the staff."""
    n = len(customers)
    with tables.table(folder, "orders_customer") as rows:
        rows(
            ids(1, n), customers.visitors, customers.names, customers.emails,
            CITIES[customers.city], ids(1, n),
        )  # fmt: skip
    first, last = zip(*(name.split(" ", 1) for name in customers.names), strict=True)
    with tables.table(folder, "auth_user") as rows:
        _users(rows, 1, customers.emails.tolist(), first, last, staff=False)
        _users(rows, n + 1, [STAFF], ("Sam",), ("Quayside",), staff=True)


def _users(rows, start, emails, first, last, staff: bool) -> None:
    """Users are named by their addresses. Nobody has logged in yet."""
    n = len(emails)
    rows(
        ids(start, n), [password_hash()] * n, [""] * n, ["f"] * n, emails, first, last, emails,
        ["t" if staff else "f"] * n, ["t"] * n, [TODAY.isoformat()] * n,
    )  # fmt: skip
