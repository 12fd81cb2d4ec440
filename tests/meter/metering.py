"""A small Django project in a child interpreter (the meter patches Django for good), and a
receiver of what the meter sends."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from waiting import PATIENCE

from brownout.collector.otlp import bodies
from brownout.meter import __file__ as METER

SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).parent
SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "views"
INSTALLED_APPS = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db"}
DATABASES = {"default": SQLITE, "replica": SQLITE}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING_CONFIG = None
"""

VIEWS = """
import asyncio, os, time
import celery, httpx
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection, models
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path

AI = os.environ["AI"]

class Author(models.Model):
    name = models.TextField()
    class Meta:
        app_label = "shop"

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)
    class Meta:
        app_label = "shop"

shop = celery.Celery(broker="memory://")

@shop.task(name="mail.send")
def send():
    return Author.objects.count()  # in a task

@shop.task(name="mail.fail")
def fail():
    raise KeyError("address")

def ping(request, **groups):
    return HttpResponse(b"pong")

def books(request):
    found = list(Book.objects.order_by("id"))  # all books
    names = [book.author.name for book in found]  # one author a book
    return JsonResponse({"names": names})

def book(request, id):
    return JsonResponse({"author": Book.objects.get(pk=id).author_id})

def both(request):
    found = [Book.objects.using(alias).count() for alias in ("default", "replica", "default")]
    return JsonResponse({"books": found})

def raw(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM shop_book WHERE id IN (1, 2, 3) ORDER BY id")
        one = cursor.fetchone()
        rest = cursor.fetchmany(size=5)
        cursor.execute("SELECT 'a', 7")
        again = [row for row in cursor]
        nothing = cursor.fetchone()
        cursor.executemany("UPDATE shop_book SET author_id = %s WHERE id = -1", [(1,), (2,)])
    return JsonResponse({"rows": [one, rest, again, nothing]})

def cached(request, id):
    values = [cache.get(f"book:{id}"), cache.set(f"book:{id}", None), cache.get(f"book:{id}", 5)]
    cache.add("top", 1)
    found = cache.get_many(["top", f"shelf:{id}a", f"shelf:{id}b"])
    return JsonResponse({"values": values, "found": found})

def ai(request):
    with httpx.Client() as client:
        client.post(AI + "/ai/summaries/17", json={})
        client.post(AI + "/ai/summaries/18", json={})
        client.get(AI + "/ai/broken")
        try:
            client.get("http://127.0.0.1:9/ai/nobody")
        except httpx.ConnectError:
            pass
    return HttpResponse()

def embed(request):
    import openai  # the dearest import, which one test needs
    with openai.OpenAI(base_url=AI + "/ai/v1", api_key="local", max_retries=0) as client:
        client.embeddings.create(model="embedding", input="x", encoding_format="float")
    return HttpResponse()

async def later(request):
    async with httpx.AsyncClient() as client:
        await client.get(AI + "/ai/later")
    return JsonResponse({"books": await Book.objects.acount()})

async def together(request):
    await cache.aset("count:1", 1)
    await cache.aincr("count:1")
    await sync_to_async(cache.incr)("count:1")
    async with httpx.AsyncClient() as client:
        await asyncio.gather(client.get(AI + "/ai/one"), client.get(AI + "/ai/two"))
        three = asyncio.create_task(client.get(AI + "/ai/three"))
        await three
    return HttpResponse()

def boom(request):
    Book.objects.count()
    raise ZeroDivisionError("no")

def missing(request):
    raise Http404

def stream(request):
    return StreamingHttpResponse([b"a", b"b"])

def burn(request):
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    return HttpResponse()

def enqueue(request):
    for _ in range(3):
        send.delay()
    return HttpResponse(status=202)

urlpatterns = [
    path("api/books/", books), path("api/books/<int:id>/", book), path("api/raw/", raw),
    path("api/both/", both),
    path("api/cached/<int:id>/", cached), path("api/ai/", ai), path("api/later/", later),
    path("api/together/", together),
    path("api/embed/", embed),
    path("api/boom/", boom), path("api/missing/", missing), path("api/stream/", stream),
    path("api/burn/", burn), path("api/enqueue/", enqueue), path("ping/", ping),
    re_path(r"^old/(?P<year>[0-9]{4})/$", ping),
]
"""

PRELUDE = """
import json, sys, threading, time
import django
django.setup()
from django.db import connection
from django.test import AsyncClient, Client
from brownout.meter.event import sender
import views
with connection.schema_editor() as editor:
    editor.create_model(views.Author)
    editor.create_model(views.Book)
views.Author.objects.bulk_create([views.Author(name=n) for n in "ab"])
views.Book.objects.bulk_create([views.Book(author_id=a) for a in (1, 2, 1, 1)])
client = Client(raise_request_exception=False)
def say(**found):
    print(json.dumps(found), flush=True)
def hear():
    return sys.stdin.readline().strip()
"""


def line(text: str) -> str:
    """file:line of the one line of the views with this text."""
    [found] = [n for n, content in enumerate(VIEWS.split("\n"), 1) if text in content]
    return f"views.py:{found}"


class Receiver:
    """Takes OTLP, and plays the AI service. ``status`` is its answer to OTLP while ``open``."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, float]] = []
        self.headers: set[str] = set()
        """Of what was posted, their names."""
        self.rows: list[tuple[str, dict[str, Any]]] = []
        self.traceparents: list[str] = []
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                receiver.traceparents.append(self.headers["traceparent"])
                self._answer(500 if self.path == "/ai/broken" else 200)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.headers |= {name.lower() for name in self.headers}
                if self.path.startswith("/ai/"):
                    return self.do_GET()
                receiver.posts.append((self.path, time.monotonic()))
                receiver.open.wait()
                status = receiver.status
                if status == 200:
                    status = receiver.take(self.path.removeprefix("/v1/"), body)
                self._answer(status)

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("ai-model", "summary")
                self.send_header("ai-model-version", "v3")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # who waited too long has gone
                    super().handle()

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, signal: str, body: bytes) -> int:
        """As the collector does: a batch with one malformed event is refused."""
        try:
            self.rows += list(bodies.rows(signal, body, bodies.JSON))
        except bodies.Malformed:
            return 400
        return 200

    def work(self, route: str = "") -> list[dict[str, Any]]:
        """The wide events, of one route or task or of all."""
        return [row for table, row in self.rows if table == "work" and route in ("", row["route"])]

    def dropped(self) -> list[float]:
        return [row["value"] for _, row in self.rows if row.get("name") == "meter.dropped"]

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()


class Project:
    """The project in a folder, and an interpreter that runs a script in it."""

    def __init__(self, folder: Path, endpoint: str, ai: str) -> None:
        self.folder = folder
        (folder / "settings.py").write_text(SETTINGS)
        (folder / "views.py").write_text(VIEWS)
        source = Path(METER).parents[2]
        self.environment = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("OTEL_", "DJANGO_", "BROWNOUT_"))
            },
            "PYTHONPATH": f"{folder}{os.pathsep}{source}",
            "DJANGO_SETTINGS_MODULE": "brownout.meter.settings",
            "BROWNOUT_DJANGO_SETTINGS": "settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_SERVICE_NAME": "web",
            "OTEL_RESOURCE_ATTRIBUTES": "service.version=r7",
            "AI": ai,
        }

    @contextlib.contextmanager
    def start(self, script: str, python: str = sys.executable) -> Iterator[subprocess.Popen[str]]:
        pipe = subprocess.PIPE
        argv = [python, "-c", PRELUDE + script]
        with subprocess.Popen(
            argv, cwd=self.folder, env=self.environment, stdin=pipe, stdout=pipe, text=True
        ) as child:
            try:
                yield child
            finally:
                child.kill()

    def run(self, script: str, python: str = sys.executable) -> list[dict[str, Any]]:
        """Run to the end (the meter sends the rest then); what the script said."""
        with self.start(script, python) as child:
            said, _ = child.communicate(timeout=PATIENCE)
        assert child.returncode == 0
        return [json.loads(text) for text in said.splitlines()]


def hear(child: subprocess.Popen[str]) -> dict[str, Any]:
    """The next thing that the script says."""
    assert child.stdout is not None
    found: dict[str, Any] = json.loads(child.stdout.readline())
    return found


def tell(child: subprocess.Popen[str], text: str = "go on") -> None:
    assert child.stdin is not None
    child.stdin.write(text + "\n")
    child.stdin.flush()
