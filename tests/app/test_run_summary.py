"""The summary of a run: one statement again and again, and what the database read for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recordings import MemoryRecording, at, statement

from brownout.app import show, summary


def summed_up(folder: Path, *events: dict[str, Any]) -> dict[str, Any]:
    recording = MemoryRecording({}, str(folder / "r.duckdb"))
    rows = [{"trace_id": str(n), "route": "GET /", "start": at(n), "duration": 1, **event}
            for n, event in enumerate(events)]  # fmt: skip
    recording.insert("work", rows)
    return summary.summary(folder / "r.duckdb", recording.query(summary.ROUTES))


def many(calls: int) -> list[dict[str, Any]]:
    """The statements of a list whose entries each ask for something of their own."""
    return [statement(1, 1, "SELECT list", "a.py:1"), statement(calls, 1, "SELECT one", "a.py:2")]


def test_one_statement_again_and_again_is_seen_though_no_two_are_the_same(tmp_path: Path) -> None:
    events = ({"sql": many(n), "sql_calls": n + 1, "items": n} for n in (10, 30))
    [route] = summed_up(tmp_path, *events)["routes"]
    assert (route["queries"], route["repeats"]) == (21, 0)
    assert (route["of_one"], route["per_item"]) == (20, 1)


def test_per_item_is_of_answers_with_items_alone(tmp_path: Path) -> None:
    events = ({"sql": many(4), "sql_calls": 5, "items": n} for n in (-1, 0, 8))
    [route] = summed_up(tmp_path, *events)["routes"]
    assert (route["of_one"], route["per_item"]) == (4, 0.5)


def test_what_the_database_read_is_told_where_it_was_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = summed_up(tmp_path, {"rows_read": 100}, {"rows_read": 300}, {"rows_read": None})
    assert found["routes"][0]["rows_read"] == 200
    show.out.print(summary.table(found["routes"]))
    head = capsys.readouterr().out
    assert "read" in head.split()
    for row in found["routes"]:
        row["rows_read"] = None
    show.out.print(summary.table(found["routes"]))
    assert "read" not in capsys.readouterr().out.split()
