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


def install(_: ModuleType) -> None:
    """Once there is work that could start threads."""
    threading.Thread.start = _starting(threading.Thread.start)  # type: ignore[method-assign]
    ThreadPoolExecutor.submit = _submitting(ThreadPoolExecutor.submit)  # type: ignore[method-assign]


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
        standing_in(where)
        began = time.thread_time_ns()
        try:
            return run(*args, **kwargs)
        finally:
            work.cpu_elsewhere += time.thread_time_ns() - began
            standing_in("")
            CURRENT.reset(token)

    return carried
