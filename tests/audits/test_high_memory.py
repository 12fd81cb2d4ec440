"""A service holds more memory."""

from __future__ import annotations

import pytest
from recordings import artifacts, two_windows, usage

from brownout.audits import high_memory
from brownout.model import Finding


def judged(before: list[float], after: list[float]) -> Finding:
    """The finding when the service holds so many MB, second by second."""
    recording = two_windows(len(after))
    usage(recording, 0, [0.3] * len(before), before)
    usage(recording, 40, [0.3] * len(after), after)
    [finding] = high_memory.judge(artifacts(recording))
    return finding


def test_a_service_that_grew() -> None:
    finding = judged([100] * 30, [250] * 30)
    assert (finding.verdict, finding.subject, finding.n) == ("regressed", "web", 30)
    assert (finding.effect, finding.low, finding.high) == (150.0, 150.0, 150.0)
    assert (finding.unit, finding.reason) == ("MB", "100 -> 250 MB")


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [(100, 164, "clean"), (100, 165, "regressed"), (400, 500, "clean"), (400, 501, "regressed")],
)
def test_64_mb_or_a_quarter_is_no_news(before: float, after: float, verdict: str) -> None:
    assert judged([before] * 30, [after] * 30).verdict == verdict


def test_one_peak_is_not_a_rise() -> None:
    assert judged([100] * 40, [100] * 39 + [900]).verdict == "clean"


def test_two_samples_are_too_few() -> None:
    assert judged([100] * 30, [900] * 2).verdict == "inconclusive"


def test_the_real_browser_is_no_part_of_the_shop() -> None:
    recording = two_windows()
    usage(recording, 0, [0.1] * 30, [100] * 30, "browser")
    usage(recording, 40, [0.1] * 30, [900] * 30, "browser")
    assert high_memory.judge(artifacts(recording)) == []
