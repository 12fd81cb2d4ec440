"""The director's decisions on literal histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from brownout.flight import director
from brownout.flight.director import Done, Wait
from brownout.model import PACES, Deployment, Event, Op, Script, Workload

RELEASE = Deployment("release", "v2.8.0")
MODEL = Deployment("model", "delivery=2026-11")
SCRIPT = Script(
    scenario="x",
    seed=7,
    pace=PACES["quick"],
    workload=Workload(2.0, 4.0),
    deployments=(RELEASE, MODEL),
    symptoms=(),
    counters=(),
    heals=(),
    heals_not=(),
    guard="",
)


def events(*rows: tuple[float, str, str, str, Mapping[str, Any], int | None]) -> list[Event]:
    """Literal events of (t, kind, actor, name, value, cause)."""
    return [
        Event(n, 0, t, kind, actor, "bridge", name, value, cause, "")  # type: ignore[arg-type]
        for n, (t, kind, actor, name, value, cause) in enumerate(rows, start=1)
    ]


def phase(t: float, name: str) -> tuple[float, str, str, str, Mapping[str, Any], None]:
    return (t, "info", "control", "phase", {"name": name}, None)


BOOTED = (phase(0, "boot"), (8.0, "info", "control", "ready", {}, None))
INCIDENT = (*BOOTED, phase(14, "baseline"), phase(44, "incident"))
FIRST_DUE = director.due(SCRIPT, events(*INCIDENT), 44.0, 0)


def test_boot_waits_for_the_stack_then_warms_up() -> None:
    assert director.next_op(SCRIPT, events(phase(0, "boot")), 100) == Wait("the stack is starting")
    assert isinstance(director.next_op(SCRIPT, events(*BOOTED), 13.9), Wait)
    move = director.next_op(SCRIPT, events(*BOOTED), 14.0)
    assert move == Op("director", "bridge", "phase", {"name": "baseline"})


def test_a_boot_that_is_broken_off_is_not_waited_for() -> None:
    closed = (0.2, "info", "control", "closed", {"reason": "interrupted"}, None)
    broken = (phase(0, "boot"), closed, phase(0.2, "closed"))
    assert director.next_op(SCRIPT, events(*broken), 0.3) == director.op("phase", name="debrief")
    over = events(*broken, phase(0.3, "debrief"))
    assert director.next_op(SCRIPT, over, 0.4) == Done("interrupted")


def test_the_baseline_has_its_length() -> None:
    calm = events(*BOOTED, phase(14, "baseline"))
    assert isinstance(director.next_op(SCRIPT, calm, 43.9), Wait)
    assert director.next_op(SCRIPT, calm, 44.0) == director.op("phase", name="incident")


def test_the_first_deployment_comes_at_the_drawn_time() -> None:
    low, high = SCRIPT.pace.deploy_after
    assert 44 + low <= FIRST_DUE <= 44 + high
    assert director.due(SCRIPT, events(*INCIDENT), 44.0, 0) == FIRST_DUE
    assert director.due(replace(SCRIPT, seed=8), events(*INCIDENT), 44.0, 0) != FIRST_DUE
    assert isinstance(director.next_op(SCRIPT, events(*INCIDENT), FIRST_DUE - 0.01), Wait)
    move = director.next_op(SCRIPT, events(*INCIDENT), FIRST_DUE)
    assert move == director.op("deploy", ref="v2.8.0")


def test_the_second_deployment_waits_for_the_first() -> None:
    invoke = (50.0, "invoke", "director", "deploy", {"ref": "v2.8.0"}, None)
    under_way = events(*INCIDENT, invoke)
    assert isinstance(director.next_op(SCRIPT, under_way, 1000 - 800), Wait)
    done = events(*INCIDENT, invoke, (55.0, "ok", "director", "deploy", {}, 5))
    assert isinstance(director.next_op(SCRIPT, done, 55 + director.GAP[0] - 0.01), Wait)
    move = director.next_op(SCRIPT, done, 55 + director.GAP[1])
    assert move == director.op("set-model", name="delivery", version="2026-11")


def test_resolve_or_the_limit_closes() -> None:
    resolved = events(
        *INCIDENT,
        (60.0, "invoke", "player", "resolve", {}, None),
        (60.0, "ok", "player", "resolve", {}, 5),
    )
    assert director.next_op(SCRIPT, resolved, 61) == director.op("close", reason="resolved")
    late = 44 + SCRIPT.pace.limit + 0.1
    assert director.next_op(SCRIPT, events(*INCIDENT), late) == director.op(
        "close", reason="time is up"
    )


VALIDATING = (283.0, "invoke", "player", "validate", {"load": "both"}, None)


def time_left(t: float, left: float) -> tuple[float, str, str, str, Mapping[str, Any], None]:
    return (t, "info", "control", "time", {"left": left, "text": ""}, None)


def test_a_minute_before_the_end_a_word_is_said_once() -> None:
    end = 44 + SCRIPT.pace.limit
    deployed = replace(SCRIPT, deployments=())
    assert isinstance(director.next_op(deployed, events(*INCIDENT), end - 60.1), Wait)
    word = director.next_op(deployed, events(*INCIDENT), end - 60)
    assert isinstance(word, Op) and (word.name, word.args["left"]) == ("remind", 60)
    said = events(*INCIDENT, time_left(end - 60, 60))
    assert isinstance(director.next_op(deployed, said, end - 59), Wait)
    hasty = replace(deployed, pace=replace(SCRIPT.pace, limit=60))
    assert isinstance(director.next_op(hasty, events(*INCIDENT), 44 + 30), Wait)


def test_a_validation_that_began_in_time_may_end() -> None:
    end = 44 + SCRIPT.pace.limit
    assert VALIDATING[0] < end
    rows = (*INCIDENT, VALIDATING)
    word = director.next_op(SCRIPT, events(*rows), end + 0.1)
    assert isinstance(word, Op) and (word.name, word.args["left"]) == ("remind", 0)
    rows = (*rows, time_left(end + 0.1, 0))
    assert isinstance(director.next_op(SCRIPT, events(*rows), end + 40), Wait)
    over = director.op("close", reason="time is up")
    assert director.next_op(SCRIPT, events(*rows), end + director.longest(SCRIPT.pace) + 1) == over
    ended = events(*rows, (300.0, "ok", "player", "validate", {"passed": True}, 5))
    assert director.next_op(SCRIPT, ended, 300.1) == over
    late = (end + 1, *VALIDATING[1:])
    assert director.next_op(SCRIPT, events(*INCIDENT, late), end + 2) == over


@pytest.mark.parametrize("reason", ["resolved", "interrupted"])
def test_after_the_debrief_it_is_done(reason: str) -> None:
    closed = (*INCIDENT, (70.0, "info", "control", "closed", {"reason": reason}, None))
    debriefing = events(*closed, phase(70, "closed"), phase(70, "debrief"))
    assert director.next_op(SCRIPT, events(*closed, phase(70, "closed")), 70.1) == director.op(
        "phase", name="debrief"
    )
    assert director.next_op(SCRIPT, debriefing, 70.2) == Done(reason)
