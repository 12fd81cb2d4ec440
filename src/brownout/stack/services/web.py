"""The web servers: generations of gunicorn, one a release, on one listening socket.

The socket belongs to the control process and is handed down, so it never closes while releases come
and go: what waits in its queue is taken by whoever serves next.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from brownout.model import BrownoutError
from brownout.stack.processes.environment import Wiring, shop
from brownout.stack.processes.ports import HOST, listening_socket
from brownout.stack.processes.supervisor import Child, Command, Supervisor

WORKERS, THREADS = 2, 4
DRAIN = 12.0
"""Seconds that an old generation has to finish what it has begun."""

WARM = ("/", "/api/home/", "/api/books/", "/api/books/1/", "/api/search/?q=river", "/api/cart/")
"""Pages that a new generation must answer, on a port of its own, before users meet it."""

ROUNDS = 4

MEMORY = {"PYTHONDONTWRITEBYTECODE": "1", "MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
"""A password hash takes 16 MB for a moment: each thread would keep its own for the next one."""


@dataclass(frozen=True)
class Generation:
    """One release's servers, the socket that they alone have, and when they answered first (ns)."""

    child: Child
    private: socket.socket
    since: int

    @property
    def tag(self) -> str:
        return self.child.command.release


class Web:
    """The shop's web service at ``url``."""

    def __init__(
        self, supervisor: Supervisor, wiring: Wiring, listen: str = HOST, service: str = "web"
    ) -> None:
        """``listen``: where load workers of other hosts reach the shop, at ``outer``."""
        self._service = service
        self._supervisor = supervisor
        self._wiring = wiring
        self._socket = listening_socket()
        self._shared = [self._socket]
        if listen != HOST:
            self._shared.append(listening_socket(host=listen))
        self.outer = int(self._shared[-1].getsockname()[1])
        self._count = 0
        self._fit: set[str] = set()
        self.url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.current: Generation | None = None
        self._private: list[socket.socket] = []
        """Of all generations that have not ended."""

    def switch(self, tag: str, release: Path, frontend: Path) -> tuple[int, int]:
        """Serve another release: (when it began to serve, when the old one had gone), ns.

        Raises BrownoutError when the new generation does not become healthy; the old one goes on,
        and no user has met the new one: whoever holds the shared socket answers users from his
        first moment, and so a release shows on a socket of its own first that it is fit.
        """
        if self.current and tag not in self._fit:
            self._end(self._start(tag, release, frontend, shared=False))
        fresh = self._start(tag, release, frontend, shared=True)
        self._fit.add(tag)
        old, self.current = self.current, fresh
        if old:
            self._end(old)
        return fresh.since, time.time_ns()

    def _end(self, generation: Generation) -> None:
        self._supervisor.stop(generation.child, grace=DRAIN)
        self._forget(generation.private)

    def _forget(self, private: socket.socket) -> None:
        self._private.remove(private)
        private.close()

    def _start(self, tag: str, release: Path, frontend: Path, shared: bool) -> Generation:
        self._count += 1
        private = listening_socket()
        self._private.append(private)
        port = private.getsockname()[1]
        service = self._service if shared else "rehearsal"
        sockets = [*self._shared, private] if shared else [private]
        command = Command(
            name=f"{service}-{tag}-{self._count}",
            service=service,
            argv=self._argv(sockets),
            env=shop(self._wiring, "web", tag, frontend) | MEMORY,
            cwd=release / "backend",
            log=self._wiring.run / "logs" / f"web-{tag}.log",
            release=tag,
            pass_fds=[s.fileno() for s in sockets],
            grace=DRAIN,
        )
        try:
            child = self._supervisor.start(command, lambda: _healthy(port, tag), timeout=30)
            since = time.time_ns()
            try:
                _warm(port, tag)
            except BrownoutError:
                self._supervisor.stop(child, grace=DRAIN if shared else 0.5)  # users may be in it
                raise
        except BaseException:
            self._forget(private)
            raise
        return Generation(child, private, since)

    @staticmethod
    def _argv(sockets: Sequence[socket.socket]) -> Sequence[str]:
        return [
            *(sys.executable, "-m", "gunicorn", "shop.wsgi:application"),
            *(word for s in sockets for word in ("--bind", f"fd://{s.fileno()}")),
            *("--workers", str(WORKERS), "--threads", str(THREADS), "--worker-class", "gthread"),
            # Without keep-alive nobody holds a connection to a generation that leaves.
            *("--keep-alive", "0", "--graceful-timeout", "10", "--preload"),
            "--no-control-socket",
        ]

    def close(self) -> None:
        """Close every socket; the servers have ended.

        Whoever waits for the answer of one that had not started yet is told so by this.
        """
        for mine in [*self._shared, *self._private]:
            mine.close()


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def _healthy(port: int, tag: str) -> bool:
    """Raises BrownoutError for an answer that no waiting mends: code that does not even load."""
    try:
        status, body = _get(port, "/healthz")
    except (OSError, http.client.HTTPException):
        return False
    if status == 500:
        raise _unfit(tag, "/healthz", status)
    return status == 200 and json.loads(body).get("release") == tag


def _warm(port: int, tag: str) -> None:
    """Ask for real pages, several at once so that each worker gets some."""

    def ask(path: str) -> tuple[str, int]:
        try:
            return path, _get(port, path)[0]
        except (OSError, http.client.HTTPException):
            return path, 0

    with ThreadPoolExecutor(WORKERS * 2) as pool:
        for path, status in pool.map(ask, WARM * ROUNDS):
            if status != 200:
                raise _unfit(tag, path, status)


def _unfit(tag: str, path: str, status: int) -> BrownoutError:
    return BrownoutError(
        f"the new release fails its health check: GET {path} gives {status or 'no answer'} "
        f"(see logs/web-{tag}.log); the old one keeps serving"
    )
