"""More of a route's requests failed."""

from __future__ import annotations

from recordings import artifacts, at, traffic, two_windows

from brownout.audits import error_rate
from brownout.model import Finding

ROUTE = "GET /api/books/{id}/"


def judged(*failing: float, seconds: float = 30, planned: int = 0) -> Finding:
    """The finding when one request each fails at these seconds of the window after.

    ``planned``: so many requests a second were planned beside them and never made.
    """
    recording = two_windows(seconds)
    traffic(recording, 0, 30, 20)
    traffic(recording, 40, 40 + seconds, 20)
    for second in failing:
        traffic(recording, 40 + second, 40.25 + second, 21, status=502)
    traffic(recording, 90, 91, 20)
    never = [
        {"trace_id": f"{s}-{i}", "route": ROUTE, "intended": at(40 + s)}
        for s in range(int(seconds))
        for i in range(planned)
    ]
    if never:
        recording.insert("scheduled", never)
    [finding] = error_rate.judge(artifacts(recording))
    return finding


def test_requests_that_fail() -> None:
    # One of five each second.
    finding = judged(*(s + 0.1 for s in range(30)))
    assert (finding.verdict, finding.subject, finding.n) == ("regressed", ROUTE, 150)
    assert (finding.effect, finding.low, finding.high) == (20.0, 20.0, 20.0)
    assert (finding.unit, finding.reason) == ("% failed", "0 -> 20 % failed")


def test_requests_that_were_never_sent_have_failed() -> None:
    finding = judged(planned=4)
    assert (finding.verdict, finding.effect, finding.n) == ("regressed", 50.0, 240)


def test_no_failure_is_clean_and_so_is_a_single_one() -> None:
    assert judged().verdict == "clean"
    assert judged(7.1).verdict == "clean"


def test_failures_of_half_the_time_are_not_yet_certain() -> None:
    finding = judged(*(s + 0.1 for s in range(15)))
    assert finding.verdict == "inconclusive"
    assert (finding.low or 0) < 1 < (finding.effect or 0)


def test_two_seconds_are_too_few() -> None:
    assert judged(0.1, 1.1, seconds=2).verdict == "inconclusive"
