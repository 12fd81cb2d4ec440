"""The autopilot: flies a drill without a person, from what every player can see.

It acknowledges the alert, compares the time since the suspect deployment with the baseline by the
audits, declares the first cause that they find, applies what that finding suggests, waits until it
is calm, validates and resolves. When nothing is found it says so. ``decide`` is pure.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from brownout import audits, history, instruments
from brownout.model import (
    NS,
    BrownoutError,
    Event,
    Finding,
    Op,
    Pace,
    Recording,
    Suggestion,
    Window,
)
from brownout.responders import Flight

GATHER = 12
"""Seconds of telemetry after a deployment that a diagnosis wants."""

ATTEMPTS = 3
"""Times that a mitigation which fails is tried, and validations before it gives up."""

CHANGES = ("deploy", "rollback", "set-model", "migrate", "sql")

Findings = Sequence[Finding]


def op(name: str, role: str = "bridge", /, **args: Any) -> Op:
    return Op("autopilot", role, name, args)


def quiet_seconds(pace: Pace) -> float:
    """How long after the last deployment silence means that nothing is wrong."""
    return 40 if pace.name == "quick" else 180


def decide(pace: Pace, events: Sequence[Event], t: float, diagnosis: Findings | None) -> Op | None:
    """The next op, or None to go on watching. ``diagnosis``: the findings so far, None before."""
    alert = _unacknowledged(events)
    if alert:
        return op("ack", alert=alert)
    if diagnosis is None:
        return None
    if not history.completed(events, "declare"):
        return _declare(events, diagnosis)
    tried = [done.kind for asked, done in history.pair(events) if done and _own_change(asked)]
    if "ok" not in tried and len(tried) < ATTEMPTS:
        mitigation = _mitigation(events, diagnosis)
        if mitigation:
            return mitigation
    return _conclude(pace, events, t)


def _own_change(asked: Event) -> bool:
    return asked.actor == "autopilot" and asked.name in CHANGES


def _conclude(pace: Pace, events: Sequence[Event], t: float) -> Op | None:
    changes = [done for _, done in history.completed(events, *CHANGES)]
    calm_since = max([e.t for e in changes] + [e.t for e in history.infos(events, "alert")])
    validations = [done for _, done in history.completed(events, "validate")]
    if validations and validations[-1].t > calm_since and validations[-1].value["passed"]:
        return op("resolve", summary=_summary(events))
    if len(validations) >= ATTEMPTS:
        return op("resolve", summary="gave up: the validation does not pass")
    mitigated = any(e.actor == "autopilot" for e in changes)
    wait = pace.hold + 2 if mitigated else 0
    if firing(events) or t < calm_since + wait or (validations and t < validations[-1].t + 10):
        return None
    return op("validate", "qa", load="both")


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


def deployments(events: Sequence[Event]) -> list[Event]:
    """The completed changes of the live system, oldest first."""
    done = [done for _, done in history.completed(events, *CHANGES)]
    return [e for e in done if e.value.get("deployment")]


def suspect(events: Sequence[Event], cause: str) -> Event | None:
    """The deployment that correlates best: the latest fitting one before the first alert."""
    kind = "model" if cause == "slow-model" else "release"
    alerts = history.infos(events, "alert")
    # An alert dates the change only to a second or two: a deployment just after it still counts.
    until = alerts[0].value["since"] + 3 * NS if alerts else events[-1].at
    early = [e for e in deployments(events) if e.value.get("serving_at", e.at) <= until]
    fitting = [e for e in early if e.value["kind"] == kind and e.actor == "director"]
    return (fitting or early or [None])[-1]  # type: ignore[list-item]


def _cause(diagnosis: Findings) -> Finding | None:
    return next((f for f in diagnosis if f.verdict == "regressed" and f.cause), None)


def _declare(events: Sequence[Event], diagnosis: Findings) -> Op:
    finding = _cause(diagnosis)
    if finding is None:
        return op("declare", deployment="none", cause="none", where="none")
    change = suspect(events, finding.cause)
    deployment = change.value["deployment"] if change else "none"
    return op("declare", deployment=deployment, cause=finding.cause, where=finding.where)


def _mitigation(events: Sequence[Event], diagnosis: Findings) -> Op | None:
    finding = _cause(diagnosis)
    if finding is None:
        return None
    change = suspect(events, finding.cause)
    suggestion = finding.suggests[0] if finding.suggests else Suggestion("rollback")
    args = dict(suggestion.args)
    if suggestion.name == "rollback" and change and change.value["kind"] == "release":
        args = {"to": change.value["previous"]}
    role = {"set-model": "ai", "sql": "backend"}.get(suggestion.name, "bridge")
    return op(suggestion.name, role, **args)


def diagnose(recording: Recording, events: Sequence[Event], now: int) -> Findings:
    """The findings of the time since the suspect deployment against the baseline."""
    changes = [e for e in deployments(events) if e.actor == "director"]
    alerts = history.infos(events, "alert")
    start = changes[-1].value["serving_at"] if changes else now - GATHER * NS
    if alerts:
        start = max(start, alerts[0].value["since"])
    windows = _Windows(recording, Window(start, now - 2 * NS))
    artifacts, errors = instruments.measure_all(windows, {"before": "baseline", "after": "suspect"})
    return (*audits.judge_all(artifacts), *errors)


class _Windows:
    """A recording with one more window, "suspect"."""

    def __init__(self, recording: Recording, suspect: Window) -> None:
        self.windows = {**recording.windows, "suspect": suspect}
        self.query = recording.query


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
        while not self._stopped.wait(1.0):
            events = list(flight.events)
            if history.phase(events) not in ("incident", "validation"):
                continue
            try:
                if diagnosis is None and ripe(flight.briefing.pace, events, flight.seconds()):
                    diagnosis = diagnose(flight.recording, events, time.time_ns())
                asked = decide(flight.briefing.pace, events, flight.seconds(), diagnosis)
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


def ripe(pace: Pace, events: Sequence[Event], t: float) -> bool:
    """Whether it is time to diagnose: some seconds into an alert, or after a long silence."""
    alerts = [e for e in history.infos(events, "alert") if e.value["state"] == "firing"]
    changes = [e for e in deployments(events) if e.actor == "director"]
    if alerts:
        began = min(e.value["since"] for e in alerts)
        return events[0].at + t * NS >= int(began) + GATHER * NS
    return bool(changes) and t >= changes[-1].t + quiet_seconds(pace)
