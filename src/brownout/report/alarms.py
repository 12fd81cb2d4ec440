"""Alerts as people meet them: which fire, which were acknowledged, and which are one incident.

Alerts belong to one incident when they follow the same change of the director's and no calm of 30 s
parts them: one cause raises many signals, some of them again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brownout import history
from brownout.model import NS, Event

CALM = 30.0
"""Seconds without any alert that fires after which an incident is over, as an SLO holds then."""

SLACK = 3 * NS
"""An alert dates a change only to some seconds: one just after its beginning still counts."""

ROLLING = ("deploy", "rollback", "migrate", "set-model", "try")
"""Ops that put two releases or models side by side, build or migrate."""

SETTLE = 5
"""Seconds after such an op in which what it started is still settling."""

USERS = ("latency", "errors")
"""Signals that users feel; the others are of services."""

NAMES = {"latency": "p95", "errors": "errors", "cpu": "CPU", "memory": "memory"}

ALL = "all"
"""Acknowledged in place of an alert's id: every one that fires."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert in its latest state; ``t`` and ``over`` in seconds since the drill began."""

    value: Mapping[str, Any]
    """As it fired."""
    t: float
    since: int
    """When its evidence began, ns."""
    over: float | None = None

    @property
    def firing(self) -> bool:
        return self.over is None


@dataclass(frozen=True, slots=True)
class Group:
    """One incident: its alerts in the order in which they fired. ``since``: seconds."""

    alerts: tuple[Alert, ...]
    since: float

    @property
    def firing(self) -> int:
        return sum(alert.firing for alert in self.alerts)

    @property
    def calm_since(self) -> float | None:
        """When the last alert was over; None while one fires."""
        return None if self.firing else max(alert.over or 0.0 for alert in self.alerts)

    def over(self, t: float) -> bool:
        return self.calm_since is not None and t >= self.calm_since + CALM

    @property
    def worst(self) -> Alert:
        """The one farthest beyond its threshold; what users feel comes before what services use."""
        return max(self.alerts, key=lambda a: (a.value.get("signal") in USERS, _times(a.value)))


def _times(value: Mapping[str, Any]) -> float:
    return float(value.get("value", 0.0)) / (float(value.get("threshold", 0.0)) or 1.0)


def alerts(events: Sequence[Event]) -> dict[str, Alert]:
    """All alerts so far by id, in the order in which they fired."""
    found: dict[str, Alert] = {}
    for e in history.infos(events, "alert"):
        known = found.get(e.value["id"])
        if known is None:
            found[e.value["id"]] = Alert(e.value, e.t, int(e.value.get("since", e.at)))
        elif e.value["state"] == "resolved":
            found[e.value["id"]] = Alert(known.value, known.t, known.since, e.t)
    return found


def firing(events: Sequence[Event]) -> list[str]:
    """The ids of the alerts that fire."""
    return [name for name, alert in alerts(events).items() if alert.firing]


def acknowledges(events: Sequence[Event], ack: Event) -> list[str]:
    """The ids that an ``ack`` (its invocation) stands for."""
    given = str(ack.value["alert"])
    return firing([e for e in events if e.seq < ack.seq]) if given == ALL else [given]


def acknowledged(events: Sequence[Event]) -> list[str]:
    """The ids of all alerts that were acknowledged."""
    acks = [asked for asked, _ in history.completed(events, "ack")]
    return list(dict.fromkeys(name for ack in acks for name in acknowledges(events, ack)))


def deploying(events: Sequence[Event], second: int) -> bool:
    """Whether a deployment was under way, or just over, in the second that begins then (ns)."""
    return any(
        asked.at < second + NS and (done is None or second < done.at + SETTLE * NS)
        for asked, done in history.pair(events)
        if asked.name in ROLLING
    )


def symptom(events: Sequence[Event], alert: Alert, start: int) -> bool:
    """Whether an alert is about what began with a change that serves from ``start`` (ns) on.

    On a slow machine users feel a change from when it is put live. What a deployment takes itself,
    with two releases side by side, is no symptom.
    """
    began = max([at for at in _asked(events) if at <= start], default=start)
    own = alert.value.get("signal") in ("cpu", "memory") and deploying(events, alert.since)
    return alert.since >= began - SLACK and not own


def _asked(events: Sequence[Event]) -> list[int]:
    """When each change of the director's was asked for, ns."""
    return [
        e.at for e in events if e.kind == "invoke" and e.actor == "director" and e.name in ROLLING
    ]


def groups(events: Sequence[Event]) -> list[Group]:
    """The incidents so far, in the order in which they began."""
    changes = _asked(events)
    found: list[tuple[int, list[Alert]]] = []
    for alert in alerts(events).values():
        cause = sum(at <= alert.since + SLACK for at in changes)
        open_ = [(c, of) for c, of in found if c >= cause and not _parted(of, alert.t)]
        if open_:
            open_[0][1].append(alert)  # an older cause's own, else the next one's
        else:
            found.append((cause, [alert]))
    return [Group(tuple(of), _seconds(events, of)) for _, of in found]


def _parted(before: Sequence[Alert], t: float) -> bool:
    ends = [alert.over for alert in before]
    return all(end is not None and t >= end + CALM for end in ends)


def _seconds(events: Sequence[Event], of: Sequence[Alert]) -> float:
    """When the first evidence of these alerts began, in seconds since the drill began."""
    began = events[0].at - int(events[0].t * NS)
    return round((min(alert.since for alert in of) - began) / NS, 1)


def brief(value: Mapping[str, Any]) -> str:
    """An alert in a few words: "p95 of GET / 22 -> 310 ms"."""
    signal, unit = str(value["signal"]), str(value["unit"])
    figures = (value["baseline"], value["value"])
    usual, now = (f"{figure:.2g}" if unit == "cores" else f"{figure:.0f}" for figure in figures)
    return f"{NAMES[signal]} of {value['subject']} {usual} -> {now} {unit}"


def told(group: Group) -> str:
    """An incident in a line: how many alerts, since when, the first and the worst."""
    n, first, worst = len(group.alerts), group.alerts[0], group.worst
    text = f"{n} alert{'s' * (n > 1)} since {group.since:.0f} s: first {brief(first.value)}"
    return text if worst is first else f"{text}, worst {brief(worst.value)}"


def news(events: Sequence[Event], t: float) -> Iterator[dict[str, Any]]:
    """The values of the ``incident`` events that are due at ``t`` seconds: it opens, it is over."""
    known = {(e.value["id"], e.value["state"]) for e in history.infos(events, "incident")}
    for number, group in enumerate(groups(events), start=1):
        name = f"I{number}"
        if (name, "open") not in known:
            first = brief(group.alerts[0].value)
            text = f"incident {name} since {group.since:.0f} s: {first}"
            yield {"id": name, "state": "open", "alerts": len(group.alerts), "text": text}
        if (name, "over") not in known and group.over(t):
            lasted = (group.calm_since or t) - group.since
            text = f"incident {name} over after {lasted:.0f} s: {told(group)}"
            yield {"id": name, "state": "over", "alerts": len(group.alerts), "text": text}
