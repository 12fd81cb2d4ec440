"""CPU and memory of each service."""

from __future__ import annotations

from recordings import MemoryRecording, at, usage

from brownout.instruments import resources


def test_a_row_per_service_with_its_samples() -> None:
    recording = MemoryRecording({"calm": (0, 3)})
    usage(recording, 0, [0.1, 0.2, 0.3, 9], [100, 110, 150, 999])
    recording.insert("metrics", [{"ts": at(1), "name": "process.threads", "value": 4}])
    found = resources.measure(recording, "calm")
    assert (found.n, found.unit) == (3, "cores, MB")
    assert found.rows == (
        ("web", 3, 0.2, 0.29, 120.0, 150.0, (0.1, 0.2, 0.3), (100.0, 110.0, 150.0)),
    )


def test_half_a_sample_is_none() -> None:
    recording = MemoryRecording({"calm": (0, 3)})
    usage(recording, 0, [0.1], [])
    assert resources.measure(recording, "calm").n == 0
