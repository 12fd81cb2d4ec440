"""Generate the shop's data: the same seed and size give the same bytes.

    python -m data.generate --out DIR --seed 7 --size normal

Writes one CSV a table (for COPY, without a header, columns as in ``tables.json``), and for the
training of the models ``interactions.npz``, ``deliveries.npz`` and ``searches.csv``. All that is
long is written in blocks, so that memory does not grow with it.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import accounts, behaviour, catalogue, orders, reviews, searches, tables
from data.behaviour import Readers, Shelves
from data.themes import CORNERS, GENRES


@dataclass(frozen=True)
class Size:
    """How many of each; of reviews about so many."""

    books: int
    authors: int
    customers: int
    reviews: int
    orders: int
    deliveries: int
    searches: int


SIZES = {
    "small": Size(2_000, 400, 1_000, 20_000, 6_000, 5_000, 40_000),
    "normal": Size(20_000, 4_000, 5_000, 300_000, 30_000, 20_000, 150_000),
    "large": Size(200_000, 40_000, 50_000, 3_000_000, 300_000, 40_000, 600_000),
}


def generate(folder: Path, seed: int, size: Size) -> None:
    """Write everything into ``folder``; each part draws from a generator of its own."""

    def rng(part: str) -> np.random.Generator:
        return np.random.default_rng([seed, zlib.crc32(part.encode())])

    customers = accounts.draw(rng("customers"), size.customers)
    accounts.write(folder, customers)
    catalogue.write_genres(folder)
    catalogue.write_authors(folder, rng("authors"), size.authors, size.books)

    books = catalogue.draw(rng("books"), size.books)
    shelves = Shelves(books.corner, books.appeal)
    liked = behaviour.favourites(rng("favourites"), size.customers, len(GENRES) * CORNERS)
    looks = behaviour.interactions(rng("interactions"), shelves, liked, size.books)
    customer, book, day = looks
    np.savez(folder / "interactions.npz", customer=customer, book=book, day=day)

    placed = orders.draw(rng("orders"), looks, size.orders)
    sold = orders.write(folder, rng("confirmations"), placed, books, customers)
    looked_at = np.bincount(book - 1, minlength=size.books)
    wanted = reviews.popularity(rng("popularity"), looked_at, size.reviews)
    readers = Readers(liked, books.corner)
    rated = reviews.write(folder, rng("reviews"), books, readers, wanted)
    catalogue.write_books(folder, rng("titles"), books, sold, rated)
    searches.write(folder, rng("searches"), books, shelves, size.searches)
    _deliveries(folder, rng("deliveries"), size.deliveries)
    tables.describe(folder)


def _deliveries(folder: Path, rng: np.random.Generator, n: int) -> None:
    parcels = behaviour.parcels(rng, n)
    np.savez(folder / "deliveries.npz", hours=behaviour.hours(rng, parcels), **parcels)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Generate the shop's data.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int, default=7, help="0 or more")
    parser.add_argument("--size", choices=SIZES, default="normal")
    args = parser.parse_args(argv)
    if args.seed < 0:
        parser.error(f"--seed {args.seed}: a number from 0 on is wanted")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        generate(args.out, args.seed, SIZES[args.size])
    except OSError as error:
        sys.exit(f"{args.out}: {error.strerror or error}; choose another --out, or make room there")


if __name__ == "__main__":
    main()
