"""Queues and tasks: enqueued, waited, ran, and how many waited."""

from __future__ import annotations

from typing import Any

from recordings import MemoryRecording, at, ms

from brownout.instruments import queues

CHECKOUT = "POST /api/checkout/"


def asks(start: float, route: str = CHECKOUT, **tasks: int) -> dict[str, Any]:
    """A request that enqueues so many of each task: "mail" in the queue letters, and so on."""
    queued = [{"task": task, "queue": QUEUES[task], "count": n} for task, n in tasks.items()]
    return {
        "trace_id": f"{route}{start}", "route": route, "start": at(start), "duration": ms(9),
        "queued": queued,
    }  # fmt: skip


QUEUES = {"mail": "letters", "index": "celery", "embed": "celery"}


def ran(task: str, start: float, wait: float | None, run: float, **changes: Any) -> dict[str, Any]:
    return {
        "trace_id": f"{task}{start}", "route": task, "kind": "task", "start": at(start),
        "duration": ms(run), "wait": None if wait is None else ms(wait),
    } | changes  # fmt: skip


def depth(queue: str, *depths: float | None) -> list[dict[str, Any]]:
    """Samples of a queue's depth, one a second from the beginning on."""
    row = {"name": "queue.depth", "service": "broker", "attributes": {"queue": queue}}
    return [{**row, "ts": at(i), "value": d} for i, d in enumerate(depths) if d is not None]


def test_a_row_per_queue_and_task() -> None:
    recording = MemoryRecording({"calm": (0, 4), "later": (4, 6)})
    recording.insert(
        "work",
        [
            asks(0, mail=2),
            asks(1, mail=1, index=1),
            asks(2),
            asks(3, "GET /"),
            ran("mail", 1, 100, 10),
            ran("mail", 2, 300, 30, status=1, exception="OSError"),
            ran("mail", 3, None, 20, status=1),  # a retry is no failure
            ran("index", 3.9, 50, 400, queued=[{"task": "mail", "queue": "letters", "count": 1}]),
            ran("mail", 4, 9999, 9999),
        ],
    )
    recording.insert("metrics", depth("letters", 0, 2, None, 4, 9))
    found = queues.measure(recording, "calm")
    assert (found.n, found.unit) == (9, "ms")
    assert found.rows == (
        ("celery", "index", 1, 0.25, 1, 0, 50.0, 50.0, 400.0, 400.0, None, None, (),
         ((CHECKOUT, 1, 0.333333),)),
        ("letters", "mail", 4, 1.0, 3, 1, 200.0, 290.0, 20.0, 29.0, 2.0, 4.0, (0.0, 2.0, None, 4.0),
         ((CHECKOUT, 3, 1.0), ("index", 1, 1.0))),
    )  # fmt: skip


def test_a_task_that_only_runs_keeps_the_queue_it_was_seen_to_go_to() -> None:
    recording = MemoryRecording({"calm": (0, 4), "later": (4, 6)})
    recording.insert("work", [asks(0, mail=1), ran("mail", 5, 5000, 10)])
    [row] = queues.measure(recording, "later").records()
    assert (row["queue"], row["enqueued"], row["enqueued_per_request"]) == ("letters", 0, None)
    assert (row["ran"], row["wait_p50"], row["enqueued_by"]) == (1, 5000.0, ())


def test_a_queue_that_nobody_empties_and_a_task_that_nobody_was_seen_to_ask_for() -> None:
    recording = MemoryRecording({"calm": (0, 2), "never": (8, 9)})
    recording.insert("work", [asks(0, mail=1), ran("beat", 1, 7, 3)])
    recording.insert("metrics", [*depth("letters", 5, 6), *depth("old", 1, 1)])
    rows = queues.measure(recording, "calm").records()
    beat, letters, old = rows
    assert (beat["queue"], beat["task"], beat["enqueued"], beat["wait_p50"]) == (
        "",
        "beat",
        None,
        7,
    )
    assert (letters["task"], letters["ran"], letters["wait_p95"]) == ("mail", 0, None)
    assert letters["depths"] == (5.0, 6.0)
    assert (old["queue"], old["task"], old["enqueued"], old["depth_most"]) == ("old", "", None, 1.0)
    assert queues.measure(recording, "never").rows == ()
