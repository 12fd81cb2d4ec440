"""Calls of AI models per route, model and version."""

from __future__ import annotations

from recordings import MemoryRecording, at, call, ms

from brownout.instruments import ai_calls

ROUTE = "POST /api/checkout/"


def test_calls_and_times_per_version() -> None:
    recording = MemoryRecording({"calm": (0, 2), "later": (2, 4)})
    failed = {**call(9.0, "", model=""), "errors": 1}
    recording.insert(
        "work",
        [
            {"trace_id": str(i), "route": ROUTE, "start": at(start), "duration": ms(50), "ai": ai}
            for i, (start, ai) in enumerate(
                [
                    (0.0, [call(2.0, "2026-03"), failed]),
                    (1.0, [call(6.0, "2026-03")]),
                    (1.9, [call(40.0, "2026-11")]),
                    (1.9, []),
                    (2.0, []),
                ]
            )
        ],
    )
    found = ai_calls.measure(recording, "calm")
    assert (found.n, found.unit) == (4, "ms")
    assert found.rows == (
        (ROUTE, "", "", 4, 1, 1, 0.25, 2.25, 9.0, ((ms(9), 1), (0, 0))),
        (ROUTE, "delivery", "2026-03", 4, 2, 0, 0.5, 2.0, 4.0, ((ms(2), 1), (ms(6), 1))),
        (ROUTE, "delivery", "2026-11", 4, 1, 0, 0.25, 10.0, 40.0, ((0, 0), (ms(40), 1))),
    )
    assert ai_calls.measure(recording, "later").n == 0
