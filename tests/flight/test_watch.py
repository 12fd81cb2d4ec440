"""Which seconds of a drill a deployment is under way in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from histories import Story
from recordings import MemoryRecording, at, traffic

from brownout.flight.watch import LOOK, Watch
from brownout.flight.world import World
from brownout.model import MachineError
from brownout.report.alarms import SETTLE, deploying
from brownout.site.observer import Machine, Seen


@pytest.mark.parametrize(
    ("second", "under_way"),
    [(38, False), (39, True), (45, True), (52, True), (52 + SETTLE, False), (60, False)],
)
def test_a_deployment_is_under_way_until_it_has_settled(second: float, under_way: bool) -> None:
    events = Story().change(39.5, 1, "v2.8.0", "v2.7.0").events
    assert events[-1].kind == "ok"
    events[-1] = replace(events[-1], at=at(52))
    assert deploying(events, at(second)) is under_way
    assert deploying(events[:-1], at(second)) is (second >= 39)  # it has not come back yet


def test_what_only_says_something_is_no_deployment() -> None:
    events = Story().op(40, "sql", {"text": "SELECT 1"}, {}).declare(41, "D1", "none", "x").events
    assert not deploying(events, at(40))


def watch(practice: bool) -> Watch:
    """Looks at a shop that is far too slow."""
    recording = MemoryRecording({})
    traffic(recording, 0, LOOK, 900.0, "GET /")

    def never(*_: Any) -> Any:
        raise AssertionError

    declared = {"GET /": (60.0, 0.01)}
    return Watch(World(never, never, never, lambda: recording, declared, practice=practice))


def test_the_first_look_refuses_a_drill_and_no_practice() -> None:
    events = Story().info(0, "phase", name="baseline").events
    seconds = [Seen(at(n), {}, {}, {}, Machine(at(n), 0.1 * n)) for n in range(LOOK)]
    refused = watch(False)
    with pytest.raises(MachineError, match="or fly with --practice"):
        for seen in seconds:
            refused.see(seen, events)
    flown = watch(True)
    assert [flown.see(seen, events) for seen in seconds] == [[]] * LOOK
    assert [second.foreign for second in flown.machine] == [0.1 * n for n in range(LOOK)]
