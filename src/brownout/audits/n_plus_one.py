"""A statement that ran once or twice a request now runs once for each row of a list.

Calls per request are exact counts, so that load and noise do not move them. A release moves lines,
and so the statement is followed by its route and shape; the calling line is named from the window
after. A release changes shapes too: a statement that took another's place is nothing new, so that
the route's calls in all must have grown as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from brownout.audits import COST, evidence, nothing, told, without
from brownout.instruments import statements
from brownout.model import Artifacts, Finding, Suggestion
from brownout.stats.windows import Shift, Sums, mean_shift

NEEDS = ("statements",)
FEW, MANY, GROWTH = 2.5, 5.0, 4.0
"""Calls per request: at most FEW before; at least MANY and GROWTH more after."""

LEAST = 10
"""Requests of a route on either side."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per statement that multiplied, or seems to on a route that few asked for; else
    one clean finding."""
    before, after = (statements.by_shape(artifacts["statements", s]) for s in ("before", "after"))
    requests = {route: then.requests for (route, _), then in before.items()}
    calls = [_per_request(side) for side in (before, after)]
    found, unclear = [], []
    for (route, shape), now in after.items():
        n = requests.get(route, 0)
        if calls[1][route] - calls[0][route] < GROWTH:
            continue
        then = before.get((route, shape)) or statements.Statement(n, 0, 0, 0.0, "", ())
        if min(n, now.requests) < LEAST:
            if _seems(then, now):
                unclear.append(without("n_plus_one", route, (n, now.requests)))
            continue
        shift = mean_shift(_calls(then), _calls(now))
        if shift and _multiplied(shift):
            found.append(_finding(artifacts, (route, shape), (then, now), shift))
    reason = f"no statement runs {GROWTH:g} or more times oftener per request than before"
    clean = nothing(artifacts, "n_plus_one", "statements", "all statements", reason)
    return told(found, unclear, clean)


def _per_request(side: Mapping[tuple[str, str], statements.Statement]) -> defaultdict[str, float]:
    """Route -> calls of all its statements per request."""
    found: defaultdict[str, float] = defaultdict(float)
    for (route, _), statement in side.items():
        found[route] += statement.calls_per_request
    return found


def _calls(statement: statements.Statement) -> Sums:
    return Sums(statement.requests, statement.calls, statement.squares)


def _seems(then: statements.Statement, now: statements.Statement) -> bool:
    """Whether it multiplied as far as few requests show; on a route that is new, it did not."""
    if not then.requests:
        return False
    few, many = then.calls_per_request, now.calls_per_request
    return few <= FEW and many >= MANY and many - few >= GROWTH


def _multiplied(shift: Shift) -> bool:
    return shift.before <= FEW and shift.after >= MANY and shift.low >= GROWTH


def _finding(
    artifacts: Artifacts,
    key: tuple[str, str],
    sides: tuple[statements.Statement, statements.Statement],
    shift: Shift,
) -> Finding:
    (route, shape), (then, now) = key, sides
    cost = now.ms_per_request - then.ms_per_request
    # The counts' interval, in the unit of the cost: so many more calls, at what a call takes now.
    per_call = cost / shift.effect
    return Finding(
        audit="n_plus_one",
        subject=route,
        verdict="regressed",
        effect=round(cost, 3),
        low=round(shift.low * per_call, 3),
        high=round(shift.high * per_call, 3),
        unit=COST,
        n=now.requests,
        reason=(
            f"one statement ran {shift.before:.1f} times per request, now "
            f"{shift.after:.1f} [+{shift.low:.1f}, +{shift.high:.1f}]: {shape}"
        ),
        cause="n-plus-one",
        where=now.caller,
        evidence=evidence(
            artifacts, "statements", statements.SQL, {"route": route, "shape": shape}
        ),
        suggests=(Suggestion("rollback"),),
    )
