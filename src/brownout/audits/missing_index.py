"""A table is read from end to end, because an index is gone or no longer serves.

Three things must come together: the table's sequentially read rows a second rose by far, one of its
indexes is gone or fell out of use, and a statement over it takes longer per call though it is
called no oftener per request.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from brownout.audits import COST, evidence, nothing, told
from brownout.instruments import relations, statements
from brownout.model import Artifacts, Finding, Suggestion
from brownout.stats.windows import Shift, ratio_shift

NEEDS = ("relations", "statements")
ROWS_FACTOR, ROWS_FLOOR = 5.0, 10_000.0
"""Sequentially read rows a second: so many times, and so many more."""

CALLS_FACTOR = 1.5
"""Calls per request may have grown so far: beyond it the statement is another matter."""

SLOWER_FACTOR, SLOWER_MS = 2.0, 1.0
"""A statement's milliseconds per call: so many times, and so many more."""


@dataclass(frozen=True, slots=True)
class _Statement:
    """The statement of a table that became slowest: added ms per request, with its interval."""

    route: str
    shape: str
    caller: str
    requests: int
    added: tuple[float, float, float]
    per_call: Shift


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per table, also for one of which too little was seen; else one clean finding."""
    found, unclear = [], [_unsampled(artifacts, table) for table in _without_rate(artifacts)]
    for table, old, new in _scanned(artifacts):
        slowed = max(_slowed(artifacts, table), key=lambda s: s.added[0] * s.requests, default=None)
        lost = _lost(old, new)
        if slowed and lost:
            found.append(_finding(artifacts, table, slowed, lost, (old, new)))
        elif lost and (over := _seeming(artifacts, table)):
            reason = "its index is lost, and its statements seem slower: too few calls to tell"
            unclear.append(Finding("missing_index", table, "inconclusive", n=over, reason=reason))
    reason = "no table is read sequentially more than before for want of an index"
    clean = nothing(artifacts, "missing_index", "statements", "all tables", reason)
    return told(found, unclear, clean)


def _without_rate(artifacts: Artifacts) -> Iterator[str]:
    """Tables of which a window has a single sample, and whose statements seem slower."""
    before = {r["relation"]: r for r in artifacts["relations", "before"].records()}
    for new in artifacts["relations", "after"].records():
        old = before.get(new["relation"])
        if old is None or None not in (old["seq_rows_per_s"], new["seq_rows_per_s"]):
            continue
        if _seeming(artifacts, new["relation"]):
            yield new["relation"]


def _unsampled(artifacts: Artifacts, table: str) -> Finding:
    reason = "a statement over it seems slower, and its counters were sampled only once in a window"
    n = _seeming(artifacts, table)
    return Finding("missing_index", table, "inconclusive", n=n, reason=reason)


def _seeming(artifacts: Artifacts, table: str) -> int:
    """Requests of the statements over a table that take so much longer in the mean of all calls."""
    slower = 0
    for _, then, now in _over(artifacts, table):
        took = [s.ms_per_request / s.calls_per_request for s in (then, now)]
        if took[1] - took[0] >= SLOWER_MS and took[1] >= SLOWER_FACTOR * took[0]:
            slower += now.requests
    return slower


def _scanned(artifacts: Artifacts) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The tables whose sequentially read rows a second rose by far: (name, before, after)."""
    before = {r["relation"]: r for r in artifacts["relations", "before"].records()}
    for new in artifacts["relations", "after"].records():
        old = before.get(new["relation"])
        if old is None or None in (old["seq_rows_per_s"], new["seq_rows_per_s"]):
            continue
        then, now = old["seq_rows_per_s"], new["seq_rows_per_s"]
        if now >= ROWS_FACTOR * then and now - then >= ROWS_FLOOR:
            yield new["relation"], old, new


def _lost(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, bool] | None:
    """(definition, is it gone?) of the index that was used before and is gone, or unused now."""
    there = {_meaning(text) for _, text, _ in new["indexes_end"]}
    used, still = (_scans(side) for side in (old, new))
    lost = [
        (meaning not in there, used[meaning], text)
        for meaning, text in ((_meaning(text), text) for _, text, _ in old["indexes_end"])
        if used[meaning] > 0 and not still[meaning]
    ]
    if not lost:
        return None
    gone, _, definition = max(lost)
    return definition, gone


def _scans(side: dict[str, Any]) -> Counter[str]:
    """What an index is on -> its scans within the window; one that is new began at none."""
    first = {text: scans for _, text, scans in side["indexes_start"]}
    found: Counter[str] = Counter()
    for _, text, scans in side["indexes_end"]:
        found[_meaning(text)] += scans - first.get(text, 0)
    return found


def _meaning(definition: str) -> str:
    """What an index is on, whatever its name."""
    return re.sub(r"INDEX \S+ ON", "INDEX ON", definition)


def _slowed(artifacts: Artifacts, table: str) -> Iterator[_Statement]:
    for (route, shape), then, now in _over(artifacts, table):
        sides = [[(ns / 1e6, calls) for ns, calls in s.seconds] for s in (then, now)]
        shift = ratio_shift(sides[0], sides[1])
        if shift and shift.low >= SLOWER_MS and shift.ratio >= SLOWER_FACTOR:
            calls = now.calls_per_request
            added = (shift.effect * calls, shift.low * calls, shift.high * calls)
            yield _Statement(route, shape, now.caller, now.requests, added, shift)


def _over(
    artifacts: Artifacts, table: str
) -> Iterator[tuple[tuple[str, str], statements.Statement, statements.Statement]]:
    """The statements over a table, before and after, that are called no oftener per request."""
    before, after = (statements.by_shape(artifacts["statements", s]) for s in ("before", "after"))
    for key, now in after.items():
        then = before.get(key)
        if then is None or not re.search(rf"\b{re.escape(table)}\b", key[1]):
            continue
        if then.calls and 0 < now.calls_per_request <= CALLS_FACTOR * then.calls_per_request:
            yield key, then, now


def _finding(
    artifacts: Artifacts,
    table: str,
    slowed: _Statement,
    lost: tuple[str, bool],
    sides: tuple[dict[str, Any], dict[str, Any]],
) -> Finding:
    definition, gone = lost
    old, new = sides
    added, low, high = (round(v, 3) for v in slowed.added)
    state = "its index is gone" if gone else "its index is no longer used"
    rows = evidence(artifacts, "relations", relations.SQL, {"relation": table})
    rows += evidence(
        artifacts, "statements", statements.SQL, {"route": slowed.route, "shape": slowed.shape}
    )
    return Finding(
        audit="missing_index",
        subject=table,
        verdict="regressed",
        effect=added,
        low=low,
        high=high,
        unit=COST,
        n=slowed.requests,
        reason=(
            f"{state} ({definition}); sequentially read rows {old['seq_rows_per_s']:.0f} -> "
            f"{new['seq_rows_per_s']:.0f} per s; a statement of {slowed.route} "
            f"{slowed.per_call.before:.2f} -> {slowed.per_call.after:.2f} ms per call"
        ),
        # An index that is there and not used: the statement asks in a way that it cannot serve.
        cause="missing-index" if gone else "unindexable-filter",
        where=f"{table}: {definition}" if gone else slowed.caller,
        evidence=rows,
        suggests=(
            (Suggestion("sql", {"text": _create(definition, new), "write": True}),)
            if gone
            else (Suggestion("rollback"),)
        ),
    )


def _create(definition: str, new: dict[str, Any]) -> str:
    """The statement that builds the index again beside running traffic.

    Another index may bear its name by now: then it gets a new one.
    """
    taken = {name for name, _, _ in new["indexes_end"]}

    def renamed(found: re.Match[str]) -> str:
        name = found[1] if found[1] not in taken else f"{found[1]}_again"
        return f"INDEX CONCURRENTLY IF NOT EXISTS {name} ON"

    return re.sub(r"INDEX (\S+) ON", renamed, definition)
