"""Whether the answered requests sent their wide event."""

from __future__ import annotations

from recordings import MemoryRecording, at, ms

from brownout.instruments import coverage


def test_answered_requests_are_joined_with_their_events() -> None:
    recording = MemoryRecording({"calm": (0, 10)})
    recording.insert(
        "requests",
        [
            {"trace_id": trace, "route": "GET /", "intended": at(1), "start": at(1)}
            | {"latency": ms(20), "status": status}
            for trace, status in (("a", 200), ("b", 500), ("c", 200), ("gone", 0))
        ],
    )
    recording.insert(
        "work",
        [
            {"trace_id": trace, "route": "GET /", "start": at(start), "duration": 1, "kind": kind}
            for trace, start, kind in (
                ("a", 1, "request"),
                ("a", 1.1, "request"),  # told twice, counted once
                ("b", 39.9, "request"),  # in a queue for long
                ("c", 1, "task"),  # a task is no request
            )
        ],
    )
    found = coverage.measure(recording, "calm")
    assert (found.n, found.unit) == (3, "share")
    assert found.rows == (("GET /", 3, 2, 0.666667),)
    recording.insert("work", [{"trace_id": "c", "route": "GET /", "start": at(40), "duration": 1}])
    assert coverage.measure(recording, "calm").rows == found.rows
