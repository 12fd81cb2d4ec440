"""Generate the shop's data: the same seed and size give the same bytes.

    python -m data.generate --out DIR --seed 7 --size normal

Writes one CSV a table (for COPY, without a header, columns as in ``TABLES``), and for the training
of the models ``interactions.npz`` and ``deliveries.npz``.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from data import behaviour, words

SIZES = {"small": 0.1, "normal": 1.0}
BOOKS, AUTHORS, CUSTOMERS, REVIEWS, ORDERS = 20_000, 4_000, 5_000, 200_000, 30_000
TODAY = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
NAMESPACE = uuid.UUID("6f0c2f52-7e5b-4a8e-9d55-3a1b5a4be001")

TABLES = {
    "catalog_genre": "id,slug,name",
    "catalog_author": "id,name",
    "catalog_book": "id,title,description,genre_id,price_cents,published,weight_g,stock,"
    "sold,rating,review_count",
    "catalog_book_authors": "id,book_id,author_id",
    "orders_customer": "id,visitor,name,email,city",
    "reviews_review": "id,book_id,customer_id,rating,text,helpful,created",
    "orders_order": "id,visitor,customer_id,name,email,city,total_cents,delivery_hours,created",
    "orders_orderline": "id,order_id,book_id,quantity,price_cents",
}
"""Table -> columns of its CSV, in the order in which they must be loaded."""


def stamps(days_ago: np.ndarray, seconds: np.ndarray) -> list[str]:
    """Moments before TODAY as ISO 8601 in UTC."""
    base = np.datetime64(TODAY.replace(tzinfo=None), "s")
    moments = base - (days_ago * 86_400 + seconds).astype("timedelta64[s]")
    return [f"{m}+00:00" for m in moments.astype(str)]


def pick(rng: np.random.Generator, options: Sequence[str], n: int) -> list[str]:
    return [options[i] for i in rng.integers(0, len(options), n)]


def write(folder: Path, table: str, rows: Iterable[Sequence[object]]) -> None:
    with (folder / f"{table}.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def titles(rng: np.random.Generator, n: int) -> list[str]:
    """Titles of four patterns; numbered where one comes again."""
    a, b = pick(rng, words.ADJECTIVES, n), pick(rng, words.NOUNS, n)
    c, p = pick(rng, words.NOUNS, n), pick(rng, words.PLACES, n)
    seen: dict[str, int] = {}
    result = []
    for i, kind in enumerate(rng.integers(0, 4, n)):
        title = (
            f"The {a[i]} {b[i]}",
            f"{b[i]} and {c[i]}",
            f"The {b[i]} of {p[i]}",
            f"{a[i]} {b[i]}, {a[-i - 1]} {c[i]}",
        )[kind]
        seen[title] = seen.get(title, 0) + 1
        result.append(title if seen[title] == 1 else f"{title}, Volume {seen[title]}")
    return result


def people(rng: np.random.Generator, n: int) -> list[str]:
    return [
        f"{f} {m}. {x}"
        for f, m, x in zip(
            pick(rng, words.FIRST, n),
            pick(rng, "ABCDEFGHJKLMNOPRSTVW", n),
            pick(rng, words.LAST, n),
            strict=True,
        )
    ]


def generate(folder: Path, seed: int, scale: float) -> None:
    """Write everything into ``folder``; the order of the draws is part of the format."""
    rng = np.random.default_rng(seed)
    books, authors, customers = (int(n * scale) for n in (BOOKS, AUTHORS, CUSTOMERS))
    genre = rng.integers(0, len(words.GENRES), books)
    customer, book, day = behaviour.interactions(rng, genre, customers)
    features, hours = behaviour.deliveries(rng, int(20_000 * max(scale, 0.25)))
    np.savez(folder / "interactions.npz", customer=customer, book=book, day=day)
    np.savez(folder / "deliveries.npz", hours=hours, **features)

    write(
        folder,
        "catalog_genre",
        ((i + 1, name.lower(), name) for i, name in enumerate(words.GENRES)),
    )
    write(folder, "catalog_author", enumerate(people(rng, authors), start=1))
    rated = _reviews(folder, rng, customer, book, day, int(REVIEWS * scale))
    price = (rng.gamma(4.0, 420.0, books) + 499).astype(int)
    sold = _orders(folder, rng, (customer, book, day), price, int(ORDERS * scale))
    _books(folder, rng, genre, price, sold, rated)
    writers = [rng.choice(authors, 2, replace=False) + 1 for _ in range(books)]
    pairs = [(b + 1, int(w)) for b, two in enumerate(writers) for w in two[: 1 + int(b % 5 == 0)]]
    write(folder, "catalog_book_authors", ((i, b, w) for i, (b, w) in enumerate(pairs, start=1)))
    _customers(folder, rng, customers)


def _reviews(
    folder: Path,
    rng: np.random.Generator,
    customer: np.ndarray,
    book: np.ndarray,
    day: np.ndarray,
    n: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Reviews by those who looked closely; (mean rating, number) per book id."""
    chosen = np.sort(rng.choice(len(book), min(n, len(book)), replace=False))
    who, what, when = customer[chosen], book[chosen], behaviour.DAYS - day[chosen]
    n = len(chosen)
    rating = rng.choice([1, 2, 3, 4, 5], n, p=[0.06, 0.09, 0.17, 0.33, 0.35])
    opinion = np.where(rating >= 3, 0, 1)
    lead = rng.integers(0, len(words.PRAISE), n)
    detail = rng.integers(0, len(words.DETAILS), (n, 2))
    noun = pick(rng, [w.lower() for w in words.NOUNS], n)
    adjective = pick(rng, [w.lower() for w in words.ADJECTIVES], n)
    helpful = rng.poisson(2.5, n)
    created = stamps(when, rng.integers(0, 86_400, n))
    leads = (words.PRAISE, words.DOUBTS)

    def text(i: int) -> str:
        details = " ".join(words.DETAILS[d] for d in detail[i])
        told = details.format(noun=noun[i], adjective=adjective[i])
        return f"{leads[opinion[i]][lead[i]]}. {told}"

    rows = ((i + 1, what[i], who[i], rating[i], text(i), helpful[i], created[i]) for i in range(n))
    write(folder, "reviews_review", rows)
    books = int(book.max()) + 1
    count = np.bincount(what, minlength=books)
    total = np.bincount(what, weights=rating, minlength=books)
    return np.divide(total, count, out=np.zeros(books), where=count > 0), count


def _orders(
    folder: Path,
    rng: np.random.Generator,
    seen: tuple[np.ndarray, np.ndarray, np.ndarray],
    price: np.ndarray,
    n: int,
) -> np.ndarray:
    """Orders of what was looked at, two lines each; copies sold per book (index: id - 1)."""
    customer, book, day = seen
    first = np.sort(rng.choice(len(book) - 1, n, replace=False))
    quantity = rng.choice([1, 1, 1, 2], (n, 2))
    hours = rng.uniform(18, 90, n).round(1)
    created = stamps(behaviour.DAYS - day[first], rng.integers(0, 86_400, n))
    cities = pick(rng, list(words.CITIES), n)
    lines, orders = [], []
    sold = np.zeros(len(price), int)
    for i, at in enumerate(first):
        who, total = int(customer[at]), 0
        for k, b in enumerate({int(book[at]), int(book[at + 1])}):
            sold[b - 1] += quantity[i, k]
            total += int(quantity[i, k] * price[b - 1])
            lines.append((len(lines) + 1, i + 1, b, quantity[i, k], price[b - 1]))
        visitor = visitor_of(who)
        orders.append(
            (
                i + 1,
                visitor,
                who,
                f"Customer {who}",
                email(who),
                cities[i],
                total,
                hours[i],
                created[i],
            )
        )
    write(folder, "orders_order", orders)
    write(folder, "orders_orderline", lines)
    return sold


def _books(
    folder: Path,
    rng: np.random.Generator,
    genre: np.ndarray,
    price: np.ndarray,
    sold: np.ndarray,
    rated: tuple[np.ndarray, np.ndarray],
) -> None:
    n = len(genre)
    names, places = titles(rng, n), pick(rng, words.PLACES, n)
    plots, more = pick(rng, words.PLOTS, n), pick(rng, words.PLOTS, n)
    published = stamps(rng.integers(30, 9_000, n), np.zeros(n, int))
    weight = rng.lognormal(6.2, 0.4, n).astype(int)
    stock = rng.poisson(60, n) + 5
    rating, count = (np.append(values, np.zeros(n))[1 : n + 1] for values in rated)
    rows = (
        (
            i + 1, names[i], f"{plots[i]} {more[i]}".format(place=places[i]), genre[i] + 1,
            price[i], published[i][:10], weight[i], stock[i], sold[i], f"{rating[i]:.2f}",
            int(count[i]),
        )
        for i in range(n)
    )  # fmt: skip
    write(folder, "catalog_book", rows)


def visitor_of(customer: int) -> uuid.UUID:
    """The cookie by which a customer's browser is known."""
    return uuid.uuid5(NAMESPACE, f"customer {customer}")


def email(customer: int) -> str:
    return f"customer{customer}@example.com"


def _customers(folder: Path, rng: np.random.Generator, n: int) -> None:
    names, cities = people(rng, n), pick(rng, list(words.CITIES), n)
    rows = ((i + 1, visitor_of(i + 1), names[i], email(i + 1), cities[i]) for i in range(n))
    write(folder, "orders_customer", rows)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Generate the shop's data.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", choices=SIZES, default="normal")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    generate(args.out, args.seed, SIZES[args.size])
    (args.out / "tables.json").write_text(json.dumps(TABLES, indent=1))


if __name__ == "__main__":
    main()
