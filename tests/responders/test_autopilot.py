"""The autopilot's decisions on literal histories and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from recordings import MemoryRecording, at, call, statement, traffic

from brownout.model import PACES, Event, Finding, Op, Suggestion
from brownout.responders.autopilot import decide, op
from brownout.responders.diagnosis import (
    GATHER,
    alarmed,
    conclusive,
    diagnose,
    outdated,
    ripe,
    suspect,
)

PACE = PACES["quick"]
N_PLUS_ONE = Finding(
    "n_plus_one", "GET /api/books/{id}/", "regressed", effect=20.0, unit="ms/request", n=120,
    cause="n-plus-one", where="reviews/queries.py:12", suggests=(Suggestion("rollback"),),
)  # fmt: skip
SLOW_MODEL = Finding(
    "slow_model", "delivery", "regressed", cause="slow-model", where="delivery",
    suggests=(Suggestion("set-model", {"name": "delivery", "version": "2026-03"}),),
)  # fmt: skip
BUILD = {"text": "CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON t (x)", "write": True}
INDEX = Finding(
    "missing_index", "t", "regressed", cause="missing-index", where="t: a",
    suggests=(Suggestion("sql", BUILD),),
)  # fmt: skip
SYMPTOM = Finding("slow_route", "GET /", "regressed", effect=99.0)
CLEAN = Finding("n_plus_one", "all statements", "clean")


@dataclass(frozen=True)
class Step:
    """An op with its completion, or an info event (kind "info": ``value`` alone)."""

    t: float
    actor: str
    name: str
    value: Mapping[str, Any]
    args: Mapping[str, Any] = field(default_factory=dict)
    kind: str = "ok"
    took: float = 0


def story(*steps: Step) -> list[Event]:
    """The events of a drill from its incident on."""
    events: list[Event] = []

    def add(kind: str, step: Step, value: Mapping[str, Any], cause: int | None) -> None:
        seq = len(events) + 1
        row = (step.t, kind, step.actor, "bridge", step.name, value, cause, "")
        events.append(Event(seq, at(step.t), *row))  # type: ignore[arg-type]

    add("info", Step(0, "control", "phase", {}), {"name": "incident"}, None)
    for step in steps:
        if step.kind == "info":
            add("info", step, step.value, None)
        else:
            add("invoke", replace(step, t=step.t - step.took), step.args, None)
            add(step.kind, step, step.value, len(events))
    return events


def change(t: float, number: int, name: str, ref: str, before: str, who: str = "director") -> Step:
    kind = "model" if name == "set-model" else "release"
    return Step(
        t, who, name,
        {"deployment": f"D{number}", "kind": kind, "ref": ref, "previous": before}
        | {"serving_at": at(t)},
    )  # fmt: skip


def alert(
    t: float,
    state: str = "firing",
    since: float | None = None,
    name: str = "A1",
    signal: str = "latency",
) -> Step:
    value = {"id": name, "state": state, "since": at(t if since is None else since)}
    value["signal"] = signal
    return Step(t, "control", "alert", value, kind="info")


def mine(t: float, name: str, kind: str = "ok", value: Any = None, **args: Any) -> Step:
    return Step(t, "autopilot", name, value or {}, args, kind)


def validated(t: float, passed: bool) -> Step:
    return mine(t, "validate", value={"passed": passed})


RELEASE = change(6, 1, "deploy", "v2.8.0", "v2.7.0")
ACK = mine(16, "ack", alert="A1")
DECLARED = mine(26, "declare", deployment="D1", cause="n-plus-one", where="reviews/queries.py:12")
ROLLED_BACK = change(28, 2, "rollback", "v2.7.0", "v2.8.0", "autopilot")
ALARMED = (RELEASE, alert(14, since=9), ACK)
MITIGATED = (*ALARMED, DECLARED, ROLLED_BACK, alert(40, "resolved", since=40))
HEALTHY = (RELEASE, mine(50, "declare", deployment="none", cause="none", where="none"))


def test_it_acknowledges_before_all_else() -> None:
    events = story(RELEASE, alert(14))
    assert decide(PACE, events, 15, None) == op("ack", alert="A1")
    assert decide(PACE, events, 15, [N_PLUS_ONE]) == op("ack", alert="A1")
    assert decide(PACE, story(RELEASE, alert(14), alert(15, "resolved")), 16, None) is None
    second = story(*ALARMED, alert(17, name="A2"))
    assert decide(PACE, second, 18, None) == op("ack", alert="A2")


def test_it_watches_until_there_is_a_diagnosis() -> None:
    assert decide(PACE, story(*ALARMED), 17, None) is None


def test_when_all_is_clean_it_declares_none_validates_and_resolves() -> None:
    none = op("declare", deployment="none", cause="none", where="none")
    assert decide(PACE, story(RELEASE), 50, [CLEAN, SYMPTOM]) == none
    assert decide(PACE, story(*HEALTHY), 51, [CLEAN]) == op("validate", "qa", load="both")
    done = story(*HEALTHY, validated(80, True))
    assert decide(PACE, done, 81, [CLEAN]) == op(
        "resolve", summary="no regression: nothing to mitigate"
    )


def test_it_declares_the_first_cause_that_was_found() -> None:
    findings = [SYMPTOM, N_PLUS_ONE, SLOW_MODEL]
    assert decide(PACE, story(*ALARMED), 26, findings) == op(
        "declare", deployment="D1", cause="n-plus-one", where="reviews/queries.py:12"
    )


@pytest.mark.parametrize("first", ["release", "model"])
@pytest.mark.parametrize(("finding", "kind"), [(SLOW_MODEL, "model"), (N_PLUS_ONE, "release")])
def test_it_suspects_the_change_of_the_fitting_kind(
    first: str, finding: Finding, kind: str
) -> None:
    both = [("deploy", "v2.8.0"), ("set-model", "delivery=2026-11")]
    ordered = both if first == "release" else both[::-1]
    changes = [change(6 + 7 * i, i + 1, *step, "old") for i, step in enumerate(ordered)]
    found = suspect(story(*changes, alert(20, since=15)), finding)
    assert found is not None
    assert found.value["kind"] == kind


def test_another_models_rollout_is_not_suspected() -> None:
    rollouts = [
        change(6, 1, "set-model", "delivery=2026-11", "delivery=2026-03"),
        change(13, 2, "set-model", "recommender=2026-11", "recommender=2026-09"),
    ]
    found = suspect(story(*rollouts, alert(20, since=15)), SLOW_MODEL)
    assert found is not None
    assert found.value["deployment"] == "D1"


def test_it_suspects_the_last_change_before_the_alert() -> None:
    earlier, later = (change(t, n, "deploy", "new", "old") for n, t in ((1, 5), (2, 30)))
    after = story(earlier, alert(20, since=15), later)
    assert (suspect(after, N_PLUS_ONE) or after[0]).value["deployment"] == "D1"
    # An alert dates the change to a second or two only.
    at_once = story(earlier, alert(34, since=28), later)
    assert (suspect(at_once, N_PLUS_ONE) or after[0]).value["deployment"] == "D2"
    assert suspect(story(alert(20, since=15)), N_PLUS_ONE) is None


def test_a_model_is_felt_while_it_is_loaded() -> None:
    """Its memory and CPU rise before it serves; a release is felt when it does."""
    model = replace(change(33, 2, "set-model", "delivery=2026-11", "delivery=2026-09"), took=6)
    found = suspect(story(RELEASE, model, alert(35, since=26)), SLOW_MODEL)
    assert found is not None
    assert found.value["deployment"] == "D2"
    release = replace(change(33, 2, "deploy", "v2.8.1", "v2.8.0"), took=6)
    found = suspect(story(RELEASE, release, alert(35, since=26)), N_PLUS_ONE)
    assert found is not None
    assert found.value["deployment"] == "D1"


def test_a_players_own_change_is_not_suspected() -> None:
    own = change(10, 2, "deploy", "v2.8.1", "v2.8.0", "player")
    events = story(RELEASE, own, alert(20, since=15))
    assert (suspect(events, N_PLUS_ONE) or events[0]).value["deployment"] == "D1"


def test_it_rolls_back_to_what_served_before() -> None:
    asked = decide(PACE, story(*ALARMED, DECLARED), 27, [N_PLUS_ONE])
    assert asked == op("rollback", to="v2.7.0")


def test_it_does_what_the_finding_suggests() -> None:
    events = story(change(6, 1, "set-model", "delivery=2026-11", "delivery=2026-03"), DECLARED)
    assert decide(PACE, events, 27, [SLOW_MODEL]) == op(
        "set-model", "ai", name="delivery", version="2026-03"
    )
    assert decide(PACE, story(*ALARMED, DECLARED), 27, [INDEX]) == op("sql", "backend", **BUILD)


def test_a_model_is_no_release_to_roll_back_to() -> None:
    events = story(change(6, 1, "set-model", "delivery=2026-11", "delivery=2026-03"), DECLARED)
    assert decide(PACE, events, 27, [N_PLUS_ONE]) == op("rollback")


def test_a_mitigation_that_fails_is_tried_three_times() -> None:
    failed = [mine(28 + i, "rollback", "fail", to="v2.7.0") for i in range(3)]
    again = op("rollback", to="v2.7.0")
    assert decide(PACE, story(*ALARMED, DECLARED, *failed[:2]), 31, [N_PLUS_ONE]) == again
    calm = alert(40, "resolved", since=40)
    given_up = story(*ALARMED, DECLARED, *failed, calm)
    assert decide(PACE, given_up, 41, [N_PLUS_ONE]) == op("validate", "qa", load="both")


def test_it_waits_while_an_alert_fires_and_for_the_hold() -> None:
    validate = op("validate", "qa", load="both")
    firing = story(*ALARMED, DECLARED, ROLLED_BACK)
    assert decide(PACE, firing, 28 + 89, [N_PLUS_ONE]) is None
    # For ever it does not wait: whether users are served well the validation says.
    assert decide(PACE, firing, 28 + 90, [N_PLUS_ONE]) == validate
    events = story(*MITIGATED)
    assert decide(PACE, events, 40 + PACE.hold + 1.9, [N_PLUS_ONE]) is None
    assert decide(PACE, events, 40 + PACE.hold + 2, [N_PLUS_ONE]) == validate


def test_it_resolves_after_a_validation_that_passed() -> None:
    assert decide(PACE, story(*MITIGATED, validated(100, True)), 101, [N_PLUS_ONE]) == op(
        "resolve", summary="n-plus-one in reviews/queries.py:12 (D1)"
    )


def test_a_validation_before_the_last_change_does_not_count() -> None:
    early = story(*ALARMED, DECLARED, validated(27, True), ROLLED_BACK, alert(40, "resolved"))
    assert decide(PACE, early, 40 + PACE.hold + 1.9, [N_PLUS_ONE]) is None
    assert decide(PACE, early, 72, [N_PLUS_ONE]) == op("validate", "qa", load="both")


def test_it_validates_again_after_ten_seconds_and_gives_up_after_three() -> None:
    once = story(*MITIGATED, validated(100, False))
    assert decide(PACE, once, 109, [N_PLUS_ONE]) is None
    assert decide(PACE, once, 110, [N_PLUS_ONE]) == op("validate", "qa", load="both")
    thrice = story(*MITIGATED, *(validated(t, False) for t in (100, 130, 160)))
    assert decide(PACE, thrice, 161, [N_PLUS_ONE]) == op(
        "resolve", summary="gave up: the validation does not pass"
    )


def test_an_alert_about_a_service_does_not_hold_it_up() -> None:
    """Memory that a model has left behind stays; the users are served well."""
    memory = alert(30, since=25, name="A2", signal="memory")
    acknowledged = mine(31, "ack", alert="A2")
    events = story(*MITIGATED, memory, acknowledged)
    assert decide(PACE, events, 40 + PACE.hold + 2, [N_PLUS_ONE]) == op(
        "validate", "qa", load="both"
    )


def test_an_alert_of_its_own_peak_load_does_not_undo_a_validation() -> None:
    peak = (alert(95, name="A2"), mine(96, "ack", alert="A2"))
    events = story(*MITIGATED, *peak, validated(100, True))
    assert decide(PACE, events, 101, [N_PLUS_ONE]) == op(
        "resolve", summary="n-plus-one in reviews/queries.py:12 (D1)"
    )


def test_it_looks_on_until_there_is_a_cause_or_time_enough_has_passed() -> None:
    events = story(*ALARMED)
    assert conclusive(PACE, events, 20, [N_PLUS_ONE])
    assert not conclusive(PACE, events, 20, [CLEAN])
    assert not conclusive(PACE, events, 9 + 39.9, [CLEAN])
    assert conclusive(PACE, events, 9 + 40, [CLEAN])


def test_an_alert_after_nothing_was_declared_opens_the_case_again() -> None:
    assert not outdated(story(*HEALTHY))
    again = story(*HEALTHY, alert(60), mine(61, "ack", alert="A1"))
    assert outdated(again)
    assert decide(PACE, again, 75, [N_PLUS_ONE]) == op(
        "declare", deployment="D1", cause="n-plus-one", where="reviews/queries.py:12"
    )


def test_an_alert_before_any_change_is_no_reason_to_diagnose() -> None:
    assert not ripe(PACE, story(alert(2, since=1)), 30)
    assert not ripe(PACE, story(alert(2, since=1), RELEASE), 30)


def test_an_alert_whose_evidence_is_older_than_the_change_counts_from_the_change() -> None:
    events = story(RELEASE, alert(7, since=1))
    assert alarmed(events) == at(3)
    assert ripe(PACE, events, 3 + GATHER)


def test_a_diagnosis_is_ripe_some_seconds_into_an_alert() -> None:
    events = story(RELEASE, alert(14, since=9))
    assert not ripe(PACE, events, 9 + GATHER - 0.1)
    assert ripe(PACE, events, 9 + GATHER)


@pytest.mark.parametrize(("pace", "seconds"), [("quick", 40), ("normal", 180)])
def test_a_diagnosis_is_ripe_after_a_long_silence(pace: str, seconds: float) -> None:
    assert not ripe(PACES[pace], story(RELEASE), 6 + seconds - 0.1)
    assert ripe(PACES[pace], story(RELEASE), 6 + seconds)
    assert not ripe(PACES[pace], story(), 9999)


def flown(before: Mapping[str, Any], after: Mapping[str, Any]) -> MemoryRecording:
    """A baseline of 30 s, and traffic since a change at 6 s after it, whose harm begins at 9 s.

    Stories begin at 0 s: the baseline lies before it.
    """
    recording = MemoryRecording({"baseline": (-30, 0)})
    traffic(recording, -30, 9, 20.0, **before)
    traffic(recording, 9, 40, 90.0, **after)
    return recording


def test_it_finds_a_multiplied_statement_since_the_alert() -> None:
    recording = flown({"sql": [statement(1, 1.0)]}, {"sql": [statement(21, 21.0)]})
    findings = diagnose(recording, story(RELEASE, alert(14, since=9)), at(32))
    first = findings[0]
    assert (first.audit, first.cause, first.effect) == ("n_plus_one", "n-plus-one", 20.0)
    # From 9 s, when the alert's evidence began, to two seconds ago: 21 s of four requests.
    assert first.n == 84
    asked = decide(PACE, story(*ALARMED), 32, findings)
    assert asked == op(
        "declare", deployment="D1", cause="n-plus-one", where="reviews/queries.py:12"
    )


def test_it_finds_a_slow_model_behind_an_innocent_release() -> None:
    rollout = change(8, 2, "set-model", "delivery=2026-11", "delivery=2026-03")
    recording = flown({"ai": [call(2.0, "2026-03")]}, {"ai": [call(62.0, "2026-11")]})
    findings = diagnose(recording, story(RELEASE, rollout, alert(14, since=9)), at(32))
    events = story(RELEASE, rollout, alert(14, since=9), ACK)
    assert decide(PACE, events, 33, findings) == op(
        "declare", deployment="D2", cause="slow-model", where="delivery"
    )
    declared = mine(33, "declare", deployment="D2", cause="slow-model", where="delivery")
    asked: Op | None = decide(PACE, story(*ALARMED, rollout, declared), 34, findings)
    assert asked == op("set-model", "ai", name="delivery", version="2026-03")


def test_without_an_alert_it_looks_at_the_time_since_the_change() -> None:
    recording = MemoryRecording({"baseline": (-30, 0)})
    traffic(recording, -30, 60, 20.0, sql=[statement(1, 1.0)])
    findings = diagnose(recording, story(RELEASE), at(48))
    assert {f.verdict for f in findings} == {"clean", "not_applicable"}
    assert next(f.n for f in findings if f.audit == "slow_route") == 4 * (46 - 6)
    assert decide(PACE, story(RELEASE), 48, findings) == op(
        "declare", deployment="none", cause="none", where="none"
    )
