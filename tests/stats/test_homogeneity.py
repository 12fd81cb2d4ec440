"""One p-value a series: never too small without a change, small with one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats import homogeneity


def noise(kind: str, series: int, points: int, seed: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "heavy":
        return rng.standard_t(2, (series, points))
    if kind == "counts":
        return rng.poisson(1.0, (series, points)).astype(float)
    if kind == "alike":
        return autoregression(0.6, series, points, rng)
    return rng.standard_normal((series, points))


def autoregression(r: float, series: int, points: int, rng: np.random.Generator) -> np.ndarray:
    shocks = rng.standard_normal((series, points + 50))
    for i in range(1, points + 50):
        shocks[:, i] += r * shocks[:, i - 1]
    return shocks[:, 50:]


@pytest.mark.parametrize("points", [12, 50, 500])
@pytest.mark.parametrize("kind", ["normal", "heavy", "counts"])
def test_without_a_change_p_values_are_not_too_small(kind: str, points: int) -> None:
    p = homogeneity.test(noise(kind, 4000, points)).p
    for level in (0.05, 0.01, 0.001):
        assert (p <= level).mean() <= level + 2 * np.sqrt(level / len(p))


def test_neighbours_that_resemble_each_other_are_no_change() -> None:
    p = homogeneity.test(noise("alike", 4000, 500)).p
    assert (p <= 0.01).mean() <= 0.012


@pytest.mark.parametrize("points", [50, 100, 200])
@pytest.mark.parametrize("r", [0.3, 0.6, 0.8])
def test_p_values_hold_in_short_series_whose_neighbours_resemble_each_other(
    r: float, points: int
) -> None:
    """At 0.1%, which few of 12,000 series reach, up to five times as often (r = 0.8, 50 points)."""
    rng = np.random.default_rng(points)
    p = homogeneity.test(autoregression(r, 12000, points, rng)).p
    assert (p <= 0.05).mean() <= 0.05
    assert (p <= 0.01).mean() <= 0.012
    assert (p <= 0.001).mean() <= 0.005


def test_a_step_is_seen_where_it_is() -> None:
    values = noise("heavy", 200, 500)
    values[:, 300:] += 6
    tested = homogeneity.test(values)
    assert (tested.p < 1e-6).all()
    assert (abs(tested.cut - 300) <= 3).mean() > 0.95


def test_a_constant_series_did_not_change() -> None:
    assert homogeneity.test(np.full((2, 40), 3.0)).p.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("values", [np.zeros((1, 9)), np.full((1, 20), np.nan)])
def test_what_is_no_series_is_refused(values: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"points|finite"):
        homogeneity.test(values)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-50, 50), min_size=10, max_size=60), st.integers(-9, 9))
def test_shift_scale_and_reversal_change_nothing(values: list[int], shift: int) -> None:
    series = np.array([values], float)
    p = homogeneity.test(series).p
    assert homogeneity.test(3 * series + shift).p == pytest.approx(p)
    assert homogeneity.test(-series).p == pytest.approx(p)
    assert 0 <= p[0] <= 1
