"""Whether a summary says what the reviews say (faithfulness), and how much of it (coverage)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from ai.text import words

ENOUGH = 0.8
"""The share of a sentence's pairs of words that one review must have to support it."""


def supported(sentence: str, reviews: Sequence[str]) -> bool:
    """Whether one review says it: word for word, or nearly all of its pairs of words."""
    said = words(sentence)
    pairs = set(pairwise(said))
    for review in map(words, reviews):
        if f" {' '.join(said)} " in f" {' '.join(review)} ":
            return True
        if pairs and len(pairs & set(pairwise(review))) >= ENOUGH * len(pairs):
            return True
    return not said


def faithful(summary: Sequence[str], reviews: Sequence[str]) -> float:
    """The share of the sentences that the reviews support; 1 of none."""
    return sum(supported(s, reviews) for s in summary) / len(summary) if summary else 1.0


def coverage(summary: Sequence[str], reviews: Sequence[str]) -> float:
    """How like a summary is to reviews that it was not made from, 0 to 1.

    The cosine between the pairs of words of the summary and those of all the reviews.
    """
    said = Counter(pair for sentence in summary for pair in pairwise(words(sentence)))
    told = Counter(pair for review in reviews for pair in pairwise(words(review)))
    length = math.sqrt(sum(n * n for n in said.values()) * sum(n * n for n in told.values()))
    return sum(n * told[pair] for pair, n in said.items()) / length if length else 0.0
