"""Requests were answered, but the meter did not tell of them."""

from __future__ import annotations

import pytest
from recordings import MemoryRecording, artifacts, at, ms, traffic, two_windows

from brownout.audits import meter_silent
from brownout.model import Finding


def answered(recording: MemoryRecording, start: float, n: int) -> None:
    """n requests within a second that sent no wide event."""
    recording.insert(
        "requests",
        [
            {"trace_id": f"{start}-{i}", "route": "GET /", "latency": ms(9)}
            | {"intended": at(start), "start": at(start)}
            for i in range(n)
        ],
    )


def judged(silent: int, spoken: float = 10) -> Finding:
    """The finding when, after, so many were silent beside 4 each of ``spoken`` seconds."""
    recording = two_windows()
    traffic(recording, 0, 30, 20.0)
    traffic(recording, 40, 40 + spoken, 20.0)
    answered(recording, 41, silent)
    [finding] = meter_silent.judge(artifacts(recording))
    return finding


def test_a_meter_that_was_lost() -> None:
    finding = judged(160)
    assert (finding.verdict, finding.subject) == ("error", "web")
    assert (finding.effect, finding.unit, finding.n) == (-80.0, "% of requests", 200)
    assert finding.reason == (
        "20.0% of 200 answered requests sent a wide event in the window after"
    )


@pytest.mark.parametrize(
    ("silent", "verdict"), [(1, "clean"), (2, "clean"), (3, "inconclusive"), (41, "error")]
)
def test_the_boundaries(silent: int, verdict: str) -> None:
    assert judged(silent).verdict == verdict


def test_few_requests_say_nothing() -> None:
    finding = judged(5, spoken=1)
    assert finding.verdict == "inconclusive"
    assert finding.reason == "only 9 answered requests in the window after"
