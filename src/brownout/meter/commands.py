"""Management commands: one that is run by itself is a piece of work, with everything inside it.

One that a request, a task or another command calls is part of theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event import sender
from brownout.meter.event.work import CURRENT, MODE, Work
from brownout.meter.handlers import enrol

SERVERS = frozenset({"runserver", "runserver_plus", "testserver"})
"""They say themselves that they are metered, once they serve."""

WORKERS = frozenset({"db_worker"})
"""They run tasks, each a piece of work of its own."""

HOSTS = SERVERS | WORKERS | {"test", "shell", "shell_plus", "dbshell"}
"""Commands that are no work themselves: others' is done in them."""


def install(base: ModuleType) -> None:
    """``base``: django.core.management.base."""
    kind: Any = base.BaseCommand
    kind.execute = _metered(kind.execute)


def _metered(execute: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(execute)
    def metered(self: Any, *args: Any, **options: Any) -> Any:
        name = type(self).__module__.rpartition(".")[2]
        outer = CURRENT.get()
        if MODE == "off" or (outer is not None and not outer.closed):
            return execute(self, *args, **options)
        if name not in SERVERS:
            enrol("worker" if name in WORKERS else "command")
        if name in HOSTS:
            return execute(self, *args, **options)
        return _run(name, lambda: execute(self, *args, **options))

    return metered


def _run(name: str, run: Callable[[], Any]) -> Any:
    """Run it as a work. A child that it forks and that gets here has no event to send."""
    work, pid = Work(), os.getpid()
    work.lasts()
    work.stands_apart()
    token = CURRENT.set(work)
    failed: BaseException | None = None
    try:
        return run()
    except BaseException as error:
        if not (isinstance(error, SystemExit) and error.code in (None, 0)):
            failed = error
        raise
    finally:
        CURRENT.reset(token)
        if os.getpid() == pid:
            work.exception = type(failed).__name__ if failed else ""
            sender.send(work, "command", name, int(failed is not None), -1)
