"""One wide event per request and per task: what the meter counts in a real Django project."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metering import Project, Receiver, line

from brownout.collector.tables import Tables
from brownout.meter.caching import caches
from brownout.meter.event.work import exact

TRACE = "0af7651916cd43dd8448eb211c80319c"

TOUR = f"""
import asyncio, os
said = {{}}
def get(path, **headers):
    found = client.get(path, headers=headers)
    said[path] = found.status_code
    if found.streaming:
        said["streamed"] = len(found.getvalue())
    return found
get("/api/books/", traceparent="00-{TRACE}-b7ad6b7169203331-01")
for header in ("00-{"z" * 32}-b7ad6b7169203331-01", "00-{"0" * 32}-b7ad6b7169203331-01", "no"):
    get("/old/1984/", traceparent=header)
for _ in range(50):
    get("/api/books/")
get("/api/books/3/")
get("/api/books/99/")
client.post("/api/books/2/")
get("/api/raw/")
get("/api/both/")
get("/api/cached/4/")
get("/api/ai/")
get("/api/embed/")
said["later"] = asyncio.run(AsyncClient().get("/api/later/")).json()
said["together"] = asyncio.run(AsyncClient().get("/api/together/")).status_code
for path in ("boom", "missing", "stream", "burn", "enqueue"):
    get(f"/api/{{path}}/")
get("/nowhere/at/all.css")
views.send.apply()
views.fail.apply()
say(pid=os.getpid(), **said)
"""


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Receiver, dict[str, Any]]]:
    receiver = Receiver()
    project = Project(tmp_path_factory.mktemp("project"), receiver.url, receiver.url)
    [said] = project.run(TOUR)
    yield receiver, said
    receiver.close()


@pytest.fixture
def receiver(tour: tuple[Receiver, dict[str, Any]]) -> Receiver:
    return tour[0]


@pytest.fixture
def said(tour: tuple[Receiver, dict[str, Any]]) -> dict[str, Any]:
    return tour[1]


def only(receiver: Receiver, route: str) -> dict[str, Any]:
    [found] = receiver.work(route)
    return found


def test_the_same_statement_on_two_databases_is_no_repeat(receiver: Receiver) -> None:
    [row] = receiver.work("GET /api/both/")
    found = [(s.get("alias"), s["calls"], s["repeats"]) for s in row["sql"]]
    assert found == [(None, 2, 1), ("replica", 1, 0)]
    assert {s["caller"] for s in row["sql"]} == {line('("default", "replica", "default")')}


def test_time_waited_for_a_connection_has_a_field_of_its_own(receiver: Receiver) -> None:
    [opened] = receiver.work("GET /api/both/")  # it is the first that asks the replica
    assert 0 < opened["connect_time"] <= opened["duration"]
    assert receiver.work("GET /api/books/")[-1]["connect_time"] == 0


def test_sql_is_counted_by_shape_and_caller(receiver: Receiver) -> None:
    row = receiver.work("GET /api/books/")[0]
    every, author = sorted(row["sql"], key=lambda s: s["calls"])
    assert every["shape"].startswith('SELECT "shop_book"."id", "shop_book"."author_id" FROM')
    assert (every["caller"], every["calls"], every["rows"], every["repeats"]) == (
        *(line("# all books"), 1),
        *(4, 0),
    )
    assert author["shape"].endswith('WHERE "shop_author"."id" = %s LIMIT ?')
    # Four books by two authors: two of the four statements ask what was asked before.
    assert (author["caller"], author["calls"], author["rows"], author["repeats"]) == (
        *(line("# one author a book"), 4),
        *(4, 2),
    )
    assert (row["sql_calls"], row["sql_rows"]) == (5, 8)
    assert row["sql_time"] == every["time"] + author["time"] > 0


def test_rows_are_counted_however_they_are_fetched(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/raw/")
    assert [(s["shape"], s["calls"], s["rows"]) for s in row["sql"]] == [
        ("SELECT id FROM shop_book WHERE id IN (...) ORDER BY id", 1, 3),
        ("SELECT ?, ?", 1, 1),
        ("UPDATE shop_book SET author_id = %s WHERE id = -?", 1, 0),
    ]


def test_the_cache_is_counted_by_family(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/cached/{id}/")
    found = {c["family"]: (c["gets"], c["hits"], c["sets"]) for c in row["cache"]}
    # A stored None is a hit.
    assert found == {"book:*": (2, 1, 1), "top": (1, 1, 1), "shelf:*": (2, 0, 0)}
    assert (row["cache_gets"], row["cache_hits"]) == (5, 2)
    assert row["cache_time"] == sum(c["time"] for c in row["cache"]) > 0


@pytest.mark.parametrize(
    ("key", "family"),
    [
        ("book:17:v3", "book:*:*"),
        (
            "django.contrib.sessions.cached_dbyq3hx8ek0v7m2aq9zt5w4rn1c6pd0fzu",
            "django.contrib.sessions.cached_*",
        ),
        ("thumb/9f86d081884c7d65", "thumb/*"),
        ("recommendationsforreaders2", "recommendationsforreaders*"),
        ("template.cache.sidebar", "template.cache.sidebar"),
    ],
)
def test_a_family_is_the_key_without_what_varies(key: str, family: str) -> None:
    assert caches.family(key) == family


def test_calls_through_httpx_carry_model_and_version(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/ai/")
    found = [
        (a["target"], a["model"], a["version"], a["caller"], a["calls"], a["errors"])
        for a in row["ai"]
    ]
    assert found == [
        ("/ai/summaries/*", "summary", "v3", line("summaries/17"), 1, 0),
        ("/ai/summaries/*", "summary", "v3", line("summaries/18"), 1, 0),
        ("/ai/broken", "summary", "v3", line("/ai/broken"), 1, 1),
        ("/ai/nobody", "", "", line("/ai/nobody"), 1, 1),
    ]
    assert row["ai_calls"] == 4
    assert 0 < row["ai_time"] == sum(a["time"] for a in row["ai"]) < row["duration"]
    assert [p.split("-")[1] for p in receiver.traceparents[:3]] == [row["trace_id"]] * 3


def test_calls_of_the_openai_client_are_ai_calls(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/embed/")
    assert row["status"] == 200
    found = [(a["target"], a["model"], a["version"], a["caller"], a["calls"]) for a in row["ai"]]
    assert found == [
        ("/ai/v1/embeddings", "summary", "v3", line("client.embeddings.create"), 1),
    ]


def test_an_async_view_is_counted_too(receiver: Receiver, said: dict[str, Any]) -> None:
    row = only(receiver, "GET /api/later/")
    assert said["later"] == {"books": 4}
    assert (row["status"], row["sql_calls"], row["ai_calls"]) == (200, 1, 1)
    assert [(a["target"], a["model"]) for a in row["ai"]] == [("/ai/later", "summary")]


def test_tasks_of_asyncio_name_who_started_them(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/together/")
    assert sorted((a["target"], a["caller"]) for a in row["ai"]) == [
        ("/ai/one", line("asyncio.gather")),
        ("/ai/three", line("asyncio.create_task")),
        ("/ai/two", line("asyncio.gather")),
    ]


def test_to_increment_counts_the_same_in_async(receiver: Receiver) -> None:
    [counted] = only(receiver, "GET /api/together/")["cache"]
    assert counted["family"] == "count:*"
    assert [counted[field] for field in ("gets", "hits", "sets", "deletes")] == [0, 0, 3, 0]


def test_the_route_is_the_pattern(receiver: Receiver) -> None:
    routes = {row["route"] for row in receiver.work()}
    assert {"GET /api/books/{id}/", "POST /api/books/{id}/", "GET /old/{year}/"} <= routes
    assert only(receiver, "GET /nowhere/at/{file}")["status"] == 404


def test_who_answered_what_and_how_much(receiver: Receiver, said: dict[str, Any]) -> None:
    row = receiver.work("GET /old/{year}/")[0]
    assert (row["service"], row["release"], row["pid"]) == ("web", "r7", said["pid"])
    assert (row["kind"], row["status"], row["bytes"]) == ("request", 200, 4)
    assert (row["sql"], row["cache"], row["ai"]) == ([], [], [])
    assert row["exception"] == ""
    assert only(receiver, "GET /api/stream/")["bytes"] == said["streamed"] == 2


def test_an_exception_is_named_and_its_work_kept(receiver: Receiver, said: dict[str, Any]) -> None:
    row = only(receiver, "GET /api/boom/")
    assert (row["status"], row["exception"], row["sql_calls"]) == (500, "ZeroDivisionError", 1)
    assert said["/api/boom/"] == 500
    row = only(receiver, "GET /api/missing/")
    assert (row["status"], row["exception"]) == (404, "Http404")
    found = [(r["status"], r["exception"]) for r in receiver.work("GET /api/books/{id}/")]
    assert found == [(200, ""), (500, "DoesNotExist")]


def test_time_and_cpu_time_are_those_of_the_request(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/burn/")
    assert 50_000_000 <= row["cpu"] <= 100_000_000
    assert row["cpu"] <= row["duration"] * 1.05
    waited = only(receiver, "GET /api/ai/")
    assert waited["cpu"] < waited["duration"]
    starts = [r["start"] for r in receiver.work("GET /api/books/")]
    assert starts == sorted(starts)


def test_the_same_request_gives_the_same_counts(receiver: Receiver) -> None:
    rows = receiver.work("GET /api/books/")
    assert len(rows) == 51
    assert all(exact(row) == exact(rows[0]) for row in rows)


def test_the_trace_is_the_callers(receiver: Receiver) -> None:
    rows = receiver.work()
    assert [row["route"] for row in rows if row["trace_id"] == TRACE] == ["GET /api/books/"]
    assert len({row["trace_id"] for row in rows}) == len(rows)


def test_a_traceparent_that_is_none_is_passed_over(receiver: Receiver) -> None:
    found = [row["trace_id"] for row in receiver.work("GET /old/{year}/")]
    assert len(found) == 3
    assert all(len(bytes.fromhex(trace)) == 16 and int(trace, 16) for trace in found)


def test_a_request_counts_the_tasks_that_it_enqueues(receiver: Receiver) -> None:
    row = only(receiver, "GET /api/enqueue/")
    assert (row["status"], row["tasks"]) == (202, 3)


def test_a_task_is_an_event_of_its_own(receiver: Receiver) -> None:
    row = only(receiver, "mail.send")
    assert (row["kind"], row["status"], row["bytes"], row["exception"]) == ("task", 0, -1, "")
    assert [(s["caller"], s["calls"], s["rows"]) for s in row["sql"]] == [
        (line("# in a task"), 1, 1)
    ]
    assert 0 < row["cpu"] <= row["duration"] * 1.5


def test_a_task_that_fails_says_so(receiver: Receiver) -> None:
    row = only(receiver, "mail.fail")
    assert (row["kind"], row["status"], row["exception"]) == ("task", 1, "KeyError")


def test_all_of_it_fits_the_recording(receiver: Receiver, tmp_path: Path) -> None:
    tables = Tables(tmp_path / "telemetry.duckdb")
    tables.insert({"work": receiver.work()})
    _, [(count,)] = tables.query("SELECT count(*) FROM work WHERE release = 'r7'", [])
    _, aliases = tables.query("SELECT alias FROM sql_calls WHERE route = 'GET /api/both/'", [])
    assert aliases == [("default",), ("replica",)]
    tables.close()
    assert count == len(receiver.work()) > 60


def test_a_process_tells_once_which_packages_it_has(
    receiver: Receiver, said: dict[str, Any], tmp_path: Path
) -> None:
    rows = [row for table, row in receiver.rows if table == "processes"]
    assert [(row["pid"], row["service"], row["release"]) for row in rows] == [
        (said["pid"], "web", "r7")
    ]
    assert rows[0]["python"] == platform.python_version()
    names = ("django", "openai", "celery", "opentelemetry-sdk")
    expected = [(name, importlib.metadata.version(name)) for name in sorted(names)]
    tables = Tables(tmp_path / "telemetry.duckdb")
    tables.insert({"processes": rows})
    asked = "SELECT name, version FROM packages WHERE list_contains(?, name) ORDER BY name"
    _, found = tables.query(asked, [list(names)])
    tables.close()
    assert found == expected


def test_the_project_need_not_know(receiver: Receiver, said: dict[str, Any]) -> None:
    """Nothing was lost, and nobody was counted who was not asked for."""
    assert receiver.dropped() == []
    assert said["pid"] != os.getpid()
    assert {row["kind"] for row in receiver.work()} == {"request", "task"}


BESIDE = """
from django.db import connection
from django.db.backends.utils import CursorWrapper
seen = []
def wrapper(execute, sql, params, many, context):
    seen.append("wrapper")
    return execute(sql, params, many, context)
with connection.execute_wrapper(wrapper):
    client.get("/api/books/3/")
djangos = CursorWrapper.execute
def theirs(self, sql, params=None):
    seen.append("patch")
    return djangos(self, sql, params)
CursorWrapper.execute = theirs
client.get("/api/books/3/")
CursorWrapper.execute = djangos
class Proxy:  # as wrapt's: equal to what it stands for
    def __init__(self, wrapped):
        self.wrapped, self.__code__ = wrapped, wrapped.__code__
    def __eq__(self, other):
        return self.wrapped == other
    def __get__(self, cursor, _):
        return self if cursor is None else lambda *given: self.call(cursor, *given)
    def call(self, cursor, *given):
        seen.append("proxy")
        return self.wrapped(cursor, *given)
CursorWrapper._execute = Proxy(CursorWrapper._execute)
client.get("/api/books/3/")
say(seen=seen)
"""


def test_what_others_put_around_statements_is_called_as_without_the_meter(tmp_path: Path) -> None:
    receiver = Receiver()
    [said] = Project(tmp_path, receiver.url, receiver.url).run(BESIDE)
    calls = [row["sql_calls"] for row in receiver.work("GET /api/books/{id}/")]
    receiver.close()
    assert len(calls) == 3 and calls[0] > 0
    names = ("wrapper", "patch", "proxy")
    assert said["seen"] == [name for name, n in zip(names, calls, strict=True) for _ in range(n)]


FAILING = """
import sqlite3
from django.db import Error, transaction
from brownout.meter.event.work import CURRENT, Work
def told(run):
    try:
        run()
    except (Error, sqlite3.Error, transaction.TransactionManagementError) as error:
        return [type(error).__module__, type(error).__name__, type(error.__cause__).__name__]
def breaker(execute, *given):
    raise sqlite3.OperationalError("the circuit is open")
def ask(sql="SELECT x FROM nowhere"):
    with connection.cursor() as cursor:
        cursor.execute(sql, ())
def asked_through_the_breaker():
    with connection.execute_wrapper(breaker):
        ask()
def asked_in_a_broken_transaction():
    with transaction.atomic():
        transaction.set_rollback(True)
        ask("SELECT 1")
found = []
for work in (None, Work()):
    CURRENT.set(work)
    connection.errors_occurred = False
    found.append([told(ask), connection.errors_occurred])
    connection.errors_occurred = False
    found[-1] += [told(asked_through_the_breaker), told(asked_in_a_broken_transaction)]
    found[-1].append(connection.errors_occurred)
say(found=found, errors=sum(entry[6] for entry in work.sql.values()))
"""


def test_errors_are_those_of_django_without_the_meter(tmp_path: Path) -> None:
    [said] = Project(tmp_path, "", "").run(FAILING)
    without, metered = said["found"]
    assert metered == without
    assert metered == [
        ["django.db.utils", "OperationalError", "OperationalError"], True,
        ["sqlite3", "OperationalError", "NoneType"],
        ["django.db.transaction", "TransactionManagementError", "NoneType"], False,
    ]  # fmt: skip
    assert said["errors"] == 3


@pytest.mark.parametrize(("mode", "clocked", "counted"), [("default", 5, 1), ("full", 100, 100)])
def test_dear_measurements_are_taken_of_so_many_events(
    tmp_path: Path, mode: str, clocked: int, counted: int
) -> None:
    receiver = Receiver()
    project = Project(tmp_path, receiver.url, receiver.url)
    project.environment["BROWNOUT_METER"] = mode
    project.run('for _ in range(100): client.get("/api/books/3/")')
    rows = receiver.work("GET /api/books/{id}/")
    receiver.close()
    assert len(rows) == 100
    assert sum(row["cpu_sql"] is not None for row in rows) == clocked
    assert sum(row["blocks"] is not None for row in rows) == counted
    assert all(row["cpu"] > 0 for row in rows)
