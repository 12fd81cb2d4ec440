"""Titles and descriptions of books."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data import words
from data.tables import strings

Filling = dict[str, str]
"""What fills the patterns of one book's texts: noun, other, adjective, second, place, person."""


def fillings(rng: np.random.Generator, nouns: np.ndarray, adjectives: np.ndarray) -> list[Filling]:
    """Of each book; ``nouns`` and ``adjectives``: strings, books x 2."""
    n = len(nouns)
    places, persons = (
        strings(options)[rng.integers(0, len(options), n)]
        for options in (words.PLACES, words.FIRST)
    )
    keys = ("noun", "other", "adjective", "second", "place", "person")
    rows = zip(*nouns.T, *adjectives.T, places, persons, strict=True)
    return [dict(zip(keys, row, strict=True)) for row in rows]


def titles(
    rng: np.random.Generator,
    told: Sequence[Filling],
    explains: np.ndarray,
    seen: dict[str, int],
) -> list[str]:
    """Numbered where one was ``seen`` before; what ``explains`` may be called a manual."""
    patterns = words.TITLES + words.MANUALS
    kinds = rng.integers(0, np.where(explains, len(patterns), len(words.TITLES)))
    result = []
    for kind, filling in zip(kinds.tolist(), told, strict=True):
        title = patterns[kind].format_map(filling)
        seen[title] = seen.get(title, 0) + 1
        result.append(title if seen[title] == 1 else f"{title}, Volume {seen[title]}")
    return result


def descriptions(rng: np.random.Generator, told: Sequence[Filling]) -> list[str]:
    """A plot and a subject each."""
    plots = rng.integers(0, len(words.PLOTS), len(told)).tolist()
    subjects = rng.integers(0, len(words.SUBJECTS), len(told)).tolist()
    found = []
    for plot, subject, filling in zip(plots, subjects, told, strict=True):
        lower = {key: word.lower() for key, word in filling.items()} | {"place": filling["place"]}
        found.append(f"{words.PLOTS[plot]} {words.SUBJECTS[subject]}".format_map(lower))
    return found
