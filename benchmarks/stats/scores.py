"""Scores of change points, and paired intervals of their differences.

F1 with several annotators and covering: van den Burg & Williams, "An evaluation of change point
detection algorithms", arXiv:2003.06222, section 4. Indices are 0-based first points of new levels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

MARGIN = 5
"""Points by which a change may be missed and still count as found."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One series: changes found, missed, and told although there were none."""

    kind: str
    n: int
    found: int = 0
    missed: int = 0
    false: int = 0
    f1: float = 0.0
    cover: float = 0.0


def matched(truth: Sequence[int], told: Sequence[int], margin: int = MARGIN) -> int:
    """How many of ``truth`` have one of ``told`` of their own within the margin, nearest first."""
    left, hits = sorted(told), 0
    for t in sorted(truth):
        near = min((p for p in left if abs(p - t) <= margin), key=lambda p: abs(p - t), default=-1)
        if near >= 0:
            left.remove(near)
            hits += 1
    return hits


def of_steps(kind: str, n: int, truth: Sequence[int], told: Sequence[int]) -> Outcome:
    hits = matched(truth, told)
    return Outcome(kind, n, hits, len(truth) - hits, len(told) - hits)


def of_windows(
    kind: str, n: int, windows: Sequence[tuple[int, int]], told: Sequence[int]
) -> Outcome:
    """A window is found by any point inside; a point outside all windows is false."""
    hit = sum(any(a <= p <= b for p in told) for a, b in windows)
    false = sum(not any(a <= p <= b for a, b in windows) for p in told)
    return Outcome(kind, n, hit, len(windows) - hit, false)


def of_annotations(kind: str, n: int, sets: Sequence[Sequence[int]], told: list[int]) -> Outcome:
    """Point 0 belongs to every set, so that an empty answer has a score."""
    mine = sorted({0, *told})
    theirs = [sorted({0, *s}) for s in sets]
    precision = matched(sorted({p for s in theirs for p in s}), mine) / len(mine)
    recall = float(np.mean([matched(s, mine) / len(s) for s in theirs]))
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Outcome(kind, n, f1=f1, cover=float(np.mean([covering(s, mine, n) for s in theirs])))


def covering(truth: Sequence[int], told: Sequence[int], n: int) -> float:
    """Length-weighted best Jaccard overlap of each true segment with a told one."""
    total = 0.0
    for a, b in segments(truth, n):
        overlaps = [(min(b, d) - max(a, c)) / (max(b, d) - min(a, c)) for c, d in segments(told, n)]
        total += (b - a) * max(overlaps)
    return total / n


def segments(starts: Sequence[int], n: int) -> list[tuple[int, int]]:
    edges = sorted({0, *starts})
    return list(zip(edges, [*edges[1:], n], strict=True))


def pooled_f1(outcomes: Sequence[Outcome]) -> float:
    found, wrong = (
        sum(o.found for o in outcomes),
        sum(o.missed + o.false for o in outcomes),
    )
    return 2 * found / (2 * found + wrong) if found else 0.0


def mean_f1(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([o.f1 for o in outcomes]))


def mean_cover(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([o.cover for o in outcomes]))


def paired_interval(
    score: Callable[[Sequence[Outcome]], float],
    ours: Sequence[Outcome],
    theirs: Sequence[Outcome],
    rounds: int = 1000,
) -> tuple[float, float]:
    """95% interval of the difference of the scores: both resampled by the same series."""
    rng = np.random.default_rng(1)
    differences = []
    for _ in range(rounds):
        pick = rng.integers(0, len(ours), len(ours))
        differences.append(score([ours[i] for i in pick]) - score([theirs[i] for i in pick]))
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)
