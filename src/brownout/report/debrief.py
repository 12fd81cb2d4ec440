"""The debrief: everything that is read after a drill, from history, recording and findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from brownout import history
from brownout.model import Debrief, Event, Finding, Recording, Truth
from brownout.report import pages, postmortem, promises
from brownout.report.attribution import attribute
from brownout.report.impact import impact
from brownout.report.incident import course, last_validation, since, timeline, times
from brownout.report.score import Flown, answers, detected, score

NOT_CLOSED = Truth("none", "none", (), (), "")
"""Stands for the truth of a drill that broke off: nobody was told it, and nothing is scored."""


def debrief(events: Sequence[Event], recording: Recording, findings: Sequence[Finding]) -> Debrief:
    """The debrief of a drill; of one that broke off, as far as it came."""
    begun = events[0].value
    reveal = history.last_info(events, "reveal")
    told = reveal.value if reveal else {}
    truth = _truth(told["truth"]) if reveal else NOT_CLOSED
    slos = promises.from_history(events)
    incident = course(events, recording, slos)
    culprit = str(told.get("culprit") or "none")
    flown = Flown(events, incident, findings, culprit)
    parts: dict[str, Any] = {
        "scenario": str(told.get("scenario", "")),
        "seed": int(begun["seed"]),
        "versions": {k: str(begun[k]) for k in ("brownout", "python")},
        "slos": slos,
        "pages": pages.from_history(events),
        "times": _times(flown, truth),
        "diagnosis": _diagnosis(events, truth if reveal else None, culprit),
        "findings": tuple(findings),
        "attribution": attribute(recording, slos),
        "impact": impact(recording, slos, incident),
        "validation": _validation(events),
        "score": score(flown, truth),
        "timeline": timeline(events),
    }
    return Debrief(**parts, postmortem=postmortem.draft(parts, events, told))


def _times(flown: Flown, truth: Truth) -> dict[str, float | None]:
    """The course's times; where something was wrong, "detected" is what the score goes by."""
    found = times(flown.events, flown.incident)
    if truth.cause == "none":
        return found
    seen = detected(flown, truth)
    return found | {"detected": since(flown.incident.start, seen.at if seen else None)}


def _truth(value: Any) -> Truth:
    lists = {k: tuple(value[k]) for k in ("where", "routes")}
    return Truth(value["cause"], value["change"], effect=value["effect"], **lists)


def _diagnosis(events: Sequence[Event], truth: Truth | None, culprit: str) -> dict[str, Any]:
    declared = [i for i, _ in history.completed(events, "declare")]
    last = declared[-1] if declared else None
    right = answers(last, culprit, truth) if last and truth else {}
    return {
        "declared": dict(last.value) if last else None,
        "truth": {"deployment": culprit, "cause": truth.cause, "where": list(truth.where)}
        if truth
        else None,
        "right": right,
        "correct": bool(right) and all(right.values()),
        "declarations": len(declared),
    }


def _validation(events: Sequence[Event]) -> dict[str, Any]:
    last = last_validation(events)
    return {"event": last.seq, **last.value} if last else {}


def to_json(made: Debrief) -> str:
    """debrief.json; the postmortem is a file of its own."""
    fields = asdict(made)
    del fields["postmortem"]
    return json.dumps(fields, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
