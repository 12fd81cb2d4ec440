"""The openai client: one call with its retries, whichever of its methods made it."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.clients.calls import OPEN, Call, working
from brownout.meter.event.callers import caller


def install(library: ModuleType) -> None:
    """``library``: openai._base_client. What is sent is seen by its HTTP client's adapter."""
    sync, later = library.SyncAPIClient.request, library.AsyncAPIClient.request

    @wraps(sync)
    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        work = working()
        if work is None or OPEN.get() is not None:
            return sync(self, *args, **kwargs)
        call = Call(work, caller())
        token = OPEN.set(call)
        try:
            return sync(self, *args, **kwargs)
        except BaseException:
            call.failed, call.streaming = True, False
            raise
        finally:
            OPEN.reset(token)
            if not call.streaming:
                call.end()

    @wraps(later)
    async def request_later(self: Any, *args: Any, **kwargs: Any) -> Any:
        work = working()
        if work is None or OPEN.get() is not None:
            return await later(self, *args, **kwargs)
        call = Call(work, caller())
        token = OPEN.set(call)
        try:
            return await later(self, *args, **kwargs)
        except BaseException:
            call.failed, call.streaming = True, False
            raise
        finally:
            OPEN.reset(token)
            if not call.streaming:
                call.end()

    library.SyncAPIClient.request = request
    library.AsyncAPIClient.request = request_later
