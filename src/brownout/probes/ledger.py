"""CPU seconds of processes with what they have waited for: none is lost when a child ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Times:
    """CPU seconds of one process itself and of its children that have ended (where the system
    tells: on macOS of our own process alone), who its parent is, and whether all of it is to count
    when it is seen for the first time."""

    own: float
    children: float = 0.0
    parent: int = 0
    fresh: bool = False

    @property
    def total(self) -> float:
        return self.own + self.children


class Ledger:
    """Remembers the times of the take before.

    When a child ends, its CPU is added to its parent's as a whole: what was counted already while
    it lived is taken off there.
    """

    def __init__(self) -> None:
        self._known: dict[int, Times] = {}
        self._owed: dict[int, float] = {}

    def take(self, found: Mapping[int, Times], settled: Mapping[int, float]) -> dict[int, float]:
        """Pid -> CPU seconds since the take before.

        ``found``: what lives; ``settled``: processes that have ended and said how many seconds they
        and their children used in all (they may be about to go, and found).
        """
        found = {pid: times for pid, times in found.items() if pid not in settled}
        counted = self._counted(found, settled)
        used: dict[int, float] = {}
        owed: dict[int, float] = {}
        for pid, now in found.items():
            before = self._known.get(pid, Times(0.0) if now.fresh else now)
            net = now.children - before.children - counted[pid] - self._owed.get(pid, 0.0)
            used[pid] = max(now.own - before.own, 0.0) + max(net, 0.0)
            # Its parent may wait for a child only after this look: it is taken off once more, and
            # not for ever, since an orphan is waited for by another.
            owed[pid] = min(counted[pid], max(-net, 0.0))
        for pid, total in settled.items():
            known = self._known.get(pid, Times(0.0))
            used[pid] = max(total - known.total - counted[pid], 0.0)
        self._known, self._owed = found, owed
        return used

    def _counted(
        self, found: Mapping[int, Times], settled: Mapping[int, float]
    ) -> defaultdict[int, float]:
        """Pid -> seconds of its ended descendants that have been counted while they lived."""
        counted: defaultdict[int, float] = defaultdict(float)
        there = found.keys() | settled.keys()
        for pid in self._known.keys() - there:
            heir = self._known[pid].parent
            while heir not in there and heir in self._known:
                heir = self._known[heir].parent
            counted[heir] += self._known[pid].total
        return counted
