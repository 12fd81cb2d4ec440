"""Which seconds of a drill a deployment is under way in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from histories import Story
from recordings import at

from brownout.report.alarms import SETTLE, deploying


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
