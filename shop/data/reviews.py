"""Reviews: many for few books, few for most; the reviewers of a book agree on what it is like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import tables
from data.behaviour import DAYS, Readers
from data.catalogue import NOUNS, Books
from data.opinions import ASIDES, FRAMES, REMARKS, VERDICTS, phrasebook
from data.tables import DAY, ids, strings

BLOCK = 50_000
"""Reviews at a time: what is in memory must not grow with the shop."""

DRAWN = 1.05
"""More are drawn than wanted: who is drawn twice for a book reviews it once."""

TRAITS = 6
"""What is true of a book: so many aspects are good or bad, each in its own way."""

PRAISES = np.array([0.0, 0.08, 0.18, 0.5, 0.82, 0.93])
"""How often an opinion is good, by the reviewer's rating."""

OPINIONS = phrasebook()
ASPECTS, _, ADJECTIVES, _ = OPINIONS.shape
FIRST = strings(OPINIONS.ravel().tolist())
FURTHER = strings([*(f" {text}" for text in FIRST), ""])
"""A second and third opinion; the last one is none."""

VERDICTS_EACH = 6
OPENINGS = strings([f'"{verdict} ' for row in VERDICTS for verdict in row.split("|")] + ['"'])
ENDINGS = strings(
    [f' {aside}"' for aside in ASIDES]
    + [f' {remark}"'.format(noun=noun.lower()) for remark in REMARKS for noun in NOUNS.ravel()]
    + ['"']
)


@dataclass(frozen=True)
class Traits:
    """What is true of the books; the first ``good`` traits of each are good ones."""

    good: np.ndarray
    aspects: np.ndarray
    adjectives: np.ndarray


def traits(rng: np.random.Generator, books: int) -> Traits:
    aspects = np.tile(np.arange(ASPECTS, dtype=np.int8), (books, 1))
    return Traits(
        good=rng.binomial(TRAITS, rng.beta(4, 2, books)),
        aspects=rng.permuted(aspects, axis=1)[:, :TRAITS],
        adjectives=rng.integers(0, ADJECTIVES, (books, TRAITS), dtype=np.int8),
    )


def popularity(rng: np.random.Generator, looks: np.ndarray, total: int) -> np.ndarray:
    """About how many reviews each book has: a power law of the rank by ``looks``."""
    rank = np.empty(len(looks))
    rank[np.lexsort((rng.random(len(looks)), -looks))] = np.arange(len(looks))
    share = (rank + 10) ** -0.8
    return rng.poisson(share / share.sum() * total * DRAWN)


def write(
    folder: Path, rng: np.random.Generator, books: Books, readers: Readers, wanted: np.ndarray
) -> np.ndarray:
    """About ``wanted`` reviews a book, in the order of books and time: (mean rating, number)."""
    true = traits(rng, len(books))
    ends = np.cumsum(np.minimum(wanted, len(readers) // 2))
    total, count = np.zeros((2, len(books)))
    written = 0
    with tables.table(folder, "reviews_review") as rows:
        for block in np.split(np.arange(len(books)), np.flatnonzero(np.diff(ends // BLOCK)) + 1):
            book, customer = readers.pairs(rng, block, np.diff(ends, prepend=0)[block])
            n = len(book)
            since = np.minimum(books.published[book], DAYS) * DAY
            ago = (rng.random(n) * since).astype(int) + 1
            order = np.lexsort((-ago, book))
            book, customer, ago = book[order], customer[order], ago[order]
            rating = 2.0 + 0.47 * true.good[book] + rng.normal(0, 0.95, n)
            rating = np.rint(rating).clip(1, 5).astype(int)
            told, helpful = texts(rng, books, true, book, rating), rng.poisson(2.5, n)
            columns = (book + 1, customer + 1, rating, told, helpful, tables.stamps(ago))
            rows(ids(written + 1, n), *columns)
            written += n
            total += np.bincount(book, weights=rating, minlength=len(books))
            count += np.bincount(book, minlength=len(books))
    return np.stack([np.divide(total, count, out=np.zeros(len(books)), where=count > 0), count])


def texts(
    rng: np.random.Generator, books: Books, true: Traits, book: np.ndarray, rating: np.ndarray
) -> np.ndarray:
    """The text of a review of each ``book`` (id - 1), quoted: one to three opinions, and more."""
    n, none = len(book), len(FURTHER) - 1
    verdict = (rating - 1) * VERDICTS_EACH + rng.integers(0, VERDICTS_EACH, n)
    opening = np.where(rng.random(n) < 0.4, verdict, len(OPENINGS) - 1)
    opinions = [_opinion(rng, true, book, rating) for _ in range(3)]
    (aspect, first), (aspect_2, second), (aspect_3, third) = opinions
    second = np.where(aspect_2 == aspect, none, second)
    repeats = (aspect_3 == aspect) | (aspect_3 == aspect_2)
    third = np.where(repeats | (rng.random(n) < 0.5), none, third)
    noun = books.nouns[book, rng.integers(0, 2, n)]
    remark = len(ASIDES) + rng.integers(0, len(REMARKS), n) * NOUNS.size + noun
    ending = np.where(rng.random(n) < 0.5, rng.integers(0, len(ASIDES), n), remark)
    ending = np.where(rng.random(n) < 0.5, ending, len(ENDINGS) - 1)
    return OPENINGS[opening] + FIRST[first] + FURTHER[second] + FURTHER[third] + ENDINGS[ending]


def _opinion(
    rng: np.random.Generator, true: Traits, book: np.ndarray, rating: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(aspect, place in FIRST): mostly of a trait of the book, the first ones oftener."""
    n = len(book)
    praise = (rng.random(n) < PRAISES[rating]).astype(int)
    good = true.good[book]
    there = np.where(praise, good, TRAITS - good)
    trait = np.where(praise, 0, good) + (rng.random(n) ** 1.5 * there).astype(int)
    own = (there == 0) | (rng.random(n) < 0.15)
    trait = trait.clip(0, TRAITS - 1)
    aspect = np.where(own, rng.integers(0, ASPECTS, n), true.aspects[book, trait])
    own |= rng.random(n) < 0.25
    adjective = np.where(own, rng.integers(0, ADJECTIVES, n), true.adjectives[book, trait])
    frame = rng.integers(0, len(FRAMES), n)
    return aspect, np.ravel_multi_index((aspect, praise, adjective, frame), OPINIONS.shape)
