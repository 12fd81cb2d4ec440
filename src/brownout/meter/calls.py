"""Calls to AI and other HTTP services through httpx: target, model, version, time."""

from __future__ import annotations

import re
import time
from typing import Any

from brownout.meter.work import CURRENT, Work, caller

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
    """Wrap httpx's clients, when the application has httpx."""
    try:
        import httpx
    except ImportError:
        return
    send, async_send = httpx.Client.send, httpx.AsyncClient.send

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

    async def async_metered(self: Any, request: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None:
            return await async_send(self, request, **kwargs)
        where, began, response = caller(), _begin(work, request), None
        try:
            response = await async_send(self, request, **kwargs)
            return response
        finally:
            _count(work, request, response, where, began)

    httpx.Client.send = metered  # type: ignore[method-assign]
    httpx.AsyncClient.send = async_metered  # type: ignore[method-assign]
