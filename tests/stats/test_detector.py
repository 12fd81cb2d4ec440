"""The detector over yes-or-no seconds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats.detector import EDetector, upper_bound

PATTERNS = st.text("x.", max_size=80)
BAD, GOOD = 0.85 / 0.05, 0.15 / 0.95
"""The likelihood ratios of a bad and a good second, where 5% of them are usual."""


def run(pattern: str, between: float = 1000.0) -> tuple[EDetector, list[int]]:
    """The detector after a pattern of bad (x) and good seconds, and when it alarmed."""
    detector = EDetector(0.05, between)
    return detector, [at for at, letter in enumerate(pattern) if detector.update(letter == "x")]


def test_evidence_is_the_product_of_likelihood_ratios() -> None:
    assert run("xx")[0].log_evidence == pytest.approx(2 * math.log(BAD))
    assert run("xx.")[0].log_evidence == pytest.approx(math.log(BAD * BAD * GOOD))
    assert run("xx") == (EDetector(0.05, 1000, 2, 0, 2 * math.log(BAD)), [])
    detector, alarms = run("...xxx")
    assert (detector.since, alarms) == (3, [5])


def test_calm_brings_the_evidence_back_to_nothing() -> None:
    assert (run("x..")[0].log_evidence, run("x..")[0].since) == (0, None)
    assert run("x..x")[0].since == 3
    detector, _ = run("xxx")
    detector.reset()
    assert detector == EDetector(0.05, 1000, seen=3)


@given(PATTERNS)
def test_evidence_is_never_negative(pattern: str) -> None:
    assert run(pattern)[0].log_evidence >= 0


@given(PATTERNS, st.floats(2, 1e7))
def test_fewer_bad_seconds_than_the_threshold_needs_never_alarm(
    pattern: str, between: float
) -> None:
    if run(pattern, between)[1]:
        assert pattern.count("x") >= math.log(between) / math.log(BAD) - 1e-9


@given(PATTERNS)
def test_one_more_bad_second_is_never_less_evidence(pattern: str) -> None:
    before = run(pattern)[0].log_evidence
    assert run(pattern + "x")[0].log_evidence > before
    assert run(pattern + ".")[0].log_evidence <= before


def test_false_alarms_are_rarer_than_one_per_threshold() -> None:
    """At the usual rate itself, over 200 times the threshold: the bound allows 200."""
    rng, alarms = random.Random(1), 0
    detector = EDetector(0.05, 500)
    for _ in range(100_000):
        if detector.update(rng.random() < 0.05):
            alarms += 1
            detector.reset()
    assert 0 < alarms < 200


def test_a_baseline_vouches_for_less_than_it_shows() -> None:
    # Quantiles of Beta(bad + 1/2, good + 1/2) at 95%, to four digits.
    assert upper_bound(0, 30) == pytest.approx(0.0615, abs=5e-5)
    assert upper_bound(3, 30) == pytest.approx(0.2173, abs=5e-5)
    assert upper_bound(0, 600) == 0.05  # granted to everyone
    assert upper_bound(0, 0) == upper_bound(30, 30) == 0.425  # half of a fault's share


@pytest.mark.parametrize("args", [(0, 10), (0.85, 10), (math.nan, 10), (0.1, 1), (0.1, math.nan)])
def test_impossible_detectors_are_refused(args: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="wanted"):
        EDetector(*args)


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 <= bad <= n"):
        upper_bound(*counts)
