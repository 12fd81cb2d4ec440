"""How good answers are: gains of a ranking, and the interval of a mean."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

RESAMPLES = 1000


def ndcg(ranked: Sequence[int], relevant: Collection[int], at: int = 10) -> float:
    """Normalised discounted cumulative gain of one ranking, 0 to 1 (Järvelin & Kekäläinen 2002)."""
    gains = [1 / math.log2(i + 2) for i, book in enumerate(ranked[:at]) if book in relevant]
    return sum(gains) / sum(1 / math.log2(i + 2) for i in range(min(at, len(relevant))))


def interval(scores: Sequence[float], seed: int = 11) -> dict[str, float | int]:
    """The mean of the cases' scores: {value, low, high, n}; 95% percentile bootstrap over cases."""
    values = np.asarray(scores, float)
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), (2.5, 97.5))
    return {
        "value": round(float(values.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "n": len(values),
    }
