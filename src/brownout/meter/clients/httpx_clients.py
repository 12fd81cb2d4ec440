"""Calls through httpx and httpx2 (which the openai client is built on), sync and async."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.clients.calls import OPEN, Call, constructed, new_clients, traceparent, working
from brownout.meter.event.callers import caller
from brownout.meter.event.work import Work


def install(library: ModuleType) -> None:
    """``library``: httpx or httpx2."""
    _note_construction(library.Client)
    _note_construction(library.AsyncClient)
    library.Client.send = _sync(library.Client.send, _follower(library.SyncByteStream))
    later = _follower_async(library.AsyncByteStream)
    library.AsyncClient.send = _async(library.AsyncClient.send, later)


def _note_construction(kind: Any) -> None:
    original = kind.__init__

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        constructed(self)

    kind.__init__ = init


def _begin(work: Work, client: Any, request: Any) -> tuple[Call, bool]:
    """(the call, whether it is opened here)."""
    call = OPEN.get()
    opened = call is None
    if call is None:
        call = Call(work, caller(3))
    request.headers.setdefault("traceparent", traceparent(work))
    try:
        body = request.content
    except Exception:  # a stream that is read only while it is sent
        body = None
    call.clients += new_clients(client, work)
    call.sent(request.method, str(request.url), body)
    return call, opened


def _answered(call: Call, response: Any) -> None:
    call.attempts += len(response.history)
    call.answered(response.status_code, response.headers)


def _sync(send: Any, follower: Any) -> Any:
    @wraps(send)
    def metered(self: Any, request: Any, *, stream: bool = False, **kwargs: Any) -> Any:
        work = working()
        if work is None:
            return send(self, request, stream=stream, **kwargs)
        call, opened = _begin(work, self, request)
        call.failed, call.streaming = True, False
        token = OPEN.set(call)
        try:
            # As the client itself does it; but the moment at which the head is there is seen.
            response = send(self, request, stream=True, **kwargs)
            _answered(call, response)
            if stream:
                call.streams()
                response.stream = follower(response.stream, call)
                return response
            try:
                response.read()
            except BaseException:
                response.close()
                raise
            call.read(response.content)
            return response
        finally:
            OPEN.reset(token)
            if opened and not call.streaming:
                call.end()

    return metered


def _async(send: Any, follower: Any) -> Any:
    @wraps(send)
    async def metered(self: Any, request: Any, *, stream: bool = False, **kwargs: Any) -> Any:
        work = working()
        if work is None:
            return await send(self, request, stream=stream, **kwargs)
        call, opened = _begin(work, self, request)
        call.failed, call.streaming = True, False
        token = OPEN.set(call)
        try:
            response = await send(self, request, stream=True, **kwargs)
            _answered(call, response)
            if stream:
                call.streams()
                response.stream = follower(response.stream, call)
                return response
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
            call.read(response.content)
            return response
        finally:
            OPEN.reset(token)
            if opened and not call.streaming:
                call.end()

    return metered


def _follower(base: Any) -> Any:
    class Followed(base):
        """A streamed answer: the call ends with it."""

        def __init__(self, stream: Any, call: Call) -> None:
            self._stream, self._call = stream, call

        def __iter__(self) -> Any:
            try:
                for chunk in self._stream:
                    self._call.piece(chunk)
                    yield chunk
            except Exception:
                self._call.failed = True
                raise

        def close(self) -> None:
            try:
                self._stream.close()
            finally:
                self._call.streamed()

    return Followed


def _follower_async(base: Any) -> Any:
    class Followed(base):
        """A streamed answer: the call ends with it."""

        def __init__(self, stream: Any, call: Call) -> None:
            self._stream, self._call = stream, call

        async def __aiter__(self) -> Any:
            try:
                async for chunk in self._stream:
                    self._call.piece(chunk)
                    yield chunk
            except Exception:
                self._call.failed = True
                raise

        async def aclose(self) -> None:
            try:
                await self._stream.aclose()
            finally:
                self._call.streamed()

    return Followed
