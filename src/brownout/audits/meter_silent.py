"""Requests were answered, but the meter did not tell of them: no work counter can be trusted."""

from __future__ import annotations

from brownout.audits import evidence
from brownout.instruments import coverage
from brownout.model import Artifacts, Finding

NEEDS = ("coverage",)
SILENT, WHOLE = 0.5, 0.95
"""Shares of the answered requests with a wide event: an error below, clean from."""

LEAST = 10
"""Answered requests below which nothing is said."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding over all routes, about the worse of the two windows."""
    sides = {side: _share(artifacts, side) for side in ("before", "after")}
    share, side, answered = min((s, side, n) for side, (s, n) in sides.items())
    reason = f"{share:.1%} of {answered} answered requests sent a wide event in the window {side}"
    verdict = "error" if share < SILENT else "clean" if share >= WHOLE else "inconclusive"
    if answered < LEAST:
        verdict, reason = "inconclusive", f"only {answered} answered requests in the window {side}"
    return [
        Finding(
            audit="meter_silent",
            subject="web",
            verdict=verdict,  # type: ignore[arg-type]
            effect=round(100 * (sides["after"][0] - sides["before"][0]), 3),
            unit="% of requests",
            n=answered,
            reason=reason,
            evidence=evidence(artifacts, "coverage", coverage.SQL, {}),
        )
    ]


def _share(artifacts: Artifacts, side: str) -> tuple[float, int]:
    rows = artifacts["coverage", side].records()
    answered = sum(r["answered"] for r in rows)
    return sum(r["events"] for r in rows) / answered, answered
