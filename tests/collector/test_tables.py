"""The recording as its writer sees it: all of a batch or nothing, and queries that only read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from brownout.collector.tables import NATIVE, BadRows, Tables, by_table

METRIC = {"ts": 1, "name": "n", "service": "web", "release": "r1", "value": 1.5, "attributes": {}}
PLANNED = {"trace_id": "a", "intended": 5, "route": "GET /", "journey": "browse"}
WORK: dict[str, Any] = {
    "trace_id": "a",
    "service": "web",
    "release": "r1",
    "pid": 42,
    "kind": "request",
    "route": "GET /",
    "status": 200,
    "start": 1,
    "duration": 2,
    "cpu": 1,
    "bytes": 2,
    "sql_calls": 2,
    "sql_rows": 6,
    "sql_time": 9,
    "cache_gets": 1,
    "cache_hits": 1,
    "cache_time": 1,
    "ai_calls": 0,
    "ai_time": 0,
    "tasks": 0,
    "exception": "",
    "sql": [{"shape": "S", "caller": "v.py:3", "calls": 2, "rows": 6, "time": 9, "repeats": 1}],
    "cache": [{"family": "book:*", "gets": 1, "hits": 1, "sets": 0, "time": 1}],
    "ai": [],
}


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[Tables]:
    made = Tables(tmp_path / "telemetry.duckdb")
    yield made
    made.close()


def ask(tables: Tables, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    return tables.query(sql, params)[1]


def count(tables: Tables, table: str) -> int:
    return ask(tables, f"SELECT count(*) FROM {table}")[0][0]


def test_rows_come_back_as_they_went_in(tables: Tables) -> None:
    tables.insert({"metrics": [METRIC | {"attributes": {"a": [1, "ü"]}}], "scheduled": [PLANNED]})
    columns, rows = tables.query("SELECT * FROM metrics", [])
    assert columns == [
        "ts", "name", "service", "release", "value", "attributes", "unit", "temporality",
    ]  # fmt: skip
    assert rows == [(1, "n", "web", "r1", 1.5, '{"a":[1,"ü"]}', "", "")]
    assert ask(tables, "SELECT route FROM scheduled WHERE intended = ?", 5) == [("GET /",)]


def test_a_wide_event_keeps_its_lists(tables: Tables) -> None:
    tables.insert({"work": [WORK]})
    assert ask(tables, "SELECT shape, caller, calls, rows, repeats FROM sql_calls") == [
        ("S", "v.py:3", 2, 6, 1)
    ]
    assert ask(tables, "SELECT family, gets, hits, sets FROM cache_calls") == [("book:*", 1, 1, 0)]
    assert count(tables, "ai_calls") == 0


def test_integers_are_exact_to_the_last_digit(tables: Tables) -> None:
    largest = 2**63 - 1
    tables.insert({"scheduled": [PLANNED | {"intended": largest}]})
    assert ask(tables, "SELECT intended FROM scheduled") == [(largest,)]
    with pytest.raises(BadRows):
        tables.insert({"scheduled": [PLANNED | {"intended": largest + 1}]})


@pytest.mark.parametrize(
    ("table", "bad"),
    [
        ("metrics", METRIC | {"value": None}),
        ("metrics", METRIC | {"value": "much"}),
        ("metrics", METRIC | {"colour": "red"}),
        ("metrics", {"ts": 1}),
        ("metrics", "no row"),
        ("metrics", METRIC | {"value": {1, 2}}),
        ("nowhere", METRIC),
    ],
)
def test_bad_rows_leave_nothing_behind_and_the_next_are_taken(
    tables: Tables, table: str, bad: Any
) -> None:
    with pytest.raises(BadRows):
        tables.insert({"scheduled": [PLANNED], table: [bad]})
    with pytest.raises(BadRows):
        tables.insert({"scheduled": [PLANNED], table: [METRIC, bad]})
    assert count(tables, "scheduled") == count(tables, "metrics") == 0
    tables.insert({"scheduled": [PLANNED], "metrics": [METRIC]})
    assert count(tables, "scheduled") == count(tables, "metrics") == 1


def test_a_refusal_names_the_columns(tables: Tables) -> None:
    with pytest.raises(BadRows, match="metrics has the columns attributes, name, release"):
        tables.insert({"metrics": [METRIC | {"colour": "red"}]})


def test_nothing_is_a_batch_too(tables: Tables) -> None:
    tables.insert({})
    tables.insert({"metrics": []})
    assert count(tables, "metrics") == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM metrics",
        "INSERT INTO metrics SELECT * FROM metrics",
        "DROP TABLE metrics",
        "SELECT 1; DROP TABLE metrics",
        "WITH gone AS (DELETE FROM metrics RETURNING *) SELECT * FROM gone",
        "COPY metrics TO 'metrics.csv'",
        "ATTACH 'other.duckdb'",
        "SET memory_limit = '1GB'",
        "",
        "SELECT",
        "SELECT * FROM nowhere",
    ],
)
def test_a_query_only_reads(tables: Tables, sql: str) -> None:
    tables.insert({"metrics": [METRIC]})
    with pytest.raises(duckdb.Error):
        tables.query(sql, [])
    assert count(tables, "metrics") == 1


def test_a_query_sees_what_was_committed_since_the_last_one(tables: Tables) -> None:
    for n in range(1, 4):
        tables.insert({"metrics": [METRIC]})
        assert count(tables, "metrics") == n


def test_values_that_are_no_number_are_kept(tables: Tables) -> None:
    tables.insert({"metrics": [METRIC | {"value": math.inf}]})
    assert ask(tables, "SELECT value FROM metrics") == [(math.inf,)]


def test_every_native_table_exists(tables: Tables) -> None:
    assert [count(tables, table) for table in NATIVE] == [0] * len(NATIVE)


def test_the_file_can_be_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.duckdb"
    first = Tables(path)
    first.insert({"metrics": [METRIC]})
    first.close()
    second = Tables(path)
    assert count(second, "metrics") == 1
    second.close()


def test_rows_are_grouped_by_table_in_order() -> None:
    found = by_table([("a", {"n": 1}), ("b", {"n": 2}), ("a", {"n": 3})])
    assert found == {"a": [{"n": 1}, {"n": 3}], "b": [{"n": 2}]}
