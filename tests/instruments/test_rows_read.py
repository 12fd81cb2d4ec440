"""Rows read per route, of the requests for which that was counted."""

from __future__ import annotations

from recordings import MemoryRecording, at

from brownout.instruments import rows_read


def test_what_was_read_and_fetched() -> None:
    recording = MemoryRecording({"w": (0, 10)})
    told = [("/a", 100, 10), ("/a", 300, 10), ("/a", None, 10), ("/b", 7, 0), ("/c", None, 1)]
    recording.insert("work", [
        {"trace_id": str(n), "route": route, "start": at(n), "duration": 1, "rows_read": read,
         "sql_rows": fetched}
        for n, (route, read, fetched) in enumerate(told)
    ])  # fmt: skip
    found = rows_read.measure(recording, "w")
    assert (found.n, found.unit) == (3, "1/request")
    assert found.rows == (("/a", 2, 200.0, 290.0, 10.0, 20.0), ("/b", 1, 7.0, 7.0, 0.0, None))
