"""Quantiles of more values than one keeps: a mergeable summary with a known relative error.

The bins are DDSketch's (Masson, Rim & Lee, VLDB 2019): a few kilobytes whatever the rate, and the
summaries of many processes or windows add up to exactly the summary of all their values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any


class Summary:
    """Values of 0 or more (latencies, sizes). ``error``: relative, of every quantile told."""

    def __init__(self, error: float = 0.01) -> None:
        from ddsketch import DDSketch

        if not 0 < error < 1:
            raise ValueError(f"a relative error of {error:g}; between 0 and 1 is wanted")
        self.error = error
        self._sketch: Any = DDSketch(error)

    @property
    def n(self) -> int:
        return int(self._sketch.count)

    def add(self, values: Iterable[float]) -> None:
        """Take values in. Raises ValueError for NaN, infinity, below 0; those before it are in."""
        for value in values:
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"value {self.n + 1} is {value:g}; finite, 0 or more is wanted")
            self._sketch.add(value)

    def merge(self, other: Summary) -> None:
        """Take another summary in, which stays as it is. Raises ValueError for another error."""
        if other.error != self.error:
            raise ValueError(f"summaries of errors {self.error:g} and {other.error:g} do not merge")
        self._sketch.merge(other._sketch)

    def quantile(self, q: float) -> float:
        """The q-quantile within the relative error. Raises ValueError for none, or q not 0..1."""
        if not self.n:
            raise ValueError("a quantile of nothing")
        if not 0 <= q <= 1:
            raise ValueError(f"the quantile {q:g}; 0 to 1 is wanted")
        return float(self._sketch.get_quantile_value(q))

    def interval(self, q: float, z: float = 1.96) -> tuple[float, float, float]:
        """(estimate, low, high), as ``quantiles.quantile_interval``, for independent values.

        Between the order statistics around the quantile, and the summary's own error beyond.
        """
        estimate, n = self.quantile(q), self.n
        half = z * math.sqrt(n * q * (1 - q)) + 1
        low, high = max((n * q - half) / n, 0.0), min((n * q + half) / n, 1.0)
        return (
            estimate,
            self.quantile(low) * (1 - self.error),
            self.quantile(high) * (1 + self.error),
        )
