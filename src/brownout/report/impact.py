"""The impact of an incident, from the users' view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brownout.model import Promise, Recording, Window
from brownout.report.incident import Incident

SLOW_ALLOWED = 0.05
"""The share of answers that a promised p95 lets be slower than it."""

SQL = """
SELECT route, count(*),
       count(*) FILTER (WHERE failed),
       count(*) FILTER (WHERE failed OR latency / 1e6 > limit_ms)
FROM outcomes
JOIN (SELECT unnest($3::TEXT[]) AS route, unnest($4::DOUBLE[]) AS limit_ms) USING (route)
WHERE intended >= $1 AND intended < $2
GROUP BY route ORDER BY route
"""


def impact(recording: Recording, slos: Sequence[Promise], incident: Incident) -> dict[str, Any]:
    """From the change at fault to the recovery (else the end): requests, and those over their SLO.

    ``budget_burnt``: the requests over their SLO as a multiple of those that the SLOs allow in the
    same time; above 1 the promise was broken. Also per route.
    """
    if incident.start is None:
        return _sums([], 0.0)
    window = Window(incident.start, incident.recovery or incident.end)
    limits = [slo.route for slo in slos], [slo.p95_ms for slo in slos]
    rows = recording.query(SQL, [window.start, window.end, *limits]) if slos else []
    allowed = {slo.route: SLOW_ALLOWED + slo.error_rate for slo in slos}
    routes = [
        {"route": route, "requests": n, "failed": failed, "over_slo": over}
        | {"budget_burnt": round(over / (n * allowed[route]), 3)}
        for route, n, failed, over in rows
    ]
    return _sums(routes, window.seconds)


def _sums(routes: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    total, failed, over = (sum(r[k] for r in routes) for k in ("requests", "failed", "over_slo"))
    return {
        "seconds": round(seconds, 3),
        "requests": total,
        "failed": failed,
        "requests_over_slo": over,
        "error_budget_burnt": max((r["budget_burnt"] for r in routes), default=0.0),
        "routes": list(routes),
    }
