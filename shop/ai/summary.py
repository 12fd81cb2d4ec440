"""Summaries and answers made of sentences of the reviews: chosen, never written.

What is read is scored for real, and costs time that grows with the prompt: every sentence is
compared with every other. Only the pace at which an answer is spoken is emulated (``endpoints``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ai import fusion, prompt, records
from ai.prompt import Prompt
from ai.records import Review
from ai.support import coverage
from ai.text import sentences, stem, words

NAME = "summary"
SOURCES = ("reviews_review.csv",)
METRIC = "coverage"
MOST = 3
"""Sentences of an answer."""
NOTHING = "The reviews do not say."
READ = 60
"""Reviews of a book that are read for its summary, the latest."""
TRAINED_ON = 20_000
CASES = 60


class Summary(Protocol):
    def answer(self, asked: Prompt, most: int = MOST) -> list[str]:
        """At most ``most`` sentences; none when the reviews say nothing of what was asked."""
        ...


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
    """How rare a word is: the logarithm of texts per text that has it."""

    idf: dict[str, float]
    rarest: float

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
        question = np.where(page.question > self.rarest / 3, page.question, 0)
        return page.rows @ question / max(float(np.linalg.norm(question)), 1e-9)


@dataclass(frozen=True)
class Ranked:
    """The most central sentences (TextRank), varied by maximal marginal relevance."""

    weights: Weights

    def answer(self, asked: Prompt, most: int = MOST) -> list[str]:
        page = self.weights.page(asked)
        if not page.said:
            return []
        alike = page.alike
        scores = central(alike, page.often)
        if asked.question:
            related = self.weights.related(page)
            scores = np.where(related > 0, related * (1 + scores), 0)
        return [page.said[i] for i in varied(scores, alike, most)]


def central(alike: np.ndarray, often: np.ndarray, rounds: int = 30) -> np.ndarray:
    """The rank of each sentence, 0 to 1: a walk along likeness (Mihalcea & Tarau 2004)."""
    links = alike * often[None, :] * often[:, None]
    links /= np.maximum(links.sum(axis=0), 1e-9)
    rank = np.full(len(often), 1 / len(often))
    for _ in range(rounds):
        rank = 0.15 / len(often) + 0.85 * links @ rank
    return rank / rank.max()


def varied(scores: np.ndarray, alike: np.ndarray, most: int) -> list[int]:
    """The best sentences that do not repeat one another (Carbonell & Goldstein 1998), in order."""
    chosen: list[int] = []
    repeats = np.zeros(len(scores))
    while len(chosen) < most:
        left = np.where(scores > 0, 0.7 * scores - 0.3 * repeats, -np.inf)
        left[chosen] = -np.inf
        best = int(left.argmax())
        if left[best] == -np.inf:
            break
        chosen.append(best)
        repeats = np.maximum(repeats, alike[best])
    return sorted(chosen)


@dataclass(frozen=True)
class Lead:
    """The first sentences of the first reviews: quick, and whatever stands there."""

    def answer(self, asked: Prompt, most: int = MOST) -> list[str]:
        return [said for review in asked.reviews[:most] for said in sentences(review)[:1]]


@dataclass(frozen=True)
class Covering:
    """The sentences that together are likest to all that was said (or to what was asked).

    From several beginnings, sentences are exchanged until no exchange helps; the best set wins.
    """

    weights: Weights
    beginnings: int = 24

    def answer(self, asked: Prompt, most: int = MOST) -> list[str]:
        page = self.weights.page(asked)
        weight = page.often
        if asked.question:
            weight = weight * self.weights.related(page)
        allowed = np.flatnonzero(weight > 0)
        goal = weight @ page.rows
        firsts = allowed[np.argsort(-(page.rows[allowed] @ goal), kind="stable")]
        found = [
            exchanged(page.rows, goal, [int(first)], allowed, most)
            for first in firsts[: self.beginnings]
        ]
        best = max(found, key=lambda chosen: likeness(page.rows, goal, chosen), default=[])
        return [page.said[i] for i in sorted(best)]


def likeness(rows: np.ndarray, goal: np.ndarray, chosen: list[int]) -> float:
    """The cosine of the chosen sentences together with the goal (but for the goal's length)."""
    total = rows[chosen].sum(axis=0)
    return float(total @ goal) / max(float(np.linalg.norm(total)), 1e-9)


def exchanged(
    rows: np.ndarray, goal: np.ndarray, chosen: list[int], allowed: np.ndarray, most: int
) -> list[int]:
    """``chosen``, filled up to ``most`` sentences, and each exchanged while that helps."""

    def best(others: list[int]) -> int:
        free = np.setdiff1d(allowed, others)
        total = rows[free] + rows[others].sum(axis=0)
        return int(free[((total @ goal) / np.linalg.norm(total, axis=1).clip(1e-9)).argmax()])

    while len(chosen) < min(most, len(allowed)):
        chosen = [*chosen, best(chosen)]
    for _ in range(5):  # rounds; it nearly always rests after two
        before = chosen
        for place in range(len(chosen)):
            others = chosen[:place] + chosen[place + 1 :]
            chosen = [*chosen[:place], best(others), *chosen[place + 1 :]]
        if chosen == before:
            break
    return chosen


def weights(data: Path) -> Weights:
    """Learned from some of the reviews that are not held out."""
    texts = [r.text for r in islice(records.reviews(data), TRAINED_ON) if not r.held_out]
    often = Counter(word for text in texts for word in {stem(w) for w in words(text)})
    idf = {w: round(float(np.log(len(texts) / n)), 3) for w, n in often.items() if n > 1}
    return Weights(idf, round(float(np.log(max(len(texts), 2))), 3))


VERSIONS: dict[str, Callable[[Path], Summary]] = {
    "2026-09": lambda data: Ranked(weights(data)),
    "2026-10": lambda data: Lead(),
    "2026-11": lambda data: fusion.Fused(),
    "2026-12": lambda data: Covering(weights(data)),
}


def reviewed(data: Path, count: int, keep: int = READ) -> dict[int, list[Review]]:
    """The most reviewed books, each with its latest reviews, newest first."""
    often = Counter(r.book for r in records.reviews(data))
    chosen = sorted(often, key=lambda book: (-often[book], book))[:count]
    found: dict[int, list[Review]] = {book: [] for book in chosen}
    for review in records.reviews(data):
        if review.book in found:
            found[review.book].append(review)
    return {
        book: sorted(some, key=lambda r: (r.created, r.id), reverse=True)[:keep]
        for book, some in found.items()
    }


def cases(data: Path) -> dict[str, Any]:
    """Prompts, every second one with a question, and reviews that are not in the prompt."""
    found = []
    for number, (book, some) in enumerate(reviewed(data, CASES).items()):
        held = some[::4]
        read = [r.text for r in some if r not in held] or [some[0].text]
        question = question_of(read) if number % 2 else ""
        found.append(
            {"book": book, "reviews": read, "held": [r.text for r in held], "question": question}
        )
    return {"cases": found}


def question_of(reviews: list[str]) -> str:
    """A question about the longest word that several reviews use."""
    often = Counter(word for review in reviews for word in set(words(review)))
    word = max(often, key=lambda w: (min(often[w], 3), len(w), w))
    return f"What do readers say about the {word}?"


def scores(model: Summary, golden: dict[str, Any]) -> list[float]:
    """How much of what others said each summary covers (questions are not judged by that)."""
    return [
        coverage(model.answer(Prompt(tuple(case["reviews"]), "", 0)), case["held"])
        for case in golden["cases"]
        if not case["question"]
    ]


def probe(model: Summary, golden: dict[str, Any], n: int) -> Callable[[], Any]:
    """A call that summarises ``n`` books."""
    asked = [prompt.read(prompt.write(c["reviews"])) for c in (golden["cases"] * n)[:n]]
    return lambda: [model.answer(one) for one in asked]
