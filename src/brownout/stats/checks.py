"""What is refused before anything is computed, and said in one sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any


def as_values(values: Iterable[float], what: str) -> list[float]:
    """Finite numbers of at least 0, as a list. Raises ValueError that names the first other one."""
    import numpy as np

    try:
        array = np.asarray(values if hasattr(values, "__len__") else list(values), float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} has something that is no number: {error}") from error
    if array.ndim != 1:
        raise ValueError(f"{what} has {array.ndim} dimensions; one is wanted")
    if not array.size:
        raise ValueError(f"{what} is empty")
    wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if wrong.size:
        at = int(wrong[0])
        raise ValueError(f"{what}: value {at + 1} is {array[at]:g}; finite, 0 or more is wanted")
    return list(map(float, array))


def as_runs(runs: Sequence[Any], what: str) -> list[list[float]]:
    """Each run's observations. A plain sequence of numbers is one run."""
    if not hasattr(runs, "__len__") or not len(runs):
        raise ValueError(f"{what} has no runs")
    if not hasattr(runs[0], "__len__"):
        return [as_values(runs, what)]
    return [as_values(run, f"{what}, run {i}") for i, run in enumerate(runs, 1)]


def as_rates(runs: Sequence[tuple[float, float]], what: str) -> tuple[float, float, float, int]:
    """(bad, all, chi-square of the runs' rates, runs) of runs of (bad, all).

    Runs without any case are left out. Raises ValueError for bad > all, and for no cases at all.
    """
    kept = []
    for i, (bad, cases) in enumerate(runs, 1):
        if not (math.isfinite(bad) and math.isfinite(cases) and 0 <= bad <= cases):
            raise ValueError(f"{what}, run {i}: {bad:g} bad of {cases:g} cannot be")
        if cases:
            kept.append((bad, cases))
    if not kept:
        raise ValueError(f"{what} has no cases")
    bad = math.fsum(b for b, _ in kept)
    cases = math.fsum(n for _, n in kept)
    rate = bad / cases
    if rate in (0.0, 1.0):
        return bad, cases, 0.0, len(kept)
    chance = math.fsum((b - n * rate) ** 2 / (n * rate * (1 - rate)) for b, n in kept)
    return bad, cases, chance, len(kept)
