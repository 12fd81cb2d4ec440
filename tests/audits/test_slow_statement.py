"""A statement takes longer per call."""

from __future__ import annotations

import pytest
from recordings import artifacts, statement, traffic, two_windows

from brownout.audits import slow_statement
from brownout.model import Finding

ROUTE = "GET /api/books/{id}/"


def judged(before: float, after: float, seconds: float = 30) -> Finding:
    """The one finding when two calls take ``before`` and ``after`` ms together."""
    recording = two_windows(seconds)
    traffic(recording, 0, 30, 20.0, sql=[statement(2, before)])
    traffic(recording, 40, 40 + seconds, 40.0, sql=[statement(2, after)])
    [finding] = slow_statement.judge(artifacts(recording))
    return finding


def test_a_statement_that_became_slow() -> None:
    finding = judged(2, 16)
    assert (finding.verdict, finding.subject) == ("regressed", f"{ROUTE}: SELECT review")
    assert (finding.effect, finding.low, finding.high) == (14.0, 14.0, 14.0)
    assert (finding.unit, finding.n, finding.cause) == ("ms/request", 120, "")
    assert finding.reason == "2 -> 16 ms/request"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(2, 2, "clean"), (2, 6.9, "clean"), (2, 7.1, "regressed"), (10, 19, "clean")],
)
def test_five_ms_a_request_and_twice_as_long(before: float, after: float, verdict: str) -> None:
    assert judged(before, after).verdict == verdict


def test_more_calls_are_not_longer_calls() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 1.0)])
    traffic(recording, 40, 70, 40.0, sql=[statement(20, 20.0)])
    [finding] = slow_statement.judge(artifacts(recording))
    assert (finding.verdict, finding.subject) == ("clean", "all statements")


def test_two_seconds_are_too_few_to_accuse() -> None:
    assert judged(2, 50, seconds=2).verdict != "regressed"


def test_the_five_costliest_are_told() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 1.0, f"S{i}") for i in range(7)])
    traffic(recording, 40, 70, 90.0, sql=[statement(1, 10.0 + i, f"S{i}") for i in range(7)])
    found = slow_statement.judge(artifacts(recording))
    assert [f.subject[-2:] for f in found] == ["S6", "S5", "S4", "S3", "S2"]


def test_a_slow_statement_in_too_few_blocks_is_not_clean() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 0.5)])
    traffic(recording, 40, 70, 20.0, "GET /other/", sql=[statement(1, 0.5)])
    traffic(recording, 50, 54, 160.0, sql=[statement(1, 130.0)])
    [unclear] = slow_statement.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject) == ("inconclusive", f"{ROUTE}: SELECT review")
    assert unclear.reason == "too few blocks of time with data for an interval"


def test_what_is_perhaps_slower_is_not_clean() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 0.5)])
    for start, took in ((40, 0.5), (50, 40.0), (60, 1.0)):
        traffic(recording, start, start + 10, 60.0, sql=[statement(1, took)])
    [unclear] = slow_statement.judge(artifacts(recording))
    assert unclear.verdict == "inconclusive"
    assert unclear.low is not None and unclear.high is not None
    assert unclear.low < slow_statement.FLOOR_MS < unclear.high
