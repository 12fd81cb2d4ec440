"""The machine was not the drill's own."""

from __future__ import annotations

import pytest
from recordings import artifacts, at, two_windows

from brownout.audits import busy_machine
from brownout.model import Finding


def judged(before: float, after: float) -> Finding:
    """The finding when others used so many cores on average."""
    recording = two_windows()
    for start, cores in ((0, before), (40, after)):
        recording.insert(
            "machine",
            [{"ts": at(start + s), "foreign_cpu": cores + 0.1 * (-1) ** s} for s in range(30)],
        )
    [finding] = busy_machine.judge(artifacts(recording))
    return finding


def test_others_used_the_cpu() -> None:
    finding = judged(0.2, 1.3)
    assert (finding.verdict, finding.subject) == ("void", "machine")
    assert (finding.effect, finding.unit, finding.n) == (1.1, "cores", 60)
    assert finding.reason == "other processes used 0.20 cores before and 1.30 after"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (0.2, 0.2, "clean"),
        (0.9, 0.9, "clean"),
        (0.2, 0.6, "clean"),
        (0.2, 0.8, "void"),  # half a core more than before
        (1.1, 0.2, "void"),  # the baseline is no better to compare with
    ],
)
def test_the_boundaries(before: float, after: float, verdict: str) -> None:
    assert judged(before, after).verdict == verdict
