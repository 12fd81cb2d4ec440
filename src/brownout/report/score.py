"""The score: points per criterion, published before the drill, by what was really wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from brownout import history
from brownout.model import NS, Criterion, Event, Finding, Score, Truth
from brownout.report.detection import detection
from brownout.report.incident import Incident, by_players, last_validation

CRITERIA = (
    (
        "detection",
        15.0,
        "acknowledge an alert about a symptom of the bad change (not what a deployment takes "
        "itself), or declare (rightly, or once there is a symptom), within 60 s of it; none after "
        "600 s; where nothing is wrong: declare nothing wrong",
    ),
    (
        "diagnosis",
        30.0,
        "deployment 10, cause 12, where 8, by the last declaration; each other one before it -5",
    ),
    (
        "mitigation",
        30.0,
        "15 for SLOs that hold for 30 s at full load, 15 more within 180 s (none after 1800 s); "
        "0 unless functional tests and golden sets passed in a validation after the last change; "
        "where nothing is wrong: change nothing",
    ),
    (
        "validation",
        15.0,
        "the last validation before resolving: passed, after the last change, under both loads "
        "(8 under one)",
    ),
    ("resolution", 10.0, "resolve in time 5, with a validation that passed 5 more"),
)
"""(name, points, rule)."""

HINT = 5.0
"""Points that a hint costs."""

PUBLISHED = (*CRITERIA, ("hints", 0.0, f"each `brownout hint` costs {HINT:g} points"))
"""What a drill is told to be scored by; those that were flown before there were hints have none."""

PRACTICE = "a practice flight (--practice) is never scored"

DETECT, MITIGATE = (60.0, 600.0), (180.0, 1800.0)
"""Seconds since the bad change: full points until the first, none from the second."""

WRONG_TRY = 5.0


@dataclass(frozen=True, slots=True)
class Flown:
    """What the score looks at: the history, what came of it, and the findings."""

    events: Sequence[Event]
    incident: Incident
    findings: Sequence[Finding]
    culprit: str
    """The deployment at fault ("D1"), or "none"."""


def score(flown: Flown, truth: Truth) -> Score:
    """Points of 100, each with its reason and the events that it cites; none when void."""
    total = sum(points for _, points, _ in CRITERIA)
    void = _void(flown, truth)
    if void:
        return Score(0.0, total, void, _facts(flown, truth))
    criteria = (*_criteria(flown, truth), *_hints(flown.events))
    return Score(round(max(sum(c.points for c in criteria), 0.0), 1), total, "", criteria)


def _criteria(flown: Flown, truth: Truth) -> tuple[Criterion, ...]:
    judges = (_detection, _diagnosis, _mitigation, _validation, _resolution)
    return tuple(
        Criterion(name, round(min(max(points, 0.0), of), 1), of, why, events)
        for (name, of, _), judge in zip(CRITERIA, judges, strict=True)
        for points, why, events in [judge(flown, truth)]
    )


def _hints(events: Sequence[Event]) -> tuple[Criterion, ...]:
    """What hints cost, where the criteria that were published for this drill name them."""
    published = events[0].value.get("criteria", ())
    if not any(row["name"] == "hints" for row in published):
        return ()
    asked = [c for _, c in history.completed(events, "hint")]
    told = f"{len(asked)} hint{'s' * (len(asked) != 1)} asked for" if asked else "none asked for"
    return (Criterion("hints", 0.0 - HINT * len(asked), 0.0, told, _seqs(asked)),)


def is_practice(events: Sequence[Event]) -> bool:
    """Whether the drill was begun as a practice flight."""
    return bool(events and events[0].value.get("practice"))


def _facts(flown: Flown, truth: Truth) -> tuple[Criterion, ...]:
    """What each criterion would have looked at in a void drill, without points.

    Nothing of a drill whose truth was not revealed or in which nothing was deployed, nor of those
    that were flown before facts were told: they are judged as they were.
    """
    told = history.last_info(flown.events, "reveal") and "practice" in flown.events[0].value
    if not told or flown.incident.start is None:
        return ()
    found = (*_criteria(flown, truth), *_hints(flown.events))
    return tuple(replace(c, points=0.0, why=f"not counted: {c.why}") for c in found)


Judged = tuple[float, str, tuple[int, ...]]


def _void(flown: Flown, truth: Truth) -> str:
    closed = history.last_info(flown.events, "closed")
    if closed is None or closed.value["reason"] not in ("resolved", "time is up"):
        return "the drill was not flown to its end"
    if flown.incident.start is None:
        return "nothing was deployed before the drill was closed"
    busy = [f for f in flown.findings if f.verdict == "void" and f.audit == "busy_machine"]
    if is_practice(flown.events):
        return PRACTICE
    if busy:
        return f"the machine was not the drill's own: {busy[0].reason}"
    if truth.cause != "none" and flown.incident.breach is None:
        return "the fault did not bite in this flight: no SLO was broken"
    return ""


def _detection(flown: Flown, truth: Truth) -> Judged:
    declared = history.completed(flown.events, "declare")
    if truth.cause == "none":
        false = [i for i, _ in declared if i.value["cause"] != "none"]
        if false:
            return 0.0, "declared a regression where there was none", _seqs(false)
        if not declared:
            return 0.0, "never said that nothing was wrong", ()
        return 15.0, "nothing was wrong, and nothing was declared wrong", _seqs([declared[0][0]])
    first = detected(flown, truth)
    if first is None:
        done = [c for _, c in history.completed(flown.events, "ack", "declare")]
        after = [c for c in done if c.at >= (flown.incident.start or 0)]
        why = "what was acknowledged was no symptom, what was declared came before any"
        return 0.0, why if after else "never acknowledged an alert, and never declared", ()
    seconds = (first.at - (flown.incident.start or 0)) / NS
    return 15 * _speed(seconds, DETECT), f"{seconds:.0f} s after the bad change", (first.seq,)


def detected(flown: Flown, truth: Truth) -> Event | None:
    """The completion of the op with which the fault was detected."""

    def right(declared: Event) -> bool:
        found = answers(declared, flown.culprit, truth)
        return found["deployment"] and found["cause"]

    return detection(flown.events, flown.incident, right)


def _speed(seconds: float, bounds: tuple[float, float]) -> float:
    full, none = bounds
    return min(max((none - seconds) / (none - full), 0.0), 1.0)


def _diagnosis(flown: Flown, truth: Truth) -> Judged:
    declared = [i for i, _ in history.completed(flown.events, "declare")]
    if not declared:
        return 0.0, "nothing was declared", ()
    right = answers(declared[-1], flown.culprit, truth)
    points = 10.0 * right["deployment"] + 12.0 * right["cause"] + 8.0 * right["where"]
    why = ", ".join(f"{name} {'right' if ok else 'wrong'}" for name, ok in right.items())
    last = _answer(declared[-1])
    others = len({_answer(e) for e in declared[:-1]} - {last})
    if others:
        why += f"; {others} other declaration{'s' if others > 1 else ''} before"
    return points - WRONG_TRY * others, why, _seqs(declared)


def _answer(event: Event) -> tuple[str, str, str]:
    value = event.value
    return str(value["deployment"]), str(value["cause"]), str(value["where"])


def answers(declared: Event, culprit: str, truth: Truth) -> dict[str, bool]:
    """Which parts of a declaration are right: deployment, cause, where."""
    deployment, cause, where = _answer(declared)
    return {
        "deployment": deployment == culprit,
        "cause": cause == truth.cause,
        "where": any(same_place(where, right) for right in truth.where),
    }


def same_place(declared: str, right: str) -> bool:
    """Whether a declared FILE[:LINE|:SYMBOL], model, table or setting is the right one.

    A file may be named from the project's root or from any folder below it; a symbol counts only
    where both name one.
    """
    said, wanted = _parts(declared), _parts(right)
    if not said[0]:
        return False
    same = said[0] == wanted[0] or ("/" in said[0] and wanted[0].endswith("/" + said[0]))
    return same and (not said[1] or not wanted[1] or said[1] == wanted[1])


def _parts(place: str) -> tuple[str, str]:
    """(file, model, table or setting; symbol): a line or a definition's text is no symbol."""
    name, _, symbol = place.strip().lower().partition(":")
    return name.strip().removeprefix("./"), symbol if re.fullmatch(r"[a-z_][\w.]*", symbol) else ""


def _mitigation(flown: Flown, truth: Truth) -> Judged:
    changes = by_players(flown.events)
    if truth.cause == "none":
        if changes:
            return 0.0, "changed a system with which nothing was wrong", _seqs(changes)
        return 30.0, "nothing was wrong, and nothing was changed", ()
    incident = flown.incident
    if incident.breach is None:
        return 0.0, "no SLO was broken", _seqs(changes)
    if incident.recovery is None or incident.start is None:
        return 0.0, "the SLOs never held again for 30 s at full load", _seqs(changes)
    if not changes:
        return 0.0, "nothing was changed: it recovered by itself", ()
    validation = last_validation(flown.events)
    if validation is None or not _after_changes(validation, changes):
        return 0.0, "no validation after the last change shows that all features work", ()
    broken = [k for k in ("functional", "golden") if not validation.value[k]["passed"]]
    if broken:
        return 0.0, f"{' and '.join(broken)} tests failed after the change", (validation.seq,)
    seconds = (incident.recovery - incident.start) / NS
    why = f"all SLOs hold from {seconds:.0f} s after the bad change on"
    return 15 + 15 * _speed(seconds, MITIGATE), why, _seqs([*changes, validation])


def _after_changes(validation: Event, changes: Sequence[Event]) -> bool:
    return all(change.seq < validation.seq for change in changes)


def _validation(flown: Flown, truth: Truth) -> Judged:
    validation = last_validation(flown.events)
    if validation is None:
        return 0.0, "nothing was validated", ()
    if not validation.value["passed"]:
        return 0.0, "the last validation did not pass", (validation.seq,)
    if not _after_changes(validation, by_players(flown.events)):
        return 0.0, "the system was changed after the last validation", (validation.seq,)
    load = validation.value["load"]
    if load != "both":
        return 8.0, f"passed under {load} load alone", (validation.seq,)
    return 15.0, "passed under normal and peak load", (validation.seq,)


def _resolution(flown: Flown, truth: Truth) -> Judged:
    resolved = [c for _, c in history.completed(flown.events, "resolve")]
    if not resolved:
        return 0.0, "never resolved: time was up", ()
    validation = last_validation(flown.events)
    if validation is None or not validation.value["passed"]:
        return 5.0, "resolved without a validation that passed", _seqs(resolved)
    return 10.0, "resolved after a validation that passed", _seqs([validation, *resolved])


def _seqs(events: Sequence[Event]) -> tuple[int, ...]:
    return tuple(e.seq for e in events)
