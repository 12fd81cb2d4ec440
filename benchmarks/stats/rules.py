"""The usual rules that ours are measured beside."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.stats import mannwhitneyu, ttest_ind

Runs = list[np.ndarray]


def medians(runs: Runs) -> np.ndarray:
    return np.log([np.median(run) for run in runs])


def bootstrap(a: Runs, b: Runs, times: int = 2000) -> float:
    """Runs' medians resampled; the two-sided p of the difference of their medians."""
    rng = np.random.default_rng(0)
    drawn = []
    for side in (a, b):
        m = medians(side)
        drawn.append(np.median(m[rng.integers(0, len(m), (times, len(m)))], axis=1))
    gap = drawn[1] - drawn[0]
    tails = min((np.sum(gap <= 0) + 1), (np.sum(gap >= 0) + 1)) / (times + 1)
    return float(min(1.0, 2 * tails))


COMPARING: dict[str, Callable[[Runs, Runs], float]] = {
    "Welch, run medians": lambda a, b: ttest_ind(medians(a), medians(b), equal_var=False).pvalue,
    "Mann-Whitney, run medians": lambda a, b: mannwhitneyu(medians(a), medians(b)).pvalue,
    "hierarchical bootstrap": bootstrap,
    "Mann-Whitney, pooled": lambda a, b: mannwhitneyu(np.concatenate(a), np.concatenate(b)).pvalue,
}


class Msprt:
    """Mixture SPRT on the mean difference (Johari et al.), plug-in variance, tau = 0.2 sd."""

    def __init__(self) -> None:
        self.n, self.mean, self.squares = 0, 0.0, 0.0

    def update(self, x: float, y: float) -> bool:
        self.n += 1
        off = y - x - self.mean
        self.mean += off / self.n
        self.squares += off * (y - x - self.mean)
        if self.n < 50:
            return False
        v = self.squares / (self.n - 1) + 1e-9
        t, n = 0.04 * v, self.n
        gain = 0.5 * math.log(v / (v + n * t)) + n * n * t * self.mean**2 / (2 * v * (v + n * t))
        return gain >= math.log(100)


class Peek:
    """A fixed-sample test at every 50th pair."""

    def __init__(self, test: Callable[[list[float], list[float]], float]) -> None:
        self.test, self.x, self.y = test, [], []  # type: ignore[var-annotated]

    def update(self, x: float, y: float) -> bool:
        self.x.append(x)
        self.y.append(y)
        return len(self.x) % 50 == 0 and self.test(self.x, self.y) < 0.01


PAIRS: dict[str, Callable[[], object]] = {
    "mSPRT": Msprt,
    "Mann-Whitney, peeking": lambda: Peek(lambda x, y: mannwhitneyu(x, y).pvalue),
    "Welch, peeking": lambda: Peek(lambda x, y: ttest_ind(x, y, equal_var=False).pvalue),
}


class Scaled:
    """Robust z-scores by the past's median and MAD, cut at 6 where a sum is made of them."""

    def __init__(self, past: np.ndarray, limit: float) -> None:
        self.middle, self.limit = float(np.median(past)), limit
        mad = 1.4826 * float(np.median(np.abs(past - self.middle)))
        self.scale = mad + 1e-3 * abs(self.middle) + 1e-12
        self.up = self.down = 0.0
        self.window: list[float] = []

    def z(self, x: float) -> float:
        return (x - self.middle) / self.scale


class Mad(Scaled):
    def update(self, x: float) -> bool:
        return abs(self.z(x)) > self.limit


class Cusum(Scaled):
    def update(self, x: float) -> bool:
        z = max(-6.0, min(6.0, self.z(x)))
        self.up, self.down = max(0.0, self.up + z - 0.5), max(0.0, self.down - z - 0.5)
        return max(self.up, self.down) > self.limit


class Glr(Scaled):
    def update(self, x: float) -> bool:
        self.window = [max(-6.0, min(6.0, self.z(x))), *self.window][:30]
        sums = np.cumsum(self.window)
        return float(np.max(np.abs(sums) / np.sqrt(np.arange(1, len(sums) + 1)))) >= self.limit


LIVE: dict[str, Callable[[np.ndarray], object]] = {
    "5 MAD": lambda past: Mad(past, 5),
    "12 MAD": lambda past: Mad(past, 12),
    "CUSUM": lambda past: Cusum(past, 8),
    "GLR, 30 windows, 9": lambda past: Glr(past, 9),
}

try:
    from river import drift
except ImportError:
    pass
else:

    class River:
        """A river detector, fed z-scores by the past's mean and deviation."""

        def __init__(self, past: np.ndarray, detector: object) -> None:
            self.mean, self.sd, self.detector = past.mean(), past.std() + 1e-12, detector
            for value in past:
                self.update(value)

        def update(self, x: float) -> bool:
            self.detector.update(float((x - self.mean) / self.sd))  # type: ignore[attr-defined]
            return bool(self.detector.drift_detected)  # type: ignore[attr-defined]

    LIVE["river Page-Hinkley"] = lambda past: River(past, drift.PageHinkley())
    LIVE["river ADWIN"] = lambda past: River(past, drift.ADWIN())
