"""HTTP transports that wait for a whole answer as long as for any part of it."""

import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

LARGEST = 32_000_000
"""Bytes of an answer; a batch of embeddings of a large model is a sixth of that."""


def transport(library: ModuleType, stream_seconds: float) -> Any:
    """A transport of ``library``, which is httpx or httpx2 (openai's).

    Their time-outs are of each read: who sends a byte now and then is never too late. Here an
    answer must be there within its read time-out, a stream of events within ``stream_seconds``.
    """

    class Bounded(library.SyncByteStream):  # type: ignore[misc, name-defined]
        def __init__(self, parts: Any, until: float) -> None:
            self._parts, self._until, self._left = parts, until, LARGEST

        def __iter__(self) -> Iterator[bytes]:
            for part in self._parts:
                self._left -= len(part)
                if time.monotonic() > self._until or self._left < 0:
                    raise library.ReadTimeout("the whole answer takes too long, or is too large")
                yield part

        def close(self) -> None:
            self._parts.close()

    class Patient(library.HTTPTransport):  # type: ignore[misc, name-defined]
        def handle_request(self, request: Any) -> Any:
            began = time.monotonic()
            answer = super().handle_request(request)
            streamed = answer.headers.get("content-type", "").startswith("text/event-stream")
            seconds = stream_seconds if streamed else request.extensions["timeout"]["read"]
            answer.stream = Bounded(answer.stream, began + seconds)
            return answer

    return Patient(trust_env=False)
