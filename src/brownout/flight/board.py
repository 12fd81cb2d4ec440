"""The board: a running drill at a glance, for people and for the API. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from brownout import history
from brownout.model import Event
from brownout.report import pages, promises

UNSEEN: Mapping[str, Any] = {"routes": {}, "services": {}, "pages": {}}
"""What is told of the site before anything was seen."""


def board(events: Sequence[Event], t: float, seen: Mapping[str, Any] = UNSEEN) -> dict[str, Any]:
    """The board at ``t`` seconds since the drill began (docs/architecture.md)."""
    alerts = {e.value["id"]: dict(e.value) for e in history.infos(events, "alert")}
    changes = history.deployments(events)
    return {
        "phase": history.phase(events),
        "t": round(t, 1),
        "slos": [asdict(slo) for slo in promises.from_history(events)],
        "page_slos": [asdict(slo) for slo in pages.from_history(events)],
        "alerts": list(alerts.values()),
        "acknowledged": [i.value["alert"] for i, _ in history.completed(events, "ack")],
        "deployments": [{"actor": done.actor, "t": done.t, **done.value} for done in changes],
        "events": [asdict(e) for e in events[-12:]],
        **seen,
    }
