"""Watching a yes-or-no signal live, against what a baseline's counts vouch for: an e-detector.

Each observation multiplies the evidence by its likelihood ratio, Bernoulli(FAULT) against
Bernoulli(``usual``); the evidence never falls below 1 (CUSUM form). While the true share of bad
observations is at most ``usual`` and they are independent, the mean number of observations until
the evidence reaches ``between`` is at least ``between`` (Shin, Ramdas & Rinaldo, "E-detectors",
2022; for likelihood ratios: Lorden 1971).

A baseline is short, so that its own share would often be too low a ``usual``: it is Jeffreys' 95%
upper bound. What that leaves of the promise was computed, not simulated, for every true share
(``benchmarks/stats/alarm_rates.py``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FAULT = 0.85
"""Share of bad observations while something is wrong. A lower share is seen, only later."""

FLOOR = 0.05
"""Share of bad observations that is granted to every signal: lone hiccups."""

MOST = FAULT / 2
"""What a baseline that tells nothing, or little, is taken for. A signal that is truly worse than
this without a fault wants another threshold: for it the promise does not hold."""

CONFIDENCE = 0.95
"""Of the baseline's upper bound."""


def upper_bound(bad: int, n: int) -> float:
    """The share of bad observations that a baseline of ``n`` vouches for: FLOOR..MOST.

    Raises ValueError unless 0 <= bad <= n.
    """
    from scipy.special import betaincinv

    if not 0 <= bad <= n:
        raise ValueError(f"{bad} bad of {n} observations: 0 <= bad <= n is wanted")
    return min(max(float(betaincinv(bad + 0.5, n - bad + 0.5, CONFIDENCE)), FLOOR), MOST)


@dataclass
class EDetector:
    """Alarms when bad observations come oftener than ``usual`` explains.

    ``between``: observations between false alarms, on average and at least. ``since``: the number
    (from 0) of the observation with which the present evidence began. Raises ValueError unless
    0 < usual < FAULT and between > 1.
    """

    usual: float
    between: float
    seen: int = 0
    since: int | None = None
    log_evidence: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.usual < FAULT or not self.between > 1:
            raise ValueError(
                f"usual is {self.usual:g} and between {self.between:g}: "
                f"0 < usual < {FAULT:g} and between > 1 are wanted"
            )
        self._ratios = math.log((1 - FAULT) / (1 - self.usual)), math.log(FAULT / self.usual)

    def update(self, bad: bool) -> bool:
        """One more observation: an alarm now?"""
        self.log_evidence += self._ratios[bad]
        if self.log_evidence <= 0:
            self.log_evidence, self.since = 0.0, None
        elif self.since is None:
            self.since = self.seen
        self.seen += 1
        return self.log_evidence >= math.log(self.between)

    def reset(self) -> None:
        """Forget the evidence, not how many observations were seen."""
        self.log_evidence, self.since = 0.0, None
