"""Which books suit a customer, and which are like another book: from who looked closely at what.

All versions know the readers of every book (``Shelves``); they differ in how they score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ai import records
from ai.quality import ndcg

NAME = "recommender"
SOURCES = ("interactions.npz",)
METRIC = "ndcg@10"
SEED = 11
CASES = 250

FEWEST = 50
"""Books that a choice is made among, at least."""


@dataclass(frozen=True)
class Shelves:
    """Who has looked at what, in both directions; rows of customers and books are ids minus one.

    ``seen[seen_at[c]:seen_at[c + 1]]`` are the books (rows) of a customer,
    ``readers[readers_at[b]:readers_at[b + 1]]`` the customers (rows) of a book.
    """

    popular: np.ndarray
    seen_at: np.ndarray
    seen: np.ndarray
    readers_at: np.ndarray
    readers: np.ndarray

    def books_of(self, customer: int) -> np.ndarray:
        return self.seen[self.seen_at[customer] : self.seen_at[customer + 1]]

    def readers_of(self, book: int) -> np.ndarray:
        return self.readers[self.readers_at[book] : self.readers_at[book + 1]]

    def shared(self, books: np.ndarray) -> np.ndarray:
        """For every book: how often readers of these books looked at it; counted row by row."""
        counts = np.zeros(len(self.readers_at) - 1)
        for book in books:
            for reader in self.readers_of(book):
                counts[self.books_of(reader)] += 1
        return counts


class Recommender:
    """Answers from scores: ids in, ids out; ``shelves`` and two scores come from the versions."""

    shelves: Shelves

    def for_customer(self, row: int) -> np.ndarray:
        """A score of every book for a customer."""
        raise NotImplementedError

    def beside(self, row: int) -> np.ndarray:
        """A score of every book beside a book."""
        raise NotImplementedError

    def recommend(self, customer: int, count: int) -> list[int]:
        """Book ids for a customer without those known to them; popular ones for strangers."""
        if not 1 <= customer < len(self.shelves.seen_at):
            return self.shelves.popular[:count].tolist()
        scores = self.for_customer(customer - 1)
        scores[self.shelves.books_of(customer - 1)] = -np.inf
        return _best(scores, count)

    def similar(self, book: int, count: int) -> list[int]:
        """Book ids nearest to a book."""
        if not 1 <= book < len(self.shelves.readers_at):
            return self.shelves.popular[:count].tolist()
        scores = self.beside(book - 1)
        scores[book - 1] = -np.inf
        return _best(scores, count)


def _best(scores: np.ndarray, count: int) -> list[int]:
    count = min(count, len(scores))
    top = np.argpartition(-scores, count - 1)[:count]
    return (top[np.lexsort((top, -scores[top]))] + 1).tolist()


class Factors(Recommender):
    """Latent factors of customers and books, float32: matrix factorisation by truncated SVD."""

    def __init__(self, shelves: Shelves, customers: np.ndarray, books: np.ndarray) -> None:
        self.shelves, self.customers, self.books = shelves, customers, books
        length = np.linalg.norm(books, axis=1, keepdims=True)
        self.unit = books / np.maximum(length, 1e-9)

    def for_customer(self, row: int) -> np.ndarray:
        return self.books @ self.customers[row]

    def beside(self, row: int) -> np.ndarray:
        return self.unit @ self.unit[row]


class Bestsellers(Factors):
    """Factors that choose among the most popular tenth of the books alone: a tenth of the work."""

    def __init__(self, shelves: Shelves, customers: np.ndarray, books: np.ndarray) -> None:
        super().__init__(shelves, customers, books)
        counts = np.diff(shelves.readers_at)
        self.rows = np.argsort(-counts, kind="stable")[: max(len(counts) // 10, FEWEST)]
        self.place = np.full(len(counts), -1, np.int32)  # of a book among these, or -1
        self.place[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        self.few, self.few_unit = self.books[self.rows], self.unit[self.rows]

    def recommend(self, customer: int, count: int) -> list[int]:
        if not 1 <= customer < len(self.shelves.seen_at):
            return super().recommend(customer, count)
        known = self.shelves.books_of(customer - 1)
        return self._chosen(self.few @ self.customers[customer - 1], known, count)

    def similar(self, book: int, count: int) -> list[int]:
        if not 1 <= book < len(self.shelves.readers_at):
            return super().similar(book, count)
        return self._chosen(self.few_unit @ self.unit[book - 1], np.array([book - 1]), count)

    def _chosen(self, scores: np.ndarray, without: np.ndarray, count: int) -> list[int]:
        places = self.place[without]
        scores[places[places >= 0]] = -np.inf
        return (self.rows[np.array(_best(scores, count)) - 1] + 1).tolist()


class Peers(Recommender):
    """What a few like-minded customers looked at; found anew for each answer, over the raw rows.

    Nothing is normalised: who looked at much is like everybody.
    """

    PEERS = 3

    def __init__(self, shelves: Shelves) -> None:
        self.shelves = shelves

    def for_customer(self, row: int) -> np.ndarray:
        alike = np.zeros(len(self.shelves.seen_at) - 1)
        for book in self.shelves.books_of(row):
            for reader in self.shelves.readers_of(book):
                alike[reader] += 1
        alike[row] = 0
        return self._count(np.argsort(-alike, kind="stable")[: self.PEERS])

    def beside(self, row: int) -> np.ndarray:
        return self._count(self.shelves.readers_of(row)[: self.PEERS])

    def _count(self, customers: np.ndarray) -> np.ndarray:
        counts = np.zeros(len(self.shelves.readers_at) - 1)
        for customer in customers:
            counts[self.shelves.books_of(customer)] += 1
        return counts


class Reranked(Factors):
    """The best by factors, ordered anew by how many readers they share with what is known."""

    SHORT = 300
    """Books on the short list; the others keep their order behind it."""

    def for_customer(self, row: int) -> np.ndarray:
        scores = super().for_customer(row)
        short = np.argpartition(-scores, min(self.SHORT, len(scores) - 1))[: self.SHORT]
        exact = self.shelves.shared(self.shelves.books_of(row))[short]
        scores[short] = scores.max() + exact + _scaled(scores[short])
        return scores


def _scaled(scores: np.ndarray) -> np.ndarray:
    return (scores - scores.min()) / max(float(np.ptp(scores)), 1e-9)


def _matrix(data: Path) -> Any:
    from scipy.sparse import csr_matrix  # training alone needs it

    customer, book, _, held = records.interactions(data)
    shape = int(customer.max()), int(max(book.max(), held.max()))
    return csr_matrix((np.ones(len(book), np.float32), (customer - 1, book - 1)), shape=shape)


def _shelves(matrix: Any) -> Shelves:
    counts, turned = np.asarray(matrix.sum(axis=0)).ravel(), matrix.tocsc()
    return Shelves(
        popular=(np.argsort(-counts, kind="stable")[:100] + 1).astype(np.int32),
        seen_at=matrix.indptr.astype(np.int32),
        seen=matrix.indices.astype(np.int32),
        readers_at=turned.indptr.astype(np.int32),
        readers=turned.indices.astype(np.int32),
    )


def factorised(data: Path, factors: int, kind: type[Factors] = Factors) -> Factors:
    from sklearn.decomposition import TruncatedSVD

    matrix = _matrix(data)
    counts = np.asarray(matrix.sum(axis=0)).ravel()
    # Weigh popular books less: else the first factors say nothing but "popular".
    weighted = matrix.multiply(1 / np.sqrt(counts + 5)).tocsr()
    svd = TruncatedSVD(factors, random_state=SEED, n_iter=4).fit(weighted)
    customers = svd.transform(weighted).astype(np.float32)
    return kind(_shelves(matrix), customers, svd.components_.T.astype(np.float32).copy())


VERSIONS: dict[str, Callable[[Path], Recommender]] = {
    "2026-09": lambda data: factorised(data, 32),
    "2026-10": lambda data: factorised(data, 8, Bestsellers),
    "2026-11": lambda data: Peers(_shelves(_matrix(data))),
    "2026-12": lambda data: factorised(data, 32, Reranked),
}


def cases(data: Path) -> dict[str, Any]:
    """Held-out books of some customers, spread over all of them; and the most popular ones."""
    _, seen, customer, book = records.interactions(data)
    everyone = np.unique(customer)
    chosen = everyone[:: max(len(everyone) // CASES, 1)][:CASES]
    found = [
        {"customer": int(c), "relevant": sorted(set(book[customer == c].tolist()))} for c in chosen
    ]
    popular = np.argsort(-np.bincount(seen), kind="stable")[:10].tolist()
    return {"cases": found, "popular": popular}


def scores(model: Recommender, golden: dict[str, Any]) -> list[float]:
    """The NDCG at 10 of each case."""
    found = [model.recommend(case["customer"], 10) for case in golden["cases"]]
    return gains(found, golden)


def gains(found: Sequence[list[int]], golden: dict[str, Any]) -> list[float]:
    known = [set(case["relevant"]) for case in golden["cases"]]
    return [ndcg(books, relevant) for books, relevant in zip(found, known, strict=True)]


def probe(model: Recommender, golden: dict[str, Any], n: int) -> Callable[[], Any]:
    """A call of ``n`` recommendations."""
    who = [case["customer"] for case in (golden["cases"] * n)[:n]]
    return lambda: [model.recommend(customer, 12) for customer in who]
