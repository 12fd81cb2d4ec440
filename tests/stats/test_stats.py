"""Statistics on literal numbers, and what must hold for all numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats import compare, decompose, quantiles, sequential

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@pytest.mark.parametrize(("q", "expected"), [(0, 1), (0.5, 2.5), (0.95, 3.85), (1, 4)])
def test_quantile_interpolates(q: float, expected: float) -> None:
    assert quantiles.quantile([4, 1, 3, 2], q) == pytest.approx(expected)


def test_quantile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        quantiles.quantile([], 0.5)


def test_interval_of_the_median_of_1_to_100() -> None:
    assert quantiles.quantile_interval(range(1, 101), 0.5) == (50.5, 40, 61)


@given(NUMBERS, st.floats(0, 1))
def test_the_interval_holds_the_estimate(values: list[float], q: float) -> None:
    estimate, low, high = quantiles.quantile_interval(values, q)
    assert min(values) <= low <= estimate <= high <= max(values)


def run(pattern: str, threshold: float = 1000.0) -> sequential.State:
    state = sequential.start(0.05, 0.75, threshold)
    for at, letter in enumerate(pattern):
        state = sequential.step(state, letter == "x", at)
    return state


def test_evidence_is_the_product_of_likelihood_ratios() -> None:
    assert run("xx").log_evidence == pytest.approx(2 * math.log(15))
    assert run("xx").since == 0
    assert not run("xx").alarm
    assert run("...xxx").alarm
    assert run("...xxx").since == 3


def test_calm_brings_the_evidence_back_to_nothing() -> None:
    assert run("x....").log_evidence == 0
    assert run("x....").since is None
    assert sequential.reset(run("xxx")) == sequential.start(0.05, 0.75, 1000.0)


@given(st.text("x.", max_size=80))
def test_evidence_is_never_negative(pattern: str) -> None:
    assert run(pattern).log_evidence >= 0


@pytest.mark.parametrize("args", [(0, 0.5, 10), (0.5, 0.5, 10), (0.1, 1, 10), (0.1, 0.5, 1)])
def test_impossible_detectors_are_refused(args: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="wanted"):
        sequential.start(*args)


def test_shift_of_two_clear_levels() -> None:
    found = compare.shift([10, 11, 10, 11], [20, 21, 20, 21])
    assert found is not None
    assert found.effect == 10
    assert found.low == pytest.approx(10 - 2.45 * math.sqrt(2 * (1 / 3) / 4))
    assert found.ratio == pytest.approx(20.5 / 10.5)


def test_one_wild_block_does_not_make_a_shift() -> None:
    found = compare.shift([10, 11, 10, 11, 10, 11], [10, 11, 10, 11, 10, 500])
    assert found is not None
    assert found.low < 0 < found.high


def test_two_blocks_say_nothing() -> None:
    assert compare.shift([1, 2], [5, 6, 7]) is None


@given(st.lists(st.floats(0, 1e5), min_size=3), st.lists(st.floats(0, 1e5), min_size=3))
def test_reversal_mirrors_the_interval(a: list[float], b: list[float]) -> None:
    one, two = compare.shift(a, b), compare.shift(b, a)
    assert one is not None
    assert two is not None
    assert one.low == pytest.approx(-two.high, abs=1e-6)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**9)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**9)),
    st.integers(0, 10**10),
    st.integers(0, 10**10),
)
def test_parts_add_up_exactly(
    before: dict[str, int], after: dict[str, int], total_before: int, total_after: int
) -> None:
    parts = decompose.decompose(before, after, total_before, total_after)
    assert sum(parts.values()) == total_after - total_before
