"""A small shop that runs, interpreters in its back end, and providers that misbehave."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from bytecode import KEPT

from brownout import store
from brownout.stack.stack import Places, Stack

PRELUDE = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from shop.celery import app
app.conf.task_always_eager = app.conf.task_eager_propagates = True
cache.clear()
client = Client(SERVER_NAME="127.0.0.1")
def send(path, body):
    return client.post(path, body, content_type="application/json")
def say(**found):
    print(json.dumps(found, default=str), flush=True)
"""


class Backend:
    """The stack of the shop as it is in the tree; ended by ``stop``."""

    def __init__(self, run: Path, size: str = "small") -> None:
        places = Places(run, uuid.uuid4().hex, store.assets() / "shop", store.cache_folder(), size)
        self.stack = Stack(places, lambda text: None, lambda notice: None)
        tag = self.stack.start(lambda releases, tag: None)
        self.folder = self.stack.releases.worktree(tag) / "backend"

    @property
    def url(self) -> str:
        return str(self.stack.web.url)

    def cache(self, number: int) -> str:
        """The URL of one of Valkey's databases; the running shop has the first two."""
        return f"{self.stack.urls()['cache'].removesuffix('/0')}/{number}"

    def python(self, script: str, **settings: str) -> list[dict[str, Any]]:
        """What a script says in the shop's back end. Tasks run at once, the cache is its own."""
        urls = self.stack.urls()
        environment = {
            "DJANGO_SETTINGS_MODULE": "shop.settings",
            "DATABASE_URL": urls["database"],
            "CACHE_URL": self.cache(5),
            "AI_BASE_URL": f"{urls['ai']}/v1",
            "MODELS_URL": urls["ai"],
            "MAIL_DIR": str(self.stack.places.run / "mail"),
            "PATH": "/usr/bin:/bin",
            **KEPT,
        }
        argv = [sys.executable, "-c", PRELUDE + script]
        done = subprocess.run(
            argv, cwd=self.folder, env=environment | settings,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


class Provider:
    """Speaks OpenAI's protocol, in a way that the first part of the path names.

    ``wants-key``: honest, for who has the key; ``slow``: never answers; ``drips``: never ends an
    answer; ``html``, ``shape``, ``short``, ``nan``, ``absurd``: nonsense; ``endless``: streams
    until the client hangs up; ``breaks``: a stream that breaks off.
    """

    KEY, MODEL, SIZE = "secret-key", "text-embedding-of-another-firm", 8

    def __init__(self) -> None:
        self.hung_up = threading.Event()
        self.ended = threading.Event()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length))
                manner = self.path.split("/")[1].replace("-", "_")
                with suppress(OSError):
                    getattr(provider, manner)(self, body)

            def answer(self, status: int, body: Any, kind: str = "application/json") -> None:
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def wants_key(self, to: Any, body: dict[str, Any]) -> None:
        if to.headers["Authorization"] != f"Bearer {self.KEY}":
            error = {"message": "no such key", "type": "invalid_request_error", "code": "key"}
            to.answer(401, {"error": error})
        elif body["model"] != self.MODEL:
            to.answer(404, {"error": {"message": "no such model", "type": "x", "code": "model"}})
        else:
            texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
            to.answer(200, self._embeddings([self._vector(text) for text in texts]))

    def _vector(self, text: str) -> list[float]:
        """By the letters that a text has."""
        return [1e-3 + sum(ord(c) % self.SIZE == i for c in text) for i in range(self.SIZE)]

    def _embeddings(self, vectors: list[list[float]]) -> dict[str, Any]:
        rows = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return {"object": "list", "model": self.MODEL, "data": rows, "usage": usage}

    def slow(self, to: Any, body: dict[str, Any]) -> None:
        self.ended.wait()

    def drips(self, to: Any, body: dict[str, Any]) -> None:
        to.send_response(200)
        to.send_header("Content-Type", "application/json")
        to.send_header("Content-Length", "1000000")
        to.end_headers()
        while not self.ended.wait(0.1):
            to.wfile.write(b" ")

    def html(self, to: Any, body: dict[str, Any]) -> None:
        to.answer(200, "<h1>It works!</h1>", "text/html")

    def shape(self, to: Any, body: dict[str, Any]) -> None:
        to.answer(
            200, {"data": "x", "books": {"a": 1}, "hours": "soon", "positive": None, "choices": 1}
        )

    def short(self, to: Any, body: dict[str, Any]) -> None:
        to.answer(200, self._embeddings([]) | {"hours": [], "books": ["1"], "positive": []})

    def nan(self, to: Any, body: dict[str, Any]) -> None:
        rows = self._embeddings([[float("nan")] * 64]) | {"hours": [float("nan")], "books": [0.5]}
        to.answer(200, json.dumps(rows))

    def absurd(self, to: Any, body: dict[str, Any]) -> None:
        vector = {"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}
        found = {"object": "list", "model": "embedding@2026-09", "data": [vector]}
        to.answer(200, found | {"hours": [-5.0], "books": [10**9], "choices": []})

    def endless(self, to: Any, body: dict[str, Any]) -> None:
        self._stream(to)
        try:
            while not self.ended.wait(0.02):
                self._chunk(to, "word ")
        except OSError:
            self.hung_up.set()

    def breaks(self, to: Any, body: dict[str, Any]) -> None:
        self._stream(to)
        self._chunk(to, "It is ")
        to.wfile.write(b"data: {nonsense\n\n")

    def _stream(self, to: Any) -> None:
        to.send_response(200)
        to.send_header("Content-Type", "text/event-stream")
        to.end_headers()

    def _chunk(self, to: Any, text: str) -> None:
        delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": int(time.time())}
        to.wfile.write(
            f"data: {json.dumps(chunk | {'model': 'talker', 'choices': [delta]})}\n\n".encode()
        )
