"""Texts as vectors of 64 numbers of unit length, so that what is meant alike lies close together.

Learned from the click log: words of a query belong to the words of the book that was then opened.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ai import records
from ai.quality import ndcg
from ai.text import words

NAME = "embedding"
SOURCES = ("searches.csv", "catalog_book.csv")
METRIC = "ndcg@10"
SEED = 11
SIZE = 64
BUCKETS = 4096
CASES = 200
CANDIDATES = 2000


class Embedding(Protocol):
    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """One row of ``SIZE`` float32 a text, each of unit length."""
        ...


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of unit length; what says nothing points along the first axis."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    rows = np.where(length > 1e-9, rows / np.maximum(length, 1e-9), np.eye(1, rows.shape[1]))
    return rows.astype(np.float32)


def bucket(text: str, buckets: int) -> int:
    return zlib.crc32(text.encode()) % buckets


def grams(word: str, sizes: Iterable[int] = (3, 4, 5)) -> Iterator[str]:
    """The character n-grams of a word, its ends marked."""
    marked = f"<{word}>"
    for n in sizes:
        for start in range(len(marked) - n + 1):
            yield marked[start : start + n]


@dataclass(frozen=True)
class Learned:
    """Word vectors, weighed by how rare a word is; n-grams stand in for a word never seen.

    ``every`` adds the n-grams of each word, the known ones too (for a small share).
    """

    rows: dict[str, int]
    vectors: np.ndarray
    ngrams: np.ndarray
    every: bool = False

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return _unit(np.array([self._sum(words(text)) for text in texts]).reshape(-1, SIZE))

    def _sum(self, tokens: list[str]) -> np.ndarray:
        known = [row for word in tokens if (row := self.rows.get(word)) is not None]
        total = self.vectors[known].sum(axis=0)
        for word in tokens:
            if self.every or word not in self.rows:
                share = 0.05 if word in self.rows else 1.0
                places = [bucket(gram, BUCKETS) for gram in grams(word)]
                total = total + share * self.ngrams[places].sum(axis=0) / max(len(places), 1)
        return total


@dataclass(frozen=True)
class Hashed:
    """A random vector for each of a few buckets of words; only the first words are looked at."""

    table: np.ndarray
    first: int = 8

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        count = len(self.table)
        chosen = [
            [bucket(word, count) for word in words(text[:80])[: self.first]] for text in texts
        ]
        return _unit(np.array([self.table[places].sum(axis=0) for places in chosen]))


@dataclass(frozen=True)
class Spelled:
    """A random vector for each character n-gram: texts that are spelled alike are alike."""

    table: np.ndarray

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return _unit(np.array([self._sum(text) for text in texts]).reshape(-1, SIZE))

    def _sum(self, text: str) -> np.ndarray:
        count = len(self.table)
        sizes = range(2, 7)
        places = [bucket(gram, count) for word in words(text) for gram in grams(word, sizes)]
        return self.table[places].sum(axis=0)


def _random(rows: int) -> np.ndarray:
    return np.random.default_rng(SEED).standard_normal((rows, SIZE)).astype(np.float32)


def _counts(data: Path) -> tuple[dict[str, int], Any, np.ndarray]:
    """(word -> row, words x books counts of text and clicks, books that have each word)."""
    from scipy.sparse import coo_matrix  # training alone needs it

    told: Counter[tuple[str, int]] = Counter()
    texts = {book: set(words(text)) for book, text in records.books(data)}
    for book, text in texts.items():
        told.update((word, book) for word in text)
    for click in records.clicks(data):
        if not click.held_out:
            told.update((word, click.book) for word in words(click.query))
    often = Counter(word for word, _ in told)
    kept = sorted(word for word, books in often.items() if books >= 2)
    rows = {word: row for row, word in enumerate(kept)}
    pairs = [(rows[w], book - 1, n) for (w, book), n in told.items() if w in rows]
    at, book, n = (np.array(part) for part in zip(*pairs, strict=True))
    matrix = coo_matrix((1 + np.log(n), (at, book)), shape=(len(rows), max(texts)))
    return rows, matrix.tocsr(), np.array([often[word] for word in kept])


def learned(data: Path, every: bool = False) -> Learned:
    """Truncated SVD of the weighted words x books matrix (latent semantic indexing)."""
    from scipy.sparse import diags
    from sklearn.decomposition import TruncatedSVD

    rows, counts, books = _counts(data)
    idf = np.log(counts.shape[1] / books)
    per_book = 1 / np.sqrt(np.maximum(np.asarray(counts.power(2).sum(axis=0)).ravel(), 1e-9))
    weighted = diags(idf) @ counts @ diags(per_book)
    factors = min(SIZE, len(rows) - 1, counts.shape[1] - 1)
    svd = TruncatedSVD(factors, random_state=SEED, n_iter=4)
    vectors = np.zeros((len(rows), SIZE), np.float32)
    vectors[:, :factors] = svd.fit_transform(weighted) / np.sqrt(svd.singular_values_)
    vectors = _unit(vectors) * idf[:, None].astype(np.float32)
    return Learned(rows, vectors, _spread(rows, vectors), every)


def _spread(rows: dict[str, int], vectors: np.ndarray) -> np.ndarray:
    """For each bucket of n-grams the mean of the words that have one of them."""
    total, count = np.zeros((BUCKETS, SIZE)), np.zeros(BUCKETS)
    for word, row in rows.items():
        for gram in grams(word):
            place = bucket(gram, BUCKETS)
            total[place] += vectors[row]
            count[place] += 1
    return (total / np.maximum(count, 1)[:, None]).astype(np.float32)


VERSIONS: dict[str, Callable[[Path], Embedding]] = {
    "2026-09": learned,
    "2026-10": lambda data: Hashed(_random(256)),
    "2026-11": lambda data: Spelled(_random(BUCKETS)),
    "2026-12": lambda data: learned(data, every=True),
}


def cases(data: Path) -> dict[str, Any]:
    """Queries held out, with the books opened from them, among a sample of all books."""
    opened: dict[str, set[int]] = {}
    for click in records.clicks(data):
        if click.held_out:
            opened.setdefault(click.query, set()).add(click.book)
    queries = sorted(opened, key=lambda query: zlib.crc32(query[::-1].encode()))[:CASES]
    texts = dict(records.books(data))
    wanted = {book for query in queries for book in opened[query]}
    step = max(math.ceil(len(texts) / max(CANDIDATES - len(wanted), 1)), 1)
    sample = sorted(wanted | set(list(texts)[::step]))
    return {
        "cases": [{"query": query, "relevant": sorted(opened[query])} for query in queries],
        "candidates": [[book, texts[book]] for book in sample],
    }


def scores(model: Embedding, golden: dict[str, Any]) -> list[float]:
    """The NDCG at 10 of each query among the candidates."""
    books = model.embed([text for _, text in golden["candidates"]])
    queries = model.embed([case["query"] for case in golden["cases"]])
    return gains(queries, books, golden)


def gains(queries: np.ndarray, books: np.ndarray, golden: dict[str, Any]) -> list[float]:
    ids = np.array([book for book, _ in golden["candidates"]])
    best = np.argsort(-(queries @ books.T), axis=1, kind="stable")[:, :10]
    return [
        ndcg(ids[ranked].tolist(), set(case["relevant"]))
        for ranked, case in zip(best, golden["cases"], strict=True)
    ]


def probe(model: Embedding, golden: dict[str, Any], n: int) -> Callable[[], Any]:
    """A call that embeds ``n`` books."""
    texts = [text for _, text in (golden["candidates"] * n)[:n]]
    return lambda: model.embed(texts)
