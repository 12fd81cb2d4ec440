"""Celery: a wide event per task that runs, and the tasks that a request enqueues."""

from __future__ import annotations

import os
from contextvars import Token
from typing import Any

from brownout.meter import sender
from brownout.meter.work import CURRENT, Work

_running: dict[str, tuple[Work, Token[Work | None]]] = {}


def install() -> None:
    """Listen to Celery's signals, when the application has Celery."""
    try:
        from celery import signals
    except ImportError:
        return
    signals.before_task_publish.connect(_published, weak=False)
    signals.task_prerun.connect(_started, weak=False)
    signals.task_failure.connect(_failed, weak=False)
    signals.task_postrun.connect(_ended, weak=False)


def _published(**_: Any) -> None:
    work = CURRENT.get()
    if work is not None:
        work.tasks += 1


def _started(task_id: str, **_: Any) -> None:
    work = Work(os.urandom(16).hex())
    _running[task_id] = (work, CURRENT.set(work))


def _failed(task_id: str, exception: BaseException | None = None, **_: Any) -> None:
    if task_id in _running and exception is not None:
        _running[task_id][0].exception = type(exception).__name__


def _ended(task_id: str, task: Any, state: str = "", **_: Any) -> None:
    work, token = _running.pop(task_id, (None, None))
    if work is None or token is None:
        return
    CURRENT.reset(token)
    sender.send(work, "task", task.name, 0 if state == "SUCCESS" else 1, -1)
