"""The director: what happens next in a drill. Pure: script, history, time and a seed decide.

The loop in ``drill.py`` asks once a second and performs the answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from brownout import history
from brownout.model import Deployment, Event, Op, Pace, Script

GAP = (6.0, 12.0)
"""Seconds between two deployments of one script."""

LAST_WORD = 60.0
"""Seconds before the end at which a word is said about it."""

SETTLE, TESTS = 5.0, 60.0
"""Seconds of a validation beside its two windows: before each, and for tests and golden sets."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do now; why, for the person who looks on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Done:
    """The drill is over."""

    reason: str


def op(name: str, /, **args: object) -> Op:
    """An op of the director's."""
    return Op("director", "bridge", name, args)


def next_op(script: Script, events: Sequence[Event], t: float) -> Op | Wait | Done:
    """What the director does at ``t`` seconds since the drill began."""
    ready = history.last_info(events, "ready")
    phase = history.last_info(events, "phase")
    if phase is None:
        return Wait("nothing has begun")
    since = t - phase.t
    match phase.value["name"]:
        case "boot":
            if ready is None:
                return Wait("the stack is starting")
            left = script.pace.warmup - (t - ready.t)
            return op("phase", name="baseline") if left <= 0 else Wait(f"warming up, {left:.0f} s")
        case "baseline":
            left = script.pace.baseline - since
            return op("phase", name="incident") if left <= 0 else Wait(f"baseline, {left:.0f} s")
        case "incident" | "validation":
            return _incident(script, events, t)
        case "closed":
            return op("phase", name="debrief")
        case _:
            return Done(str(history.infos(events, "closed")[-1].value["reason"]))


def _incident(script: Script, events: Sequence[Event], t: float) -> Op | Wait:
    began = next(e.t for e in events if e.name == "phase" and e.value["name"] == "incident")
    if history.completed(events, "resolve"):
        return op("close", reason="resolved")
    left = began + script.pace.limit - t
    if left < 0:
        return _overtime(script, events, -left, t)
    if left <= LAST_WORD < script.pace.limit and not _reminded(events, LAST_WORD):
        return op("remind", left=LAST_WORD, text="a minute is left: validate, then resolve")
    mine = [e for e in events if e.kind == "invoke" and e.actor == "director"]
    if len(mine) < len(script.deployments) and t >= due(script, events, began, len(mine)):
        return rollout(script.deployments[len(mine)])
    return Wait("flying")


def _overtime(script: Script, events: Sequence[Event], over: float, t: float) -> Op | Wait:
    """A validation that began in time may end: it counts, and nothing else is taken meanwhile."""
    validating = [i for i, done in history.pair(events) if i.name == "validate" and done is None]
    if not any(i.t <= t - over for i in validating) or over > longest(script.pace):
        return op("close", reason="time is up")
    if not _reminded(events, 0):
        return op("remind", left=0.0, text="time is up: the validation under way may end")
    return Wait("the validation ends")


def _reminded(events: Sequence[Event], left: float) -> bool:
    return any(e.value["left"] == left for e in history.infos(events, "time"))


def longest(pace: Pace) -> float:
    """How long a validation under both loads takes at most, in seconds."""
    return 2 * (pace.validation + SETTLE) + TESTS


def due(script: Script, events: Sequence[Event], began: float, index: int) -> float:
    """When the script's deployment number ``index`` is due, in seconds since the drill began.

    The first is due a drawn time after the incident began, the next a drawn gap after the one
    before it was completed; "never" (infinity) while that one is still under way.
    """
    rng = random.Random(f"{script.seed}/{index}")
    if index == 0:
        return began + rng.uniform(*script.pace.deploy_after)
    done = [c for i, c in history.pair(events) if i.actor == "director" and c is not None]
    return done[index - 1].t + rng.uniform(*GAP) if len(done) >= index else float("inf")


def rollout(deployment: Deployment) -> Op:
    """The op that puts a deployment of the script live."""
    if deployment.kind == "model":
        name, version = deployment.target.split("=", 1)
        return op("set-model", name=name, version=version)
    if deployment.kind == "release":
        return op("deploy", ref=deployment.target)
    raise ValueError(f"the director cannot roll out a {deployment.kind}")
