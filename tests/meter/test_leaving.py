"""Users who leave before their answer is complete: that is no error of the server's."""

from __future__ import annotations

from pathlib import Path

from metering import Project, Receiver

from brownout.collector.exposition import Exposition

SCRIPT = """
import asyncio
from django.http import StreamingHttpResponse
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import path

async def never(request):
    views.gone.set()
    await asyncio.Event().wait()

async def endless(request):
    async def pieces():
        while True:
            yield b"piece"
            await asyncio.sleep(0)
    return StreamingHttpResponse(pieces())

def lines(request):
    return StreamingHttpResponse(iter([b"a", b"b", b"c"]))

def broken(request):
    def pieces():
        yield b"a"
        raise KeyError("b")
    return StreamingHttpResponse(pieces())

views.urlpatterns += [path(view.__name__, view) for view in (never, endless, lines, broken)]

async def leave(where, pieces):
    # The server tells that the user has gone once so many pieces have been sent.
    gone, sent = asyncio.Event(), []
    views.gone = gone
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    async def receive():
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "http.disconnect"}
    async def send(message):
        sent.append(message)
        if len(sent) > pieces:
            gone.set()
    scope = {"type": "http", "method": "GET", "path": where, "query_string": b"", "headers": []}
    await ASGIHandler()(scope, receive, send)

asyncio.run(leave("/never", 0))
asyncio.run(leave("/endless", 3))

def read(where, count):
    answer = WSGIHandler()(RequestFactory().get(where).environ, lambda *_: None)
    iterator = iter(answer)
    try:
        for _ in range(count):
            next(iterator)
    except (StopIteration, KeyError):
        pass
    answer.close()
for count in (0, 2, 4):
    read("/lines", count)
read("/broken", 2)
"""


def test_who_leaves_is_no_error(receiver: Receiver, tmp_path: Path) -> None:
    project = Project(tmp_path, receiver.url, receiver.url)
    project.run(SCRIPT)
    found = [(r["route"], r["status"], r["abandoned"], r["exception"]) for r in receiver.work()]
    assert found == [
        ("GET /never", 499, True, ""),
        ("GET /endless", 200, True, ""),
        ("GET /lines", 200, False, ""),  # a HEAD request, or the server sends the file itself
        ("GET /lines", 200, True, ""),
        ("GET /lines", 200, False, ""),
        ("GET /broken", 200, False, "KeyError"),
    ]
    page = Exposition()
    page.take({"work": receiver.work()})
    counted = {line.split("{")[0] + line.rpartition("} ")[2] for line in page.text({}).splitlines()
               if "_total{" in line and "route=" in line}  # fmt: skip
    assert {c for c in counted if "exceptions" in c} == {"brownout_exceptions_total1"}
    assert {c for c in counted if "abandoned" in c} == {"brownout_abandoned_total1"}
