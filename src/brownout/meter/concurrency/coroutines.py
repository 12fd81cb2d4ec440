"""Coroutines that become tasks of their own: who started them, since no frame of theirs tells.

A library's coroutine that is gathered has none of the application's lines on its stack. And
asynchronous code that one that is not waits for: where both meet, it may run on an event loop that
serves others as well, and its CPU time is that of its steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.concurrency.threads import elsewhere
from brownout.meter.event.callers import STARTED_BY, caller
from brownout.meter.event.work import CURRENT, Work


def install(asgiref: ModuleType) -> None:
    """Once there is work that could start tasks. ``asgiref``: asgiref.sync."""
    asgiref.AsyncToSync.main_wrap = _meeting(asgiref.AsyncToSync.main_wrap)
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
        work.spread = work.stepped
        # The tasks copy the context as it is now.
        token = STARTED_BY.set(caller())
        try:
            return start(*args, **kwargs)
        finally:
            STARTED_BY.reset(token)

    return metered


def _meeting(wrap: Any) -> Any:
    @wraps(wrap)
    def metered(*args: Any, **kwargs: Any) -> Any:
        work, coroutine = CURRENT.get(), wrap(*args, **kwargs)
        return coroutine if work is None or work.closed else _stepped(work, coroutine)

    return metered


async def _stepped(work: Work, coroutine: Coroutine[Any, Any, Any]) -> Any:
    return await _Steps(work, coroutine)


class _Steps:
    """A coroutine whose steps' CPU time is counted."""

    def __init__(self, work: Work, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._work, self._coroutine = work, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        step, given = self._coroutine.send, None
        while True:
            try:
                waits_for = self._counted(step, given)
            except StopIteration as done:
                return done.value
            try:
                step, given = self._coroutine.send, (yield waits_for)
            except BaseException as error:
                step, given = self._coroutine.throw, error

    def _counted(self, step: Any, given: Any) -> Any:
        if not elsewhere(self._work):
            return step(given)
        self._work.stepped = True
        began = time.thread_time_ns()
        try:
            return step(given)
        finally:
            self._work.cpu_elsewhere += time.thread_time_ns() - began
