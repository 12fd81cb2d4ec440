"""Putting two rankings into one."""

from collections.abc import Sequence

K = 60
"""Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009) with its authors' constant."""


def fuse(*rankings: Sequence[int]) -> list[int]:
    """All ids, those first that the rankings have near their tops: the sum of 1 / (K + rank)."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, found in enumerate(ranking, start=1):
            scores[found] = scores.get(found, 0.0) + 1 / (K + rank)
    return sorted(scores, key=lambda found: -scores[found])
