"""Reading reviews for a summary: sentences as rows of numbers, and which of them matter.

Learned are how rare each word is, and vectors of the words that stand in the same sentences.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ai import records
from ai.prompt import Prompt
from ai.text import sentences, stem, words

TRAINED_ON = 8_000
"""Reviews."""
SIZE = 32
SEED = 11
LAYERS, SHARPNESS = 3, 4.0
COMMON = 1.0
"""A word that is in every third text (weight ln 3) or oftener asks for nothing in a question."""


@dataclass(frozen=True)
class Page:
    """The distinct sentences of some reviews, and how alike they are."""

    said: list[str]
    often: np.ndarray
    rows: np.ndarray
    question: np.ndarray

    @property
    def alike(self) -> np.ndarray:
        """The cosine of every two sentences."""
        return self.rows @ self.rows.T


@dataclass(frozen=True)
class Weights:
    """``idf``: the logarithm of texts per text that has a word (by its stem); ``vectors``: of
    each word, in the row of ``rows``, of unit length."""

    idf: dict[str, float]
    rarest: float
    rows: dict[str, int]
    vectors: np.ndarray

    def salience(self, asked: Prompt, said: list[str]) -> np.ndarray:
        """How much attention the words of a prompt pay to each sentence, 0 to 1.

        Every word is compared with every other, as a transformer reads: the time grows with the
        square of the prompt's length.
        """
        told = [k for review in asked.reviews for w in words(review) if (k := stem(w)) in self.rows]
        total = attention(self.vectors[[self.rows[word] for word in told]])
        received: dict[str, float] = {}
        for word, amount in zip(told, total.tolist(), strict=True):
            received[word] = received.get(word, 0.0) + amount * self.idf[word]
        scores = [_mean([received.get(stem(w), 0.0) for w in words(s)]) for s in said]
        return np.array(scores) / max(max(scores, default=0.0), 1e-9)

    def page(self, asked: Prompt) -> Page:
        """Sentences as rows of TF-IDF, of unit length, over the words of this prompt."""
        often = Counter(s for review in asked.reviews for s in sentences(review))
        said = list(often)
        columns: dict[str, int] = {}
        told = [[columns.setdefault(stem(w), len(columns)) for w in words(s)] for s in said]
        wanted = {columns[k] for w in words(asked.question) if (k := stem(w)) in columns}
        weight = np.array([self.idf.get(word, self.rarest) for word in columns])
        rows = np.zeros((len(said), len(columns)), np.float32)
        for row, found in zip(rows, told, strict=True):
            row[found] = weight[found]
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        question = np.zeros(len(columns))
        question[sorted(wanted)] = weight[sorted(wanted)]
        return Page(said, np.array(list(often.values()), float), rows, question)

    def related(self, page: Page) -> np.ndarray:
        """How much each sentence shares with the question, common words left aside."""
        question = np.where(page.question > COMMON, page.question, 0)
        return page.rows @ question / max(float(np.linalg.norm(question)), 1e-9)


def _mean(values: list[float]) -> float:
    """The mean, as of three more words that receive nothing: short sentences say little."""
    return sum(values) / (len(values) + 3)


def attention(tokens: np.ndarray, block: int = 512) -> np.ndarray:
    """How much attention each token receives from all (Vaswani et al. 2017), over some layers.

    In blocks of rows, so that memory does not grow with the square.
    """
    received = np.zeros(len(tokens), np.float32)
    for _ in range(LAYERS):
        mixed = np.empty_like(tokens)
        for start in range(0, len(tokens), block):
            paid = np.exp(SHARPNESS * (tokens[start : start + block] @ tokens.T))
            paid /= paid.sum(axis=1, keepdims=True)
            received += paid.sum(axis=0)
            mixed[start : start + block] = paid @ tokens
        tokens = tokens + mixed
        tokens = tokens / np.maximum(np.linalg.norm(tokens, axis=1, keepdims=True), 1e-9)
    return received


def central(alike: np.ndarray, often: np.ndarray, rounds: int = 30) -> np.ndarray:
    """The rank of each sentence, 0 to 1: a walk along likeness (Mihalcea & Tarau 2004)."""
    links = alike * often[None, :] * often[:, None]
    links /= np.maximum(links.sum(axis=0), 1e-9)
    rank = np.full(len(often), 1 / len(often))
    for _ in range(rounds):
        rank = 0.15 / len(often) + 0.85 * links @ rank
    return rank / rank.max()


def learn(data: Path) -> Weights:
    """Learned from some of the reviews that are not held out."""
    texts = [r.text for r in islice(records.reviews(data), TRAINED_ON) if not r.held_out]
    often = Counter(word for text in texts for word in {stem(w) for w in words(text)})
    idf = {w: round(float(np.log(len(texts) / n)), 3) for w, n in sorted(often.items()) if n > 1}
    rows = {word: row for row, word in enumerate(idf)}
    return Weights(idf, round(float(np.log(max(len(texts), 2))), 3), rows, _vectors(texts, rows))


def _vectors(texts: list[str], rows: dict[str, int]) -> np.ndarray:
    """Vectors of the words by the sentences that they stand in: truncated SVD."""
    from scipy.sparse import csr_matrix  # training alone needs it
    from sklearn.decomposition import TruncatedSVD

    told = [
        [rows[k] for w in words(s) if (k := stem(w)) in rows] for t in texts for s in sentences(t)
    ]
    ends = np.cumsum([0, *map(len, told)])
    places = np.concatenate([np.array(some, int) for some in told])
    shape = len(told), len(rows)
    matrix = csr_matrix((np.ones(len(places), np.float32), places, ends), shape=shape)
    svd = TruncatedSVD(min(SIZE, len(rows) - 1), random_state=SEED, n_iter=3).fit(matrix)
    vectors = svd.components_.T * np.sqrt(svd.singular_values_)
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return (vectors / length).astype(np.float32)
