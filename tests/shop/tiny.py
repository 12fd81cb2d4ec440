"""A shop's records in small: what training reads, written out by rule, with something to learn.

Importing this module makes the shop's own packages (``ai``, ``tests``) importable.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

SHOP = Path(__file__).parents[2] / "shop"
sys.path.insert(0, str(SHOP))

THEMES = (
    ("harbour", "voyage", "ocean", "sailing"),
    ("garden", "orchard", "plants", "soil"),
    ("clock", "calendar", "time", "era"),
    ("ghost", "crypt", "undead", "spooky"),
)
"""Two words of titles, and two that only visitors use."""
BOOKS, CUSTOMERS = 80, 40
ASPECTS = ("plot", "prose", "print", "ending")
GOOD, BAD = ("gripping", "graceful", "crisp"), ("dull", "clumsy", "smudged")
CREATED = "2026-08-{day:02}T10:00:00+00:00"


def theme(book: int) -> int:
    return book % len(THEMES)


def title(book: int) -> str:
    first, second, *_ = THEMES[theme(book)]
    return f"The {first} and the {second}, Volume {book}"


def reviewed(book: int) -> int:
    return 8 if book <= BOOKS // 2 else 3


def opinion(book: int, number: int) -> tuple[int, str]:
    """(stars, text); every third reviewer complains."""
    praises = (book + number) % 3 > 0
    aspect, word = ASPECTS[number % 4], (GOOD if praises else BAD)[number % 3]
    other = (BAD if praises else GOOD)[number % 3]
    told = f"I found the {aspect} {word}. It is not {other}."
    return (5 if praises else 1), f"{told} My friend number {number} agrees."


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def write(folder: Path) -> Path:
    """All files that training reads, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = range(1, BOOKS + 1)
    told = "A story of the {} in town."
    _write(
        folder / "catalog_book.csv",
        (
            (b, title(b), told.format(THEMES[theme(b)][0]), 1, 9, "", 9, 9, 9, 4, reviewed(b))
            for b in ids
        ),
    )
    clicks = [
        (f"{THEMES[theme(b)][2 + k % 2]} {('', 'book', 'novel', 'old')[k // 2]}".strip(), b)
        for b in ids
        for k in range(8)
    ]
    _write(folder / "searches.csv", clicks)
    reviews = ((b, n, *opinion(b, n)) for b in ids for n in range(1, reviewed(b) + 1))
    _write(
        folder / "reviews_review.csv",
        (
            (i, b, n, stars, text, 0, CREATED.format(day=n))
            for i, (b, n, stars, text) in enumerate(reviews, start=1)
        ),
    )
    _arrays(folder)
    return folder


def _arrays(folder: Path) -> None:
    pairs = [
        (c, b, (c * b) % 500)
        for c in range(1, CUSTOMERS + 1)
        for b in range(1, BOOKS + 1)
        if theme(b) == theme(c) and (b + c) % 3
    ]
    customer, book, day = np.array(pairs, np.int32).T
    np.savez(folder / "interactions.npz", customer=customer, book=book, day=day)
    n = np.arange(2000.0)
    features = {
        "distance_km": n * 7 % 900,
        "weight_g": n * 13 % 800 + 100,
        "hour": n % 24,
        "weekday": n % 7,
        "stock": n % 9,
        "express": n % 2,
    }
    hours = 10 + features["distance_km"] / 20 + 6 * features["express"]
    np.savez(folder / "deliveries.npz", hours=hours, **features)
