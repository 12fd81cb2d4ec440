"""The middleware that opens and closes a request's work."""

from __future__ import annotations

import re
import sys
from asyncio import CancelledError
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.core.signals import got_request_exception

from brownout.meter.event import ends, sender
from brownout.meter.event.work import CURRENT, MODE, Work, trace_of
from brownout.meter.responses import items, operations
from brownout.meter.responses.streams import follow

CONVERTER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")

LEFT = 499
"""The status of a request whose user left before there was an answer, as nginx has it."""

_patterns: dict[str, str] = {}
"""URL patterns as Django has them -> as routes tell them; as many as the project has."""


def route_of(request: Any) -> str:
    """Method and URL pattern, "GET /api/books/{id}/"; files by their folder alone."""
    match = getattr(request, "resolver_match", None)
    if match is None:
        folder = request.path.rsplit("/", 1)[0]
        return f"{request.method} {folder}/{{file}}"
    pattern = _patterns.get(match.route)
    if pattern is None:
        pattern = CONVERTER.sub(r"{\1}", GROUP.sub(r"{\1}", match.route)).strip("^$").lstrip("/")
        _patterns[match.route] = pattern
    return f"{request.method} /{pattern}"


class Meter:
    """First in the list: what happens in all the others is counted."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        if MODE == "off":
            raise MiddlewareNotUsed
        self.get_response = get_response
        self._asynchronous = iscoroutinefunction(get_response)
        if self._asynchronous:
            markcoroutinefunction(self)
        got_request_exception.connect(_raised, dispatch_uid="brownout.meter")
        ends.listen()

    def __call__(self, request: Any) -> Any:
        if self._asynchronous:
            return self._async(request)
        work = Work(trace_of(request.META.get("HTTP_TRACEPARENT")))
        token = CURRENT.set(work)
        try:
            response = self.get_response(request)
        except BaseException as error:
            _failed(work, request, error)
            raise
        finally:
            CURRENT.reset(token)
        _answered(work, request, response)
        return response

    async def _async(self, request: Any) -> Any:
        work = Work(trace_of(request.META.get("HTTP_TRACEPARENT")), asynchronous=True)
        token = CURRENT.set(work)
        try:
            response = await self.get_response(request)
        except BaseException as error:
            _failed(work, request, error)
            raise
        finally:
            CURRENT.reset(token)
        _answered(work, request, response)
        return response

    def process_exception(self, request: Any, exception: Exception) -> None:
        work = CURRENT.get()
        if work is not None:
            work.exception = type(exception).__name__


def _raised(**_: Any) -> None:
    """An exception that became a 500, wherever it was raised: in another middleware, say."""
    work, error = CURRENT.get(), sys.exc_info()[0]
    if work is not None and error is not None:
        work.exception = error.__name__


def _failed(work: Work, request: Any, error: BaseException) -> None:
    if isinstance(error, CancelledError):
        work.abandoned = "true"
        sender.send(work, "request", route_of(request), LEFT, 0)
        return
    work.exception = type(error).__name__
    sender.send(work, "request", route_of(request), 500, 0)


def _answered(work: Work, request: Any, response: Any) -> None:
    if response.streaming:
        follow(work, route_of(request), response)
        return
    told = items.of(response)
    if told is not None:
        work.items = told
    content = response.content
    route = route_of(request) + operations.of(work, request, content)
    sender.send(work, "request", route, response.status_code, len(content))
