"""What used to be in the cache is no longer found there."""

from __future__ import annotations

import pytest
from recordings import artifacts, family, traffic, two_windows

from brownout.audits import cache_misses
from brownout.model import Finding, Suggestion


def judged(before: int, after: int, seconds: float = 30) -> Finding:
    """The one finding when so many of ten keys a request are found in the cache."""
    recording = two_windows(seconds)
    traffic(recording, 0, 30, 100.0, cache=[family(10, before)])
    traffic(recording, 40, 40 + seconds, 150.0, cache=[family(10, after)])
    [finding] = cache_misses.judge(artifacts(recording))
    return finding


def test_a_family_that_is_no_longer_found() -> None:
    finding = judged(9, 1)
    assert (finding.verdict, finding.subject, finding.cause) == (
        "regressed", "similar:*", "cache-key-churn",
    )  # fmt: skip
    # Requests take 102.5 and 154.75 ms in the mean (work is 2 ms less on both sides).
    assert (finding.effect, finding.low, finding.high) == (52.25, 52.25, 52.25)
    assert (finding.unit, finding.n, finding.where) == ("ms/request", 120, "similar:*")
    assert finding.reason == "hit ratio 90% -> 10% [-80%, -80%] over 1200 gets"
    assert finding.suggests == (Suggestion("rollback"),)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(9, 9, "clean"), (9, 7, "clean"), (10, 6, "regressed"), (1, 9, "clean")],
)
def test_less_than_three_tenths_comes_and_goes(before: int, after: int, verdict: str) -> None:
    assert judged(before, after).verdict == verdict


def test_two_seconds_are_too_few_to_accuse() -> None:
    assert judged(9, 1, seconds=2).verdict != "regressed"


def test_a_family_that_is_new_has_no_past() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, cache=[family(10, 10, "home:*")])
    traffic(recording, 40, 70, 20.0, cache=[family(10, 0)])
    [finding] = cache_misses.judge(artifacts(recording))
    assert (finding.verdict, finding.subject, finding.n) == ("clean", "all families", 1200)


def test_a_family_that_few_asked_for_is_not_clean() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, cache=[family(10, 10, "home:*")])
    traffic(recording, 0.1, 3, 20.0, cache=[family(1, 1)])
    traffic(recording, 40, 70, 20.0, cache=[family(10, 10, "home:*")])
    traffic(recording, 40.1, 70, 20.0, cache=[family(1, 0)])
    [unclear] = cache_misses.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject) == ("inconclusive", "similar:*")
    assert unclear.reason == "only 12 gets in the window before: too few to tell"
