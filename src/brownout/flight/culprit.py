"""Which deployment was at fault, and for how long it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brownout import history
from brownout.model import Event, Window


def culprit(events: Sequence[Event], reveal: Mapping[str, Any]) -> Event | None:
    """The deployment that the truth names, or None."""
    change = reveal["truth"]["change"]
    for done in history.deployments(events):
        if done.actor == "director" and f"{done.value['kind']} {done.value['ref']}" == change:
            return done
    return None


def incident(events: Sequence[Event], reveal: Mapping[str, Any], now: int) -> Window | None:
    """From the bad deployment (else the director's last) to the first change by a player.

    Without such a change to ``now``, in ns; None where nothing was deployed.
    """
    changes = history.deployments(events)
    mine = [d for d in changes if d.actor == "director"]
    began = culprit(events, reveal) or (mine[-1] if mine else None)
    if began is None:
        return None
    start = int(began.value["serving_at"])
    asked = {c.seq: i.at for i, c in history.pair(events) if c}
    players = [asked[d.seq] for d in changes if d.actor != "director"]
    return Window(start, min([at for at in players if at > start], default=now))
