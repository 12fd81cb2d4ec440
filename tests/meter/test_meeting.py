"""Where code that is asynchronous meets code that is not: whose CPU time, and whose line."""

from __future__ import annotations

import contextvars
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from metering import Project, Receiver

from brownout.meter.event.work import CURRENT, Work

MIXED = """
import asyncio, time
from asgiref.sync import markcoroutinefunction
from django.http import HttpResponse
from views import Book

class SyncOnly:
    sync_capable, async_capable = True, False
    def __init__(self, get_response):
        self.get_response = get_response
    def __call__(self, request):
        return self.get_response(request)

class AsyncOnly:
    sync_capable, async_capable = False, True
    def __init__(self, get_response):
        self.get_response = get_response
        markcoroutinefunction(self)
    async def __call__(self, request):
        return await self.get_response(request)

def spin():
    until = time.thread_time() + 0.2
    while time.thread_time() < until:
        pass

def plain(request):
    spin()
    Book.objects.count()  # asks in plain
    return HttpResponse()

async def waiting(request):
    spin()
    await Book.objects.acount()  # asks in waiting
    return HttpResponse()

async def spread(request):
    async def part():
        spin()
    await asyncio.gather(part(), part())
    return HttpResponse()
"""

SCRIPT = """
import asyncio
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path
import mixed
views.urlpatterns += [path("spread", mixed.spread)] + [
    path(f"{server}/{middleware}/{view}", getattr(mixed, view))
    for server in ("wsgi", "asgi")
    for middleware in ("", "mixed.SyncOnly", "mixed.AsyncOnly")
    for view in ("plain", "waiting")
]

def served(middleware):
    settings.MIDDLEWARE = [settings.MIDDLEWARE[0], *middleware]

def wsgi(where):
    WSGIHandler()(RequestFactory().get(where).environ, lambda *_: None).close()

async def asgi(where):
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    async def receive():
        if asked:
            return asked.pop()
        await asyncio.Event().wait()
    async def send(message):
        pass
    scope = {"type": "http", "method": "GET", "path": where, "query_string": b"", "headers": []}
    await ASGIHandler()(scope, receive, send)

"""


def asked_at(text: str) -> str:
    [number] = [n for n, line in enumerate(MIXED.splitlines(), 1) if text in line]
    return f"mixed.py:{number}"


MIDDLEWARE = ("", "mixed.SyncOnly", "mixed.AsyncOnly")
VIEWS = ("plain", "waiting")


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Route -> its one event: each view, under each middleware, in each of the two handlers."""
    folder, receiver = tmp_path_factory.mktemp("mixed"), Receiver()
    (folder / "mixed.py").write_text(MIXED)
    asked = [
        f"served({json.dumps([middleware] if middleware else [])})\n"
        f"wsgi('/wsgi/{middleware}/{view}')\n"
        f"asyncio.run(asgi('/asgi/{middleware}/{view}'))\n"
        for middleware in MIDDLEWARE
        for view in VIEWS
    ]
    spread = "served(['mixed.SyncOnly'])\nasyncio.run(asgi('/spread'))\n"
    Project(folder, receiver.url, receiver.url).run(SCRIPT + "".join(asked) + spread)
    rows = receiver.work()
    receiver.close()
    assert len(rows) == len(asked) * 2 + 1
    yield {row["route"]: row for row in rows}


@pytest.mark.parametrize("server", ["wsgi", "asgi"])
@pytest.mark.parametrize("middleware", MIDDLEWARE)
@pytest.mark.parametrize("view", VIEWS)
def test_cpu_time_and_caller_are_the_views(
    server: str, middleware: str, view: str, visits: dict[str, Any]
) -> None:
    row = visits[f"GET /{server}/{middleware}/{view}"]
    assert [s["caller"] for s in row["sql"]] == [asked_at(f"asks in {view}")]
    assert row["cpu"] is not None
    # Once, and not twice: what was spun is .2 s.
    assert 200_000_000 <= row["cpu"] < 400_000_000


def test_tasks_on_a_loop_of_others_leave_it_open(visits: dict[str, Any]) -> None:
    assert visits["GET /spread"]["cpu"] is None


def test_works_that_take_turns_in_one_thread_leave_it_open() -> None:
    """As greenlets do: each has a context of its own."""
    one, other = (contextvars.Context().run(Work) for _ in range(2))
    other.close()
    one.close()
    assert (one.cpu, other.cpu) == (None, None)


def test_work_that_is_part_of_another_is_counted_in_both() -> None:
    def both() -> tuple[Work, Work]:
        whole = Work()
        CURRENT.set(whole)
        part = Work()
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        part.close()
        whole.close()
        return whole, part

    whole, part = contextvars.Context().run(both)
    assert whole.cpu is not None and part.cpu is not None
    assert whole.cpu >= part.cpu >= 20_000_000


def test_works_in_threads_of_their_own_are_counted() -> None:
    one = contextvars.Context().run(Work)
    made: list[Work] = []
    thread = threading.Thread(target=lambda: made.append(Work()))
    thread.start()
    thread.join()
    one.close()
    assert one.cpu is not None
    made[0].close()
