"""Which ops a running drill takes, and what it says to the others. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from brownout import history
from brownout.catalogue import scenarios
from brownout.model import Event, Op
from brownout.report import alarms

FLYING = ("incident", "validation")
"""Phases in which players act."""

SAYINGS: Mapping[str, tuple[str, ...]] = {
    "ack": ("alert",),
    "declare": ("deployment", "cause", "where"),
    "say": ("text",),
    "resolve": (),
    "hint": (),
}
"""Ops that only say something, with the arguments that they want. All others act."""


def refusal(op: Op, events: Sequence[Event], ops: Sequence[str], hints: int = 0) -> str:
    """Why an op is not taken, in one sentence; "" when it is. ``ops``: all that there are;
    ``hints``: how many."""
    phase = history.phase(events)
    if op.name not in ops:
        return f"unknown op {op.name!r}; known: {', '.join(ops)}"
    if op.name != "say" and phase not in FLYING:
        return f"{op.name} is not possible in phase {phase}; wait for the incident"
    if op.name != "say" and any(e.value["left"] == 0 for e in history.infos(events, "time")):
        return f"{op.name}: time is up; the validation that began in time may end, and counts"
    for name in SAYINGS.get(op.name, ()):
        if not isinstance(op.args.get(name), str) or not op.args[name]:
            return f"{op.name}: {name} is missing"
    if op.name == "ack":
        return _alert(op.args["alert"], events)
    if op.name == "declare":
        made = [e.value["deployment"] for e in history.deployments(events)]
        return _cause(op.args["cause"]) or _unknown(
            "deployment", op.args["deployment"], [*made, "none"]
        )
    return _hint(events, hints) if op.name == "hint" else ""


def _hint(events: Sequence[Event], hints: int) -> str:
    if not hints:
        return "hint: this scenario has none"
    if not any(asked.actor == "director" and done for asked, done in history.pair(events)):
        return "hint: nothing has been put live yet; wait for the first deployment"
    taken = len(history.completed(events, "hint"))
    return f"hint: all {hints} have been given" if taken >= hints else ""


def _alert(given: str, events: Sequence[Event]) -> str:
    if given == alarms.ALL:
        return "" if alarms.firing(events) else "ack all: no alert fires"
    return _unknown("alert", given, list(alarms.alerts(events)))


def _unknown(what: str, given: str, known: Sequence[str]) -> str:
    if given in known:
        return ""
    return f"no {what} {given!r}; so far: {', '.join(known) or 'none'}"


def _cause(given: str) -> str:
    known = scenarios.causes()
    if given in known:
        return ""
    near = difflib.get_close_matches(given, known, 3, 0.4)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return f"no cause {given!r}; {hint}(all: brownout scenarios --causes)"
