"""Watching a candidate beside a base, all the time: P(any alarm, ever, without a change) <= alpha.

Pairs of observations made at the same time arrive one by one. While both releases are alike, which
of a pair's two values is the candidate's is a fair coin, whatever the values are, however heavy
their tails, and whatever moves both together. So one may bet on that coin: several bettors start
with a share of a capital of 1, each stakes a part of what it has on the larger value (or on the
smaller one) being the candidate's, and the capital is an e-process: it ever reaches 1 / alpha with
a chance of at most alpha (Ville 1939; Shafer 2021). Stakes depend on the size of the difference
against the usual one so far: some bettors wait for the rare large difference (one request in five
is slow), some live on a small one in each pair.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

WARM = 6
"""Pairs that only tell how large a usual difference is."""

CAPITAL = (0.4, 0.1, 0.15, 0.15, 0.2)
"""Of the bettors of ``_stakes``."""

UPWARD = 0.85
"""Of all capital: on the candidate being larger. The rest is on its being smaller."""

MARGIN = 1.5
"""The alarm wants MARGIN / alpha. 1 / alpha would do, and is nearly used up by bets this bold: a
promise of 1% should also be seen kept by who tries a few hundred streams."""

MOST = 0.95
"""Of a bettor's capital at stake: one wrong bet ruins nobody."""


@dataclass
class Canary:
    """Feed it pairs; it alarms once, and says since which pair (from 1) the candidate differs.

    ``update`` takes 20 microseconds or so; memory grows by three numbers a pair.
    """

    alpha: float = 0.01
    pairs: int = 0
    alarmed: bool = False
    _gaps: list[float] = field(default_factory=list, repr=False)
    _pool: list[float] = field(default_factory=list, repr=False)
    _logs: list[float] = field(default_factory=list, repr=False)
    _lows: list[tuple[float, int]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise ValueError(f"alpha is {self.alpha:g}; between 0 and 1 is wanted")
        shares = [w * UPWARD for w in CAPITAL] + [w * (1 - UPWARD) for w in CAPITAL]
        self._logs = [math.log(share) for share in shares]
        self._lows = [(value, 0) for value in self._logs]

    def update(self, base: float, candidate: float) -> bool:
        """One more pair; True from the alarm on. Raises ValueError for NaN and infinity."""
        if not (math.isfinite(base) and math.isfinite(candidate)):
            raise ValueError(f"pair {self.pairs + 1} is {base:g}, {candidate:g}; finite is wanted")
        self.pairs += 1
        gap = candidate - base
        if gap == 0:  # a tie decides no bet
            return self.alarmed
        if len(self._gaps) >= WARM:
            self._bet(abs(gap), self._apart(base, candidate), 1 if gap > 0 else -1)
        insort(self._gaps, abs(gap))
        insort(self._pool, base)
        insort(self._pool, candidate)
        self.alarmed = self.alarmed or self.evidence >= MARGIN / self.alpha
        return self.alarmed

    @property
    def evidence(self) -> float:
        """The capital: at least MARGIN / alpha is an alarm."""
        return math.fsum(map(math.exp, self._logs))

    @property
    def direction(self) -> str:
        """Which way the evidence points: "higher" or "lower"."""
        return "higher" if self._best() < len(CAPITAL) else "lower"

    @property
    def since(self) -> int:
        """The pair with which the change most likely began: since when the best bettor gains."""
        return self._lows[self._best()][1] + 1

    def _best(self) -> int:
        return max(range(len(self._logs)), key=self._logs.__getitem__)

    def _apart(self, base: float, candidate: float) -> float:
        """How large a share of all values so far lies between the two."""
        ranks = bisect_left(self._pool, base), bisect_left(self._pool, candidate)
        return abs(ranks[1] - ranks[0]) / len(self._pool)

    def _bet(self, gap: float, apart: float, sign: int) -> None:
        usual = 1.4826 * self._gaps[len(self._gaps) // 2]
        stakes = _stakes(min(gap / usual, 1e3) if usual > 0 else 1e3, apart)
        for i, stake in enumerate((*stakes, *(-s for s in stakes))):
            self._logs[i] += math.log1p(sign * stake)
            if self._logs[i] <= self._lows[i][0]:
                self._lows[i] = self._logs[i], self.pairs


def against(baseline: Sequence[float], alpha: float = 0.01) -> FixedBaseline:
    """Watch against a fixed baseline, which must be in the order in which it was observed."""
    return FixedBaseline(iter(list(baseline)), Canary(alpha))


@dataclass
class FixedBaseline:
    """Each baseline observation is used once; when it is used up, ``exhausted`` says so.

    It holds while the candidate's surroundings are the baseline's: what moved since (load, the time
    of day) counts as the candidate's doing.
    """

    baseline: Iterator[float]
    canary: Canary
    exhausted: bool = False

    def update(self, candidate: float) -> bool:
        """One more observation of the candidate; True from the alarm on."""
        base = next(self.baseline, None)
        if base is None:
            self.exhausted = True
            return self.canary.alarmed
        return self.canary.update(base, candidate)


def _stakes(z: float, apart: float) -> tuple[float, ...]:
    """Each bettor's stake for a difference of ``z`` usual ones, ``apart`` as a share of values.

    The first two wait for differences beyond 2 and 3.5; two stake with any; the last by ranks.
    """
    sixth = z**6
    return (
        MOST * sixth / (sixth + 2.0**6),
        MOST * sixth / (sixth + 3.5**6),
        MOST * math.tanh(0.15 * z),
        MOST * math.tanh(0.6 * z),
        0.8 * apart,
    )
