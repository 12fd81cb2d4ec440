"""Whether a review praises: logistic regression, learned from the stars that reviewers gave."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ai import records
from ai.text import words

NAME = "sentiment"
SOURCES = ("reviews_review.csv",)
METRIC = "accuracy"
TRAINED_ON = 30_000
CASES = 500
BUCKETS = 64


class Sentiment(Protocol):
    def positive(self, texts: Sequence[str]) -> list[float]:
        """How likely each text praises, 0 to 1."""
        ...


def _likely(score: float) -> float:
    return round(1 / (1 + math.exp(-max(min(score, 30.0), -30.0))), 4)


def features(tokens: list[str]) -> list[str]:
    """Words and pairs of neighbours: 'not dull' says what neither word says alone."""
    return tokens + [f"{a} {b}" for a, b in pairwise(tokens)]


@dataclass(frozen=True)
class Pairs:
    """Weights of words and of pairs of words."""

    weights: dict[str, float]
    bias: float

    def positive(self, texts: Sequence[str]) -> list[float]:
        get = self.weights.get
        return [
            _likely(self.bias + sum(get(f, 0.0) for f in set(features(words(text)))))
            for text in texts
        ]


@dataclass(frozen=True)
class Buckets:
    """Weights of a few buckets of words: small and quick, and blind to what is negated."""

    weights: list[float]
    bias: float

    def positive(self, texts: Sequence[str]) -> list[float]:
        weights, count = self.weights, len(self.weights)
        return [
            _likely(
                self.bias + sum(weights[b] for b in {zlib.crc32(w.encode()) % count for w in found})
            )
            for found in map(words, texts)
        ]


def _told(data: Path) -> Iterator[tuple[str, bool]]:
    """(text, whether it praises) of reviews to train on; three stars say neither."""
    for review in records.reviews(data):
        if review.rating != 3 and not review.held_out:
            yield review.text, review.rating > 3


def _fit(lists: list[list[str]], praise: list[bool]) -> tuple[dict[str, float], float]:
    """Weights per feature (in at least three texts) and the bias."""
    from sklearn.feature_extraction.text import CountVectorizer  # training alone needs them
    from sklearn.linear_model import LogisticRegression

    vectors = CountVectorizer(analyzer=list, binary=True, min_df=3 if len(lists) > 1000 else 1)
    matrix = vectors.fit_transform(lists)
    fitted = LogisticRegression(solver="liblinear", random_state=0).fit(matrix, praise)
    names = vectors.get_feature_names_out()
    weights = zip(names.tolist(), np.round(fitted.coef_[0], 4).tolist(), strict=True)
    return {name: weight for name, weight in weights if weight}, float(fitted.intercept_[0])


def pairs(data: Path) -> Pairs:
    texts, praise = zip(*islice(_told(data), TRAINED_ON), strict=True)
    return Pairs(*_fit([features(words(text)) for text in texts], list(praise)))


def buckets(data: Path) -> Buckets:
    texts, praise = zip(*islice(_told(data), TRAINED_ON), strict=True)
    hashed = [[str(zlib.crc32(w.encode()) % BUCKETS) for w in words(text)] for text in texts]
    weights, bias = _fit(hashed, list(praise))
    return Buckets([weights.get(str(b), 0.0) for b in range(BUCKETS)], bias)


VERSIONS: dict[str, Callable[[Path], Sentiment]] = {"2026-09": pairs, "2026-10": buckets}


def cases(data: Path) -> dict[str, Any]:
    """Held-out reviews, and whether their stars praise."""
    held = (r for r in records.reviews(data) if r.held_out and r.rating != 3)
    chosen = list(islice(held, CASES))
    return {"texts": [r.text for r in chosen], "positive": [r.rating > 3 for r in chosen]}


def scores(model: Sentiment, golden: dict[str, Any]) -> list[float]:
    """1 for each case that is told rightly, else 0."""
    return right(model.positive(golden["texts"]), golden)


def right(positive: list[float], golden: dict[str, Any]) -> list[float]:
    pairs = zip(positive, golden["positive"], strict=True)
    return [float((found > 0.5) == praise) for found, praise in pairs]


def probe(model: Sentiment, golden: dict[str, Any], n: int) -> Callable[[], Any]:
    """A call that classifies ``n`` texts."""
    texts = (golden["texts"] * n)[:n]
    return lambda: model.positive(texts)
