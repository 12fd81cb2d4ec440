"""A statement that runs once for each row of a list."""

from __future__ import annotations

import pytest
from recordings import artifacts, statement, traffic, two_windows

from brownout.audits import n_plus_one
from brownout.model import Finding, Suggestion

ROUTE = "GET /api/books/{id}/"
MOVED = "reviews/serializers.py:31"


def judged(before: int, after: int, seconds: float = 30) -> Finding:
    """The one finding when a statement ran so many times a request, 1 ms each."""
    recording = two_windows(seconds)
    other = statement(1, 1.0, "SELECT book", "catalog/views.py:8")
    then = [statement(before, before, "SELECT user")] if before else []
    traffic(recording, 0, 30, 20.0, sql=[other, *then])
    now = statement(after, after, "SELECT user", MOVED)
    traffic(recording, 40, 40 + seconds, 40.0, sql=[other, now])
    [finding] = n_plus_one.judge(artifacts(recording))
    return finding


def test_a_statement_that_multiplied() -> None:
    finding = judged(1, 21)
    assert (finding.verdict, finding.subject, finding.cause) == ("regressed", ROUTE, "n-plus-one")
    # 20 more calls of 1 ms, in each request alike: the interval has no width.
    assert (finding.effect, finding.low, finding.high) == (20.0, 20.0, 20.0)
    assert (finding.unit, finding.n, finding.where) == ("ms/request", 120, MOVED)
    assert finding.reason == (
        "one statement ran 1.0 times per request, now 21.0 [+20.0, +20.0]: SELECT user"
    )
    assert finding.suggests == (Suggestion("rollback"),)


def test_a_statement_that_is_new_on_a_known_route() -> None:
    finding = judged(0, 20)
    assert (finding.verdict, finding.effect) == ("regressed", 20.0)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (1, 1, "clean"),
        (0, 4, "clean"),  # fewer than 5
        (2, 5, "clean"),  # fewer than 4 more
        (1, 5, "regressed"),
        (3, 30, "clean"),  # was many before: the list grew, the code did not
    ],
)
def test_the_boundaries(before: int, after: int, verdict: str) -> None:
    assert judged(before, after).verdict == verdict


def test_a_statement_in_another_ones_place_is_nothing_new() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(8, 8.0, "SELECT a")])
    traffic(recording, 40, 70, 20.0, sql=[statement(8, 8.0, "SELECT a, weight")])
    [finding] = n_plus_one.judge(artifacts(recording))
    assert finding.verdict == "clean"


def test_ten_requests_at_least() -> None:
    few = judged(1, 21, seconds=2.25)
    assert few.verdict == "inconclusive"
    assert few.reason == "only 9 requests in the window after: too few to tell"
    assert judged(1, 21, seconds=2.5).verdict == "regressed"


def test_a_few_heavy_requests_are_not_all() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 1.0)])
    traffic(recording, 40, 70, 20.0, sql=[statement(1, 1.0)])
    traffic(recording, 50, 52, 20.0, sql=[statement(100, 100.0)])
    [finding] = n_plus_one.judge(artifacts(recording))
    # 7.2 times per request on average, but not surely 4 more than before.
    assert (finding.verdict, finding.subject) == ("clean", "all statements")


def test_a_route_that_few_asked_for_is_not_clean() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 1.0)])
    traffic(recording, 0, 30, 20.0, "GET /other/", sql=[statement(1, 1.0)])
    traffic(recording, 40, 42.25, 90.0, sql=[statement(101, 101.0)])
    traffic(recording, 40, 43, 20.0, "GET /other/", sql=[statement(1, 1.0)])
    [unclear] = n_plus_one.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject, unclear.n) == ("inconclusive", ROUTE, 9)
    assert unclear.reason == "only 9 requests in the window after: too few to tell"
