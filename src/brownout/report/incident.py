"""The course of an incident: when it began, when users felt it, when it was over, who did what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brownout import history
from brownout.model import NS, Event, Promise, Recording, Window
from brownout.report import promises
from brownout.report.breach import breach_and_recovery

NOTICES = {
    "phase": "phase {name}",
    "alert": "{text}",
    "incident": "{text}",
    "time": "{text}",
    "notify": "{text}",
    "process": "process {name} {state}",
    "closed": "closed: {reason}",
}
"""How the events that nobody asked for are told; all others are steps of the machinery."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Instants in ns since the epoch; None: it never happened.

    ``start``: when the change at fault began to serve; in a drill where none is at fault, the
    director's last one. ``breach`` and ``recovery``: the first instant from which an SLO was
    broken, and the first after it from which all held for 30 s. ``end``: when the drill was closed.
    """

    start: int | None
    breach: int | None
    recovery: int | None
    end: int


def by_players(events: Sequence[Event]) -> list[Event]:
    """The changes that were not the director's."""
    return [e for e in history.deployments(events) if e.actor != "director"]


def course(events: Sequence[Event], recording: Recording, slos: Sequence[Promise]) -> Incident:
    """The incident of a drill, whole or broken off."""
    closed = history.last_info(events, "closed")
    end = closed.at if closed else events[-1].at
    change = _change(events)
    start = int(change.value["serving_at"]) if change else None
    calm = recording.windows.get("baseline")
    if start is None or calm is None:
        return Incident(start, None, None, end)
    rate = promises.planned_rate(recording, calm)
    breach, recovery = breach_and_recovery(recording, slos, Window(start, end), rate)
    return Incident(start, breach, recovery, end)


def _change(events: Sequence[Event]) -> Event | None:
    """The change at fault; where none is, or nothing is revealed, the director's last."""
    reveal = history.last_info(events, "reveal")
    culprit = reveal.value["culprit"] if reveal else None
    done = [e for e in history.deployments(events) if e.actor == "director"]
    at_fault = [e for e in done if e.value["deployment"] == culprit]
    return (at_fault or done or [None])[-1]  # type: ignore[list-item]


def times(events: Sequence[Event], incident: Incident) -> dict[str, float | None]:
    """Seconds since ``incident.start`` of each step; None where it never happened.

    detected: the first acknowledgement or declaration (the score wants more: detection.py);
    diagnosed: the last declaration; validated: the last validation, when it passed.
    """
    start = incident.start
    acks, declared = _after(events, start, "ack"), _after(events, start, "declare")
    resolved = _after(events, start, "resolve")
    validation = last_validation(events)
    passed = validation is not None and validation.value["passed"]
    instants = {
        "acknowledged": acks[0].at if acks else None,
        "detected": min((e.at for e in [*acks, *declared]), default=None),
        "diagnosed": declared[-1].at if declared else None,
        "mitigated": incident.recovery,
        "validated": validation.at if validation and passed else None,
        "resolved": resolved[0].at if resolved else None,
    }
    return {name: since(start, at) for name, at in instants.items()}


def _after(events: Sequence[Event], start: int | None, name: str) -> list[Event]:
    done = [c for _, c in history.completed(events, name)]
    return [c for c in done if start is not None and c.at >= start]


def since(start: int | None, at: int | None) -> float | None:
    """Seconds from one instant (ns) to another; None where either never came."""
    return None if start is None or at is None else round((at - start) / NS, 3)


def last_validation(events: Sequence[Event]) -> Event | None:
    """The completion of the last validation: the one that counts."""
    done = history.completed(events, "validate")
    return done[-1][1] if done else None


def timeline(events: Sequence[Event]) -> list[Mapping[str, object]]:
    """What happened, in words: {seq, t, actor, role, what}, without the steps of the machinery."""
    return [
        {"seq": e.seq, "t": e.t, "actor": e.actor, "role": e.role, "what": what}
        for e in events
        if (what := _words(e, events))
    ]


def _words(event: Event, events: Sequence[Event]) -> str:
    value = event.value
    match event.kind, event.name:
        case "info", name:
            return NOTICES[name].format_map(value) if name in NOTICES else ""
        case "fail", name:
            return f"{name} failed: {value['error']}"
        case "ok", "validate":
            return f"validation {'passed' if value['passed'] else 'NOT passed'} ({value['load']})"
        case "ok", "hint":
            return f"hint {value['number']} of {value['of']}: {value['hint']}"
        case "ok", name if value.get("deployment"):
            return f"{value['deployment']}: {name} {value['ref']} (before: {value['previous']})"
        case "ok", name:
            asked = next((e for e in events if e.seq == event.cause), event)
            return f"{name} {_told(asked.value)}".strip()
        case _:
            return ""


def _told(value: Mapping[str, object]) -> str:
    return ", ".join(f"{v}" for v in value.values() if isinstance(v, str) and v)
