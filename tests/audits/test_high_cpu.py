"""A service uses more CPU."""

from __future__ import annotations

import pytest
from recordings import artifacts, two_windows, usage

from brownout.audits import high_cpu
from brownout.model import Finding


def judged(before: float, after: float, seconds: int = 30) -> Finding:
    """The finding when the service uses so many cores (and 0.02 more each other second)."""
    recording = two_windows(seconds)
    usage(recording, 0, [before, before + 0.02] * 15, [100] * 30)
    usage(recording, 40, [after, after + 0.02] * (seconds // 2), [100] * seconds)
    [finding] = high_cpu.judge(artifacts(recording))
    return finding


def test_a_service_that_became_busy() -> None:
    finding = judged(0.3, 0.8)
    assert (finding.verdict, finding.subject, finding.n) == ("regressed", "web", 30)
    # Blocks of seven seconds hold four of one kind and three of the other.
    assert (finding.effect, finding.low, finding.high) == (0.5, 0.496, 0.504)
    assert (finding.unit, finding.reason) == ("cores", "0.31 -> 0.81 cores")


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (0.3, 0.3, "clean"),
        (0.3, 0.49, "clean"),
        (0.3, 0.51, "regressed"),
        (1.0, 1.29, "clean"),
        (1.0, 1.32, "regressed"),
    ],
)
def test_a_fifth_of_a_core_or_thirty_percent_is_no_news(
    before: float, after: float, verdict: str
) -> None:
    assert judged(before, after).verdict == verdict


def test_two_samples_are_too_few() -> None:
    assert judged(0.3, 1.8, seconds=2).verdict == "inconclusive"


def test_the_real_browser_is_no_part_of_the_shop() -> None:
    recording = two_windows()
    usage(recording, 0, [0.1] * 30, [100] * 30, "browser")
    usage(recording, 40, [1.9] * 30, [100] * 30, "browser")
    assert high_cpu.judge(artifacts(recording)) == []
