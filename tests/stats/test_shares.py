"""The interval of a share, against published values."""

from __future__ import annotations

import pytest

from brownout.stats.shares import at_least, share_interval


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_published_intervals(count: int, n: int, low: float, high: float) -> None:
    assert share_interval(count, n) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_nothing_is_known() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)


def test_at_least_so_many_by_chance() -> None:
    assert at_least(0, 10, 0.05) == 1.0
    assert at_least(1, 1, 0.05) == pytest.approx(0.05)
    assert at_least(2, 2, 0.05) == pytest.approx(0.0025)
    assert at_least(2, 38, 0.05) == pytest.approx(1 - 0.95**38 - 38 * 0.05 * 0.95**37)
    assert at_least(1, 40, 0.0) == 1.0 - 1.0**40 == 0.0
