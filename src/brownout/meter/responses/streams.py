"""Streamed responses: their work goes on while they are sent, and ends when the stream ends."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncIterator, Iterator
from typing import Any

from brownout.meter.event import sender
from brownout.meter.event.work import CURRENT, Work


class _Stream:
    """Bytes that have passed, and the event at the end: of the stream, or of the response."""

    def __init__(self, work: Work, route: str, response: Any) -> None:
        self._work, self._route, self._status = work, route, response.status_code
        self._size = 0
        self.open = False
        """Has somebody begun to read it, and not come to its end?"""
        # Not iterated over at all: the server sends the file itself, or it was a HEAD request.
        self._told = int(response.headers.get("Content-Length") or -1)

    def passed(self, chunk: Any) -> None:
        self._size += len(chunk)

    def end(self) -> None:
        if self.open and not self._work.exception:
            self._work.abandoned = "true"
        sender.send(
            self._work, "request", self._route, self._status, self._size or self._told
        )  # sends the first time alone


def follow(work: Work, route: str, response: Any) -> None:
    """Count a streaming response, sync or async, to its end."""
    stream = _Stream(work, route, response)
    close = response.close

    def closed() -> Any:
        try:
            return close()
        finally:
            stream.end()

    chunks = response.streaming_content
    response.close = closed
    if hasattr(chunks, "__aiter__"):
        response.streaming_content = _later(work, stream, chunks)
    else:
        response.streaming_content = _chunks(work, stream, chunks)


def _chunks(work: Work, stream: _Stream, chunks: Any) -> Iterator[Any]:
    iterator = iter(chunks)
    stream.open = True
    while True:
        token = CURRENT.set(work)
        try:
            chunk = next(iterator)
        except StopIteration:
            stream.open = False
            stream.end()
            return
        except BaseException as error:
            work.exception = type(error).__name__
            raise
        finally:
            CURRENT.reset(token)
        stream.passed(chunk)
        yield chunk


async def _later(work: Work, stream: _Stream, chunks: Any) -> AsyncIterator[Any]:
    iterator = aiter(chunks)
    stream.open = True
    while True:
        token = CURRENT.set(work)
        try:
            chunk = await anext(iterator)
        except StopAsyncIteration:
            stream.open = False
            stream.end()
            return
        except CancelledError:  # its user has left
            raise
        except BaseException as error:
            work.exception = type(error).__name__
            raise
        finally:
            CURRENT.reset(token)
        stream.passed(chunk)
        yield chunk
