"""A route's p95 rose, on the users' side."""

from __future__ import annotations

from brownout.audits import evidence, measured
from brownout.instruments import latency
from brownout.model import Artifacts, Finding
from brownout.stats.windows import quantile_shift

NEEDS = ("latency",)
TIMING = True
FLOOR_MS, FLOOR_SHARE = 25.0, 0.25
"""A rise that users would not mind: 25 ms, or a quarter of what it was."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per route that had answers in both windows."""
    before = {r["route"]: r for r in artifacts["latency", "before"].records()}
    found = []
    for row in artifacts["latency", "after"].records():
        route, old = row["route"], before.get(row["route"])
        if old is None or old["p95"] is None or row["p95"] is None:
            continue
        shift = quantile_shift(old["seconds"], row["seconds"], 0.95)
        floor = max(FLOOR_MS, FLOOR_SHARE * old["p95"])
        rows = evidence(artifacts, "latency", latency.SQL, {"route": route})
        found.append(measured("slow_route", route, shift, floor, "ms p95", row["n"], rows))
    return found
