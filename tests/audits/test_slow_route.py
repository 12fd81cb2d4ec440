"""A route's p95 on the users' side."""

from __future__ import annotations

import pytest
from recordings import artifacts, traffic, two_windows

from brownout.audits import slow_route
from brownout.model import Finding

ROUTE = "GET /api/books/{id}/"


def judged(before: float, after: float, seconds: float = 30) -> Finding:
    """The finding when answers take ``before`` and ``after`` ms (and up to 9% more)."""
    recording = two_windows(seconds)
    traffic(recording, 0, 30, before)
    traffic(recording, 40, 40 + seconds, after)
    [finding] = slow_route.judge(artifacts(recording))
    return finding


def test_a_route_that_became_slow() -> None:
    finding = judged(20, 50)
    assert (finding.verdict, finding.subject) == ("regressed", ROUTE)
    # Of each block's 20 answers five are 9% over: that is its p95.
    assert (finding.effect, finding.low, finding.high) == (32.7, 32.7, 32.7)
    assert (finding.unit, finding.n, finding.cause) == ("ms p95", 120, "")
    assert finding.reason == "21.8 -> 54.5 ms p95"
    [shown] = finding.evidence
    assert shown.columns == ("side", "route", "n", "failed", "missing", "p50", "p95", "p99")
    assert [row[:4] for row in shown.rows] == [("before", ROUTE, 120, 0), ("after", ROUTE, 120, 0)]


@pytest.mark.parametrize(("before", "after"), [(20, 20), (20, 42), (200, 249), (50, 20)])
def test_what_users_would_not_mind(before: float, after: float) -> None:
    assert judged(before, after).verdict == "clean"


@pytest.mark.parametrize(("before", "after"), [(20, 43), (200, 251)])
def test_just_beyond_the_floor(before: float, after: float) -> None:
    assert judged(before, after).verdict == "regressed"


def test_two_seconds_are_too_few() -> None:
    finding = judged(20, 500, seconds=2)
    assert (finding.verdict, finding.effect) == ("inconclusive", None)
    assert finding.reason == "too few blocks of time with data for an interval"


def test_a_route_without_a_good_answer_is_left_to_the_error_rate() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20)
    traffic(recording, 40, 70, 20, status=500)
    traffic(recording, 40, 70, 20, route="GET /new/")
    assert slow_route.judge(artifacts(recording)) == []
