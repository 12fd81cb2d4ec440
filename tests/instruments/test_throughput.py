"""Requests a second: wanted, and answered well."""

from __future__ import annotations

from recordings import MemoryRecording, at, traffic

from brownout.instruments import throughput


def test_wanted_and_done_per_second() -> None:
    recording = MemoryRecording({"calm": (0, 10), "later": (20, 30)})
    traffic(recording, 0, 10, 20.0)
    traffic(recording, 5, 10, 20.0, status=500)
    planned = {"trace_id": "x", "route": "GET /", "intended": at(7)}
    recording.insert("scheduled", [planned])
    found = throughput.measure(recording, "calm")
    assert found.n == 61
    assert found.rows == (("GET /", 1, 0.1, 0.0), ("GET /api/books/{id}/", 60, 6.0, 4.0))
    assert throughput.measure(recording, "later").n == 0
