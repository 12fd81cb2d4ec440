"""Quantiles and their intervals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats.quantiles import quantile, quantile_interval

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
SHARES = st.floats(0, 1)


@pytest.mark.parametrize(("q", "expected"), [(0, 1), (0.5, 2.5), (0.95, 3.85), (1, 4)])
def test_it_interpolates(q: float, expected: float) -> None:
    assert quantile([4, 1, 3, 2], q) == pytest.approx(expected)


def test_of_one_value_every_quantile_is_that_value() -> None:
    assert [quantile([7.5], q) for q in (0, 0.5, 1)] == [7.5, 7.5, 7.5]


def test_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        quantile([], 0.5)
    with pytest.raises(ValueError, match="nothing"):
        quantile_interval([], 0.5)


@given(NUMBERS, SHARES, st.integers(-1000, 1000))
def test_it_moves_with_its_values(values: list[float], q: float, by: int) -> None:
    moved = quantile([v + by for v in values], q)
    assert moved == pytest.approx(quantile(values, q) + by, abs=1e-6)


@given(NUMBERS, SHARES, SHARES)
def test_it_rises_with_q(values: list[float], p: float, q: float) -> None:
    low, high = sorted((p, q))
    assert quantile(values, low) <= quantile(values, high) + 1e-6


@pytest.mark.parametrize(
    ("q", "expected"), [(0.5, (50.5, 40, 61)), (0.95, (95.05, 90, 100)), (0, (1, 1, 1))]
)
def test_the_interval_of_1_to_100(q: float, expected: tuple[float, float, float]) -> None:
    assert quantile_interval(range(1, 101), q) == pytest.approx(expected)


@given(NUMBERS, SHARES)
def test_the_interval_holds_the_estimate(values: list[float], q: float) -> None:
    estimate, low, high = quantile_interval(values, q)
    assert min(values) <= low <= estimate <= high <= max(values)
