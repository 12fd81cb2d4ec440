"""How much one release's runs differ among themselves: a prior that is learned once, then updated.

Five runs tell their own spread badly, and a t test pays for that with much of its power. But
spreads are alike from program to program, so that a prior may lend what the runs cannot tell (the
moderated t of Smyth 2004). Here the variance's prior is a mixture of scaled inverse chi-squares:
most programs are usual, some are not, and the runs' own spread decides which kind this one is. Far
from the usual the prior lets go, and the test becomes the plain one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Part:
    """A share of all programs: their spread is like ``sd``, as vaguely as ``df`` runs would say."""

    share: float
    df: float
    sd: float


Prior = tuple[Part, ...]
"""Shares sum to 1. An empty one is no prior: the runs' own spread alone, as for exact counts."""

USUAL: Prior = (Part(0.75, 20, 0.02), Part(0.25, 1, 0.05))
"""Typical times and medians of processes, on the log scale: near 2%, for one in four anything.

Measured on 20 programs, 10 processes each: halves of them give 1.6 to 2.1% (80% of halves).
"""

MEAN: Prior = (Part(0.5, 4, 0.03), Part(0.5, 1, 0.1))
"""Means and p95s of processes: what bursts of the machine move, too."""

TAIL: Prior = (Part(0.5, 4, 0.06), Part(0.5, 1, 0.2))
"""p99s of processes."""

NONE: Prior = ()


@dataclass(frozen=True)
class Posterior:
    """What is known of a difference: a mixture of Student's t around ``centre``.

    ``parts``: (weight, degrees of freedom, scale). No parts: the difference is exact.
    """

    centre: float
    parts: tuple[tuple[float, float, float], ...]

    def beyond(self, distance: float) -> float:
        """The chance of an error of at least ``distance``, either way: a two-sided p-value."""
        from scipy.special import stdtr

        if not self.parts:
            return 1.0 if distance <= 0 else 0.0
        tails = (w * float(stdtr(df, -distance / s)) for w, df, s in self.parts)
        return min(2 * math.fsum(tails), 1.0)

    def half_width(self, confidence: float) -> float:
        """Half of the central interval that holds the difference with ``confidence``."""
        if not self.parts:
            return 0.0
        low, high = 0.0, max(s for _, _, s in self.parts)
        while self.beyond(high) > 1 - confidence:
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.beyond(middle) > 1 - confidence else (low, middle)
        return high

    @cached_property
    def scale(self) -> float:
        """The usual error: the root of the parts' mean squared scales."""
        return math.sqrt(math.fsum(w * s * s for w, _, s in self.parts))


def posterior(
    centre: float, squares: float, df: float, weight: float, prior: Prior
) -> Posterior | None:
    """What is known of a difference of means.

    ``squares``: the runs' squared deviations, ``df`` degrees of freedom; ``weight``: the variance
    of the difference is this times a run's. None where neither runs nor a prior tell a spread.
    """
    if not prior:
        if df <= 0:
            return None
        scale = math.sqrt(squares / df * weight)
        return Posterior(centre, ((1.0, df, scale),) if scale > 0 else ())
    # The marginal of the runs' variance under each part is a scaled F (up to a common factor).
    logs = [math.log(p.share) + _log_f(squares, df, p) for p in prior]
    top = max(logs)
    weights = [math.exp(value - top) for value in logs]
    parts = (
        (w / sum(weights), p.df + df, _scale(squares, df, p) * math.sqrt(weight))
        for w, p in zip(weights, prior, strict=True)
    )
    return Posterior(centre, tuple(parts))


def learned(spreads: Sequence[float], df: float) -> Prior:
    """The prior that many programs' own spreads tell (log scale, ``df`` degrees of freedom each).

    By the moments of the log variances (Smyth 2004, section 6.2). One in four programs stays free
    to be anything. Raises ValueError for fewer than eight positive spreads.
    """
    from scipy.special import digamma, polygamma

    logs = [2 * math.log(s) for s in spreads if s > 0 and math.isfinite(s)]
    if len(logs) < 8 or df < 1:
        raise ValueError(f"{len(logs)} spreads of {df:g} degrees tell no prior; 8 are wanted")
    offset = float(digamma(df / 2)) - math.log(df / 2)
    middle = math.fsum(logs) / len(logs) - offset
    excess = math.fsum((v - offset - middle) ** 2 for v in logs) / (len(logs) - 1)
    excess -= float(polygamma(1, df / 2))
    degrees = _degrees(excess)
    sd = math.exp((middle + float(digamma(degrees / 2)) - math.log(degrees / 2)) / 2)
    return (Part(0.75, degrees, sd), Part(0.25, 1, 2.8 * sd))


def _degrees(excess: float, most: float = 20.0) -> float:
    """The degrees whose trigamma(df / 2) is ``excess``, at most ``most``."""
    from scipy.special import polygamma

    low, high = 0.1, most
    if excess <= float(polygamma(1, high / 2)):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        above = float(polygamma(1, middle / 2)) > excess
        low, high = (middle, high) if above else (low, middle)
    return high


def _scale(squares: float, df: float, part: Part) -> float:
    return math.sqrt((part.df * part.sd**2 + squares) / (part.df + df))


def _log_f(squares: float, df: float, part: Part) -> float:
    """log density of ``squares`` under a part, up to what all parts have in common."""
    if df <= 0:
        return 0.0
    d, s = part.df, part.sd**2
    value = math.lgamma((d + df) / 2) - math.lgamma(d / 2) + d / 2 * math.log(d * s)
    return value - (d + df) / 2 * math.log(d * s + squares)
