"""A model that became slower with a new version."""

from __future__ import annotations

import pytest
from recordings import artifacts, call, traffic, two_windows

from brownout.audits import slow_model
from brownout.model import Finding, Suggestion

OLD, NEW = "2026-03", "2026-11"


def judged(before: float, after: float, version: str = NEW, seconds: float = 30) -> Finding:
    """The one finding when a call of the model takes so many ms."""
    recording = two_windows(seconds)
    traffic(recording, 0, 30, 20.0, ai=[call(before, OLD)])
    traffic(recording, 40, 40 + seconds, 200.0, ai=[call(after, version)])
    [finding] = slow_model.judge(artifacts(recording))
    return finding


def test_a_new_version_that_is_slow() -> None:
    finding = judged(2, 62)
    assert (finding.verdict, finding.cause, finding.where) == (
        "regressed", "slow-model", "delivery",
    )  # fmt: skip
    assert finding.subject == "delivery 2026-03 -> 2026-11"
    assert (finding.effect, finding.low, finding.high, finding.n) == (60.0, 60.0, 60.0, 120)
    assert finding.reason == ("delivery 2026-03 -> 2026-11: 2.0 -> 62.0 ms per call [+60.0, +60.0]")
    assert finding.suggests == (Suggestion("set-model", {"name": "delivery", "version": OLD}),)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(2, 2, "clean"), (2, 6.9, "clean"), (2, 7, "regressed"), (20, 39, "clean")],
)
def test_five_ms_and_twice_as_long(before: float, after: float, verdict: str) -> None:
    assert judged(before, after).verdict == verdict


def test_the_same_version_is_not_the_cause() -> None:
    assert judged(2, 62, version=OLD).verdict == "clean"


def test_two_seconds_are_too_few_to_accuse() -> None:
    assert judged(2, 62, seconds=2).verdict != "regressed"


def test_the_cost_is_per_request_of_all_routes_that_call_it() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, ai=[call(2.0, OLD)])
    traffic(recording, 40, 70, 99.0, ai=[call(62.0, NEW), call(0.0, "", model="")])
    traffic(recording, 41, 42, 99.0, ai=[call(2.0, OLD)])  # still the old one for a moment
    traffic(recording, 40, 70, 99.0, route="GET /api/home/", ai=[call(62.0, NEW)] * 3)
    [finding] = slow_model.judge(artifacts(recording))
    assert finding.subject == "delivery 2026-03 -> 2026-11"
    # 244 requests made 484 calls; 4 of them, in one block, took 2 ms.
    assert finding.n == 244
    assert finding.effect == pytest.approx(60 * 484 / 244, abs=0.01)


def test_a_model_nobody_asked_before_says_nothing() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, ai=[call(2.0, OLD, model="ranking")])
    traffic(recording, 40, 70, 99.0, ai=[call(62.0, NEW)])
    [finding] = slow_model.judge(artifacts(recording))
    assert (finding.verdict, finding.subject) == ("clean", "all models")


def test_a_new_version_that_few_asked_is_not_clean() -> None:
    recording = two_windows()
    traffic(recording, 0, 30, 20.0, ai=[call(2.0, OLD)])
    traffic(recording, 40, 70, 20.0, "GET /other/", ai=[call(2.0, OLD, model="ranking")])
    traffic(recording, 50, 52, 90.0, ai=[call(62.0, NEW)])
    [unclear] = slow_model.judge(artifacts(recording))
    assert (unclear.verdict, unclear.subject) == ("inconclusive", "delivery 2026-03 -> 2026-11")
    assert unclear.reason == "too few blocks of time with data for an interval"
