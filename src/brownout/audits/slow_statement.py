"""A statement takes longer per call. A symptom: a lost index, a lock, more rows, or a busy CPU."""

from __future__ import annotations

from brownout.audits import COST, evidence, measured, nothing
from brownout.instruments import statements
from brownout.model import Artifacts, Finding
from brownout.stats.windows import Shift, ratio_shift

NEEDS = ("statements",)
TIMING = True
FLOOR_MS, FACTOR = 5.0, 2.0
"""Added milliseconds per request, and times as long per call."""

TOLD = 5
"""Statements at most, the costliest."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per slower statement, at most five; else one clean finding."""
    before, after = (statements.by_shape(artifacts["statements", s]) for s in ("before", "after"))
    found = []
    for (route, shape), now in after.items():
        then = before.get((route, shape))
        shift = then and _added(then, now)
        if not shift or shift.low < FLOOR_MS or shift.ratio < FACTOR:
            continue
        rows = evidence(artifacts, "statements", statements.SQL, {"route": route, "shape": shape})
        subject = f"{route}: {shape}"
        found.append(measured("slow_statement", subject, shift, FLOOR_MS, COST, now.requests, rows))
    found.sort(key=lambda f: (-(f.effect or 0) * f.n, f.subject))
    reason = f"no statement takes {FLOOR_MS:g} ms more per request at {FACTOR:g} times a call"
    return found[:TOLD] or [
        nothing(artifacts, "slow_statement", "statements", "all statements", reason)
    ]


def _added(then: statements.Statement, now: statements.Statement) -> Shift | None:
    """What the change per call costs a request of now, in ms."""
    per_request = now.calls_per_request
    sides = [[(ns / 1e6 * per_request, n) for ns, n in side.seconds] for side in (then, now)]
    return ratio_shift(sides[0], sides[1])
