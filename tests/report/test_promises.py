"""Promises: frozen in the calm window, judged on the users' side."""

from __future__ import annotations

import pytest
from recordings import MemoryRecording, at, ms, traffic

from brownout.model import Promise, Window
from brownout.report import promises

ROUTE = "GET /api/books/{id}/"
DECLARED = {ROUTE: (50.0, 0.01), "GET /": (500.0, 0.01)}


def test_a_promise_is_what_was_declared_or_three_times_the_calm_p95() -> None:
    recording = MemoryRecording({})
    traffic(recording, 0, 30, 20.0)  # p95 21.8 ms
    traffic(recording, 0, 30, 20.0, route="GET /")
    traffic(recording, 0, 30, 20.0, route="GET /undeclared/")
    slos, measured = promises.freeze(recording, DECLARED, Window(at(0), at(30)))
    assert slos == (Promise("GET /", 500.0, 0.01), Promise(ROUTE, 65.4, 0.01))
    assert measured[ROUTE] == pytest.approx(21.8)


def test_a_route_without_a_row_counts_as_failed() -> None:
    recording = MemoryRecording({})
    traffic(recording, 0, 10, 20.0)
    lost = [{"trace_id": f"x{n}", "intended": at(n), "route": ROUTE} for n in range(5)]
    recording.insert("scheduled", lost)
    slos = [Promise(ROUTE, 60.0, 0.01)]
    [row] = promises.check(recording, slos, Window(at(0), at(10)))
    assert (row["n"], row["ok"], row["error_rate"]) == (45, False, pytest.approx(5 / 45, abs=1e-6))


def test_no_data_never_passes() -> None:
    slos = [Promise(ROUTE, 60.0, 0.01)]
    [row] = promises.check(MemoryRecording({}), slos, Window(at(0), at(10)))
    assert (row["ok"], row["n"], row["error_rate"]) == (False, 0, 1.0)


def test_failing_fast_does_not_keep_a_promise() -> None:
    recording = MemoryRecording({})
    traffic(recording, 0, 10, 1.0, status=503)
    [row] = promises.check(recording, [Promise(ROUTE, 60.0, 0.01)], Window(at(0), at(10)))
    assert (row["ok"], row["error_rate"], row["p95_ms"]) == (False, 1.0, promises.GAVE_UP_MS)


@pytest.mark.parametrize(("n", "over"), [(1, 0), (10, 1), (40, 2), (100, 5), (119, 5), (120, 6)])
def test_p95_is_kept_when_at_most_a_twentieth_exceeds_it(n: int, over: int) -> None:
    values = [10.0] * (n - over) + [99.0] * over
    assert promises.p95_kept(values) == 10.0
    if over:
        assert promises.p95_kept([*values[: -over - 1], *[99.0] * (over + 1)]) == 99.0


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
    assert promises.breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), at(49))


def test_what_was_not_shown_for_thirty_seconds_is_no_recovery() -> None:
    recording = flight((0, 20, 20.0), (20, 50, 90.0), (50, 75, 20.0))
    window = Window(at(0), at(75))
    assert promises.breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), None)


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
    assert promises.breach_and_recovery(recording, SLOS, window, 4.0) == (at(20), None)
    assert promises.breach_and_recovery(recording, SLOS, window, 1.0)[1] is not None


def test_nothing_broken() -> None:
    recording = flight((0, 100, 20.0))
    window = Window(at(0), at(100))
    assert promises.breach_and_recovery(recording, SLOS, window, 4.0) == (None, None)
