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
from urllib.parse import urlsplit

from brownout.meter.work import Work

BUFFER = 5000
BATCH = 300
EVERY = 0.5
"""Seconds between two batches."""

TIMEOUT = 3

_sender: Sender | None = None
_lock = threading.Lock()


def send(work: Work, kind: str, route: str, status: int, size: int) -> None:
    """Hand a finished work over; ``size``: bytes of the response, -1 unknown."""
    duration = time.perf_counter_ns() - work.began
    columns = work.columns() | {"bytes": size}
    _of_this_process().put((work.trace_id, work.start, duration, kind, route, status, columns))


def _of_this_process() -> Sender:
    """The sender, a new one after a fork: threads do not survive it."""
    global _sender
    if _sender is None or _sender.pid != os.getpid():
        with _lock:
            if _sender is None or _sender.pid != os.getpid():
                _sender = Sender()
    return _sender


class Sender:
    """One process's buffer and thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.dropped = 0
        self._reported = 0
        self._buffer: deque[tuple[Any, ...]] = deque()
        self._target = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
        self._wake = threading.Event()
        self._resource = {"attributes": _attributes(_resource())}
        self._connection: http.client.HTTPConnection | None = None
        self._sending = threading.Lock()
        threading.Thread(target=self._run, name="brownout-meter", daemon=True).start()
        atexit.register(self.flush)

    def put(self, event: tuple[Any, ...]) -> None:
        if not self._target:
            return
        if len(self._buffer) >= BUFFER:
            self.dropped += 1
            return
        self._buffer.append(event)
        if len(self._buffer) >= BATCH:
            self._wake.set()

    def flush(self) -> bool:
        """Send what is there, once; what fails stays in the buffer. Was all of it taken?"""
        if self.pid != os.getpid():
            return True
        with self._sending:
            while self._buffer and self._send_batch():
                pass
            self._report_drops()
            return not self._buffer

    def _run(self) -> None:
        while True:
            self._wake.wait(EVERY)
            self._wake.clear()
            if not self.flush():
                # A full buffer wakes it at each request: asking in vain takes CPU time from them.
                time.sleep(EVERY)

    def _send_batch(self) -> bool:
        batch = [self._buffer.popleft() for _ in range(min(BATCH, len(self._buffer)))]
        spans = [_span(*event) for event in batch]
        groups = [{"resource": self._resource, "scopeSpans": [{"spans": spans}]}]
        status = self._post("/v1/traces", {"resourceSpans": groups})
        if status in (0, 429, 502, 503, 504):
            room = max(BUFFER - len(self._buffer), 0)
            self.dropped += max(len(batch) - room, 0)
            self._buffer.extendleft(reversed(batch[:room]))
            return False
        if status != 200:
            self.dropped += len(batch)
        return True

    def _report_drops(self) -> None:
        if self.dropped == self._reported:
            return
        point = {"timeUnixNano": str(time.time_ns()), "asDouble": self.dropped}
        metric = {"name": "meter.dropped", "gauge": {"dataPoints": [point]}}
        groups = [{"resource": self._resource, "scopeMetrics": [{"metrics": [metric]}]}]
        if self._post("/v1/metrics", {"resourceMetrics": groups}) == 200:
            self._reported = int(point["asDouble"])  # type: ignore[call-overload]

    def _post(self, path: str, body: dict[str, Any]) -> int:
        """The HTTP status, 0 when nobody answers."""
        try:
            if self._connection is None:
                address = urlsplit(self._target).netloc
                self._connection = http.client.HTTPConnection(address, timeout=TIMEOUT)
            headers = {"Content-Type": "application/json"}
            self._connection.request("POST", path, json.dumps(body).encode(), headers)
            response = self._connection.getresponse()
            response.read()
            return response.status
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0


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


def _span(
    trace_id: str,
    start: int,
    duration: int,
    kind: str,
    route: str,
    status: int,
    columns: dict[str, Any],
) -> dict[str, Any]:
    method, _, pattern = route.partition(" ")
    values: dict[str, Any] = {"brownout.work": json.dumps(columns)}
    if kind == "request":
        values |= {
            "http.request.method": method,
            "http.route": pattern,
            "http.response.status_code": status,
        }
    return {
        "traceId": trace_id,
        "spanId": os.urandom(8).hex(),
        "name": route,
        "kind": 2 if kind == "request" else 5,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + duration),
        "attributes": _attributes(values),
        "status": {"code": 2} if status >= 500 or (kind == "task" and status) else {},
    }
