"""The stored vectors of all books: one matrix a process, loaded anew for another version."""

import threading
from typing import NamedTuple

import numpy as np
from django.core.cache import cache

from search.models import BookVector
from shop.caching import cached

KEY, SECONDS = "vectors:version", 30


class Vectors(NamedTuple):
    """``matrix`` (n, d) float32 has the vector of ``books[i]`` in row i."""

    version: str
    books: np.ndarray
    matrix: np.ndarray


_held: tuple[str, Vectors | None] = ("", None)
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
    if _held[0] != version:
        with _loading:
            if _held[0] != version:
                _held = (version, _load())
    return _held[1]


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
    return Vectors(versions[0], np.array(books, np.int32), matrix)
