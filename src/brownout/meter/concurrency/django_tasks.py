"""django.tasks (Django 6) and its backport django_tasks: an event per task that runs, by signals.

A task that is interrupted from the keyboard tells nobody that it has finished: that is seen where
it is called.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.concurrency.tasks import EAGER, enqueued
from brownout.meter.event import sender as sending
from brownout.meter.event.work import CURRENT, Work

IMMEDIATE = "ImmediateBackend"
"""Runs a task at once, where it is enqueued."""

_running: dict[str, tuple[Work, Work | None, str]] = {}
"""Id of a task's result -> its work, the one that it interrupts, the task's path."""


def install(signals: ModuleType) -> None:
    """``signals``: django.tasks.signals or django_tasks.signals."""
    signals.task_enqueued.connect(_enqueued, weak=False)
    signals.task_started.connect(_started, weak=False)
    signals.task_finished.connect(_finished, weak=False)
    task = sys.modules[signals.__name__.replace("signals", "base")].Task
    task.call = _called(task.call)


def _enqueued(sender: Any, task_result: Any, **_: Any) -> None:
    task = task_result.task
    enqueued(task.module_path, EAGER if _backend(sender) == IMMEDIATE else task.queue_name)


def _backend(sender: Any) -> str:
    """Senders are back ends, or their classes."""
    return (sender if isinstance(sender, type) else type(sender)).__name__


def _started(sender: Any, task_result: Any, **_: Any) -> None:
    work = Work()
    work.lasts()
    if _backend(sender) != IMMEDIATE:
        work.wait = _wait(task_result)
    _running[task_result.id] = work, CURRENT.get(), task_result.task.module_path
    CURRENT.set(work)


def _wait(result: Any) -> int | None:
    """ns since the task could have begun: it was enqueued, or its time has come."""
    due = [at.timestamp() for at in (result.enqueued_at, result.task.run_after) if at is not None]
    return max(time.time_ns() - int(max(due) * 1e9), 0) if result.enqueued_at else None


def _finished(task_result: Any, **_: Any) -> None:
    failed = task_result.status.name == "FAILED"
    path = task_result.errors[-1].exception_class_path if failed and task_result.errors else ""
    _end(task_result.id, failed, path.rpartition(".")[2])


def _end(result_id: str, failed: bool, exception: str) -> None:
    work, outer, path = _running.pop(result_id, (None, None, ""))
    if work is None:
        return
    CURRENT.set(outer)  # not by a token: what is sent from a coroutine comes in another context
    work.exception = exception
    sending.send(work, "task", path, int(failed), -1)


def _called(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def metered(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return call(self, *args, **kwargs)
        except KeyboardInterrupt:
            current = CURRENT.get()
            for result_id, (work, _, _) in list(_running.items()):
                if work is current:
                    _end(result_id, True, KeyboardInterrupt.__name__)
            raise

    return metered
