"""Change points: literal series in, exact values out; what must not matter does not."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats import change_points

pytestmark = pytest.mark.long

STEP = [10.0, 11, 9, 10, 12, 10, 9, 11, 10, 10] * 4 + [15.0, 16, 14, 15, 17, 15, 14, 16, 15, 15] * 4
"""40 values about 10, then 40 about 15."""


def test_a_step_is_found_where_it_is_with_its_size() -> None:
    (point,) = change_points(STEP)
    assert (point.index, point.before, point.after, point.size) == (40, 10, 15, 5)
    assert (point.direction, point.ratio, point.still_there) == ("up", 1.5, True)
    assert point.first <= 40 <= point.last
    assert point.low < 5 < point.high
    assert point.confidence > 0.999


def test_times_are_given_back() -> None:
    (point,) = change_points(STEP, [1000.0 + 60 * i for i in range(80)])
    assert point.at == 1000 + 60 * 40


def test_a_change_smaller_than_the_minimum_is_not_told() -> None:
    assert len(change_points(STEP, min_effect=0.5)) == 1
    assert change_points(STEP, min_effect=0.51).verdict == "unchanged"


def test_a_change_that_went_away_can_be_left_out() -> None:
    back = STEP + STEP[:40]
    up, down = change_points(back)
    assert (up.index, up.still_there, down.index, down.still_there) == (40, False, 80, True)
    assert [p.index for p in change_points(back, still_there=True)] == [80]


def test_outliers_are_no_change() -> None:
    spiked = STEP[:40] * 2
    for i in (7, 22, 41, 63):
        spiked[i] = 1e6
    assert change_points(spiked).verdict == "unchanged"


def test_an_outlier_at_either_end_is_no_change() -> None:
    for i in (0, -1):
        series = STEP[:40] * 3
        series[i] = 1e6
        assert change_points(series).verdict == "unchanged"


@pytest.mark.parametrize(
    ("series", "reason"),
    [([], "0 values"), ([1.0], "1 values"), ([1, 2, 3], "3 values")],
)
def test_too_little_is_inconclusive(series: list[float], reason: str) -> None:
    answer = change_points(series)
    assert answer.verdict == "inconclusive"
    assert reason in (answer.reason or "")


def test_equal_values_do_not_change() -> None:
    assert change_points([5] * 50).reason == "all values are equal"


@pytest.mark.parametrize(
    ("series", "times", "said"),
    [
        ([1.0, float("nan")] * 10, None, "value 1 is nan"),
        ([1.0] * 9 + [float("inf")], None, "value 9 is inf"),
        ([[1.0, 2.0]], None, "one dimension"),
        (["a"] * 10, None, "sequence of numbers"),
        ([1.0, 2.0], [1.0], "1 times for 2 values"),
        ([1.0, 2.0, 3.0], [1.0, 3.0, 3.0], "time 2"),
    ],
)
def test_bad_input_is_named(series: object, times: list[float] | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        change_points(series, times)  # type: ignore[arg-type]


SERIES = st.lists(st.integers(-1000, 1000), max_size=60)


@settings(max_examples=60, deadline=None)
@given(SERIES, st.integers(-1000, 1000), st.sampled_from([0.5, 2.0, 1024.0]))
def test_shift_scale_and_sign_do_not_matter(x: list[int], shift: int, scale: float) -> None:
    found = [p.index for p in change_points(x)]
    assert [p.index for p in change_points([v * scale + shift for v in x])] == found
    assert [p.index for p in change_points([-v for v in x])] == found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60))
def test_any_finite_series_has_an_answer(x: list[float]) -> None:
    for point in change_points(x):
        assert 0 < point.index < len(x)
        assert point.first <= point.index <= point.last
        assert 0 <= point.confidence <= 1


def test_nothing_heavy_is_imported_before_something_is_computed() -> None:
    code = "import sys, brownout.stats; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    code = "import sys; from brownout.stats import change_points; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_ramp_costs_about_as_much_a_point_as_noise() -> None:
    assert len(change_points(np.arange(100_000.0))) < 100


def test_the_stairs_of_a_trend_are_no_changes() -> None:
    rng = np.random.default_rng(1)
    assert change_points(np.arange(300) + rng.normal(size=300)).verdict == "unchanged"


def test_a_wandering_level_is_noise() -> None:
    """300 values of an AR(1) with coefficient 0.9: what would be eight changes in white noise."""
    rng = np.random.default_rng(3)
    x = np.zeros(300)
    for i in range(1, 300):
        x[i] = 0.9 * x[i - 1] + rng.normal()
    assert change_points(x).verdict == "unchanged"


def test_a_short_regime_far_away_is_found_and_two_outliers_are_not() -> None:
    burst = STEP[:40] * 3
    burst[60:66] = [100.0] * 6
    assert [p.index for p in change_points(burst)] == [60, 66]
    burst[60:66] = [10.0, 100, 100, 9, 11, 10]
    assert change_points(burst).verdict == "unchanged"


def test_a_short_stay_that_is_entered_and_left_abruptly_is_found() -> None:
    """12 of 500 values: too few for their ranks to save the penalty of two changes."""
    found = []
    for seed in range(40):
        x = np.random.default_rng(seed).normal(size=500)
        x[240:252] += 5
        found.append([p.index for p in change_points(x)])
    assert sum(len(f) == 2 and abs(f[0] - 240) <= 1 and abs(f[1] - 252) <= 1 for f in found) >= 30


def autoregression(rho: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """AR(1) of variance 1."""
    x = rng.normal(size=n + 50) * np.sqrt(1 - rho * rho)
    for i in range(1, n + 50):
        x[i] += rho * x[i - 1]
    return x[50:]


@pytest.mark.parametrize(("rho", "size", "ranks_alone"), [(0.8, 2.5, 29), (0.97, 2.0, 20)])
def test_a_change_in_wandering_noise_is_seen_where_it_came_abruptly(
    rho: float, size: float, ranks_alone: int
) -> None:
    """Within two of the place; the ranks alone find so many of 40."""
    near = false = 0
    for seed in range(40):
        x = autoregression(rho, 600, np.random.default_rng(seed))
        false += len(change_points(x)) > 0
        x[300:] += size
        near += any(abs(p.index - 300) <= 2 for p in change_points(x))
    assert near >= ranks_alone + 4
    assert false <= 4


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.8])
def test_intervals_of_size_and_index_hold_in_noise_that_resembles_itself(rho: float) -> None:
    held = placed = told = 0
    for seed in range(60):
        x = autoregression(rho, 60, np.random.default_rng(seed))
        x[30:] += 3
        for point in change_points(x):
            if abs(point.index - 30) <= 5:
                told += 1
                held += point.low <= 3 <= point.high
                placed += point.first <= 30 <= point.last
    assert told >= 45
    assert held >= 0.92 * told
    assert placed >= 0.92 * told


def test_confidence_is_low_where_few_values_resemble_each_other() -> None:
    """Half of these look like a change; that they are none cannot be told from 60 values."""
    series = [autoregression(0.8, 60, np.random.default_rng(seed)) for seed in range(60)]
    assert sum(len(change_points(x)) > 0 for x in series) > 15
    assert sum(len(change_points(x, min_confidence=0.95)) > 0 for x in series) <= 6
    (sure,) = change_points(STEP, min_confidence=0.95)
    assert sure.index == 40
    with pytest.raises(ValueError, match="min_confidence"):
        change_points(STEP, min_confidence=2)
