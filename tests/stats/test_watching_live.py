"""A signal against its own past."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats.live import DRIFT, Live, Side

PAST = random.Random(1)
HISTORY = [PAST.gauss(100, 5) for _ in range(200)]
SURPRISES = st.lists(st.floats(-1.5, 6), min_size=1, max_size=60)


def first_alarm(watched: Live, values: list[float]) -> int | None:
    return next((i for i, value in enumerate(values) if watched.update(value)), None)


def test_a_large_shift_is_seen_at_once_and_a_small_one_soon() -> None:
    rng = random.Random(2)
    calm = [rng.gauss(100, 5) for _ in range(20)]
    large, small = Live(HISTORY), Live(HISTORY)
    assert first_alarm(large, [*calm, 160, 161]) == 20
    assert (large.direction, large.since) == ("higher", 20)
    found = first_alarm(small, [*calm, *(rng.gauss(88, 5) for _ in range(20))])
    assert found is not None and 20 <= found <= 25
    assert (small.direction, small.since in range(18, 23)) == ("lower", True)


def test_calm_is_calm() -> None:
    rng = random.Random(3)
    alarms = sum(
        first_alarm(Live(HISTORY), [rng.gauss(100, 5) for _ in range(288)]) is not None
        for _ in range(10)
    )
    assert alarms <= 4


def test_a_signal_that_is_mostly_constant_needs_no_tuning() -> None:
    rng = random.Random(4)
    history = [100.0 if rng.random() < 0.7 else 100 - rng.expovariate(2) for _ in range(200)]
    watched = Live([*history[:100], 40.0, *history[101:]])  # one wild value in the past
    assert first_alarm(watched, [100.0, 99.9, 96.5, 94.5, 95.0]) in (2, 3)


def test_a_constant_past_makes_any_other_value_news() -> None:
    watched = Live([7.0] * 50)
    assert first_alarm(watched, [7.0] * 100) is None
    assert watched.update(8.0)


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ([1.0] * 19, "19 points"),
        ([], "0 points"),
        ([math.nan] * 30, "NaN"),
        ([math.inf] * 30, "NaN"),
    ],
)
def test_a_past_that_tells_nothing_is_refused(history: list[float], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Live(history)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="point 0 is nan"):
        Live(HISTORY).update(math.nan)


@settings(max_examples=100, deadline=None)
@given(SURPRISES)
def test_the_hull_finds_the_best_of_all_windows(surprises: list[float]) -> None:
    side, taken = Side(), [s - DRIFT for s in surprises]
    for n, surprise in enumerate(surprises, 1):
        found, start = side.add(surprise)
        best = max(sum(taken[i:n]) / math.sqrt(n - i) for i in range(n))
        # Below 0 there is no candidate, and any window will do.
        assert found == pytest.approx(best, abs=1e-9) if best > 1e-9 else found <= 1e-9
        assert 0 <= start < n
    assert len(side.hull) <= 20


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 100), st.floats(-1000, 1000), st.lists(st.floats(0, 200), max_size=20))
def test_unit_and_zero_do_not_matter(unit: float, by: float, values: list[float]) -> None:
    one, two = Live(HISTORY), Live([unit * v + by for v in HISTORY])
    for value in values:
        one.update(value)
        two.update(unit * value + by)
    assert two.statistic == pytest.approx(one.statistic, abs=1e-3)
    three = Live([-v for v in HISTORY])
    for value in values:
        three.update(-value)
    assert three.statistic == pytest.approx(one.statistic, abs=1e-6)
