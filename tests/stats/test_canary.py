"""Watching pairs all the time."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats import canary
from brownout.stats.canary import Canary

PAIRS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=40)


def latency(rng: random.Random) -> float:
    return 100 * math.exp(rng.gauss(0, 0.1) + (1 if rng.random() < 0.02 else 0))


def watch(seed: int, slow: float = 1.0, share: float = 1.0, start: int = 0, n: int = 300) -> Canary:
    """A share of the candidate's requests is slow, from pair ``start`` on."""
    rng, found = random.Random(seed), Canary()
    for i in range(n):
        factor = slow if i >= start and rng.random() < share else 1.0
        if found.update(latency(rng), latency(rng) * factor):
            break
    return found


def test_equal_releases_alarm_in_one_stream_of_a_hundred_at_most() -> None:
    assert sum(watch(seed).alarmed for seed in range(200)) <= 2


def test_one_slow_request_in_five_is_seen_within_a_hundred_pairs() -> None:
    found = [watch(seed, 1.6, 0.2) for seed in range(20)]
    assert all(f.alarmed and f.direction == "higher" for f in found)
    assert sorted(f.pairs for f in found)[10] < 100


def test_a_shift_of_all_is_seen_both_ways() -> None:
    assert watch(1, 1.15).alarmed
    faster = watch(2, 0.8)
    assert (faster.alarmed, faster.direction) == (True, "lower")


def test_it_tells_since_when() -> None:
    found = watch(3, 1.5, start=150, n=400)
    assert found.alarmed
    assert abs(found.since - 151) <= 5


def test_a_fixed_baseline_is_used_once() -> None:
    rng = random.Random(4)
    fixed = canary.against([latency(rng) for _ in range(50)])
    assert not any(fixed.update(latency(rng)) for _ in range(50))
    assert not fixed.exhausted
    fixed.update(100.0)
    assert fixed.exhausted
    worse = canary.against([latency(rng) for _ in range(200)])
    assert any(worse.update(1.5 * latency(rng)) for _ in range(200))


def test_it_stays_alarmed_and_refuses_what_is_no_number() -> None:
    found = watch(5, 3.0)
    assert found.update(100, 100)
    with pytest.raises(ValueError, match="pair 1 is nan, 1"):
        Canary().update(math.nan, 1)
    with pytest.raises(ValueError, match="alpha is 2"):
        Canary(2)


@settings(max_examples=50, deadline=None)
@given(PAIRS, st.integers(-100, 100), st.integers(1, 9))
def test_shift_and_unit_do_not_matter(pairs: list[tuple[int, int]], by: int, unit: int) -> None:
    one, two = Canary(), Canary()
    for base, candidate in pairs:
        one.update(base, candidate)
        two.update(unit * base + by, unit * candidate + by)
    assert two.evidence == pytest.approx(one.evidence)
    assert (one.alarmed, one.since) == (two.alarmed, two.since)


@settings(max_examples=50, deadline=None)
@given(PAIRS)
def test_ties_are_no_evidence(pairs: list[tuple[int, int]]) -> None:
    found = Canary()
    for value, _ in pairs:
        found.update(value, value)
    assert found.evidence == pytest.approx(1)
