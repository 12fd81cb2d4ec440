"""Looking for a cause: which change is suspect, and what the audits say of the time since it.

All pure but for ``diagnose``'s queries to the recording that it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

from brownout import audits, history, instruments
from brownout.model import NS, Event, Finding, Pace, Recording, Window

GATHER = 10
"""Seconds of telemetry since an alert began that a diagnosis wants."""

SLACK = 3 * NS
"""An alert dates a change only to some seconds: one just after its beginning still counts."""

Findings = Sequence[Finding]


def quiet_seconds(pace: Pace) -> float:
    """How long after the last deployment silence means that nothing is wrong."""
    return 40 if pace.name == "quick" else 180


def rollouts(events: Sequence[Event]) -> list[Event]:
    """The changes that can be at fault: the ones that no player made."""
    return [e for e in history.deployments(events) if e.actor == "director"]


def alarmed(events: Sequence[Event]) -> int | None:
    """When the first alert began (ns) that a change can have caused; None without one.

    Its evidence may have begun to gather before the change, by chance: then the change counts.
    """
    changes = rollouts(events)
    if not changes:
        return None
    first = int(changes[0].value["serving_at"])
    fired = [e for e in history.infos(events, "alert") if e.value["state"] == "firing"]
    began = [max(int(e.value["since"]), first - SLACK) for e in fired if e.at >= first - SLACK]
    return min(began, default=None)


def suspect(events: Sequence[Event], finding: Finding) -> Event | None:
    """The change that correlates best: the latest fitting one before the first alert."""
    model = f"{finding.where}=" if finding.cause == "slow-model" else ""
    kind = "model" if model else "release"
    began = alarmed(events)
    until = began + SLACK if began else events[-1].at
    asked = {done.seq: invoke.at for invoke, done in history.pair(events) if done}
    early = [e for e in rollouts(events) if _felt(e, asked[e.seq]) <= until]
    fitting = [
        e for e in early if e.value["kind"] == kind and str(e.value["ref"]).startswith(model)
    ]
    return (fitting or early or [None])[-1]  # type: ignore[list-item]


def _felt(change: Event, asked: int) -> int:
    """When a change can be felt first (ns): a model takes memory and CPU while it is loaded."""
    return asked if change.value["kind"] == "model" else int(change.value["serving_at"])


def cause_of(diagnosis: Findings) -> Finding | None:
    return next((f for f in diagnosis if f.verdict == "regressed" and f.cause), None)


def declared_cause(events: Sequence[Event]) -> str | None:
    """The cause that was declared last."""
    declared = history.completed(events, "declare")
    return str(declared[-1][0].value["cause"]) if declared else None


def diagnose(recording: Recording, events: Sequence[Event], now: int) -> Findings:
    """The findings of the time since the suspect change against the baseline."""
    start = max([e.value["serving_at"] for e in rollouts(events)] + [alarmed(events) or 0])
    windows = _Windows(recording, Window(start, now - 2 * NS))
    artifacts, errors = instruments.measure_all(windows, {"before": "baseline", "after": "suspect"})
    return (*audits.judge_all(artifacts), *errors)


def ripe(pace: Pace, events: Sequence[Event], t: float) -> bool:
    """Whether it is time to diagnose: some seconds into an alert, or after a long silence."""
    return _since(events, t) >= GATHER or _silent(pace, events, t)


def conclusive(pace: Pace, events: Sequence[Event], t: float, diagnosis: Findings) -> bool:
    """Whether to look no further: a cause was found, or none in all the time that it may take."""
    return bool(cause_of(diagnosis)) or (
        _silent(pace, events, t)
        and _since(events, t, never=quiet_seconds(pace)) >= quiet_seconds(pace)
    )


def outdated(events: Sequence[Event]) -> bool:
    """Whether an alert has fired since it was declared that nothing is wrong."""
    declared = history.completed(events, "declare")
    alerts = [e for e in history.infos(events, "alert") if e.value["state"] == "firing"]
    return declared_cause(events) == "none" and any(e.seq > declared[-1][1].seq for e in alerts)


def _since(events: Sequence[Event], t: float, never: float = 0.0) -> float:
    """Seconds since the first alert began; ``never`` without one."""
    began = alarmed(events)
    return never if began is None else (events[0].at - began) / NS + t


def _silent(pace: Pace, events: Sequence[Event], t: float) -> bool:
    """Whether the last change has been live for long."""
    changes = rollouts(events)
    return bool(changes) and t >= changes[-1].t + quiet_seconds(pace)


class _Windows:
    """A recording with one more window, "suspect"."""

    def __init__(self, recording: Recording, suspect: Window) -> None:
        self.windows = {**recording.windows, "suspect": suspect}
        self.query = recording.query
