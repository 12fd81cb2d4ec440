"""Calls to AI and other HTTP services through httpx (or httpx2, as the openai client makes them):
target, model, version, time."""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from brownout.meter.work import CURRENT, Work, caller

LIBRARIES = ("httpx", "httpx2")
VARYING = re.compile(r"/(\d+|[0-9a-fA-F-]{16,})(?=/|$)")


def _count(work: Work, request: Any, response: Any, where: str, began: int) -> None:
    headers = response.headers if response is not None else {}
    key = (
        VARYING.sub("/*", request.url.path),
        headers.get("ai-model", ""),
        headers.get("ai-model-version", ""),
        where,
    )
    entry = work.ai.setdefault(key, [0, 0, 0])
    entry[0] += 1
    entry[1] += time.perf_counter_ns() - began
    entry[2] += response is None or response.status_code >= 400


def _begin(work: Work, request: Any) -> int:
    request.headers.setdefault("traceparent", f"00-{work.trace_id}-{work.trace_id[:16]}-01")
    return time.perf_counter_ns()


def install() -> None:
    """Wrap the clients of the libraries that the application has."""
    for name in LIBRARIES:
        try:
            library = importlib.import_module(name)
        except ImportError:
            continue
        library.Client.send = _metered(library.Client.send)
        library.AsyncClient.send = _async_metered(library.AsyncClient.send)


def _metered(send: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(send)
    def metered(self: Any, request: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None:
            return send(self, request, **kwargs)
        where, began, response = caller(), _begin(work, request), None
        try:
            response = send(self, request, **kwargs)
            return response
        finally:
            _count(work, request, response, where, began)

    return metered


def _async_metered(send: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(send)
    async def metered(self: Any, request: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None:
            return await send(self, request, **kwargs)
        where, began, response = caller(), _begin(work, request), None
        try:
            response = await send(self, request, **kwargs)
            return response
        finally:
            _count(work, request, response, where, began)

    return metered
