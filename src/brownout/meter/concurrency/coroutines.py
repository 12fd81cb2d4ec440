"""Coroutines that become tasks of their own: who started them, since no frame of theirs tells.

A library's coroutine that is gathered has none of the application's lines on its stack.
"""

from __future__ import annotations

import asyncio
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.callers import STARTED_BY, caller
from brownout.meter.event.work import CURRENT


def install(_: ModuleType) -> None:
    """Once there is work that could start tasks."""
    group = getattr(asyncio, "TaskGroup", None)  # Python 3.11
    for owner, name in ((asyncio, "gather"), (asyncio, "create_task"), (group, "create_task")):
        if owner is not None:
            setattr(owner, name, _starting(getattr(owner, name)))


def _starting(start: Any) -> Any:
    @wraps(start)
    def metered(*args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            return start(*args, **kwargs)
        # The tasks copy the context as it is now.
        token = STARTED_BY.set(caller())
        try:
            return start(*args, **kwargs)
        finally:
            STARTED_BY.reset(token)

    return metered
