"""The detector over yes-or-no seconds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats import sequential

PATTERNS = st.text("x.", max_size=80)


def run(pattern: str, threshold: float = 1000.0) -> sequential.State:
    """The state after a pattern of bad (x) and good seconds."""
    state = sequential.start(0.05, 0.75, threshold)
    for at, letter in enumerate(pattern):
        state = sequential.step(state, letter == "x", at)
    return state


def test_evidence_is_the_product_of_likelihood_ratios() -> None:
    assert run("xx").log_evidence == pytest.approx(2 * math.log(15))
    assert run("xx.").log_evidence == pytest.approx(math.log(15 * 15 * 0.25 / 0.95))
    assert run("xx").since == 0
    assert not run("xx").alarm
    assert run("...xxx").alarm
    assert run("...xxx").since == 3


def test_calm_brings_the_evidence_back_to_nothing() -> None:
    assert run("x....").log_evidence == 0
    assert run("x....").since is None
    assert run("x....x").since == 5
    assert sequential.reset(run("xxx")) == sequential.start(0.05, 0.75, 1000.0)


@given(PATTERNS)
def test_evidence_is_never_negative(pattern: str) -> None:
    assert run(pattern).log_evidence >= 0


@given(PATTERNS, st.floats(2, 1e7))
def test_fewer_bad_seconds_than_the_threshold_needs_never_alarm(
    pattern: str, threshold: float
) -> None:
    state = run(pattern, threshold)
    if state.alarm:
        assert pattern.count("x") >= math.log(threshold) / math.log(15) - 1e-9


@given(PATTERNS)
def test_one_more_bad_second_is_never_less_evidence(pattern: str) -> None:
    assert run(pattern + "x").log_evidence > run(pattern).log_evidence
    assert run(pattern + ".").log_evidence <= run(pattern).log_evidence


def test_false_alarms_are_rarer_than_one_per_threshold() -> None:
    """At the rate p0 itself, over 200 times the threshold: the bound allows 200."""
    rng, alarms = random.Random(1), 0
    state = sequential.start(0.05, 0.75, 500)
    for at in range(100_000):
        state = sequential.step(state, rng.random() < 0.05, at)
        if state.alarm:
            alarms, state = alarms + 1, sequential.reset(state)
    assert 0 < alarms < 200


@pytest.mark.parametrize("args", [(0, 0.5, 10), (0.5, 0.5, 10), (0.1, 1, 10), (0.1, 0.5, 1)])
def test_impossible_detectors_are_refused(args: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="wanted"):
        sequential.start(*args)
