"""Promises: frozen in the calm window, judged on the users' side."""

from __future__ import annotations

import pytest
from recordings import MemoryRecording, at, traffic

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


def test_a_single_slow_answer_breaks_no_promise_and_two_do() -> None:
    slo = Promise(ROUTE, 60.0, 0.01)
    one, two = promises.Seen([99.0], 0, 1), promises.Seen([99.0, 99.0], 0, 2)
    rows = [promises.judged(slo, seen) for seen in (one, two)]
    assert [(r["p95_ms"], r["ok"]) for r in rows] == [(99.0, True), (99.0, False)]
