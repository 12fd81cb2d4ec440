"""One p-value a series: never too small without a change, small with one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats import edges, homogeneity


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


@pytest.mark.parametrize(
    ("points", "first", "last", "size"),
    [(20, 10, 20, 30), (60, 20, 40, 15), (60, 30, 60, 15), (500, 250, 271, 10), (500, 60, 68, 10)],
)
def test_what_was_mended_is_seen_as_what_was_not(
    points: int, first: int, last: int, size: float
) -> None:
    """Half of a short series, a third and half of a longer one, an hour and a moment of a day."""
    values = noise("normal", 100, points)
    values[:, first:last] += size
    assert (homogeneity.test(values).p <= 0.01).mean() >= 0.95


@pytest.mark.parametrize("kind", ["normal", "heavy", "counts", "alike"])
def test_a_stay_is_seen_whatever_the_noise(kind: str) -> None:
    values = noise(kind, 200, 500)
    values[:, 200:280] += 6
    assert (homogeneity.test(values).p <= 0.001).mean() >= 0.95


def test_a_change_without_noise_is_as_sure_as_its_place_among_all_orders() -> None:
    """Of 50 + 50 values: 2 of C(100, 50) orders, of which ranks may have 45% of what is false."""
    exact = np.array([[12.0] * 50 + [212.0] * 50, [12.0] * 45 + [13.0] * 10 + [12.0] * 45])
    ways = math.comb(100, 50) / 2, math.comb(100, 10) / 200
    assert homogeneity.test(exact).p == pytest.approx([1 / (0.45 * w) for w in ways])
    assert homogeneity.test(np.array([[12.0] * 5 + [212.0] * 5])).p == pytest.approx(
        0.0176, abs=1e-4
    )
    almost = exact[:1].copy()
    almost[0, 20] = 13
    assert homogeneity.test(almost).p[0] < 1e-20


def test_few_errors_in_a_row_among_many_zeros_are_chance() -> None:
    for rate in (0.03, 0.1, 0.3):
        counts = np.random.default_rng(2).poisson(rate, (4000, 500)).astype(float)
        p = homogeneity.test(counts).p
        for level in (0.05, 0.01, 0.001):
            assert (p <= level).mean() <= level + 2 * np.sqrt(level / len(p))


def test_a_gaussian_walk_has_no_clear_gap() -> None:
    walks = np.cumsum(np.random.default_rng(6).standard_normal((4000, 60)), axis=1)
    gaps = homogeneity.looks(walks)[:, :, 5]
    for ends in (1, 2):
        p = homogeneity.tail_of_gaps(gaps[:, ends - 1], 60, ends)
        for level in (0.05, 0.01, 0.001):
            assert (p <= level).mean() <= level


def test_the_tail_of_stays_is_that_of_white_noise() -> None:
    """The best stay of 100 normal values of known variance, all stays tried."""
    rng = np.random.default_rng(8)
    ends = np.array([(i, j) for i in range(100) for j in range(i + 5, min(i + 95, 100) + 1)])
    first, last = ends.T
    length = last - first
    best = []
    for _ in range(2000):
        sums = np.concatenate([[0], np.cumsum(rng.standard_normal(100))])
        apart = sums[last] - sums[first] - length * sums[-1] / 100
        best.append(np.abs(apart / np.sqrt(length * (100 - length) / 100)).max())
    p = homogeneity.tail_of_stays(np.array(best), 100)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (p <= 0.01).mean() == pytest.approx(0.01, abs=0.007)


def test_what_is_tried_and_what_is_reckoned_with_are_the_same_stays() -> None:
    assert edges.SHORTEST == homogeneity.SHORTEST
    assert abs(homogeneity.SHARE + homogeneity.OF_GAPS - 0.5) < 1e-9


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


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=10, max_size=40))
def test_any_finite_series_has_a_p_value(values: list[float]) -> None:
    assert 0 <= homogeneity.test(np.array([values])).p[0] <= 1


def test_a_value_in_the_middle_of_two_levels_is_the_same_upside_down() -> None:
    series = np.array([[0.0, 1, 0, 1, 0, 1, 0, 5.5, 10, 11, 10, 11, 10, 11, 10, 11]])
    assert homogeneity.test(-series).p == pytest.approx(homogeneity.test(series).p)


def test_of_equal_stays_rounding_chooses_none() -> None:
    series = np.array([[1.0, 1, 2, 1, 0, 0, 0, 0, 0, 0]])
    assert homogeneity.test(-series).p == pytest.approx(homogeneity.test(series).p)
