"""AI services for tests: in a process with stored models, or in a thread with a test's own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import tiny
import uvicorn
from bytecode import KEPT
from waiting import PATIENCE, until


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def client(url: str, **more: Any) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, timeout=PATIENCE, **more)


def busy(url: str) -> dict[str, int]:
    with client(url) as http:
        return dict(http.get("/healthz").json()["busy"])


def _ready(url: str) -> bool:
    with contextlib.suppress(httpx.HTTPError), client(url) as http:
        return http.get("/healthz").status_code == 200
    return False


@contextlib.contextmanager
def process(models: Path, **environment: str) -> Iterator[str]:
    """The URL of ``python -m ai.serve`` over a folder of models."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    argv = [sys.executable, "-m", "ai.serve", "--port", str(port)]
    settings = os.environ | {"AI_MODELS": str(models), **KEPT}
    with subprocess.Popen(argv, cwd=tiny.SHOP, env=settings | environment) as child:
        try:
            until(lambda: child.poll() is not None or _ready(url), "the AI service")
            assert child.poll() is None, f"it ended with {child.returncode}"
            yield url
        finally:
            child.terminate()


@contextlib.contextmanager
def thread(app: Any) -> Iterator[str]:
    """The URL of an application that runs in this process."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=1)
    )
    running = threading.Thread(target=server.run)
    running.start()
    try:
        until(lambda: server.started, "the server")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        running.join(PATIENCE)


def refused(models: Path | None, **environment: str) -> tuple[int, str]:
    """(exit code, what is said) of a service that does not start."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith("AI_")}
    settings |= ({"AI_MODELS": str(models)} if models else {}) | environment
    done = python(["-m", "ai.serve", "--port", str(free_port())], settings)
    return done.returncode, done.stderr


def python(words: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What a command of the shop's comes to."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=tiny.SHOP,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
