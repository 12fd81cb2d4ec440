"""Calls through requests, and through urllib3 below it or by itself."""

from __future__ import annotations

from copy import copy
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.clients.calls import OPEN, Call, constructed, new_clients, traceparent, working
from brownout.meter.event.callers import caller


def install(library: ModuleType) -> None:
    """``library``: requests.sessions."""
    _note_construction(library.Session)
    original = library.Session.send

    @wraps(original)
    def send(self: Any, request: Any, **kwargs: Any) -> Any:
        work = working()
        if work is None or OPEN.get() is not None:
            return original(self, request, **kwargs)
        call = Call(work, caller())
        call.clients += new_clients(self, work)
        request.headers.setdefault("traceparent", traceparent(work))
        call.sent(request.method, request.url, request.body)
        call.attempts = 0  # urllib3 below says how many there are
        call.failed = True
        token = OPEN.set(call)
        try:
            response = original(self, request, **kwargs)
            before = call.first_byte
            call.answered(response.status_code, response.headers)
            call.first_byte = before
            if response._content_consumed and response.content:
                call.read(response.content)
            return response
        finally:
            OPEN.reset(token)
            call.end()

    library.Session.send = send


def install_pool(library: ModuleType) -> None:
    """``library``: urllib3.connectionpool."""
    pool = library.HTTPConnectionPool
    _note_construction(pool)
    original = pool.urlopen

    @wraps(original)
    def urlopen(self: Any, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        work = working()
        if work is None:
            return original(self, method, url, *args, **kwargs)
        call = OPEN.get()
        if call is not None:  # requests, or another attempt of urllib3's own
            call.attempts += 1
            response = original(self, method, url, *args, **kwargs)
            call.answered(response.status, response.headers)
            return response
        call = Call(work, caller())
        call.clients += new_clients(self, work)
        if len(args) < 2:
            headers = kwargs.get("headers")
            kwargs["headers"] = copy(self.headers if headers is None else headers)
            kwargs["headers"].setdefault("traceparent", traceparent(work))
        body = args[0] if args else kwargs.get("body")
        full = url if "://" in url else f"{self.scheme}://{self.host}{url}"
        call.sent(method, full, body)
        call.failed = True
        token = OPEN.set(call)
        try:
            response = original(self, method, url, *args, **kwargs)
            call.answered(response.status, response.headers)
            if kwargs.get("preload_content", True):
                call.first_byte = None  # the body is read by now, too
                call.read(response.data or b"")
            return response
        finally:
            OPEN.reset(token)
            call.end()

    pool.urlopen = urlopen


def _note_construction(kind: Any) -> None:
    original = kind.__init__

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        constructed(self)

    kind.__init__ = init
