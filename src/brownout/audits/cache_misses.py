"""What used to be in the cache is no longer found there: keys change, expire or are evicted."""

from __future__ import annotations

from typing import Any

from brownout.audits import COST, evidence, nothing, told, unsure, without
from brownout.instruments import cache
from brownout.model import Artifacts, Finding, Suggestion
from brownout.stats.windows import Shift, ratio_shift

NEEDS = ("cache",)
FALL = 0.3
"""Of the hit ratio, at least; less comes and goes with what users look at."""

LEAST = 20
"""Keys asked for on either side."""


def judge(artifacts: Artifacts) -> list[Finding]:
    """One finding per family of keys whose hit ratio fell, or seems to have fallen and was asked
    for too rarely to tell; else one clean finding."""
    before = {r["family"]: r for r in artifacts["cache", "before"].records()}
    found, unclear = [], []
    for row in artifacts["cache", "after"].records():
        old = before.get(row["family"])
        if old is None:
            continue
        seems = bool(old["gets"] and row["gets"]) and _misses(row) - _misses(old) >= FALL
        if min(old["gets"], row["gets"]) < LEAST:
            if seems:
                asked = (old["gets"], row["gets"])
                unclear.append(without("cache_misses", row["family"], asked, "gets"))
            continue
        # Turned round, so that a rise is the bad direction as everywhere else.
        shift = ratio_shift(*([(n - hits, n) for hits, n in s["seconds"]] for s in (old, row)))
        if shift and shift.low >= FALL:
            found.append(_finding(artifacts, old, row, shift))
        elif seems:
            share = "of its gets missed"
            unclear.append(unsure("cache_misses", row["family"], row["gets"], shift, share))
    reason = f"no family's hit ratio fell by {FALL:.0%} or more"
    return told(found, unclear, nothing(artifacts, "cache_misses", "cache", "all families", reason))


def _misses(row: dict[str, Any]) -> float:
    """The share of all gets that found nothing."""
    hits = sum(hits for hits, _ in row["seconds"])
    return 1 - float(hits) / float(row["gets"])


def _finding(
    artifacts: Artifacts, old: dict[str, Any], row: dict[str, Any], shift: Shift
) -> Finding:
    cost = row["ms_per_request"] - old["ms_per_request"]
    per_miss = cost / shift.effect
    return Finding(
        audit="cache_misses",
        subject=row["family"],
        verdict="regressed",
        effect=round(cost, 3),
        low=round(shift.low * per_miss, 3),
        high=round(shift.high * per_miss, 3),
        unit=COST,
        n=row["requests"],
        reason=(
            f"hit ratio {1 - shift.before:.0%} -> {1 - shift.after:.0%} "
            f"[-{shift.high:.0%}, -{shift.low:.0%}] over {row['gets']} gets"
        ),
        cause="cache-key-churn",
        where=row["family"],
        evidence=evidence(artifacts, "cache", cache.SQL, {"family": row["family"]}),
        suggests=(Suggestion("rollback"),),
    )
