"""A statement takes longer per call. A symptom: a lost index, a lock, more rows, or a busy CPU."""

from __future__ import annotations

from brownout.audits import COST, TOLD, evidence, measured, nothing, told
from brownout.instruments import statements
from brownout.model import Artifacts, Finding
from brownout.stats.windows import Shift, ratio_shift

NEEDS = ("statements",)
TIMING = True
FLOOR_MS, FACTOR = 5.0, 2.0
"""Added milliseconds per request, and times as long per call."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per slower statement, at most five; what seems slower and is not surely so is
    inconclusive; else one clean finding."""
    before, after = (statements.by_shape(artifacts["statements", s]) for s in ("before", "after"))
    found, unclear = [], []
    for (route, shape), now in after.items():
        then = before.get((route, shape))
        if then is None:
            continue
        shift = _added(then, now)
        surely = shift and shift.low >= FLOOR_MS and shift.ratio >= FACTOR
        if not surely and not _seems(then, now):
            continue
        rows = evidence(artifacts, "statements", statements.SQL, {"route": route, "shape": shape})
        subject = f"{route}: {shape}"
        finding = measured("slow_statement", subject, shift, FLOOR_MS, COST, now.requests, rows)
        if surely:
            found.append(finding)
        elif finding.verdict == "inconclusive":
            unclear.append(finding)
    for findings in (found, unclear):
        findings.sort(key=lambda f: (-(f.effect or 0) * f.n, f.subject))
    reason = f"no statement takes {FLOOR_MS:g} ms more per request at {FACTOR:g} times a call"
    clean = nothing(artifacts, "slow_statement", "statements", "all statements", reason)
    return told(found[:TOLD], unclear, clean)


def _seems(then: statements.Statement, now: statements.Statement) -> bool:
    """Whether it takes so much longer by the mean over all calls, however few they are."""
    if not then.calls or not now.calls:
        return False
    per_call = [s.ms_per_request / s.calls_per_request for s in (then, now)]
    added = (per_call[1] - per_call[0]) * now.calls_per_request
    return added >= FLOOR_MS and per_call[1] >= FACTOR * per_call[0]


def _added(then: statements.Statement, now: statements.Statement) -> Shift | None:
    """What the change per call costs a request of now, in ms."""
    per_request = now.calls_per_request
    sides = [[(ns / 1e6 * per_request, n) for ns, n in side.seconds] for side in (then, now)]
    return ratio_shift(sides[0], sides[1])
