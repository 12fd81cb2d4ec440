"""The course of an incident, its times and its timeline."""

from __future__ import annotations

from histories import NOTHING, Story, flown
from recordings import MemoryRecording, at, traffic

from brownout.model import Promise
from brownout.report.incident import Incident, course, timeline, times

SLOS = (Promise("GET /api/books/{id}/", 60.0, 0.01),)


def recording() -> MemoryRecording:
    """20 ms until 40 s, 90 ms until 56 s, 20 ms again."""
    made = MemoryRecording({"baseline": (0, 30), "incident": (40, 55)})
    for start, end, latency in ((0, 40, 20.0), (40, 56, 90.0), (56, 140, 20.0)):
        traffic(made, start, end, latency)
    return made


def test_the_incident_is_measured_from_the_change_at_fault() -> None:
    found = course(flown().events, recording(), SLOS)
    # Over the 30 s from 54 s on 8 of 120 answers are slow, more than 5%; from 55 s on 4 are.
    assert found == Incident(start=at(40), breach=at(40), recovery=at(55), end=at(130))


def test_a_drill_that_was_not_closed_ends_with_its_last_event() -> None:
    broken_off = flown().events[:8]
    assert course(broken_off, recording(), SLOS).end == broken_off[-1].at


def test_without_a_deployment_nothing_began() -> None:
    assert course(Story().incident(30).events, recording(), SLOS) == Incident(
        None, None, None, at(30)
    )


def test_where_nothing_is_at_fault_the_last_rollout_counts() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").close(130, truth=NOTHING)
    assert course(story.events, recording(), ()) == Incident(at(40), None, None, at(130))


def test_times_are_seconds_since_the_change() -> None:
    events = flown().events
    assert times(events, Incident(at(40), at(40), at(56), at(130))) == {
        "detected": 10.0,
        "acknowledged": 10.0,
        "diagnosed": 12.0,
        "mitigated": 16.0,
        "validated": 80.0,
        "resolved": 90.0,
    }


def test_what_never_happened_has_no_time() -> None:
    story = Story().incident(30).change(40, 1, "v2.8.0", "v2.7.0").validate(60, passed=False)
    found = times(story.events, Incident(at(40), None, None, at(130)))
    assert set(found.values()) == {None}


def test_an_acknowledgement_before_the_change_is_no_detection() -> None:
    story = (
        Story().incident(30).op(35, "ack", {"alert": "A1"}, {}).change(40, 1, "v2.8.0", "v2.7.0")
    )
    assert times(story.events, Incident(at(40), None, None, at(130)))["detected"] is None


def test_the_timeline_tells_what_happened_in_words() -> None:
    told = [(row["t"], row["actor"], row["what"]) for row in timeline(flown().events)]
    assert told == [
        (30, "control", "phase incident"),
        (40, "director", "D1: deploy v2.8.0 (before: v2.7.0)"),
        (48, "control", "A1 latency"),
        (50, "player", "ack A1"),
        (52, "player", "declare D1, n-plus-one, reviews/queries.py:12"),
        (55, "player", "D2: rollback v2.7.0 (before: v2.8.0)"),
        (120, "player", "validation passed (both)"),
        (130, "player", "resolve rolled back"),
        (130, "control", "closed: resolved"),
    ]
