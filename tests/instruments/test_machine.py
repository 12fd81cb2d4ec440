"""What the rest of the machine did."""

from __future__ import annotations

from recordings import MemoryRecording, at

from brownout.instruments import machine


def test_means_and_extremes_of_the_samples() -> None:
    recording = MemoryRecording({"calm": (0, 3)})
    recording.insert(
        "machine",
        [
            {"ts": at(0), "foreign_cpu": 0.2, "own_cpu": 1.0, "pressure": 0.1}
            | {"memory_available": 900},
            {"ts": at(1), "foreign_cpu": 0.4, "own_cpu": 2.0, "pressure": None}
            | {"memory_available": 700},
            {"ts": at(2), "foreign_cpu": 0.0, "own_cpu": 0.0, "pressure": 0.3}
            | {"memory_available": 800},
            {"ts": at(3), "foreign_cpu": 9.0, "memory_available": 1},
        ],
    )
    [row] = machine.measure(recording, "calm").records()
    assert row == {
        "n": 3, "foreign_mean": 0.2, "foreign_p95": 0.38, "own_mean": 1.0, "pressure_mean": 0.2,
        "memory_least": 700,
    }  # fmt: skip


def test_a_kernel_that_tells_no_pressure() -> None:
    recording = MemoryRecording({"calm": (0, 3), "later": (5, 6)})
    recording.insert("machine", [{"ts": at(1), "pressure": None}])
    assert machine.measure(recording, "calm").records()[0]["pressure_mean"] is None
    assert machine.measure(recording, "later").n == 0
