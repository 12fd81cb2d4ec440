"""Watching a signal live: an e-detector over yes-or-no seconds.

Each observation multiplies the evidence by its likelihood ratio, Bernoulli(p1) against
Bernoulli(p0); the evidence never falls below 1 (CUSUM form). While the true share of bad
observations is at most p0 and they are independent, the mean number of observations until the
evidence reaches ``threshold`` is at least ``threshold`` (Shin, Ramdas & Rinaldo, "E-detectors",
2022; for likelihood ratios: Lorden 1971).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class State:
    """The evidence so far. ``since``: the observation with which the present run of it began."""

    p0: float
    p1: float
    threshold: float
    log_evidence: float = 0.0
    since: int | None = None

    @property
    def alarm(self) -> bool:
        return self.log_evidence >= math.log(self.threshold)


def start(p0: float, p1: float, threshold: float) -> State:
    """A detector at rest. Raises ValueError unless 0 < p0 < p1 < 1 and threshold > 1."""
    if not 0 < p0 < p1 < 1 or threshold <= 1:
        raise ValueError(f"wanted 0 < p0 < p1 < 1 < threshold, not {p0}, {p1}, {threshold}")
    return State(p0, p1, threshold)


def step(state: State, bad: bool, at: int) -> State:
    """The state after one more observation, made ``at`` (any rising number)."""
    ratio = state.p1 / state.p0 if bad else (1 - state.p1) / (1 - state.p0)
    evidence = state.log_evidence + math.log(ratio)
    if evidence <= 0:
        return replace(state, log_evidence=0.0, since=None)
    since = at if state.since is None else state.since
    return replace(state, log_evidence=evidence, since=since)


def reset(state: State) -> State:
    """The detector at rest again."""
    return replace(state, log_evidence=0.0, since=None)
