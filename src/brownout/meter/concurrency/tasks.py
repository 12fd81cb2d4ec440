"""Celery: an event per task that runs, with its wait; and what a unit of work enqueues where."""

from __future__ import annotations

import time
from contextvars import Token
from datetime import datetime
from types import ModuleType
from typing import Any

from brownout.meter.event import sender
from brownout.meter.event.work import CURRENT, Work

PUBLISHED = "brownout_published"
"""The header of a message with the moment of its publication, ns since the epoch."""

EAGER = "(eager)"
"""The queue of tasks that run at once, in the process that asks for them."""

_running: dict[str, tuple[Work, Token[Work | None]]] = {}


def install(signals: ModuleType) -> None:
    """``signals``: celery.signals."""
    signals.before_task_publish.connect(_published, weak=False)
    signals.task_prerun.connect(_started, weak=False)
    signals.task_failure.connect(_failed, weak=False)
    signals.task_postrun.connect(_ended, weak=False)


def _published(
    sender: Any = None,
    headers: Any = None,
    routing_key: Any = None,
    declare: Any = None,
    **_: Any,
) -> None:
    if isinstance(headers, dict):
        headers[PUBLISHED] = time.time_ns()
    queue = getattr(declare[0], "name", None) if declare else None
    enqueued(str(sender), str(queue or routing_key or ""))


def enqueued(task: str, queue: str) -> None:
    """The current work has put a task into a queue."""
    work = CURRENT.get()
    if work is not None and not work.closed:
        work.tasks += 1
        work.queued.setdefault((task, queue), [0])[0] += 1


def _started(task_id: str, task: Any = None, **_: Any) -> None:
    request = getattr(task, "request", None)
    if getattr(request, "is_eager", False):
        enqueued(task.name, EAGER)
    work = Work()
    work.lasts()
    work.wait = _wait(request)
    _running[task_id] = (work, CURRENT.set(work))


def _wait(request: Any) -> int | None:
    """ns since the task could have begun: it was published, or its eta has come."""
    published = request.get(PUBLISHED) if request is not None else None
    if not isinstance(published, int):
        return None
    due = published
    eta = request.get("eta")
    if isinstance(eta, str):
        try:
            at = datetime.fromisoformat(eta.replace("Z", "+00:00"))
        except ValueError:
            return None
        due = max(due, int(at.timestamp() * 1e9))
    return max(time.time_ns() - due, 0)


def _failed(task_id: str, exception: BaseException | None = None, **_: Any) -> None:
    if task_id in _running and exception is not None:
        _running[task_id][0].exception = type(exception).__name__


def _ended(task_id: str, task: Any, state: str = "", **_: Any) -> None:
    work, token = _running.pop(task_id, (None, None))
    if work is None or token is None:
        return
    CURRENT.reset(token)
    sender.send(work, "task", task.name, 0 if state == "SUCCESS" else 1, -1)
