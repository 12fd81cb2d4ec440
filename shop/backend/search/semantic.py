"""Search by meaning: the query's vector against those of all books."""

from hashlib import sha256

import numpy as np
from django.conf import settings
from django.core.cache import cache

from recommendations.client import Unavailable
from search import tasks
from search.vectors import Vectors, current
from shop import provider
from shop.caching import cached

DAY = 24 * 3600
NEAREST = 50
CLOSE = 0.4
"""Cosine from which a book is about what was asked; words that nobody knows are close to none."""
WEIGHT = 0.1
"""Of popularity beside the cosine: of books that are about as near, readers open those that others
bought. What sells best gains about as much as lies between CLOSE and a perfect match."""

ACTIVE_SECONDS = 30
REQUEUE = 600
"""Seconds after which embedding all books is asked for again."""


def nearest(text: str) -> tuple[list[int], provider.Source | None]:
    """Ids of the books that are about ``text``, the nearest and most bought first; by which model.

    No ids and None while the provider is away, and while the books' vectors are of another
    version than its model and SEARCH_ON_MISMATCH refuses that: their numbers mean nothing together.
    """
    try:
        vectors = current()
        active = cached("embedding:active", ACTIVE_SECONDS, _active)
        if vectors is None or vectors.version != active.version:
            agreed = _agreed(active.version)
            if vectors is None or not agreed:
                return [], None
        query = _query(" ".join(text.casefold().split()), vectors, active)
    except Unavailable:
        return [], None
    cosines = vectors.matrix @ query
    close = np.flatnonzero(cosines >= CLOSE)
    scores = cosines[close] + WEIGHT * vectors.popularity[close]
    best = close[np.argsort(-scores, kind="stable")[:NEAREST]]
    return vectors.books[best].tolist(), provider.Source(active.model, vectors.version)


def _active() -> provider.Source:
    """The model that answers now."""
    return provider.embed(["book"], settings.AI_EMBEDDING_MODEL).source


def _agreed(version: str) -> bool:
    """Whether to serve on with the stored vectors; all books are then embedded anew."""
    if settings.SEARCH_ON_MISMATCH != "reembed":
        return False
    if cache.add(f"embedding:queued:{version}", 1, REQUEUE):
        tasks.embed_books.delay(version)
    return True


def _query(text: str, vectors: Vectors, active: provider.Source) -> np.ndarray:
    """The query's vector by the model that made the books' vectors; raises Unavailable."""
    model = tasks.model_of(vectors.version, active.version)

    def compute() -> list[float]:
        answer = provider.embed([text], model)
        if answer.source.version != vectors.version:
            raise Unavailable(f"embedded by {answer.source.version}, not {vectors.version}")
        # What does not fit is not kept: the next answer may.
        if len(answer.vectors[0]) != vectors.matrix.shape[1]:
            raise Unavailable(f"a vector of {len(answer.vectors[0])} numbers")
        return answer.vectors[0]

    key = f"embedding:{vectors.version}:{sha256(text.encode()).hexdigest()[:32]}"
    return np.array(cached(key, DAY, compute), "<f4")
