"""Breach and recovery, found second by second."""

from __future__ import annotations

from recordings import MemoryRecording, at, ms, traffic

from brownout.model import Promise, Window
from brownout.report.breach import breach_and_recovery

ROUTE = "GET /api/books/{id}/"
SLOS = [Promise(ROUTE, 60.0, 0.01)]


def flight(*parts: tuple[float, float, float]) -> MemoryRecording:
    recording = MemoryRecording({})
    for start, end, latency in parts:
        traffic(recording, start, end, latency)
    return recording


def test_breach_and_recovery_are_found_to_the_second() -> None:
    recording = flight((0, 20, 20.0), (20, 50, 90.0), (50, 100, 20.0))
    window = Window(at(0), at(100))
    # Of the 120 answers from 49 s on 4 are slow: that keeps a p95.
    assert breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), at(49))


def test_what_was_not_shown_for_thirty_seconds_is_no_recovery() -> None:
    recording = flight((0, 20, 20.0), (20, 50, 90.0), (50, 75, 20.0))
    window = Window(at(0), at(75))
    assert breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), None)


def test_a_recovery_needs_the_full_load() -> None:
    recording = flight((0, 20, 20.0), (20, 50, 90.0))
    window = Window(at(0), at(100))
    recording.insert(
        "requests",
        [
            {
                "trace_id": f"few{n}", "intended": at(50 + n), "start": at(50 + n),
                "latency": ms(20), "route": ROUTE,
            }
            for n in range(50)
        ],
    )  # fmt: skip
    assert breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), None)
    assert breach_and_recovery(recording, SLOS, window, 1.0)[1] is not None


def test_nothing_broken() -> None:
    recording = flight((0, 100, 20.0))
    window = Window(at(0), at(100))
    assert breach_and_recovery(recording, SLOS, window, 4.0) == (None, None)


RARE = "GET /rare/"


def rare(*latencies: float, status: int = 200) -> MemoryRecording:
    """100 s of calm traffic, and these answers (ms) of a rare route in the second from 50 s on."""
    recording = flight((0, 100, 20.0))
    recording.insert(
        "requests",
        [
            {
                "trace_id": f"rare{n}", "intended": at(50 + n / 100), "start": at(50 + n / 100),
                "latency": ms(latency), "route": RARE, "status": status if latency > 60 else 200,
            }
            for n, latency in enumerate(latencies)
        ],
    )  # fmt: skip
    return recording


def found(recording: MemoryRecording) -> tuple[int | None, int | None]:
    slos = [*SLOS, Promise(RARE, 60.0, 0.01)]
    return breach_and_recovery(recording, slos, Window(at(0), at(100)), 4.0)


def test_a_few_slow_requests_of_a_rare_route_are_no_breach() -> None:
    assert found(rare(900.0)) == (None, None)
    assert found(rare(*[20.0] * 36, 900.0, 900.0)) == (None, None)
    assert found(rare(*[20.0] * 32, *[900.0] * 6)) == (None, None)  # 1.1% by chance


def test_enough_slow_requests_of_a_rare_route_are_one() -> None:
    assert found(rare(900.0, 900.0)) == (at(50), at(51))
    assert found(rare(*[20.0] * 31, *[900.0] * 7)) == (at(50), at(51))  # 0.3%


def test_a_few_failures_are_no_breach_and_more_are_one() -> None:
    assert found(rare(900.0, status=500)) == (None, None)
    assert found(rare(*[20.0] * 38, 900.0, 900.0, status=500)) == (None, None)  # 6%
    assert found(rare(*[20.0] * 37, *[900.0] * 3, status=500)) == (at(50), at(51))  # 0.8%
