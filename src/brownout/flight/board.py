"""The board: a running drill at a glance, for people and for the API. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from brownout import history
from brownout.flight.refusals import FLYING
from brownout.model import Event
from brownout.report import alarms, pages, promises

UNSEEN: Mapping[str, Any] = {"routes": {}, "services": {}, "pages": {}}
"""What is told of the site before anything was seen."""


def board(events: Sequence[Event], t: float, seen: Mapping[str, Any] = UNSEEN) -> dict[str, Any]:
    """The board at ``t`` seconds since the drill began (docs/architecture.md)."""
    alerts = {e.value["id"]: dict(e.value) for e in history.infos(events, "alert")}
    incidents = [g for g in alarms.groups(events) if not g.over(t)]
    changes = history.deployments(events)
    return {
        "phase": history.phase(events),
        "t": round(t, 1),
        "left": left(events, t),
        "slos": [asdict(slo) for slo in promises.from_history(events)],
        "page_slos": [asdict(slo) for slo in pages.from_history(events)],
        "alerts": list(alerts.values()),
        "incidents": [_incident(group) for group in incidents],
        "acknowledged": alarms.acknowledged(events),
        "deployments": [{"actor": done.actor, "t": done.t, **done.value} for done in changes],
        "events": [asdict(e) for e in events[-12:]],
        **seen,
    }


def left(events: Sequence[Event], t: float) -> float | None:
    """Seconds that the incident may still take at ``t``; None while none goes on."""
    begun = history.last_info(events, "drill")
    began = [e.t for e in history.infos(events, "phase") if e.value["name"] == "incident"]
    if begun is None or not began or history.phase(events) not in FLYING:
        return None
    return round(max(began[0] + float(begun.value["pace"]["limit"]) - t, 0.0), 1)


def _incident(group: alarms.Group) -> dict[str, Any]:
    """An incident that goes on, or was over only just now."""
    return {
        "since": group.since,
        "alerts": [alert.value["id"] for alert in group.alerts],
        "firing": group.firing,
        "first": alarms.brief(group.alerts[0].value),
        "worst": alarms.brief(group.worst.value),
        "text": alarms.told(group),
    }
