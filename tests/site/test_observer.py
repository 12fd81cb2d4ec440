"""What the observer reads of a second, and what it makes of it."""

from __future__ import annotations

from recordings import MemoryRecording, at, ms, opened

from brownout.alerting import Limit, Observation
from brownout.site.observer import (
    RouteSecond,
    Seen,
    Usage,
    board,
    observations,
    read_pages,
    read_second,
    used_in,
)

BOOKS, HOME = "GET /api/books/", "GET /api/home/"
LIMITS = {
    limit.key: limit
    for limit in (
        Limit("latency", BOOKS, 20, 45),
        Limit("errors", BOOKS, 0, 20),
        Limit("cpu", "web", 0.4, 0.65),
        Limit("memory", "web", 100, 164),
    )
}


def request(trace: str, intended: float, took: float, status: int = 200) -> dict[str, object]:
    return {
        "trace_id": trace, "route": BOOKS, "intended": at(intended), "start": at(intended),
        "latency": ms(took), "status": status,
    }  # fmt: skip


def test_a_second_holds_what_ended_in_it_and_what_was_planned_for_it() -> None:
    recording = MemoryRecording({})
    recording.insert(
        "requests",
        [
            request("a", 19.5, 700),  # ends at 20.2
            request("b", 20.0, 100),
            request("c", 20.1, 300, status=500),
            request("d", 20.2, 50, status=404),
            request("e", 8.0, 12_500, status=0),  # gives up at 20.5
            request("f", 19.0, 1000),  # ends at 20.0 sharp
            request("g", 20.9, 100),  # ends at 21.0: of the next second
            request("h", 19.0, 900),  # of the one before
        ],
    )
    recording.insert(
        "scheduled",
        [
            {"trace_id": trace, "route": route, "intended": at(moment)}
            for trace, route, moment in (
                ("b", BOOKS, 20.0), ("x", BOOKS, 20.99), ("y", HOME, 20.5), ("z", HOME, 21.0),
            )
        ],
    )  # fmt: skip
    seen = read_second(recording, at(20))
    assert sorted(seen[BOOKS].latencies) == [50, 100, 300, 700, 1000, 12_500]
    assert (seen[BOOKS].failed, seen[BOOKS].planned) == (2, 2)
    assert seen[HOME] == RouteSecond((), 0, 1)
    assert read_second(recording, at(30)) == {}


def test_observations_are_shares_over_the_threshold() -> None:
    routes = {BOOKS: RouteSecond((10, 20, 45, 46), 1, 4), HOME: RouteSecond((999,), 1, 1)}
    services = {"web": Usage(0.7, 164), "worker": Usage(9, 9999)}
    assert observations(Seen(0, routes, services), LIMITS) == [
        Observation("latency", BOOKS, 45.85, 0.25),
        Observation("errors", BOOKS, 25.0, 0.25),
        Observation("cpu", "web", 0.7, True),
        Observation("memory", "web", 164, False),
    ]


def test_a_route_that_nobody_asked_for_says_nothing() -> None:
    routes = {BOOKS: RouteSecond((), 0, 3), HOME: RouteSecond((9,), 0, 1)}
    assert observations(Seen(0, routes, {}), LIMITS) == []


def test_when_nothing_ends_the_shop_stands_still() -> None:
    still = {BOOKS: RouteSecond((), 0, 3), HOME: RouteSecond((), 0, 1)}
    assert observations(Seen(0, still, {}), LIMITS) == [Observation("latency", BOOKS, 1000.0, 1.0)]
    nobody = {BOOKS: RouteSecond((), 0, 0)}
    assert observations(Seen(0, nobody, {}), LIMITS) == []


def test_a_second_s_usage_is_of_that_second_where_seconds_are_left_out() -> None:
    rounds = [(at(t), {"web": Usage(t, 0)}) for t in (17, 20, 23)]
    assert used_in(rounds, at(20))["web"].cores == 23  # not what was used before 17 s
    assert used_in([(at(t), {"web": Usage(t, 0)}) for t in (21, 22, 23)], at(20))["web"].cores == 21


def test_the_board_sums_the_last_seconds() -> None:
    window = [
        {BOOKS: RouteSecond((10, 20), 0, 2)},
        {BOOKS: RouteSecond((30, 40), 1, 2), HOME: RouteSecond((), 0, 1)},
    ]
    assert board(window, {"web": Usage(0.12345, 99.96)}) == {
        "routes": {
            BOOKS: {"per_second": 2.0, "p95_ms": 38.5, "error_rate": 0.25},
            HOME: {"per_second": 0.0, "p95_ms": None, "error_rate": None},
        },
        "services": {"web": {"cores": 0.123, "megabytes": 100.0}},
    }
    assert board([], {}) == {"routes": {}, "services": {}}


def test_the_last_visit_of_each_page_is_told() -> None:
    recording = MemoryRecording({})
    opened(recording, 5, "/search", [700])
    opened(recording, 0, "/", [900, None, 412.34])
    opened(recording, 20, "/books/{id}", [300, None])
    assert read_pages(recording, at(100)) == {"/": 412.3, "/books/{id}": None}
