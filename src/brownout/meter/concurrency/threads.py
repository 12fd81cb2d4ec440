"""Threads that a request or task starts: what they do is its work, too.

Daemon threads are taken for background work that outlives it. What goes on after the answer is not
counted.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.callers import caller, standing_in
from brownout.meter.event.work import CURRENT, Work

_counting = threading.local()
"""``work``: whose CPU time this thread is being counted for, elsewhere than in its own thread."""


def install(_: ModuleType) -> None:
    """Once there is work that could start threads."""
    threading.Thread.start = _starting(threading.Thread.start)  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submitting(ThreadPoolExecutor.submit)  # type: ignore[method-assign]


def install_executor(asgiref: ModuleType) -> None:
    """``asgiref``: asgiref.current_thread_executor, by which code that is not asynchronous runs in
    a thread that waits for asynchronous code."""
    executor = asgiref.CurrentThreadExecutor
    executor.submit = _submitting(executor.submit)


def elsewhere(work: Work) -> bool:
    """Is the CPU time of this thread not counted for the work by anybody else?"""
    own = threading.current_thread().native_id == work.thread
    return not own and getattr(_counting, "work", None) is not work


def _starting(start: Any) -> Any:
    @wraps(start)
    def metered(self: Any) -> None:
        work = CURRENT.get()
        if work is not None and not self.daemon and not work.closed:
            self.run = _carried(work, caller(), self.run)
        start(self)

    return metered


def _submitting(submit: Any) -> Any:
    @wraps(submit)
    def metered(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            return submit(self, fn, *args, **kwargs)
        carried = _carried(work, caller(), fn)
        # A worker thread that this starts serves others afterwards: it is not this work's.
        token = CURRENT.set(None)
        try:
            return submit(self, carried, *args, **kwargs)
        finally:
            CURRENT.reset(token)

    return metered


def _carried(work: Work, where: str, run: Any) -> Any:
    def carried(*args: Any, **kwargs: Any) -> Any:
        token = CURRENT.set(work)
        outer = standing_in(where)
        counted = elsewhere(work)
        before = getattr(_counting, "work", None)
        if counted:
            _counting.work = work
        began = time.thread_time_ns()
        try:
            return run(*args, **kwargs)
        finally:
            if counted:
                work.cpu_elsewhere += time.thread_time_ns() - began
                _counting.work = before
            standing_in(outer)
            CURRENT.reset(token)

    return carried
