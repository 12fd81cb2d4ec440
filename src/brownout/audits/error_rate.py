"""More of a route's requests failed: an error status, no answer, or never sent at all."""

from __future__ import annotations

from brownout.audits import evidence, measured
from brownout.instruments import latency
from brownout.model import Artifacts, Finding
from brownout.stats.windows import ratio_shift

NEEDS = ("latency",)
FLOOR = 1.0
"""Percentage points."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per route that was wanted in both windows."""
    before = {r["route"]: r for r in artifacts["latency", "before"].records()}
    found = []
    for row in artifacts["latency", "after"].records():
        route, old = row["route"], before.get(row["route"])
        if old is None:
            continue
        percent = [[(100 * f, n) for f, n in side["failures"]] for side in (old, row)]
        shift = ratio_shift(percent[0], percent[1])
        rows = evidence(artifacts, "latency", latency.SQL, {"route": route})
        found.append(measured("error_rate", route, shift, FLOOR, "% failed", row["n"], rows))
    return found
