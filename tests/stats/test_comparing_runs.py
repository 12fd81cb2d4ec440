"""Comparing releases by their runs."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.stats import noise, releases
from brownout.stats.figures import figure, typical

POSITIVE = st.floats(0.01, 1e4)
RUNS = st.lists(st.lists(POSITIVE, min_size=1, max_size=8), min_size=2, max_size=6)


def runs(
    rng: random.Random, n: int, factor: float = 1.0, spread: float = 0.02
) -> list[list[float]]:
    """n processes with a luck of their own, 30 observations each, some of them in a burst."""
    levels = [factor * 100 * math.exp(rng.gauss(0, spread)) for _ in range(n)]
    return [
        [
            level * math.exp(rng.gauss(0, 0.02) + (0.3 if rng.random() < 0.1 else 0))
            for _ in range(30)
        ]
        for level in levels
    ]


def alarms(factor: float, n: int = 200, spread: float = 0.02) -> int:
    rng = random.Random(3)
    pairs = [(runs(rng, 5, spread=spread), runs(rng, 5, factor, spread)) for _ in range(n)]
    return sum(releases.compare_runs(a, b, ("typical",)).alarm for a, b in pairs)


def test_equal_releases_rarely_alarm_and_slower_ones_do() -> None:
    assert alarms(1.0) <= 4
    assert alarms(1.05) >= 140
    assert alarms(1.1) >= 196


def test_far_from_the_usual_the_prior_lets_go() -> None:
    assert alarms(1.0, spread=0.1) <= 8


def test_a_slower_tail_is_seen() -> None:
    rng = random.Random(5)
    base, cand = runs(rng, 8), runs(rng, 8)
    cand = [[v * (1.6 if i % 8 == 0 else 1) for i, v in enumerate(run)] for run in cand]
    found = releases.compare_runs(base, cand)
    assert found.alarm
    assert found["typical"].verdict() != "regressed"
    assert found["p95"].verdict() == "regressed"


def test_pairs_cancel_what_moves_both() -> None:
    rng = random.Random(8)
    moods = [math.exp(rng.gauss(0, 0.2)) for _ in range(8)]
    base = [[m * v for v in run] for m, run in zip(moods, runs(rng, 8, 1.0, 0.01), strict=True)]
    cand = [[m * v for v in run] for m, run in zip(moods, runs(rng, 8, 1.05, 0.01), strict=True)]
    paired = releases.compare_runs(base, cand, ("typical",), paired=True)["typical"]
    assert paired.verdict() == "regressed"
    assert paired.low < 1.05 < paired.high
    assert releases.compare_runs(base, cand, ("typical",))["typical"].verdict() == "inconclusive"


def test_power_says_how_many_runs_more() -> None:
    rng = random.Random(2)
    effect = releases.compare_runs(runs(rng, 3), runs(rng, 3), ("typical",))["typical"]
    more = effect.more_runs()
    assert more is not None and 1 <= more <= 12
    assert (effect.more_runs(0.3), effect.more_runs(0.0001)) == (0, None)


def test_one_run_a_side_is_cut_into_blocks_and_says_so() -> None:
    rng = random.Random(4)
    base, worse = ([math.exp(rng.gauss(0, 0.2)) for _ in range(1500)] for _ in range(2))
    assert not releases.compare_runs(base, worse).alarm
    found = releases.compare_runs(
        base, [v * (1.5 if i % 5 == 0 else 1) for i, v in enumerate(worse)]
    )
    assert found.alarm
    assert "what differs from run to run was not seen" in found.reason
    short = releases.compare_runs([1.0] * 10, [2.0] * 10, ("typical",))
    assert (short.p, short["typical"].verdict()) == (1, "inconclusive")
    assert "at least 80 are wanted" in short.reason


def test_exact_counts_have_no_width() -> None:
    found = releases.compare_values([20, 20, 20], [21, 21, 21])
    assert (found.ratio, found.verdict()) == (pytest.approx(1.05), "regressed")
    assert found.low == found.high == found.ratio
    assert releases.compare_values([20, 20], [20, 20]).verdict() == "clean"
    assert releases.compare_values([20], [21]).reason.startswith("one run on each side")
    assert "is 0" in releases.compare_values([0, 0], [1, 1]).reason


def test_error_rates_count_as_runs_differ() -> None:
    found = releases.compare_rates([(10, 1000)] * 3, [(40, 1000)] * 3)
    assert (found.base, found.candidate, found.verdict()) == (0.01, 0.04, "regressed")
    bursts = releases.compare_rates([(0, 1000), (0, 1000), (30, 1000)], [(0, 1000), (120, 1000)])
    assert bursts.verdict() == "inconclusive"
    assert releases.compare_rates([(0, 500)], [(0, 500)]).verdict() == "inconclusive"
    assert releases.compare_rates([(0, 500)], [(25, 500)]).p < 0.01


def test_typical_is_where_most_are() -> None:
    assert typical([1, 2, 2.1, 2.2, 50]) == pytest.approx(2.1)
    assert typical([3]) == 3
    assert typical([10, 20]) == 15
    assert figure("p99.9")([5.0, 5.0]) == 5


def test_a_prior_is_learned_from_many_programs() -> None:
    rng = random.Random(1)
    spreads = [abs(rng.gauss(0.004, 0.0005)) for _ in range(40)]
    usual, free = noise.learned(spreads, 9)
    assert usual.sd == pytest.approx(0.004, rel=0.2)
    assert free.df == 1
    with pytest.raises(ValueError, match="8 are wanted"):
        noise.learned([0.0] * 20, 9)


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ([], "base has no runs"),
        ([[1.0], []], "base, run 2 is empty"),
        ([[1.0, math.nan]], "base, run 1: value 2 is nan"),
        ([[1.0, -3.0]], "value 2 is -3"),
        ([[math.inf]], "value 1 is inf"),
        ([["slow"]], "no number"),
        ([[[1.0]]], "2 dimensions"),
    ],
)
def test_what_cannot_be_compared_is_refused(base: list[list[float]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        releases.compare_runs(base, [[1.0], [2.0]])


def test_unfit_pairs_rates_and_figures_are_refused() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        releases.compare_runs([[1.0]], [[1.0], [2.0]], paired=True)
    with pytest.raises(ValueError, match="9 bad of 5"):
        releases.compare_rates([(9, 5)], [(1, 5)])
    with pytest.raises(ValueError, match="no cases"):
        releases.compare_rates([(0, 0)], [(1, 5)])
    with pytest.raises(ValueError, match="no figure"):
        releases.compare_runs([[1.0]], [[1.0]], ("slowness",))
    assert "is 0" in releases.compare_runs([[0.0], [0.0]], [[1.0], [1.0]], ("p50",)).reason


@settings(max_examples=40, deadline=None)
@given(RUNS, RUNS, st.floats(0.01, 100))
def test_units_and_order_do_not_matter(
    a: list[list[float]], b: list[list[float]], unit: float
) -> None:
    found = releases.compare_runs(a, b, ("p50",))["p50"]
    scaled = [[[v * unit for v in run] for run in side][::-1] for side in (a, b)]
    again = releases.compare_runs(scaled[0], scaled[1], ("p50",))["p50"]
    assert again.p == pytest.approx(found.p, rel=1e-4, abs=1e-9)
    assert again.ratio == pytest.approx(found.ratio, rel=1e-6)
    back = releases.compare_runs(b, a, ("p50",))["p50"]
    assert back.p == pytest.approx(found.p, rel=1e-4, abs=1e-9)
    assert back.low == pytest.approx(1 / found.high, rel=1e-4)
    assert found.low <= found.ratio <= found.high
