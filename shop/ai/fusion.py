"""Summaries by multi-sentence compression: new sentences along the paths of a graph of words.

After Filippova (2010). It takes long, and what it fuses nobody has said: a version to learn from.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from ai.prompt import Prompt
from ai.text import sentences, stem, words

START, END = "<", ">"
SHORTEST, LONGEST = 12, 18
"""Words of a sentence."""


@dataclass(frozen=True)
class Fused:
    """Beam search for the paths whose pairs of words are the most common."""

    width: int = 250

    def answer(self, asked: Prompt, most: int = 3) -> list[str]:
        said = [words(s) for review in asked.reviews for s in sentences(review)]
        wanted = {stem(w) for w in words(asked.question) if len(w) > 4}
        if wanted:
            said = [told for told in said if wanted & {stem(w) for w in told}]
        after: dict[str, Counter[str]] = {}
        for told in said:
            for a, b in pairwise([START, *told, END]):
                after.setdefault(a, Counter())[b] += 1
        return [" ".join(path).capitalize() + "." for path in self._paths(after)[:most]]

    def _paths(self, after: dict[str, Counter[str]]) -> list[tuple[str, ...]]:
        """Finished paths, the most common first."""
        beam: list[tuple[float, tuple[str, ...]]] = [(0.0, (START,))]
        done: list[tuple[float, tuple[str, ...]]] = []
        for length in range(1, LONGEST + 1):
            grown = [
                (score + math.log1p(count), (*path, word))
                for score, path in beam
                for word, count in after.get(path[-1], {}).items()
                if word not in path[-4:] and (word != END or length > SHORTEST)
            ]
            done += [(score / length, path[1:-1]) for score, path in grown if path[-1] == END]
            beam = heapq.nlargest(self.width, (g for g in grown if g[1][-1] != END))
        return [path for _, path in sorted(done, reverse=True)]
