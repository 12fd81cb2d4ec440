"""Comparisons of before and after, over blocks of seconds."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brownout.stats import windows
from brownout.stats.windows import Shift, Sums

VALUES = st.lists(st.floats(0, 1e5), min_size=3, max_size=40)


def certain(found: Shift | None) -> Shift:
    assert found is not None
    return found


def test_shift_of_two_clear_levels() -> None:
    found = certain(windows.shift([10, 11, 10, 11], [20, 21, 20, 21]))
    assert (found.before, found.after, found.effect, found.n) == (10.5, 20.5, 10, 8)
    # They take turns, so that neighbours are no more alike than others; t at 6 degrees, 99%.
    assert found.low == pytest.approx(10 - 3.7074 * math.sqrt(2 * (1 / 3) / 4), abs=1e-3)
    assert found.ratio == pytest.approx(20.5 / 10.5)


def test_one_wild_block_does_not_make_a_shift() -> None:
    found = certain(windows.shift([10, 11, 10, 11, 10, 11], [10, 11, 10, 11, 10, 500]))
    assert found.low < 0 < found.high


def test_from_five_blocks_the_extremes_are_left_out() -> None:
    found = certain(windows.shift([1, 2, 3, 4, 100], [1, 2, 3, 4]))
    assert (found.before, found.after) == (3, 2.5)
    # Yuen: the winsorised values 2, 2, 3, 4, 4 have squares of 4 about 3; 4 / (3 * 2).
    only = certain(windows.shift([3, 1, 100, 2, 4], [3, 3, 3]))
    assert only.high == pytest.approx(9.9248 * math.sqrt(4 / 6), abs=1e-3)


def test_blocks_that_are_like_their_neighbours_tell_less() -> None:
    # Squares of 8 about 1; neighbours are correlated by 5 / 8 + 1 / 8 in the first, not at all in
    # the second.
    alike = certain(windows.shift([0, 0, 0, 0, 2, 2, 2, 2], [1, 1, 1]))
    apart = certain(windows.shift([0, 2, 0, 2, 0, 2, 0, 2], [1, 1, 1]))
    assert alike.high / apart.high == pytest.approx(math.sqrt(1.75 / 0.25))


def test_two_blocks_say_nothing() -> None:
    assert windows.shift([1, 2], [5, 6, 7]) is None
    assert windows.shift([1, 2, 3], [5, 6]) is None


def test_a_ratio_to_nothing_is_without_end() -> None:
    assert Shift(0.0, 5.0, 4.0, 6.0, 9).ratio == math.inf


@given(VALUES, VALUES)
def test_reversal_mirrors_the_interval(a: list[float], b: list[float]) -> None:
    one, two = certain(windows.shift(a, b)), certain(windows.shift(b, a))
    assert one.low == pytest.approx(-two.high, abs=1e-6)


@given(VALUES, st.integers(-1000, 1000))
def test_a_constant_more_is_the_effect(values: list[float], by: int) -> None:
    found = certain(windows.shift(values, [v + by for v in values]))
    assert found.effect == pytest.approx(by, abs=1e-6)
    assert found.low - 1e-6 <= by <= found.high + 1e-6


@given(VALUES)
def test_the_order_of_blocks_does_not_matter(values: list[float]) -> None:
    assert windows.shift(values, values[::-1]) == windows.shift(values[::-1], values)


def test_mean_shift_is_welch_on_sums() -> None:
    # 2, 4, 6 (mean 4, variance 4) and 10, 10, 13 (mean 11, variance 3).
    found = certain(windows.mean_shift(Sums(3, 12, 56), Sums(3, 33, 369)))
    assert (found.before, found.after, found.n) == (4, 11, 6)
    # Welch-Satterthwaite gives 3.92 degrees of freedom.
    assert found.high - found.effect == pytest.approx(4.6691 * math.sqrt(4 / 3 + 3 / 3), abs=1e-3)


def test_mean_shift_of_exact_counts_has_no_width() -> None:
    found = certain(windows.mean_shift(Sums(50, 50, 50), Sums(10, 210, 4410)))
    assert (found.effect, found.low, found.high) == (20, 20, 20)
    assert windows.mean_shift(Sums(2, 2, 2), Sums(10, 210, 4410)) is None


def test_quantile_shift_blocks_seconds() -> None:
    # 20 s of two answers a second: blocks of five seconds hold ten.
    before = [[10.0, 20.0]] * 20
    after = [[10.0, 20.0]] * 10 + [[50.0, 60.0]] * 10
    found = certain(windows.quantile_shift(before, before, 0.5))
    assert (found.before, found.effect, found.n) == (15, 0, 8)
    found = certain(windows.quantile_shift(before, after, 0.5))
    assert (found.after, found.low < 0) == (35, True)
    assert windows.quantile_shift(before, [[10.0, 20.0]] * 2, 0.5) is None
    assert windows.quantile_shift(before, [[]] * 20, 0.5) is None
    assert windows.quantile_shift(before, [], 0.5) is None


def test_ratio_shift_leaves_out_blocks_without_a_denominator() -> None:
    quiet = [(0.0, 0.0)] * 5
    before = [(4.0, 2.0)] * 15 + quiet
    found = certain(windows.ratio_shift(before, [(10.0, 2.0)] * 20))
    assert (found.before, found.after, found.low, found.high, found.n) == (2, 5, 3, 3, 7)
    assert windows.ratio_shift(quiet * 4, before) is None


def test_value_shift_is_of_the_mean() -> None:
    found = certain(windows.value_shift([1.0] * 32, [1.0, 2.0] * 16))
    assert (found.effect, found.low, found.high, found.n) == (0.5, 0.5, 0.5, 8)


@pytest.mark.parametrize(
    ("before", "after", "length"),
    [
        ([4] * 120, [4] * 60, 5),  # the usual block
        ([4] * 120, [1] * 60, 8),  # eight observations, on the sparser side
        ([0.1] * 120, [4] * 120, 30),  # yet four blocks
        ([4] * 12, [4] * 60, 3),
        ([4] * 2, [4] * 60, 1),
        ([0] * 40, [0] * 40, 10),
        ([], [4] * 60, 1),
    ],
)
def test_block_length(before: list[float], after: list[float], length: int) -> None:
    assert windows.block_length(before, after) == length


def test_an_incomplete_last_block_is_left_out() -> None:
    assert windows.blocks([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4]]
    assert windows.blocks([1], 2) == []
    assert windows.block_quantiles([[1, 2, 3], [9, 9]], 0.5) == [2]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(26, 40, "regressed"), (25, 40, "inconclusive"), (5, 25, "clean"), (-9, 3, "clean")],
)
def test_verdicts(low: float, high: float, said: str) -> None:
    assert windows.verdict(Shift(10, 40, low, high, 12), 25) == said
    assert windows.verdict(None, 25) == "inconclusive"


def test_a_release_compared_with_itself_is_rarely_a_shift() -> None:
    """Of 400 comparisons of equal noise some 5% may exclude nought, half of them from above."""
    rng = random.Random(7)
    sides = [[rng.gauss(100, 10) for _ in range(6)] for _ in range(800)]
    shifts = [certain(windows.shift(sides[i], sides[i + 1])) for i in range(0, 800, 2)]
    assert sum(s.low > 0 for s in shifts) <= 20
    assert sum(not s.low <= 0 <= s.high for s in shifts) <= 32
