"""Sending everything on to another OTLP/HTTP receiver: what came, as it came.

A thread of its own does it. The collector never waits for it: the queue is bounded in bytes, what
does not fit is dropped and counted.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

QUEUE = 16 << 20
"""Bytes of bodies that wait at most."""

TIMEOUT = 10.0

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a body is sent again; doubled each time."""

PATIENCE = 300.0
"""Seconds after which a body that nobody takes is dropped."""

AGAIN = (429, 502, 503, 504)
"""Statuses after which OTLP/HTTP says to send again; any other is final."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A body for ``/v1/<signal>`` as it was received. ``items``: spans, points or records in it."""

    signal: str
    body: bytes
    headers: Mapping[str, str]
    items: int


class Forwarder:
    """Runs until ``close``. ``headers``: an API key, say."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        import httpx  # most collectors forward nothing, and need not wait for it

        self._url = url.rstrip("/").removesuffix("/v1/traces")
        self._client = httpx.Client(headers=dict(headers), timeout=TIMEOUT, trust_env=True)
        self._waiting: collections.deque[Parcel] = collections.deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self.sent = 0
        self.dropped = 0
        self.last_error = ""
        self._thread = threading.Thread(target=self._run, name="forward", daemon=True)
        self._thread.start()

    def put(self, parcel: Parcel) -> None:
        """Take a body, or drop it; never waits."""
        with self._changed:
            if self._bytes + len(parcel.body) > QUEUE:
                self.dropped += parcel.items
                self.last_error = "the queue is full"
                return
            self._waiting.append(parcel)
            self._bytes += len(parcel.body)
            self._changed.notify()

    @property
    def waiting(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def close(self, seconds: float = 2.0) -> None:
        """Send what waits for so long at most; the rest is dropped."""
        end = time.monotonic() + seconds
        with self._changed:
            self._changed.wait_for(lambda: not self._bytes, max(end - time.monotonic(), 0))
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed.is_set())
                if not self._waiting:
                    return
                parcel = self._waiting.popleft()
            taken = self._deliver(parcel)
            with self._changed:
                self._bytes -= len(parcel.body)
                self.sent += parcel.items if taken else 0
                self.dropped += 0 if taken else parcel.items
                self._changed.notify_all()

    def _deliver(self, parcel: Parcel) -> bool:
        """Send until it is taken or refused for good; was it taken?"""
        import httpx

        pause, end = FIRST_PAUSE, time.monotonic() + PATIENCE
        while True:
            wait = pause
            try:
                answer = self._client.post(
                    f"{self._url}/v1/{parcel.signal}", content=parcel.body, headers=parcel.headers
                )
                if answer.is_success:
                    return True
                self.last_error = f"{answer.status_code} {answer.text[:200]}"
                if answer.status_code not in AGAIN:
                    return False
                wait = max(pause, _retry_after(answer.headers.get("retry-after", "")))
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                self.last_error = str(error) or type(error).__name__
            if time.monotonic() + wait > end or self._closed.wait(min(wait, LONGEST_PAUSE)):
                return False
            pause = min(2 * pause, LONGEST_PAUSE)


def _retry_after(text: str) -> float:
    """Seconds that a Retry-After asks for: a number, or a date; 0 for what is neither."""
    if text.isdecimal():
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - time.time()
    except ValueError:
        return 0.0
