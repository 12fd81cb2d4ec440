"""Attribution: the parts of a difference, and that they add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from recordings import MemoryRecording, call, ms, statement, traffic

from brownout.model import Promise
from brownout.report.attribution import attribute, band

SLOS = (Promise("GET /api/books/{id}/", 60.0, 0.01),)
WINDOWS = {"baseline": (0.0, 30.0), "incident": (30.0, 60.0)}


def test_the_added_time_is_split_by_what_took_it() -> None:
    recording = MemoryRecording(WINDOWS)
    traffic(recording, 0, 30, 20.0, sql=[statement(1, 2.0)], cache_time=ms(1), ai=[call(3.0, "a")])
    traffic(
        recording, 30, 60, 100.0, sql=[statement(51, 62.0)], cache_time=ms(1), ai=[call(9.0, "b")]
    )
    [entry] = attribute(recording, SLOS)
    # The slowest quarter takes 9% more than the stated latency; the band lies in it.
    assert (entry["before_ns"], entry["after_ns"]) == (ms(21.8), ms(109))
    parts = {p["part"]: p["change_ns"] for p in entry["parts"]}
    assert parts == {
        "SQL: SELECT review": ms(60),
        "AI: delivery": ms(6),
        "Python": ms(87.2 - 66),
        "cache": 0,
        "rendering": 0,
        "waiting before the application": 0,
        "after the application": 0,
        "other": 0,
    }
    sql = entry["parts"][0]
    assert (sql["calls_before"], sql["calls_after"]) == (1.0, 51.0)
    assert entry["text"].startswith(
        "p95 band of GET /api/books/{id}/ rose 87.2 ms: +60.0 ms SQL: SELECT review "
        "at reviews/queries.py:12, 1 -> 51 calls; +21.2 ms Python"
    )


def test_rendering_and_other_services_are_parts_of_their_own() -> None:
    recording = MemoryRecording(WINDOWS)
    other = {"target": "/stock/*", "model": ""}
    keys = {"target": "GET cart:*", "model": ""}
    for start, times in ((0, 1), (30, 3)):
        traffic(
            recording, start, start + 30, 20.0 * times, template_time=ms(2 * times),
            ai=[
                call(3.0, "a"), call(times, "") | other | {"kind": "http"},
                call(2.0 * times, "") | keys | {"kind": "redis"},
            ],
        )  # fmt: skip
    [entry] = attribute(recording, SLOS)
    parts = {p["part"]: p["change_ns"] for p in entry["parts"] if p["change_ns"]}
    assert parts == {
        "Python": ms(43.6 - 10), "rendering": ms(4), "HTTP: /stock/*": ms(2),
        "Redis: GET cart:*": ms(4),
    }  # fmt: skip


def test_many_statements_are_told_as_the_first_and_the_rest() -> None:
    recording = MemoryRecording(WINDOWS)
    traffic(recording, 0, 30, 20.0)
    many = [statement(1, float(n), shape=f"SELECT {n}") for n in range(1, 10)]
    traffic(recording, 30, 60, 100.0, sql=many)
    [entry] = attribute(recording, SLOS)
    names = [p["part"] for p in entry["parts"] if p["part"].startswith("SQL")]
    assert names == [*(f"SQL: SELECT {n}" for n in (9, 8, 7, 6, 5)), "SQL: 4 other statements"]
    assert sum(p["change_ns"] for p in entry["parts"]) == entry["change_ns"]


def test_a_route_seen_too_seldom_is_left_out() -> None:
    recording = MemoryRecording(WINDOWS)
    traffic(recording, 0, 30, 20.0)
    traffic(recording, 30, 32, 100.0)
    assert attribute(recording, SLOS) == []
    assert attribute(MemoryRecording({"baseline": (0, 30)}), SLOS) == []


@given(
    st.lists(st.integers(1_000, 10**9), min_size=10, max_size=60),
    st.lists(st.integers(1_000, 10**9), min_size=10, max_size=60),
)
def test_the_parts_add_up_to_the_nanosecond(old: list[int], new: list[int]) -> None:
    recording = MemoryRecording(WINDOWS)
    for start, latencies in ((1, old), (31, new)):
        rows, work = [], []
        for number, latency in enumerate(latencies):
            trace = f"{start}-{number}"
            moment = recording.windows["baseline"].start + (start + number // 3) * 10**9
            row = {"trace_id": trace, "route": SLOS[0].route}
            rows.append({**row, "intended": moment, "start": moment, "latency": latency})
            sql = [{**statement(number, 0.0), "time": latency // 7}]
            spent = {"duration": latency // 2, "cache_time": latency // 11, "sql": sql}
            work.append({**row, "start": moment + latency // 5, **spent})
        recording.insert("requests", rows)
        recording.insert("work", work)
    [entry] = attribute(recording, SLOS)
    assert sum(p["change_ns"] for p in entry["parts"]) == entry["change_ns"]


def test_the_band() -> None:
    rows = [(n,) for n in range(100)]
    assert [r[0] for r in band(rows)] == list(range(90, 99))
    assert band(rows[:10]) == [(9,)]
