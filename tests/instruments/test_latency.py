"""Latency and failures of each route, counted from the intended moment."""

from __future__ import annotations

from recordings import MemoryRecording, at, ms

from brownout.instruments import latency
from brownout.model import Artifact

ROUTE = "GET /api/books/"


def request(trace: str, intended: float, took: float, status: int = 200) -> dict[str, object]:
    moment = at(intended)
    return {
        "trace_id": trace, "route": ROUTE, "intended": moment, "start": moment + ms(5),
        "latency": ms(took), "status": status,
    }  # fmt: skip


def planned(trace: str, intended: float) -> dict[str, object]:
    return {"trace_id": trace, "route": ROUTE, "intended": at(intended)}


def test_a_row_tells_of_answers_failures_and_what_is_missing() -> None:
    recording = MemoryRecording({"calm": (0, 3)})
    recording.insert(
        "requests",
        [
            request("a", 0.0, 10),
            request("b", 0.5, 20),
            request("c", 1.0, 1, status=500),
            request("d", 2.0, 9000, status=0),
            request("e", 2.9, 30),
            request("f", 3.0, 1000),  # just after the window
        ],
    )
    recording.insert("scheduled", [planned("a", 0.0), planned("g", 1.5)])
    assert latency.measure(recording, "calm") == Artifact(
        "latency", "calm", "ms", 6,
        ("route", "n", "failed", "missing", "p50", "p95", "p99", "seconds", "failures"),
        ((ROUTE, 6, 3, 1, 20.0, 29.0, 29.8,
          ((10.0, 20.0), (), (30.0,)), ((0, 2), (2, 2), (1, 2))),),
    )  # fmt: skip


def test_without_a_good_answer_there_are_no_quantiles() -> None:
    recording = MemoryRecording({"calm": (0, 1)})
    recording.insert("requests", [request("a", 0.0, 10, status=404)])
    [row] = latency.measure(recording, "calm").records()
    assert (row["n"], row["failed"], row["p50"], row["p95"]) == (1, 1, None, None)
    assert row["seconds"] == ((),)


def test_what_was_planned_a_moment_ago_is_not_yet_missing() -> None:
    recording = MemoryRecording({"calm": (0, 3)})
    recording.insert("requests", [request("a", 0.0, 2900)])
    recording.insert("scheduled", [planned("b", 0.8), planned("c", 1.0)])
    [row] = latency.measure(recording, "calm").records()
    assert (row["n"], row["missing"]) == (2, 1)


def test_nothing_gives_nothing() -> None:
    found = latency.measure(MemoryRecording({"calm": (0, 3)}), "calm")
    assert (found.n, found.rows) == (0, ())
