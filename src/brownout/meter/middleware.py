"""The middleware that opens and closes a request's work."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

from brownout.meter import sender
from brownout.meter.work import CURRENT, Work, trace_of

CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def route_of(request: Any) -> str:
    """Method and URL pattern, "GET /api/books/{id}/"; files by their folder alone."""
    match = getattr(request, "resolver_match", None)
    if match is not None:
        pattern = CONVERTER.sub(r"{\1}", GROUP.sub(r"{\1}", match.route)).strip("^$")
        return f"{request.method} /{pattern.lstrip('/')}"
    folder = request.path.rsplit("/", 1)[0]
    return f"{request.method} {folder}/{{file}}"


class Meter:
    """First in the list: what happens in all the others is counted."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if iscoroutinefunction(self.get_response):
            return self._async(request)
        work, token = self._open(request)
        try:
            response = self.get_response(request)
        except BaseException as error:
            self._failed(work, request, error)
            raise
        finally:
            CURRENT.reset(token)
        return self._close(work, request, response)

    async def _async(self, request: Any) -> Any:
        work, token = self._open(request)
        try:
            awaited: Awaitable[Any] = self.get_response(request)
            response = await awaited
        except BaseException as error:
            self._failed(work, request, error)
            raise
        finally:
            CURRENT.reset(token)
        return self._close(work, request, response)

    def process_exception(self, request: Any, exception: Exception) -> None:
        work = CURRENT.get()
        if work is not None:
            work.exception = type(exception).__name__

    @staticmethod
    def _open(request: Any) -> tuple[Work, Any]:
        work = Work(trace_of(request.META.get("HTTP_TRACEPARENT", "")))
        return work, CURRENT.set(work)

    @staticmethod
    def _failed(work: Work, request: Any, error: BaseException) -> None:
        work.exception = type(error).__name__
        sender.send(work, "request", route_of(request), 500, 0)

    @staticmethod
    def _close(work: Work, request: Any, response: Any) -> Any:
        size = -1 if response.streaming else len(response.content)
        sender.send(work, "request", route_of(request), response.status_code, size)
        return response
