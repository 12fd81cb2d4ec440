"""The meter in other people's projects: versions of Django and drivers, and what else is in there.

Every environment is one of its own: nothing of brownout is installed in it.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import duckdb
import elsewhere
import pytest
import tour
import versions
from metering import Receiver
from service import Service
from waiting import PATIENCE, until

from brownout.app.commands.run import LAUNCH
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.valkey import Valkey

pytestmark = pytest.mark.matrix

Event = dict[str, Any]

CODE, VIEWS = (
    (elsewhere.BAZAAR / "bazaar" / name).read_text().split("\n")
    for name in ("calling.py", "views.py")
)


@pytest.fixture(scope="module")
def valkey(supervisor: Supervisor, tmp_path_factory: pytest.TempPathFactory) -> Valkey:
    made = Valkey(supervisor.run_id, tmp_path_factory.mktemp("valkey"), free_ports(1)[0])
    supervisor.start(made.command(), made.ready, timeout=PATIENCE)
    return made


def visit(
    data: Path, receiver: Receiver, script: str, python: str, **more: str
) -> tuple[dict[str, Any], dict[str, Event]]:
    """Run a tour -> (what the project said, the event of each page; of the last visit)."""
    done = elsewhere.python(elsewhere.metered(data, receiver.url, **more), script, python)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    return said, {row["route"]: row for row in receiver.work()}


def statements(event: Event, pattern: str) -> int:
    """Statements whose shape has this in it."""
    return sum(s["calls"] for s in event["sql"] if re.search(pattern, s["shape"]))


def work(event: Event) -> tuple[int, int]:
    return event["sql_calls"], event["sql_rows"]


def check_pages(events: dict[str, Event], rest: bool = True) -> None:
    """What Django itself does, on any version and database."""
    assert work(events["GET /ping/"]) == (0, 0)
    assert work(events["GET /stalls/"]) == (4, 9)
    # A template and a serialiser have lines of their own, or none.
    assert work(events["GET /page/"]) == (4, 9)
    assert events["GET /page/"]["template_time"] > 0
    assert work(events["GET /rest/"]) == (4, 9)
    assert events["GET /rest/"]["template_time"] > 0
    # What a stream asks for while it is read is its request's.
    assert work(events["GET /stream/"]) == (1, 6)
    assert work(events["GET /threads/"]) == (4, 4)
    nested = events["GET /nested/"]
    found = [statements(nested, p) for p in ("^UPDATE", "SAVEPOINT", "^SELECT")]
    assert found == [2, 3, 1]  # a savepoint is set, rolled back to, released
    assert nested["tx_count"] == 1
    assert work(events["GET /later/"]) == (2, 4)
    # However many stalls there are to fetch: Django writes lists of them in several ways.
    fetched = [s for s in events["GET /prefetched/"]["sql"] if 'FROM "bazaar_stall"' in s["shape"]]
    assert [(s["calls"], s["rows"]) for s in fetched] == [(2, 5)]
    boom = events["GET /boom/"]
    assert (boom["status"], boom["exception"], boom["sql_calls"]) == (500, "ZeroDivisionError", 1)
    enqueue = events["GET /enqueue/"]
    assert enqueue["tasks"] == 3
    assert enqueue["queued"] == [{"task": "post.letter", "queue": "(eager)", "count": 3}]
    assert (events["post.letter"]["kind"], events["post.letter"]["sql_calls"]) == ("task", 1)
    assert events["GET /unseen/"]["uncounted"] == ["driver sqlite3, without Django"]
    assert events["GET /ping/"]["uncounted"] == []


FAMILIES = {
    "book:*": (2, 1, 1, 1),
    "shelf:*": (3, 2, 2, 2),
    "visits": (0, 0, 2, 0),
    # get_or_set: a miss, what another may have set meanwhile, a hit.
    "made:*": (3, 2, 1, 1),
}


def check_caches(rows: list[Event]) -> None:
    """gets, hits, sets, deletes per family, the same in each back end."""
    assert rows
    for row in rows:
        found = {c["family"]: tuple(c[k] for k in ("gets", "hits", "sets", "deletes"))
                 for c in row["cache"]}  # fmt: skip
        assert found == FAMILIES
        stored = {c["family"]: c["bytes"] for c in row["cache"]}
        assert stored["book:*"] >= 2 * 100  # written and read once


COUNTED = ("calls", "inputs", "tokens_in", "tokens_out", "attempts", "errors", "repeats", "clients")


def check_calls(rows: list[Event]) -> None:
    """Calls through each library: target, kind, model, version, and what is counted."""
    http, ai = [], []
    for row in rows:
        for call in row["ai"]:
            file, _, line = call["caller"].partition(":")
            assert file == "bazaar/calling.py"
            assert "." in CODE[int(line) - 1] or "(" in CODE[int(line) - 1]
            found = tuple(call[k] for k in COUNTED)
            if call["kind"] == "http":
                assert call["target"] == "/things/*"
                http.append(found)
            else:
                ai.append((call["target"], call["model"], call["version"], found))
    one_client = (2, 2, None, None, 2, 0, 0, 1)
    assert http == [
        one_client,
        *([one_client] if len(http) == 5 else []),  # httpx2 came with later openai clients
        (2, 2, None, None, 2, 0, 0, 2),  # requests.get makes a session each time
        one_client,
        (1, 1, None, None, 1, 0, 0, 1),
    ]
    assert ai == [
        # The second asks what the first did.
        ("/v1/chat/completions", "small", "small-7b", (2, 2, 22, 6, 2, 0, 1, 1)),
        ("/v1/chat/completions", "flaky", "flaky-7b", (1, 1, 11, 3, 2, 0, 0, 1)),
        ("/v1/chat/completions", "small", "small-7b", (1, 1, 11, 3, 1, 0, 0, 1)),
        ("/v1/embeddings", "vectors", "vectors-v2", (1, 3, 5, None, 1, 0, 0, 1)),
    ]


def python_with(django: str, *libraries: str) -> str:
    """An interpreter with this version of Django and these libraries, by default those of the
    matrix; skips where no Python here takes it."""
    base = versions.python_for(django)
    if not base:
        oldest = ".".join(map(str, versions.OLDEST[django]))
        pytest.skip(f"Django {django} needs Python {oldest}, which this machine does not have")
    return versions.environment(base, f"django~={django}.0", *(libraries or versions.LIBRARIES))


@pytest.mark.parametrize("django", versions.DJANGO)
def test_every_django_on_sqlite(
    django: str, tmp_path: Path, receiver: Receiver, service: Service
) -> None:
    python = python_with(django)
    service.failures = 1
    script = tour.script((*tour.PLAIN, *tour.CACHES, *tour.CALLS))
    said, events = visit(tmp_path, receiver, script, python, SERVICE=service.url, EAGER="1")
    strange = {path: answer for path, answer in said["said"].items()
               if answer[0] != {"/boom/": 500, "/enqueue/": 202}.get(path, 200)}  # fmt: skip
    assert set(strange) <= {"/call/httpx2/"}, strange
    check_pages(events)
    check_caches(receiver.work("GET /cache/{alias}/"))
    called = ("GET /call", "GET /ai/")
    check_calls([row for row in receiver.work() if row["route"].startswith(called) and row["ai"]])
    assert None not in service.traceparents
    assert receiver.dropped() == []


def test_the_oldest_python(tmp_path: Path, receiver: Receiver) -> None:
    base = versions.interpreter("3.10")
    if not base:
        pytest.skip("this machine has no Python 3.10")
    libraries = ("django~=4.2.0", "djangorestframework", "celery")
    python = versions.environment(base, *libraries)
    script = tour.script(tour.PLAIN, later=("/later/",))
    check_pages(visit(tmp_path, receiver, script, python, EAGER="1")[1])


@pytest.mark.parametrize(
    ("django", "driver"),
    [(d, "psycopg") for d in versions.DJANGO] + [(d, "psycopg2") for d in ("4.2", "5.2", "6.1")],
)
def test_every_django_on_postgresql(
    django: str, driver: str, tmp_path: Path, receiver: Receiver, database: str
) -> None:
    python = python_with(django)
    shadow = tmp_path / "shadow"
    if driver == "psycopg2":  # Django prefers psycopg 3 where it can be imported
        shadow.mkdir()
        (shadow / "psycopg.py").write_text("raise ImportError('not here')")
    more = {"DATABASE_URL": database, "EAGER": "1", "PYTHONPATH": str(shadow)}
    script = tour.script(("/cache/db/", *tour.PLAIN), later=("/later/",))
    said, events = visit(tmp_path, receiver, script, python, **more)
    assert (driver == "psycopg2") == ("psycopg" not in said["versions"])
    check_pages(events)
    check_caches(receiver.work("GET /cache/{alias}/"))
    assert receiver.dropped() == []


POOLED = """
import json, os, threading, time
os.environ["DJANGO_SETTINGS_MODULE"] = "bazaar.settings"
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django.test import Client
call_command("fill")
connection.close()
pool = connection.pool
held = pool.getconn()
took = []
def give_back():
    while not pool.get_stats().get("requests_waiting"):
        threading.Event().wait(0.005)
    began = time.perf_counter_ns()
    threading.Event().wait(0.1)
    took.append(time.perf_counter_ns() - began)
    pool.putconn(held)
threading.Thread(target=give_back, daemon=True).start()
found = Client().get("/stalls/")
print(json.dumps({"status": found.status_code, "held": took[0]}))
"""


def test_a_pool_that_has_nothing_to_give(tmp_path: Path, receiver: Receiver, database: str) -> None:
    python = versions.environment(sys.executable, *versions.SERVERS)
    said, events = visit(tmp_path, receiver, POOLED, python, DATABASE_URL=database, POOL="1")
    stalls = events["GET /stalls/"]
    assert (said["status"], work(stalls)) == (200, (4, 9))
    assert said["held"] <= stalls["connect_time"] <= stalls["duration"] - stalls["sql_time"]


def test_two_databases_are_told_apart(tmp_path: Path, receiver: Receiver, database: str) -> None:
    python = versions.environment(sys.executable, *versions.SERVERS)
    more = {"DATABASE_URL": database, "ARCHIVE": "1"}
    _, events = visit(tmp_path, receiver, tour.script(("/both/",), later=()), python, **more)
    [line] = {s["caller"] for s in events["GET /both/"]["sql"]}
    assert "# asks both" in VIEWS[int(line.removeprefix("bazaar/views.py:")) - 1]
    found = [(s["shape"], s.get("alias"), s["calls"], s["rows"], s["repeats"])
             for s in events["GET /both/"]["sql"]]  # fmt: skip
    [shape] = {shape for shape, *_ in found}
    assert found == [(shape, None, 2, 6, 1), (shape, "archive", 1, 0, 0)]


def test_redis_by_the_cache_and_directly(
    tmp_path: Path, receiver: Receiver, valkey: Valkey
) -> None:
    more = {"REDIS": valkey.url(0), "BROKER": valkey.url(1)}
    script = tour.script((*tour.REDIS, "/enqueue/"), later=())
    _, events = visit(tmp_path, receiver, script, sys.executable, **more)
    check_caches([events["GET /cache/{alias}/"] | {"cache": [
        c | ({"bytes": 999} if c["family"] == "visits" else {})
        for c in events["GET /cache/{alias}/"]["cache"]
    ]}])  # fmt: skip
    # What the cache and the queue ask of Redis is theirs.
    assert events["GET /cache/{alias}/"]["ai"] == []
    assert events["GET /enqueue/"]["ai"] == []
    found = [(a["target"], a["kind"], a["calls"], a["inputs"]) for a in events["GET /redis/"]["ai"]]
    assert found == [
        ("SET basket:*", "redis", 1, 1),
        ("GET basket:*", "redis", 1, 1),
        ("PIPELINE INCRBY sold:*", "redis", 1, 2),
        ("DEL basket:*", "redis", 1, 1),
    ]
    assert events["GET /enqueue/"]["queued"] == [
        {"task": "post.letter", "queue": "celery", "count": 2},
        {"task": "post.letter", "queue": "slow", "count": 1},
    ]


def test_a_worker_tells_how_long_its_tasks_waited(tmp_path: Path, valkey: Valkey) -> None:
    elsewhere.fill(tmp_path)
    worker = ["celery", "-A", "bazaar.celery", "worker", "--pool", "solo", "-Q", "celery,slow"]
    argv = [str(Path(sys.executable).parent / worker[0]), *worker[1:], "-l", "INFO"]
    broker = valkey.url(2)
    server = elsewhere.Server(tmp_path, argv, BROKER=broker)
    try:
        env = elsewhere.environment(tmp_path, BROKER=broker)
        asked = "from bazaar.celery import letter\nfor _ in range(3): letter.delay(1)"
        env["PYTHONPATH"] = str(LAUNCH)  # who enqueues stamps the message: it is metered, too
        elsewhere.python(env | {"DJANGO_SETTINGS_MODULE": "bazaar.settings"}, asked)
        until(lambda: server.said().count("succeeded in") == 3)
        code, summary = server.end(signal.SIGTERM)
    finally:
        server.close()
    assert code == 0
    [row] = summary["routes"]
    assert (row["kind"], row["route"], row["count"]) == ("task", "post.letter", 3)
    assert {m["role"] for m in summary["metered"]} == {"worker"}
    with duckdb.connect(str(server.recording), read_only=True) as recording:
        waits = recording.execute("SELECT wait FROM work").fetchall()
    assert len(waits) == 3
    assert all(wait > 0 for (wait,) in waits)


TASKS = {
    # Without Django's own: the backport.
    "5.2": ("django_tasks", "django-tasks-db[compat]", "django_tasks django_tasks_db"),
    "6.1": ("django.tasks", "django-tasks-db", "django_tasks_db"),
}


@pytest.mark.parametrize("django", [*TASKS, "6.0"])
def test_django_tasks_at_once(django: str, tmp_path: Path, receiver: Receiver) -> None:
    own = django not in TASKS  # with nothing else installed for it
    python, library, apps = (
        (python_with(django), "django.tasks", "") if own else python_with_tasks(django)
    )
    more = {"TASKS": f"{library}.backends.immediate.ImmediateBackend", "TASKS_APPS": apps}
    script = tour.script(("/posted/", "/interrupted/"), later=("/posted-later/",))
    said, events = visit(tmp_path, receiver, script, python, **more)
    assert {status for status, _ in said["said"].values()} == {202}, said
    parcel = {"task": "bazaar.tasks.parcel", "queue": "(eager)"}
    posted = events["GET /posted/"]
    # What its tasks ask for is theirs.
    assert (posted["tasks"], posted["sql_calls"]) == (4, 1)
    assert parcel | {"count": 3} in posted["queued"]
    for page in ("GET /posted-later/", "GET /interrupted/"):
        assert (events[page]["sql_calls"], events[page]["queued"]) == (1, [parcel | {"count": 1}])
    ran = [row for row in receiver.work() if row["kind"] == "task"]
    assert sorted((row["route"], row["status"], row["exception"]) for row in ran) == [
        ("bazaar.tasks.later", 0, ""),
        ("bazaar.tasks.parcel", 0, ""),
        ("bazaar.tasks.parcel", 0, ""),
        ("bazaar.tasks.parcel", 1, "KeyError"),
        ("bazaar.tasks.parcel", 1, "KeyboardInterrupt"),
        ("bazaar.tasks.parcel", 1, "SystemExit"),
    ]
    assert [row["sql_calls"] for row in ran] == [1] * 6
    assert {row["wait"] for row in ran} == {None}


@pytest.mark.parametrize("django", TASKS)
def test_django_tasks_in_a_worker(django: str, tmp_path: Path, receiver: Receiver) -> None:
    python, _, apps = python_with_tasks(django)
    more = {"TASKS": "django_tasks_db.DatabaseBackend", "TASKS_APPS": apps}
    script = tour.script(("/posted/",), later=("/posted-later/",))
    _, events = visit(tmp_path, receiver, script, python, **more)
    post = [{"task": f"bazaar.tasks.{name}", "queue": "post", "count": n}
            for name, n in (("parcel", 3), ("later", 1))]  # fmt: skip
    assert events["GET /posted/"]["queued"] == post
    assert events["GET /posted-later/"]["tasks"] == 1
    assert [row["route"] for row in receiver.work() if row["kind"] == "task"] == []
    worker = [python, "manage.py", "db_worker", "--batch", "--queue-name", "*"]
    options = ["--out", str(tmp_path / "r.duckdb"), "--json"]
    done = elsewhere.run(tmp_path, options, worker, **more)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    ran = {(r["kind"], r["route"]): (r["count"], r["errors"]) for r in summary["routes"]}
    assert ran == {("task", "bazaar.tasks.parcel"): (4, 2), ("task", "bazaar.tasks.later"): (1, 0)}
    assert {m["role"] for m in summary["metered"]} == {"worker"}
    with duckdb.connect(str(tmp_path / "r.duckdb"), read_only=True) as recording:
        waits = recording.execute("SELECT wait FROM work").fetchall()
    assert all(wait > 0 for (wait,) in waits)


def test_a_librarys_own_statements_have_a_line_of_it(tmp_path: Path) -> None:
    python, _, apps = python_with_tasks("5.2")
    more = {"TASKS": "django_tasks_db.DatabaseBackend", "TASKS_APPS": apps}
    elsewhere.fill(tmp_path, python, **more)
    command = [python, "manage.py", "prune_db_task_results", "--min-age-days", "0"]
    done = elsewhere.run(tmp_path, ["--out", str(tmp_path / "r.duckdb")], command, **more)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(tmp_path / "r.duckdb"), read_only=True) as recording:
        found = recording.execute("SELECT caller FROM sql_calls").fetchall()
        versions = recording.execute("SELECT version FROM packages WHERE name = 'django'")
        assert [version[:4] for (version,) in versions.fetchall()] == ["5.2."]
    # Not of manage.py, which starts it.
    place = "site-packages/django_tasks_db/management/commands/prune_db_task_results.py:"
    assert found and all(caller.startswith(place) for (caller,) in found), found


def python_with_tasks(django: str) -> tuple[str, str, str]:
    """(interpreter, the library's module, apps to install)."""
    library, requirement, apps = TASKS[django]
    return python_with(django, requirement), library, apps


OTHERS = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlite3 import SQLite3Instrumentor
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "bazaar.settings"
for kind in (DjangoInstrumentor, HTTPXClientInstrumentor, SQLite3Instrumentor):
    kind().instrument()
"""
OTHERS_SAY = """
from silk.models import Request
print(json.dumps({"spans": sorted({s.name for s in spans.get_finished_spans()}),
    "silk": sorted(set(Request.objects.values_list("path", flat=True)))}))
"""


def test_beside_opentelemetry_and_silk(
    tmp_path: Path, receiver: Receiver, service: Service
) -> None:
    instrumentation = [f"opentelemetry-instrumentation-{n}" for n in ("django", "httpx", "sqlite3")]
    python = versions.environment(
        *(sys.executable, "django~=5.2.0", "django-silk", "opentelemetry-sdk", "httpx"),
        *instrumentation,
    )
    script = OTHERS + tour.script(("/stalls/", "/call/httpx/"), later=()) + OTHERS_SAY
    said, events = visit(tmp_path, receiver, script, python, SILK="1", SERVICE=service.url)
    assert {"GET stalls/", "GET"} <= set(said["spans"])
    assert said["silk"] == ["/call/httpx/", "/stalls/"]
    [stalls] = receiver.work("GET /stalls/")
    mine = [s for s in stalls["sql"] if "silk" not in s["shape"]]
    assert sum(s["calls"] for s in mine if s["shape"].startswith("SELECT")) == 4
    [call] = events["GET /call/{library}/"]["ai"]
    assert (call["calls"], call["clients"]) == (2, 1)
