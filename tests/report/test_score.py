"""The score on literal histories."""

from __future__ import annotations

from dataclasses import replace

import pytest
from histories import NOTHING, TRUTH, Story, flown
from recordings import at

from brownout.model import Event, Finding, Truth
from brownout.report.incident import Incident
from brownout.report.score import CRITERIA, PUBLISHED, Flown, same_place, score


def truth(value: dict[str, object] = TRUTH) -> Truth:
    return Truth(**{k: tuple(v) if isinstance(v, list) else v for k, v in value.items()})  # type: ignore[arg-type]


BITTEN = Incident(at(40), at(41), at(56), at(130))
CALM = Incident(at(40), None, None, at(130))


def points(
    events: list[Event], incident: Incident = BITTEN, culprit: str = "D1"
) -> dict[str, float]:
    of = truth() if culprit == "D1" else truth(NOTHING)
    made = score(Flown(events, incident, (), culprit), of)
    assert made.void == ""
    assert made.points == round(sum(c.points for c in made.criteria), 1)
    return {c.name: c.points for c in made.criteria}


def test_the_criteria_make_a_hundred() -> None:
    assert sum(of for _, of, _ in CRITERIA) == 100
    assert points(flown().events) == {
        "detection": 15, "diagnosis": 30, "mitigation": 30, "validation": 15, "resolution": 10,
    }  # fmt: skip


def test_each_criterion_cites_its_events() -> None:
    made = score(Flown(flown().events, BITTEN, (), "D1"), truth())
    cited = {c.name: [flown().events[seq - 1].name for seq in c.events] for c in made.criteria}
    assert cited == {
        "detection": ["ack"],
        "diagnosis": ["declare"],
        "mitigation": ["rollback", "validate"],
        "validation": ["validate"],
        "resolution": ["validate", "resolve"],
    }


def test_what_recovers_by_itself_is_nobodys_mitigation() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").validate(120).close(130)
    assert points(story.events)["mitigation"] == 0


def test_a_late_detection_and_mitigation_earn_less() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").alert(48, "A1")
    story.op(370, "ack", {"alert": "A1"}, {}).change(400, 2, "v2.7.0", "v2.8.0", by="player")
    late = points(
        story.validate(500).close(510).events, Incident(at(40), at(41), at(1030), at(1100))
    )
    assert late["detection"] == 7.5  # 330 s, half-way between 60 and 600
    assert late["mitigation"] == 22.5  # 990 s, half-way between 180 and 1800


def test_what_users_feel_while_a_slow_machine_puts_it_live_is_a_symptom() -> None:
    """Asked for at 40 s, it serves from 52 s on; the alert's evidence begins at 46 s."""
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").alert(62, "A1", since=46)
    story.op(65, "ack", {"alert": "A1"}, {}).close(130)
    served = Incident(at(52), at(53), at(56), at(130))
    assert points(story.events, served)["detection"] == 15


UNSEEN = Incident(at(40), at(47), at(56), at(130))


@pytest.mark.parametrize(
    ("signal", "since", "acknowledged", "earned"),
    [
        ("latency", 46, "A1", 15),
        ("latency", 46, "all", 15),
        ("latency", 38, "A1", 15),  # an alert dates a change to some seconds
        ("latency", 36, "A1", 0),  # it was there before the change
        ("cpu", 46, "A1", 15),
        ("memory", 43, "A1", 0),  # two releases side by side
    ],
)
def test_what_is_acknowledged_must_be_a_symptom(
    signal: str, since: float, acknowledged: str, earned: float
) -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.alert(48, "A1", signal=signal, since=since).op(50, "ack", {"alert": acknowledged}, {})
    assert points(story.close(130).events, UNSEEN)["detection"] == earned


@pytest.mark.parametrize(
    ("t", "deployment", "cause", "earned"),
    [
        (44, "D1", "missing-index", 0),  # a guess
        (44, "none", "none", 0),
        (44, "D1", "n-plus-one", 15),  # right, by the diff
        (47, "D1", "missing-index", 15),  # wrong about the cause; users felt it already
    ],
)
def test_a_declaration_before_any_symptom_must_be_right(
    t: float, deployment: str, cause: str, earned: float
) -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.declare(t, deployment, cause, "x").close(130)
    assert points(story.events, UNSEEN)["detection"] == earned


def test_wrong_declarations_cost() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.declare(50, "D1", "missing-index", "reviews/queries.py")
    story.declare(60, "D1", "n-plus-one", "reviews/serializers.py").close(130)
    assert points(story.events)["diagnosis"] == 10 + 12 - 5


def test_a_repeated_declaration_costs_nothing() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    for t in (50, 60):
        story.declare(t, "D1", "n-plus-one", "reviews/queries.py")
    assert points(story.close(130).events)["diagnosis"] == 30


@pytest.mark.parametrize(
    ("change", "mitigation", "validation"),
    [
        (lambda s: s.validate(120, tests=False), 0, 0),  # the feature was switched off
        (lambda s: s, 0, 0),  # nobody knows whether it was
        (lambda s: s.validate(120).change(125, 3, "v2.6.0", "v2.7.0", by="player"), 0, 0),
        (lambda s: s.validate(120, passed=False), 30, 0),
        (lambda s: s.validate(120, load="normal"), 30, 8),
    ],
)
def test_a_mitigation_must_be_validated(change, mitigation, validation) -> None:  # type: ignore[no-untyped-def]
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.change(55, 2, "v2.7.0", "v2.8.0", by="player")
    found = points(change(story).close(130).events)
    assert (found["mitigation"], found["validation"]) == (mitigation, validation)


def test_without_recovery_there_is_no_mitigation() -> None:
    assert points(flown().events, Incident(at(40), at(41), None, at(130)))["mitigation"] == 0


def test_time_up_is_no_resolution() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").close(300, "time is up")
    assert points(story.events)["resolution"] == 0


def test_saying_that_nothing_is_wrong_is_right_where_nothing_is() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.declare(90, "none", "none", "none").validate(120).close(130, truth=NOTHING)
    assert sum(points(story.events, CALM, "none").values()) == 100


def test_a_needless_rollback_costs() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    story.declare(50, "D1", "n-plus-one", "x").change(55, 2, "v2.7.0", "v2.8.0", by="player")
    found = points(story.validate(120).close(130, truth=NOTHING).events, CALM, "none")
    assert (found["detection"], found["diagnosis"], found["mitigation"]) == (0, 0, 0)


BUSY = Finding("busy_machine", "machine", "void", reason="others used 1.4 cores")


@pytest.mark.parametrize(
    ("events", "incident", "findings", "reason"),
    [
        (flown().events, CALM, (), "did not bite"),
        (flown().events, BITTEN, (BUSY,), "others used 1.4 cores"),
        (flown().events[:9], BITTEN, (), "not flown to its end"),
        (Story().incident(30).close(60, "interrupted").events, BITTEN, (), "not flown to its end"),
        (Story().incident(30).close(60).events, Incident(None, None, None, at(60)), (), "deployed"),
    ],
)
def test_void(events, incident, findings, reason) -> None:  # type: ignore[no-untyped-def]
    made = score(Flown(events, incident, findings, "D1"), truth())
    assert reason in made.void
    assert (made.points, made.criteria) == (0.0, ())


def begun(story: Story, **value: object) -> list[Event]:
    """The story's events, its drill begun with these values."""
    first, *rest = story.events
    return [replace(first, value={**first.value, **value}), *rest]


def test_a_void_flight_shows_what_was_done_and_earns_nothing() -> None:
    made = score(Flown(begun(flown(), practice=False), BITTEN, (BUSY,), "D1"), truth())
    assert "others used 1.4 cores" in made.void
    assert (made.points, {c.points for c in made.criteria}) == (0.0, {0.0})
    assert {c.name: c.why for c in made.criteria} == {
        "detection": "not counted: 10 s after the bad change",
        "diagnosis": "not counted: deployment right, cause right, where right",
        "mitigation": "not counted: all SLOs hold from 16 s after the bad change on",
        "validation": "not counted: passed under normal and peak load",
        "resolution": "not counted: resolved after a validation that passed",
    }
    calm = score(Flown(begun(flown(), practice=False), CALM, (), "D1"), truth())
    assert calm.criteria[2].why == "not counted: no SLO was broken"


def test_practice_is_void_and_what_nobody_deployed_has_no_facts() -> None:
    made = score(Flown(begun(flown(), practice=True), BITTEN, (BUSY,), "D1"), truth())
    assert made.void == "a practice flight (--practice) is never scored"
    assert len(made.criteria) == 5
    early = begun(Story().incident(30).close(60), practice=False)
    assert score(Flown(early, Incident(None, None, None, at(60)), (), "D1"), truth()).criteria == ()


def test_hints_cost_where_they_were_published() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0")
    for t in (45, 46):
        story.op(t, "hint", {}, {"hint": "Look.", "number": t - 44, "of": 3})
    story.declare(52, "D1", "n-plus-one", "reviews/queries.py").close(130)
    published = [{"name": name, "of": of, "rule": rule} for name, of, rule in PUBLISHED]
    events = begun(story, criteria=published)
    made = score(Flown(events, BITTEN, (), "D1"), truth())
    hints = made.criteria[-1]
    assert (hints.name, hints.points, hints.of) == ("hints", -10.0, 0.0)
    assert (hints.why, [events[seq - 1].name for seq in hints.events]) == (
        "2 hints asked for",
        ["hint", "hint"],
    )
    assert made.points == 15 + 30 + 5 - 10
    assert "hints" not in points(story.events)  # it was flown before there were any
    nothing = begun(Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").op(45, "hint", {}, {})
                    .close(300, "time is up"), criteria=published)  # fmt: skip
    assert score(Flown(nothing, BITTEN, (), "D1"), truth()).points == 0.0


@pytest.mark.parametrize(
    ("declared", "right", "same"),
    [
        ("reviews/queries.py:12", "backend/reviews/queries.py", True),
        ("backend/reviews/queries.py", "backend/reviews/queries.py", True),
        ("./backend/reviews/queries.py", "backend/reviews/queries.py", True),
        ("queries.py", "backend/reviews/queries.py", False),
        ("views/queries.py", "backend/reviews/queries.py", False),
        ("catalog/views.py:BookDetail", "backend/catalog/views.py:BookDetail", True),
        ("catalog/views.py:Books", "backend/catalog/views.py:BookDetail", False),
        ("catalog/views.py:48", "backend/catalog/views.py:BookDetail", True),
        ("reviews_review: CREATE INDEX a ON reviews_review (book_id)", "reviews_review", True),
        ("Delivery", "delivery", True),
        ("", "none", False),
        ("none", "none", True),
    ],
)
def test_places(declared: str, right: str, same: bool) -> None:
    assert same_place(declared, right) is same
