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
    low = np.array([0.0, 4, 4.5, 20, 3, 4.5])
    high = np.array([9.0, 6, 5, 21, 4, 30])
    assert scan.groups(low, high) == [
        Group(4.5, 5, (0, 1, 2, 5)),
        Group(3, 4, (4,)),
        Group(20, 21, (3,)),
    ]
    assert scan.groups(low[:0], high[:0]) == []


def test_a_change_that_began_by_a_time_and_one_that_began_after_it_are_apart() -> None:
    found = scan.groups(np.array([18.0, 19]), np.array([19.0, 20]))
    assert found == [Group(18, 19, (0,)), Group(19, 20, (1,))]


def named(known: list[Deployment], *changes: tuple[float, float, float]) -> str | None:
    """The deployment that is named for changes (low, at, high)."""
    low, at, high = np.array(changes).T
    found = scan.nearest(known, at, low, high)
    return found.name if found else None


def test_the_deployment_named_lies_in_most_intervals_or_is_the_last_before() -> None:
    known = [Deployment(1, "a"), Deployment(10, "b"), Deployment(14, "c"), Deployment(30, "d")]
    assert named(known, (9, 11, 12)) == "b"
    assert named(known, (9, 11, 12), (11, 12, 12.5), (8, 12, 15)) == "b"
    assert named(known, (11, 12, 13), (11, 12, 12.5), (8, 12, 12)) == "b"
    assert named(known, (20, 21, 25)) == "c"
    assert named(known, (0, 0.2, 0.5)) is None
    assert named([], (0, 1, 1)) is None


def test_where_each_point_is_a_commit_the_one_at_the_change_is_named() -> None:
    """The last old point is 18 at the earliest, the first new one is 20: 18 itself was old."""
    commits = [Deployment(i, f"commit-{i}") for i in reversed(range(40))]
    assert named(commits, (18, 20, 21)) == "commit-20"
    assert named(commits, (19, 20, 20)) == "commit-20"
    assert named(commits, (18, 20, 21), (18, 21, 22), (17, 20, 22)) == "commit-20"


def test_of_several_deployments_the_last_one_before_the_new_level_is_named() -> None:
    known = [Deployment(t, str(t)) for t in (18.2, 19.3, 19.6, 20.5)]
    assert named(known, (18, 20, 21)) == "19.6"
    assert named(known[3:], (18, 20, 21)) == "20.5"
