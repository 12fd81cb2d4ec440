"""Many series at once: false discoveries, groups, deployments."""

from __future__ import annotations

import numpy as np
import pytest

from brownout.stats import homogeneity, scan
from brownout.stats.scan import Deployment, Group


def test_q_values_are_benjamini_and_hochbergs() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005, np.nan])
    assert scan.adjusted(p) == pytest.approx([0.025, 0.05, 0.05, 0.025, 1.0])
    assert scan.threshold(p, 0.05) == 0.04
    assert scan.threshold(p, 0.01) == 0
    assert scan.threshold(np.empty(0), 0.05) == 0


@pytest.mark.parametrize("together", [0.0, 0.5])
def test_the_false_discovery_rate_holds(together: float) -> None:
    """40 fleets of 500 series, 50 of which change by one to three standard deviations; in the
    second case half of all variance is common to the fleet."""
    rng = np.random.default_rng(3)
    false, power = [], []
    for _ in range(40):
        own, common = rng.standard_normal((500, 120)), rng.standard_normal(120)
        values = np.sqrt(1 - together) * own + np.sqrt(together) * common
        values[:50, 70:] += rng.uniform(1, 3, (50, 1)) * rng.choice([-1, 1], (50, 1))
        called = scan.adjusted(homogeneity.test(values).p) <= 0.05
        false.append(called[50:].sum() / max(called.sum(), 1))
        power.append(called[:50].mean())
    assert np.mean(false) <= 0.05
    assert np.mean(power) > 0.75


def test_without_any_change_fleets_are_seldom_called_changed() -> None:
    rng = np.random.default_rng(4)
    fleets = [homogeneity.test(rng.standard_t(3, (300, 100))).p for _ in range(60)]
    assert sum(scan.threshold(p, 0.05) > 0 for p in fleets) <= 6


def test_changes_whose_intervals_share_a_time_are_a_group() -> None:
    low = np.array([0.0, 4, 5, 20, 3, 5])
    high = np.array([9.0, 6, 5, 21, 4, 30])
    assert scan.groups(low, high) == [
        Group(5, 5, (0, 1, 2, 5)),
        Group(3, 4, (4,)),
        Group(20, 21, (3,)),
    ]
    assert scan.groups(low[:0], high[:0]) == []


def test_the_deployment_named_lies_in_most_intervals_or_is_the_last_before() -> None:
    known = [Deployment(1, "a"), Deployment(10, "b"), Deployment(14, "c"), Deployment(30, "d")]

    def named(*intervals: tuple[float, float]) -> Deployment | None:
        low, high = np.array(intervals).T
        return scan.nearest(known, low, high)

    assert named((9, 12)) == known[1]
    assert named((9, 12), (11, 12), (8, 15)) == known[1]
    assert named((11, 13), (11, 12), (8, 12)) == known[1]
    assert named((20, 25)) == known[2]
    assert named((0, 0.5)) is None
    assert scan.nearest([], np.zeros(1), np.ones(1)) is None
