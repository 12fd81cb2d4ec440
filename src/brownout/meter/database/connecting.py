"""Time spent waiting for connections to databases: opened anew, or given out by a pool.

Statements that the opening itself asks for through Django's cursors are counted as such, and their
time is not counted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.work import CURRENT, Span


def install(library: ModuleType) -> None:
    """``library``: django.db.backends.base.base."""
    wrapper: Any = library.BaseDatabaseWrapper
    wrapper.connect = _connecting(wrapper.connect)


def _connecting(connect: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(connect)
    def metered(self: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            return connect(self)
        span = Span(work)
        try:
            return connect(self)
        finally:
            work.connect_time += span.end()

    return metered
