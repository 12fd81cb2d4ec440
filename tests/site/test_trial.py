"""What a release on trial is held against: statements per request of the calm window."""

from __future__ import annotations

from recordings import MemoryRecording, at

from brownout.model import Window
from brownout.site.trial import statements

CALM, TRIAL = Window(at(0), at(30)), Window(at(50), at(62))


def recording(start: float, **calls: int) -> MemoryRecording:
    """One request of each route a second for ten seconds, with so many statements."""
    made = MemoryRecording({})
    made.insert(
        "work",
        [
            {"trace_id": f"{route}-{n}", "kind": "request", "route": route, "start": at(start + n)}
            | {"sql_calls": count, "duration": 1}
            for route, count in calls.items()
            for n in range(10)
        ],
    )
    return made


def test_statements_are_held_against_the_calm_window_s() -> None:
    before = recording(5, books=4, home=10, cart=1, gone=3)
    after = recording(50, books=54, home=20, cart=4, fresh=9)
    assert statements(before, CALM, after, TRIAL) == [
        {"route": "books", "before": 4, "now": 54, "ok": False},
        {"route": "cart", "before": 1, "now": 4, "ok": True},
        {"route": "home", "before": 10, "now": 20, "ok": True},
    ]
    assert statements(before, CALM, after, Window(at(70), at(80))) == []
