"""The stored vectors of all books: one matrix a process, loaded anew for another version."""

import threading
import time
from typing import NamedTuple

import numpy as np
from django.core.cache import cache

from catalog.models import Book
from search.models import BookVector
from shop.caching import cached

KEY, SECONDS = "vectors:version", 30

HOUR = 3600
"""Seconds for which what sells is taken to be what sold."""


class Vectors(NamedTuple):
    """``matrix`` (n, d) float32 has the vector of ``books[i]``, of unit length, in row i;
    ``popularity`` (n,) float32 has the logarithm of 1 + its copies sold."""

    version: str
    books: np.ndarray
    matrix: np.ndarray
    popularity: np.ndarray


class Held(NamedTuple):
    """What this process has loaded. ``until``: when its popularity is old (time.monotonic)."""

    version: str = ""
    vectors: Vectors | None = None
    until: float = 0.0


_held = Held()
_loading = threading.Lock()


def stored_version() -> str | None:
    """The version of the vectors that are in the database; None when there are none."""
    return BookVector.objects.order_by("book_id").values_list("version", flat=True).first()


def current() -> Vectors | None:
    """The vectors in use; None when there are none."""
    global _held
    version = cached(KEY, SECONDS, stored_version)
    if version is None:
        return None
    if _held.version != version:
        with _loading:
            if _held.version != version:
                _held = Held(version, _load(), time.monotonic() + HOUR)
    elif _held.vectors and time.monotonic() > _held.until and _loading.acquire(blocking=False):
        # One thread looks up what sells now; the others search on with what they have.
        try:
            _held = _renewed(_held, _held.vectors)
        finally:
            _loading.release()
    return _held.vectors


def changed() -> None:
    """Have every process look for the version that is stored now."""
    cache.delete(KEY)


def _load() -> Vectors | None:
    # The one read of a whole table: 5 MB at 20,000 books, once a process and version.
    rows = BookVector.objects.order_by("book_id").values_list("book_id", "version", "vector")
    books, versions, vectors = zip(*rows.iterator(), strict=True) if rows else ((), (), ())
    if len(set(versions)) != 1 or len({len(v) for v in vectors}) != 1:
        return None
    matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(len(books), -1)
    ids = np.array(books, np.int32)
    return Vectors(versions[0], ids, matrix, _popularity(ids))


def _renewed(held: Held, vectors: Vectors) -> Held:
    fresh = vectors._replace(popularity=_popularity(vectors.books))
    return held._replace(vectors=fresh, until=time.monotonic() + HOUR)


def _popularity(books: np.ndarray) -> np.ndarray:
    # In the order of the index that has both columns: the table itself is not read.
    sold = dict(Book.objects.order_by("-sold", "-id").values_list("id", "sold"))
    return np.log1p([sold.get(book, 0) for book in books.tolist()]).astype(np.float32)
