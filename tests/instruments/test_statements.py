"""SQL statements per route, shape and calling line."""

from __future__ import annotations

from recordings import MemoryRecording, at, ms, statement

from brownout.instruments import statements

ROUTE = "GET /api/books/"


def work(trace: str, start: float, *sql: dict[str, object]) -> dict[str, object]:
    return {
        "trace_id": trace, "route": ROUTE, "start": at(start), "duration": ms(9), "sql": list(sql),
    }  # fmt: skip


def recorded() -> MemoryRecording:
    recording = MemoryRecording({"calm": (0, 2), "later": (2, 4)})
    recording.insert(
        "work",
        [
            work("a", 0.1, statement(3, 6.0), statement(1, 1.0, caller="views.py:5")),
            work("b", 1.9, statement(1, 2.0)),
            work("c", 1.9),
            work("d", 1.9),
            work("e", 2.0),
        ],
    )
    return recording


def test_counts_are_over_all_requests_of_the_route() -> None:
    found = statements.measure(recorded(), "calm")
    assert found.n == 4
    assert found.rows == (
        (ROUTE, "SELECT review", "reviews/queries.py:12", 4, 4, 1.0, 1.0, 0.0, 2.0, 2.0, 10,
         ((ms(6), 3), (ms(2), 1))),
        (ROUTE, "SELECT review", "views.py:5", 4, 1, 0.25, 0.25, 0.0, 0.25, 1.0, 1,
         ((ms(1), 1), (0, 0))),
    )  # fmt: skip


def test_a_shape_is_followed_whoever_calls_it() -> None:
    found = statements.by_shape(statements.measure(recorded(), "calm"))
    one = found[ROUTE, "SELECT review"]
    assert one == statements.Statement(
        requests=4,
        calls=5,
        squares=(10**0.5 + 1) ** 2,
        ms_per_request=2.25,
        caller="reviews/queries.py:12",
        seconds=((ms(7), 4), (ms(2), 1)),
    )
    assert one.calls_per_request == 1.25
    # The bound holds: a made 4 calls and b made 1.
    assert one.squares >= 4**2 + 1**2


def test_requests_without_sql_are_measured_too() -> None:
    found = statements.measure(recorded(), "later")
    assert (found.n, found.rows) == (1, ())
