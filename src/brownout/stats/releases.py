"""Is the candidate slower than the base? Runs are compared, never their pooled observations.

A run is what was started anew: a process, a pod, a fork. Observations of one run share its memory
layout, its neighbours and its luck, so that a test over pooled observations alarms on most
comparisons of a release with itself. Each run gives one number per figure (``figures``); the logs
of these numbers are compared by a t test whose variance has a prior (``noise``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from brownout.stats import figures, noise
from brownout.stats.blocks import mean_of_blocks, moments
from brownout.stats.checks import as_rates, as_runs, as_values
from brownout.stats.noise import Posterior, Prior

CONFIDENCE = 0.99
"""Of every interval; an alarm is an interval that leaves out "no change": one in 100 at most."""

FLOOR, WORTH = 0.01, 0.05
"""Changes that nobody minds, and that are worth finding: 1%, 5%."""

SHARES = {"typical": 0.7, "p95": 0.15, "mean": 0.15}
"""How the 1% of false alarms is shared out; p50 and p99 are told, but raise no alarm alone."""

SINGLE = 0.02
"""What one run on either side may differ by, unseen: a usual spread between runs."""

BLOCKS, IN_BLOCK = 30, 20
"""A single run is cut into so many blocks at most, of so many observations at least."""

PRIORS: Mapping[str, Prior] = {
    "mean": noise.MEAN, "p95": noise.MEAN, "p99": noise.TAIL,
}  # fmt: skip

Verdict = Literal["regressed", "improved", "clean", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Effect:
    """candidate / base of one figure, with the interval of the ratio.

    ``n``: runs (or blocks, or pairs) of the two sides. ``spread``: of runs, on the log scale.
    Without a ratio, ``reason`` says why.
    """

    figure: str
    base: float
    candidate: float
    n: tuple[int, int]
    ratio: float = math.nan
    low: float = 0.0
    high: float = math.inf
    p: float = 1.0
    spread: float = math.nan
    confidence: float = CONFIDENCE
    reason: str = ""

    def verdict(self, floor: float = FLOOR, worth: float = WORTH) -> Verdict:
        """For what is better when it is less: regressed, or improved, where the interval leaves out
        1 and the ratio is beyond ``floor``; clean where it leaves out a rise of ``worth``."""
        if self.p < 1 - self.confidence and abs(self.ratio - 1) >= floor:
            return "regressed" if self.ratio > 1 else "improved"
        return "clean" if self.high < 1 + worth else "inconclusive"

    def more_runs(self, change: float = WORTH, power: float = 0.8, most: int = 1000) -> int | None:
        """Runs to add on each side until a rise of ``change`` is seen with chance ``power``.

        0: there are enough. None: not even with ``most``, or nothing is known of the spread.
        """
        from scipy.special import ndtri

        if not math.isfinite(self.spread) or change <= 0 or not 0 < power < 1:
            return None
        have = min(self.n)
        for n in range(max(have, 2), most + 1):
            known = noise.posterior(
                0.0, self.spread**2 * (2 * n - 2), 2 * n - 2, 2 / n, _prior(self.figure)
            )
            error = self.spread * math.sqrt(2 / n)
            if known is None or math.log1p(change) < error * float(ndtri(power)):
                continue
            if known.half_width(self.confidence) + error * float(ndtri(power)) <= math.log1p(
                change
            ):
                return n - have
        return None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures of two releases. ``p``: the chance of figures so far apart among equal ones."""

    effects: Mapping[str, Effect]
    p: float
    reason: str = ""

    @property
    def alarm(self) -> bool:
        return self.p < 1 - CONFIDENCE

    def __getitem__(self, figure: str) -> Effect:
        return self.effects[figure]


def compare_runs(
    base: Sequence[Sequence[float]],
    candidate: Sequence[Sequence[float]],
    wanted: Sequence[str] = figures.FIGURES,
    paired: bool = False,
) -> Comparison:
    """Compare latencies (or other positive numbers), one sequence per run.

    ``paired``: base run i and candidate run i were made next to each other, so that what moves both
    (the machine's mood) cancels. One run a side is cut into blocks of time: then what differs from
    run to run was not seen, and the interval is widened by a usual 2%.
    Raises ValueError for NaN, infinity, negative values, an empty run.
    """
    sides = as_runs(base, "base"), as_runs(candidate, "candidate")
    if paired and len(sides[0]) != len(sides[1]):
        raise ValueError(f"{len(sides[0])} and {len(sides[1])} runs are no pairs")
    effects = {name: _effect(name, sides[0], sides[1], paired) for name in wanted}
    seen = {name: e for name, e in effects.items() if SHARES.get(name) and not e.reason}
    total = math.fsum(SHARES[name] for name in seen)
    p = min((e.p * total / SHARES[name] for name, e in seen.items()), default=1.0)
    reason = "" if seen else next((e.reason for e in effects.values() if e.reason), "no figure")
    if seen and len(sides[0]) == len(sides[1]) == 1:
        reason = "one run on each side: what differs from run to run was not seen"
    return Comparison(effects, min(p, 1.0), reason)


def compare_values(
    base: Sequence[float],
    candidate: Sequence[float],
    name: str = "value",
    paired: bool = False,
    prior: Prior = noise.NONE,
) -> Effect:
    """Compare one positive number per run: an exact count, a peak of memory, a score.

    Exact counts need no prior: where runs do not differ at all, neither does the interval. For
    times and memory give ``noise.USUAL``.
    """
    sides = as_values(base, "base"), as_values(candidate, "candidate")
    if paired and len(sides[0]) != len(sides[1]):
        raise ValueError(f"{len(sides[0])} and {len(sides[1])} runs are no pairs")
    return _compared(name, sides[0], sides[1], paired, prior)


def compare_rates(
    base: Sequence[tuple[float, float]], candidate: Sequence[tuple[float, float]]
) -> Effect:
    """Compare error rates; each run gives (bad, all).

    The log of the ratio of rates with half an error added to each side (Haldane), its variance
    multiplied by how much more runs differ than chance would have it (never by less than 1).
    """
    (bad_b, all_b, extra_b, n_b), (bad_c, all_c, extra_c, n_c) = (
        as_rates(base, "base"),
        as_rates(candidate, "candidate"),
    )
    rates = bad_b / all_b, bad_c / all_c
    df = n_b + n_c - 2
    factor = max(1.0, (extra_b + extra_c) / df) if df > 0 else 1.0
    centre = math.log((bad_c + 0.5) / (all_c + 0.5)) - math.log((bad_b + 0.5) / (all_b + 0.5))
    parts = (1 / (bad_b + 0.5) - 1 / (all_b + 0.5)) + (1 / (bad_c + 0.5) - 1 / (all_c + 0.5))
    # Chance alone is known (normal); what runs add to it is known as well as runs are many.
    degrees = 1e6 if factor == 1.0 else float(df)
    known = Posterior(centre, ((1.0, degrees, math.sqrt(parts * factor)),))
    return _told("errors", (rates[0], rates[1]), (n_b, n_c), known, math.nan)


def _effect(
    name: str, base: Sequence[Sequence[float]], candidate: Sequence[Sequence[float]], paired: bool
) -> Effect:
    number = figures.figure(name)
    if len(base) == len(candidate) == 1:
        return _single(name, base[0], candidate[0])
    values = [number(run) for run in base], [number(run) for run in candidate]
    return _compared(name, values[0], values[1], paired, _prior(name))


def _prior(name: str) -> Prior:
    return PRIORS.get(name, noise.USUAL)


def _compared(
    name: str, base: Sequence[float], candidate: Sequence[float], paired: bool, prior: Prior
) -> Effect:
    """Runs' figures compared on the log scale."""
    ends = _centre(base), _centre(candidate)
    n = len(base), len(candidate)
    if min(*base, *candidate) <= 0:
        return Effect(name, *ends, n, reason=f"{name} is 0 in some runs: no ratio can be told")
    logs = [[math.log(v) for v in side] for side in (base, candidate)]
    if paired:
        gaps = [c - b for b, c in zip(*logs, strict=True)]
        centre, squares = moments(gaps)
        # A gap has twice the variance of a run.
        squares, df, weight = squares / 2, n[0] - 1, 2 / n[0]
    else:
        (one, squares_b), (two, squares_c) = (moments(side) for side in logs)
        centre, squares, df = two - one, squares_b + squares_c, sum(n) - 2
        weight = 1 / n[0] + 1 / n[1]
    known = noise.posterior(centre, squares, df, weight, prior)
    if known is None:
        return Effect(name, *ends, n, reason="one run on each side tells no spread; add runs")
    return _told(name, ends, n, known, known.scale / math.sqrt(weight))


def _single(name: str, base: Sequence[float], candidate: Sequence[float]) -> Effect:
    """One run a side: its blocks of time are compared."""
    number = figures.figure(name)
    least = max(IN_BLOCK, figures.least_values(name))
    cut = [_blocks(side, least) for side in (base, candidate)]
    ends = number(base), number(candidate)
    n = len(cut[0]), len(cut[1])
    if min(n) < 4:
        have = min(len(base), len(candidate))
        reason = f"one run of {have} observations: at least {4 * least} are wanted, or more runs"
        return Effect(name, *ends, n, reason=reason)
    values = [[number(block) for block in side] for side in cut]
    if min(map(min, values)) <= 0:
        return Effect(name, *ends, n, reason=f"{name} is 0 in some blocks: no ratio can be told")
    logs = [[math.log(v) for v in side] for side in values]
    (one, var_b), (two, var_c) = (mean_of_blocks(side) for side in logs)
    centre, scale = two - one, math.sqrt(var_b + var_c)
    degrees = float(min(n) - 1)
    known = Posterior(centre, ((1.0, degrees, scale),) if scale > 0 else ())
    return _told(name, ends, n, known, math.nan, math.log1p(SINGLE))


def _told(
    name: str,
    ends: tuple[float, float],
    n: tuple[int, int],
    known: Posterior,
    spread: float,
    unseen: float = 0.0,
) -> Effect:
    """``unseen``: what the difference may be beside what the posterior knows of (log scale)."""
    half = known.half_width(CONFIDENCE) + unseen
    p = known.beyond(max(abs(known.centre) - unseen, 0.0))
    low, high = (math.exp(min(known.centre + side, 700.0)) for side in (-half, half))
    return Effect(name, *ends, n, math.exp(known.centre), low, high, p, spread)


def _blocks(values: Sequence[float], least: int) -> list[Sequence[float]]:
    count = min(BLOCKS, len(values) // least)
    size = len(values) // count if count else 1
    return [values[i * size : (i + 1) * size] for i in range(count)]


def _centre(values: Sequence[float]) -> float:
    """Of the runs' figures: their geometric mean, whose ratio is compared; the mean with zeros."""
    if min(values) <= 0:
        return math.fsum(values) / len(values)
    return math.exp(math.fsum(math.log(v) for v in values) / len(values))
