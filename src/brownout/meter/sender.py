"""Sending wide events as OTLP/HTTP JSON from a thread of its own.

A request never waits for it: the buffer is bounded, what does not fit is dropped and counted.
"""

from __future__ import annotations

import atexit
import http.client
import json
import os
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import unquote, urlsplit

from brownout.meter import allocations
from brownout.meter.encoding import span
from brownout.meter.work import Work

BUFFER = 5000
"""Events that may wait."""

ENTRIES = 25_000
"""Entries (a statement's shape, a family of keys, ...) of all events that may wait: memory."""

BATCH = 300
EVERY = 0.5
"""Seconds between two batches."""

TIMEOUT = 3

_sender: Sender | None = None
_lock = threading.Lock()


def send(work: Work, kind: str, route: str, status: int, size: int) -> None:
    """Hand a finished work over; ``size``: bytes of the response, -1 unknown."""
    if work.closed:
        return
    work.close()
    _of_this_process().put((work, kind, route, status, size))


def _of_this_process() -> Sender:
    """The sender, a new one after a fork: threads do not survive it."""
    global _sender
    if _sender is None:
        with _lock:
            if _sender is None:
                _sender = Sender()
                allocations.listen()
    return _sender


def _forked() -> None:
    global _sender, _lock
    _sender, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forked)


class Sender:
    """One process's buffer and thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.dropped = 0
        self._reported = 0
        self._buffer: deque[tuple[Any, ...]] = deque()
        self._entries = 0
        self._target = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        self._headers = _headers()
        self._wake = threading.Event()
        self._resource = {"attributes": _attributes(_resource())}
        self._connection: http.client.HTTPConnection | None = None
        self._sending = threading.Lock()
        threading.Thread(target=self._run, name="brownout-meter", daemon=True).start()
        atexit.register(self.flush)

    def put(self, event: tuple[Any, ...]) -> None:
        if not self._target:
            return
        size = _size(event)
        if len(self._buffer) >= BUFFER or self._entries + size > ENTRIES:
            self.dropped += 1
            return
        self._entries += size
        self._buffer.append(event)
        if len(self._buffer) >= BATCH:
            self._wake.set()

    def flush(self) -> bool:
        """Send what is there, once; what fails stays in the buffer. Was all of it taken?"""
        if self.pid != os.getpid():
            return True
        with self._sending:
            while self._buffer:
                if not self._send_batch():
                    return False
            self._report_drops()
            return True

    def _run(self) -> None:
        while True:
            self._wake.wait(EVERY)
            self._wake.clear()
            if not self.flush():
                # A full buffer wakes it at each request: asking in vain takes CPU time from them.
                time.sleep(EVERY)

    def _send_batch(self) -> bool:
        batch = [self._buffer.popleft() for _ in range(min(BATCH, len(self._buffer)))]
        spans = ",".join(filter(None, map(self._written, batch)))
        status = self._post(
            "/v1/traces",
            f'{{"resourceSpans":[{{"resource":{json.dumps(self._resource)},'
            f'"scopeSpans":[{{"spans":[{spans}]}}]}}]}}',
        )
        size = sum(map(_size, batch))
        # Read and written at once, with no call between: request threads write it, too.
        self._entries -= size
        if status in (0, 429, 502, 503, 504):
            room = max(BUFFER - len(self._buffer), 0)
            self.dropped += max(len(batch) - room, 0)
            size = sum(map(_size, batch[:room]))
            self._entries += size
            self._buffer.extendleft(reversed(batch[:room]))
            return False
        if status != 200:
            self.dropped += len(batch)
        return True

    def _written(self, event: tuple[Any, ...]) -> str:
        """The event's span; '' and counted when it cannot be written: the others are still sent."""
        try:
            return span(*event)
        except Exception:
            self.dropped += 1
            return ""

    def _report_drops(self) -> None:
        reported = self.dropped
        if reported == self._reported:
            return
        # The point tells its process, too: a service's processes each count their own.
        of = _attributes({"process.pid": os.getpid()})
        point = {"timeUnixNano": str(time.time_ns()), "asDouble": reported, "attributes": of}
        metric = {"name": "meter.dropped", "gauge": {"dataPoints": [point]}}
        groups = [{"resource": self._resource, "scopeMetrics": [{"metrics": [metric]}]}]
        if self._post("/v1/metrics", json.dumps({"resourceMetrics": groups})) == 200:
            self._reported = reported

    def _post(self, path: str, body: str) -> int:
        """The HTTP status, 0 when nobody answers."""
        try:
            if self._connection is None:
                address = urlsplit(self._target).netloc
                self._connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
            headers = {"Content-Type": "application/json", **self._headers}
            self._connection.request("POST", path, body.encode(), headers)
            response = self._connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0


def _headers() -> dict[str, str]:
    """OTEL_EXPORTER_OTLP_HEADERS: KEY=VALUE,... with values percent-encoded."""
    pairs = os.environ.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(",")
    split = (pair.partition("=") for pair in pairs if "=" in pair)
    return {key.strip(): unquote(value.strip()) for key, _, value in split}


def _size(event: tuple[Any, ...]) -> int:
    work = event[0]
    return 3 + len(work.sql) + len(work.cache) + len(work.ai)


def _resource() -> dict[str, Any]:
    found = dict(
        pair.split("=", 1)
        for pair in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").split(",")
        if "=" in pair
    )
    service = os.environ.get("OTEL_SERVICE_NAME", "unknown")
    return {**found, "service.name": service, "process.pid": os.getpid()}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": str(v)},
        }
        for key, v in values.items()
    ]
