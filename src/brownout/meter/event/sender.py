"""Sending wide events as OTLP/HTTP JSON from a thread of its own.

A request never waits for it: the buffer is bounded, what does not fit is dropped and counted.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections import deque
from typing import Any

from brownout.meter.event import allocations, ends
from brownout.meter.event.encoding import span
from brownout.meter.event.packages import introduction
from brownout.meter.event.receiver import TIMEOUT, Receiver, pairs
from brownout.meter.event.work import Work

BUFFER = 5000
"""Events that may wait."""

BYTES = 10_000_000
"""Of all events that may wait."""

TOGETHER = 16
"""Works whose events are written in one go. Code and data that were in use just now cost a
fraction; and works that wait, other than texts, make the cyclic garbage collector run."""

BATCH = 20 * TOGETHER
EVERY = 0.5
"""Seconds between two batches."""

LAST = 2.0
"""Seconds that the end of a process may take for what still waits."""

BUSY = (429, 502, 503, 504)
"""Answers after which it is asked again."""

_sender: Sender | None = None
_lock = threading.Lock()


def send(work: Work, kind: str, route: str, status: int, size: int) -> None:
    """Hand a finished work over; ``size``: bytes of the response, -1 unknown."""
    if work.closed:
        return
    work.close()
    _of_this_process().put(work, kind, route, status, size)


def _of_this_process() -> Sender:
    """The sender, a new one after a fork: threads do not survive it."""
    global _sender
    if _sender is None:
        with _lock:
            if _sender is None:
                _sender = Sender()
                allocations.listen()
                ends.listen()
                ends.watch()
    return _sender


def _forked() -> None:
    global _sender, _lock
    _sender, _lock = None, threading.Lock()


def _last() -> None:
    if _sender is not None:
        _sender.last()


os.register_at_fork(after_in_child=_forked)
ends.before(_last)


class Sender:
    """One process's buffer and thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.dropped = 0
        self._reported = 0
        self._finished: deque[tuple[Work, str, str, int, int]] = deque()
        self._buffer: deque[bytes] = deque()
        self._length = 0
        self._first: list[bytes] | None = None
        """Goes before the first batch: who this process is; nothing once it was taken."""

        self._underway = 0
        self._until = 0.0
        self._status, self._trouble, self._lost = 200, "", 0
        self._receiver = Receiver()
        self._target = self._receiver.url
        self._wake = threading.Event()
        self._resource = {"attributes": _attributes(_resource())}
        resource = json.dumps(self._resource).replace("%", "%%")
        self._envelope = (
            f'{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{{"spans":[%b]}}]}}]}}'
        ).encode()
        self._sending = threading.Lock()
        threading.Thread(target=self._run, name="brownout-meter", daemon=True).start()

    def put(self, work: Work, kind: str, route: str, status: int, size: int) -> None:
        if not self._target:
            return
        if len(self._buffer) + len(self._finished) >= BUFFER or self._length >= BYTES:
            self.dropped += 1
            return
        self._finished.append((work, kind, route, status, size))
        if len(self._finished) >= TOGETHER:
            self._write()
            if len(self._buffer) >= BATCH:
                self._wake.set()

    def _write(self) -> None:
        """Write the events of the finished works; one that cannot be written is counted."""
        while self._finished:
            try:
                finished = self._finished.popleft()
            except IndexError:  # another thread writes, too
                return
            try:
                event = span(*finished).encode()
            except Exception:
                self.dropped += 1
                continue
            length = len(event)
            # Read and written at once, with no call between: other threads write it, too.
            self._length += length
            self._buffer.append(event)

    def flush(self) -> bool:
        """Send what is there, once; what fails stays in the buffer. Was all of it taken?"""
        if self.pid != os.getpid():
            return True
        with self._sending:
            self._write()
            # Not what comes meanwhile: under load there would be no end of small, dear batches.
            for _ in range(max(len(self._buffer) // BATCH, 1) if self._buffer else 0):
                if not self._send_batch():
                    return False
            self._report_drops()
            return True

    def last(self) -> None:
        """At the end: send all that waits, in ``LAST`` seconds at most, and say what is lost."""
        if self.pid != os.getpid() or not self._target:
            return
        self._until = time.monotonic() + LAST
        if self._sending.acquire(timeout=LAST):
            try:
                self._write()
                while self._buffer and (self._send_batch() or self._later()):
                    pass
                self._report_drops()
            finally:
                self._sending.release()
        self._until = 0.0
        lost = self.dropped + self._underway + len(self._buffer) + len(self._finished)
        if lost > self._lost:
            self._lost = lost
            why = self._trouble or "more came than it took"
            _say(f"{lost} of its events did not reach {self._receiver.name}: {why}")

    def _later(self) -> bool:
        """Is it worth another try? Who is busy is asked again, who is not there is not."""
        if self._status not in BUSY or time.monotonic() > self._until:
            return False
        time.sleep(0.1)
        return True

    def _run(self) -> None:
        while True:
            self._wake.wait(EVERY)
            taken = self.flush()
            self._wake.clear()
            if len(self._buffer) >= BATCH:
                self._wake.set()
            if not taken:
                # A full buffer wakes it at each request: asking in vain takes CPU time from them.
                time.sleep(EVERY)

    def _send_batch(self) -> bool:
        waiting = len(self._buffer)
        self._underway = count = waiting if waiting < 2 * BATCH else BATCH
        batch = [self._buffer.popleft() for _ in range(count)]
        if self._first is None:
            self._first = _introduction()
        status = self._post("/v1/traces", self._envelope % b",".join([*self._first, *batch]))
        self._underway = 0
        length = sum(map(len, batch))
        self._length -= length
        if status == 0 or status in BUSY:
            room = max(BUFFER - len(self._buffer), 0)
            self.dropped += max(len(batch) - room, 0)
            length = sum(map(len, batch[:room]))
            self._length += length
            self._buffer.extendleft(reversed(batch[:room]))
            return False
        self._first = []
        if status != 200:
            self.dropped += len(batch)
        return True

    def _report_drops(self) -> None:
        reported = self.dropped
        if reported == self._reported:
            return
        # The point tells its process, too: a service's processes each count their own.
        of = _attributes({"process.pid": os.getpid()})
        point = {"timeUnixNano": str(time.time_ns()), "asDouble": reported, "attributes": of}
        metric = {"name": "meter.dropped", "gauge": {"dataPoints": [point]}}
        groups = [{"resource": self._resource, "scopeMetrics": [{"metrics": [metric]}]}]
        if self._post("/v1/metrics", json.dumps({"resourceMetrics": groups}).encode()) == 200:
            self._reported = reported

    def _post(self, path: str, body: bytes) -> int:
        """The HTTP status, 0 when nobody answers; the first failure is told."""
        left = max(self._until - time.monotonic(), 0.05) if self._until else TIMEOUT
        self._status = status = self._receiver.post(path, body, left)
        if status != 200:
            if not self._trouble:
                _say(f"events cannot be sent to {self._receiver.name}: {self._receiver.trouble}")
            self._trouble = self._receiver.trouble
        return status


def _introduction() -> list[bytes]:
    try:
        return [introduction().encode()]
    except Exception:  # a strange entry of sys.path is no reason to send nothing
        return []


def _say(text: str) -> None:
    """A line on stderr, straight: this may interrupt whatever else writes there."""
    with contextlib.suppress(OSError):
        os.write(2, f"brownout: {text} (process {os.getpid()})\n".encode())


def _resource() -> dict[str, Any]:
    """Who sends: as whoever put the meter in says, else as OpenTelemetry's variables do."""
    found: dict[str, Any] = dict(pairs(os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")))
    told = os.environ.get("BROWNOUT_METER_SERVICE") or os.environ.get("OTEL_SERVICE_NAME")
    found["service.name"] = told or found.get("service.name", "unknown")
    if os.environ.get("BROWNOUT_METER_RELEASE"):
        found.setdefault("service.version", os.environ["BROWNOUT_METER_RELEASE"])
    return {**found, "process.pid": os.getpid()}


def _attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": str(v)},
        }
        for key, v in values.items()
    ]
