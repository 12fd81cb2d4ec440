"""Attribution: where the added milliseconds of a route went, in parts that add up exactly.

Compared are the requests between the p90 and the p99 of a route, before and after: the ones that
make its p95. Each is split into the time before the application (from the moment that the user
wanted it, joined by trace id), each SQL statement, cache, each call of a model or another service,
rendering (templates, serialisers, JSON), the rest of the application, and the time after it. Means
are integer nanoseconds; what their rounding leaves is "other".
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout.model import Promise, Recording, Window
from brownout.stats.decompose import decompose

BAND = (0.90, 0.99)
FEWEST = 10
"""Requests of a route in either window below which nothing is attributed."""

TOLD = 5
"""Statements told one by one; the others are one part."""

WAITING, PYTHON, AFTER = "waiting before the application", "Python", "after the application"
RENDERING = "rendering"
KINDS = {"ai": "AI", "http": "HTTP", "redis": "Redis"}
"""Kinds of calls, as parts are named by them."""

SQL = """
SELECT r.latency, w.start - r.intended, w.duration, w.cache_time,
    coalesce(w.template_time, 0), w.sql, w.ai
FROM requests r JOIN work w ON w.trace_id = r.trace_id AND w.kind = 'request'
WHERE r.route = $3 AND r.intended >= $1 AND r.intended < $2 AND r.status BETWEEN 1 AND 399
ORDER BY r.latency, r.trace_id
"""


@dataclass(slots=True)
class _Side:
    """The requests of the band in one window: ns and calls of each part, summed up."""

    n: int = 0
    total: int = 0
    time: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    caller: dict[str, str] = field(default_factory=dict)

    def add(self, row: Sequence[Any]) -> None:
        latency, waiting, duration, cache, rendering, statements, calls = row
        self.n += 1
        self.total += latency
        self.time[WAITING] += waiting
        self.time["cache"] += cache
        self.time[RENDERING] += rendering
        rest = duration - cache - rendering
        for entry in statements or ():
            took = entry["time"] + (entry.get("fetch_time") or 0)
            rest -= self._count(f"SQL: {entry['shape']}", entry, took)
        for entry in calls or ():
            name = entry["model"] or entry.get("target", "")
            kind = entry.get("kind") or "ai"
            rest -= self._count(f"{KINDS.get(kind, kind)}: {name}", entry, entry["time"])
        self.time[PYTHON] += rest
        self.time[AFTER] += latency - waiting - duration

    def _count(self, part: str, entry: Mapping[str, Any], took: int) -> int:
        self.time[part] += took
        self.calls[part] += entry["calls"]
        self.caller[part] = entry["caller"]
        return took

    def means(self) -> dict[str, int]:
        return {part: round(ns / self.n) for part, ns in self.time.items()}


def attribute(recording: Recording, slos: Sequence[Promise]) -> list[dict[str, Any]]:
    """One entry per promised route seen often enough in baseline and incident, worst first.

    {route, n, before_ns, after_ns, change_ns, parts: [{part, change_ns, calls_before, calls_after,
    caller}], text}: the parts' ``change_ns`` sum to the whole's exactly.
    """
    windows = recording.windows
    if not {"baseline", "incident"} <= set(windows):
        return []
    found = []
    for slo in slos:
        sides = [_side(recording, slo.route, windows[w]) for w in ("baseline", "incident")]
        if sides[0] and sides[1]:
            found.append(_entry(slo.route, sides[0], sides[1]))
    return sorted(found, key=lambda e: (-e["change_ns"], e["route"]))


def _side(recording: Recording, route: str, window: Window) -> _Side | None:
    rows = recording.query(SQL, [window.start, window.end, route])
    if len(rows) < FEWEST:
        return None
    side = _Side()
    for row in band(rows):
        side.add(row)
    return side


def band(ordered: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
    """Of rows in order of their latency those between p90 and p99; at least one."""
    low = math.floor(BAND[0] * len(ordered))
    return ordered[low : max(math.floor(BAND[1] * len(ordered)), low + 1)]


def _entry(route: str, old: _Side, new: _Side) -> dict[str, Any]:
    before, after = round(old.total / old.n), round(new.total / new.n)
    changes = decompose(old.means(), new.means(), before, after)
    parts: list[Mapping[str, Any]] = [
        {
            "part": part,
            "change_ns": change,
            "calls_before": round(old.calls[part] / old.n, 3),
            "calls_after": round(new.calls[part] / new.n, 3),
            "caller": new.caller.get(part) or old.caller.get(part, ""),
        }
        for part, change in changes.items()
    ]
    parts = _few(sorted(parts, key=lambda p: (-abs(p["change_ns"]), p["part"])))
    entry = {
        "route": route,
        "n": [old.n, new.n],
        "before_ns": before,
        "after_ns": after,
        "change_ns": after - before,
        "parts": parts,
    }
    return entry | {"text": tell(entry)}


def _few(parts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The statements that changed least become one part."""
    statements = [p for p in parts if p["part"].startswith("SQL: ")]
    rest = statements[TOLD:]
    if len(rest) < 2:
        return list(parts)
    together = {
        "part": f"SQL: {len(rest)} other statements",
        "change_ns": sum(p["change_ns"] for p in rest),
        "calls_before": round(sum(p["calls_before"] for p in rest), 3),
        "calls_after": round(sum(p["calls_after"] for p in rest), 3),
        "caller": "",
    }
    return [*(p for p in parts if p not in rest), together]


def tell(entry: Mapping[str, Any]) -> str:
    """ "p95 band of GET /x/ rose 812 ms: +640 ms SQL (...), +160 ms Python, +12 ms other"."""
    change = entry["change_ns"] / 1e6
    word = "rose" if change >= 0 else "fell"
    parts, told = [], 0
    for part in entry["parts"][:4]:
        calls = f", {part['calls_before']:.3g} -> {part['calls_after']:.3g} calls"
        calls = calls if part["calls_after"] or part["calls_before"] else ""
        name = part["part"] if len(part["part"]) <= 60 else part["part"][:57] + "..."
        where = f" at {part['caller']}" if part["caller"] else ""
        parts.append(f"{part['change_ns'] / 1e6:+.1f} ms {name}{where}{calls}")
        told += part["change_ns"]
    parts.append(f"{(entry['change_ns'] - told) / 1e6:+.1f} ms all the rest")
    return f"p95 band of {entry['route']} {word} {abs(change):.1f} ms: {'; '.join(parts)}"
