"""Whether a flight will be scored, on literal histories and seconds of the machine."""

from __future__ import annotations

import pytest
from histories import Story
from recordings import at

from brownout.flight.standing import standing, words
from brownout.site.observer import Machine


def flying(**begun: object) -> Story:
    return Story(**begun).info(0, "phase", name="baseline").incident(30)


def seconds(start: int, end: int, cores: float) -> list[Machine]:
    return [Machine(at(t), cores, (("node", 0.9), ("pytest", 0.3))) for t in range(start, end)]


def test_before_the_baseline_nothing_is_known() -> None:
    assert standing(Story().events, seconds(0, 3, 9.0), at(3))["scored"] is None
    assert standing(flying().events, [], at(40))["scored"] is None


@pytest.mark.parametrize(
    ("calm", "since", "scored"),
    [(0.2, 0.3, True), (1.1, 0.2, False), (0.2, 0.75, False), (0.7, 0.9, True), (0.9, 1.1, False)],
)
def test_it_goes_by_the_rule_of_the_debrief(calm: float, since: float, scored: bool) -> None:
    machine = [*seconds(0, 30, calm), *seconds(30, 40, 5.0), *seconds(40, 50, since)]
    story = flying().change(40, 1, "v2.8.0", "v2.7.0")
    found = standing(story.events, machine, at(50))
    assert found["scored"] is scored
    if scored:
        assert (found["why"], found["others"]) == ("", [])
    else:
        assert found["why"].startswith(
            f"other programs use {calm:.1f} cores in the calm window, {since:.1f} since the "
        )
        assert found["others"] == [["node", 0.9], ["pytest", 0.3]]
    # What comes after a player's change is not judged.
    story.change(50, 2, "v2.7.0", "v2.8.0", by="player")
    later = standing(story.events, [*machine, *seconds(50, 90, 9.0)], at(90))
    assert later["scored"] is scored


def test_practice_is_never_scored_and_what_is_not_calibrated_is_told() -> None:
    found = standing(flying(practice=True, calibrated=None).events, seconds(0, 30, 0.0), at(30))
    assert (found["scored"], found["others"]) == (False, [])
    assert found["why"] == "a practice flight (--practice) is never scored"
    assert [note.partition(":")[0] for note in found["notes"]] == ["not calibrated"]
    known = standing(flying(calibrated="2026-11-30").events, seconds(0, 30, 0.0), at(30))
    assert (known["scored"], known["notes"]) == (True, [])


def test_it_is_told_in_a_sentence() -> None:
    busy = {"scored": False, "why": "others are busy", "others": [["node", 0.94]], "notes": []}
    assert words(busy) == "will NOT be scored: others are busy: node 0.9"
    good = {"scored": True, "why": "", "others": [], "notes": ["not calibrated"]}
    assert words(good) == "will be scored, as it looks now (not calibrated)"
    assert words({**good, "scored": None}) == ""
