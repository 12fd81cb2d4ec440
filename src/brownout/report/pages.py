"""Promises of pages: the largest contentful paint (LCP) that the real-browser visitor sees.

It was promised for three visits in four; a visit that failed is beyond every limit. One rule says
what the LCP of a window is, where a promise is frozen as where it is checked: ``p75_kept``. Pages
that nobody opened are left out: without a browser there is nothing to judge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from brownout import history
from brownout.model import Event, PagePromise, Recording, Window
from brownout.report.promises import K

SQL = "SELECT page, lcp FROM pages WHERE ts >= $1 AND ts < $2 ORDER BY page, ts"

Declared = Mapping[str, float]
"""What the shop promises by itself: page -> LCP in ms."""


def look(recording: Recording, window: Window) -> dict[str, list[float]]:
    """Page -> LCP in ms of each visit that began in the window; infinite where it failed."""
    seen: dict[str, list[float]] = {}
    for page, lcp in recording.query(SQL, [window.start, window.end]):
        seen.setdefault(page, []).append(math.inf if lcp is None else lcp / 1e6)
    return seen


def freeze(recording: Recording, declared: Declared, window: Window) -> list[dict[str, Any]]:
    """The promises of the pages that were opened in the calm window, as the event ``slo`` has them:
    page, lcp_ms (max(declared, 3 x the calm LCP)), baseline_lcp_ms, n.

    A page whose visits failed has nothing to calibrate: the declared promise stands, and the
    baseline is None.
    """
    return [
        {
            "page": row["page"],
            "lcp_ms": round(max(row["limit_ms"], K * (row["lcp_ms"] or 0.0)), 1),
            "baseline_lcp_ms": row["lcp_ms"],
            "n": row["n"],
        }
        for row in check(recording, [PagePromise(*item) for item in declared.items()], window)
    ]


def calm(declared: Declared) -> tuple[PagePromise, ...]:
    """What must hold in calm traffic: no LCP beyond 3 times the declared one (promises.calm)."""
    return tuple(PagePromise(page, K * lcp) for page, lcp in declared.items())


def check(
    recording: Recording, slos: Sequence[PagePromise], window: Window
) -> list[dict[str, Any]]:
    """Each promised page that was opened in a window: page, lcp_ms, limit_ms, n, ok.

    ``lcp_ms`` is None when more than a quarter of the visits failed.
    """
    seen = look(recording, window)
    return [judged(slo, seen[slo.page]) for slo in slos if slo.page in seen]


def judged(slo: PagePromise, visits: Sequence[float]) -> dict[str, Any]:
    """One promise against what was seen: a row of ``check``."""
    lcp = p75_kept(visits)
    return {
        "page": slo.page,
        "lcp_ms": round(lcp, 3) if math.isfinite(lcp) else None,
        "limit_ms": slo.lcp_ms,
        "n": len(visits),
        "ok": lcp <= slo.lcp_ms,
    }


def p75_kept(values: Sequence[float]) -> float:
    """The least limit that at most a quarter of the values exceed. IndexError for no values."""
    return sorted(values)[len(values) - 1 - len(values) // 4]


def told(row: Mapping[str, Any]) -> str:
    """A row of ``check`` in words."""
    visits = f"{row['n']} visit{'s' if row['n'] > 1 else ''}"
    if row["lcp_ms"] is None:
        return f"{row['page']}: failed, {visits}"
    return f"{row['page']}: LCP {row['lcp_ms']:.0f} ms of {row['limit_ms']:.0f} ms, {visits}"


def from_history(events: Sequence[Event]) -> tuple[PagePromise, ...]:
    """The promises as the history has them frozen; none where no page was opened."""
    event = history.last_info(events, "slo")
    rows = event.value.get("pages", []) if event else []
    return tuple(PagePromise(row["page"], row["lcp_ms"]) for row in rows)
