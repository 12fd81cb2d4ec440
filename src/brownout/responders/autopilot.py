"""The autopilot: flies a drill without a person, from what every player can see.

It acknowledges alerts, compares the time since the suspect deployment with the baseline by the
audits until they find a cause, declares it, applies what that finding suggests, waits until users
are served well again, validates and resolves. When nothing is found in a while it says so.
``decide`` is pure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from brownout import history
from brownout.model import BrownoutError, Event, Op, Pace, Suggestion
from brownout.responders import Flight
from brownout.responders.diagnosis import (
    Findings,
    cause_of,
    conclusive,
    declared_cause,
    diagnose,
    outdated,
    ripe,
    suspect,
)

AGAIN = 3.0
"""Seconds between two looks for a cause."""

PATIENCE = 90
"""Seconds since the last change after which an alert does not hold up a validation."""

ATTEMPTS = 3
"""Times that a mitigation which fails is tried, and validations before it gives up."""

MITIGATIONS = ("rollback", "set-model", "sql")
"""What audits suggest."""

USERS = ("latency", "errors")
"""Signals of the users' side."""


def op(name: str, role: str = "bridge", /, **args: Any) -> Op:
    return Op("autopilot", role, name, args)


def decide(pace: Pace, events: Sequence[Event], t: float, diagnosis: Findings | None) -> Op | None:
    """The next op, or None to go on watching. ``diagnosis``: the findings so far, None before."""
    alert = _unacknowledged(events)
    if alert:
        return op("ack", alert=alert)
    if diagnosis is None:
        return None
    cause = declared_cause(events)
    if cause is None or (cause == "none" and cause_of(diagnosis)):
        return _declare(events, diagnosis)
    tried = [done.kind for asked, done in history.pair(events) if done and _own_change(asked)]
    if "ok" not in tried and len(tried) < ATTEMPTS:
        mitigation = _mitigation(events, diagnosis)
        if mitigation:
            return mitigation
    return _conclude(pace, events, t)


def _own_change(asked: Event) -> bool:
    return asked.actor == "autopilot" and asked.name in MITIGATIONS


def _conclude(pace: Pace, events: Sequence[Event], t: float) -> Op | None:
    changed = max((e.t for e in history.deployments(events)), default=0.0)
    validations = [done for _, done in history.completed(events, "validate")]
    if validations and validations[-1].t > changed and validations[-1].value["passed"]:
        return op("resolve", summary=_summary(events))
    if len(validations) >= ATTEMPTS:
        return op("resolve", summary="gave up: the validation does not pass")
    mine = any(e.actor == "autopilot" for e in history.deployments(events))
    wait = pace.hold + 2 if mine else 0
    if t < max(changed, _calm_since(events)) + wait:
        return None
    if (_users_suffer(events) and t < changed + PATIENCE) or (
        validations and t < validations[-1].t + 10
    ):
        return None
    return op("validate", "qa", load="both")


def _calm_since(events: Sequence[Event]) -> float:
    """When the last alert about users was over, in seconds."""
    over = [e for e in history.infos(events, "alert") if e.value["state"] == "resolved"]
    return max((e.t for e in over if e.value["signal"] in USERS), default=0.0)


def _users_suffer(events: Sequence[Event]) -> bool:
    return any(e.value["signal"] in USERS for e in firing(events).values())


def _summary(events: Sequence[Event]) -> str:
    declared = history.completed(events, "declare")[-1][0].value
    if declared["cause"] == "none":
        return "no regression: nothing to mitigate"
    return f"{declared['cause']} in {declared['where']} ({declared['deployment']})"


def firing(events: Sequence[Event]) -> dict[str, Event]:
    """The alerts that fire now, id -> event."""
    alerts: dict[str, Event] = {}
    for event in history.infos(events, "alert"):
        alerts[event.value["id"]] = event
    return {i: e for i, e in alerts.items() if e.value["state"] == "firing"}


def _unacknowledged(events: Sequence[Event]) -> str | None:
    known = {e.value["alert"] for e in events if e.name == "ack" and e.kind == "invoke"}
    return next((i for i in firing(events) if i not in known), None)


def _declare(events: Sequence[Event], diagnosis: Findings) -> Op:
    finding = cause_of(diagnosis)
    if finding is None:
        return op("declare", deployment="none", cause="none", where="none")
    change = suspect(events, finding)
    deployment = change.value["deployment"] if change else "none"
    return op("declare", deployment=deployment, cause=finding.cause, where=finding.where)


def _mitigation(events: Sequence[Event], diagnosis: Findings) -> Op | None:
    finding = cause_of(diagnosis)
    if finding is None:
        return None
    change = suspect(events, finding)
    suggestion = finding.suggests[0] if finding.suggests else Suggestion("rollback")
    args = dict(suggestion.args)
    if suggestion.name == "rollback" and change and change.value["kind"] == "release":
        args = {"to": change.value["previous"]}
    role = {"set-model": "ai", "sql": "backend"}.get(suggestion.name, "bridge")
    return op(suggestion.name, role, **args)


class Autopilot:
    """Runs ``decide`` once a second in a thread of its own."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, flight: Flight) -> None:
        self._thread = threading.Thread(target=self._fly, args=(flight,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def _fly(self, flight: Flight) -> None:
        diagnosis: Findings | None = None
        looked = float("-inf")
        while not self._stopped.wait(1.0):
            events, t, pace = list(flight.events), flight.seconds(), flight.briefing.pace
            if history.phase(events) not in ("incident", "validation"):
                continue
            try:
                if outdated(events):
                    diagnosis = None
                if diagnosis is None and ripe(pace, events, t) and t >= looked + AGAIN:
                    found, looked = diagnose(flight.recording, events, time.time_ns()), t
                    diagnosis = found if conclusive(pace, events, t, found) else None
                asked = decide(pace, events, t, diagnosis)
                if asked:
                    flight.do(asked)
            except (BrownoutError, OSError) as error:
                if not self._stopped.is_set():
                    self._say(flight, str(error))

    @staticmethod
    def _say(flight: Flight, text: str) -> None:
        try:
            flight.do(op("say", text=text))
        except BrownoutError:
            return  # the drill has ended in the meantime
