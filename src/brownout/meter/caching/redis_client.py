"""redis-py used directly, beside the Django cache: commands by family of keys."""

from __future__ import annotations

import sys
import time
from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.caching.caches import family
from brownout.meter.clients.calls import add, working
from brownout.meter.event.callers import caller
from brownout.meter.event.work import Span, Work

OTHERS = ("django", "django_redis", "kombu", "celery")
"""Who uses Redis for purposes that are counted as such: the cache, the queue."""


def install(library: ModuleType) -> None:
    """``library``: redis.client."""
    client, pipeline = library.Redis, library.Pipeline
    client.execute_command = _sync(client.execute_command, _command)
    pipeline.execute = _sync(pipeline.execute, _pipeline)


def install_async(library: ModuleType) -> None:
    """``library``: redis.asyncio.client."""
    client, pipeline = library.Redis, library.Pipeline
    client.execute_command = _async(client.execute_command, _command)
    pipeline.execute = _async(pipeline.execute, _pipeline)


def _command(client: Any, args: tuple[Any, ...]) -> tuple[str, int]:
    """(target, number of commands) of one command."""
    name = str(args[0])
    return (f"{name} {_family(args[1])}" if len(args) > 1 else name), 1


def _pipeline(client: Any, args: tuple[Any, ...]) -> tuple[str, int]:
    """The same of a pipeline: named by its first command, for it is one round trip."""
    stack = client.command_stack
    if not stack:
        return "PIPELINE", 0
    first = getattr(stack[0], "args", None) or stack[0][0]
    return f"PIPELINE {_command(client, tuple(first))[0]}", len(stack)


def _family(key: Any) -> str:
    return family(key.decode(errors="replace") if isinstance(key, bytes) else key)


def _direct() -> bool:
    """Is it the application itself, or a library of its own, that asks?"""
    frame: Any = sys._getframe(2)
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package not in ("redis", "brownout"):
            return package not in OTHERS
        frame = frame.f_back
    return True


def _count(work: Work, target: str, commands: int, failed: bool, span: Span, where: str) -> None:
    took = time.perf_counter_ns() - span.began
    span.end()
    work.call_ended(span.began)
    if not work.asynchronous:
        work.cpu_call += span.cpu()
    values = [1, commands, None, None, 1, None, took, int(failed), 0, 0]
    add(work, (target, "redis", "", "", where), values)


def _sync(original: Any, describe: Any) -> Any:
    @wraps(original)
    def metered(self: Any, *args: Any, **options: Any) -> Any:
        work = working()
        if work is None or not _direct():
            return original(self, *args, **options)
        (target, commands), where, span, failed = describe(self, args), caller(), Span(work), True
        try:
            found = original(self, *args, **options)
            failed = False
            return found
        finally:
            _count(work, target, commands, failed, span, where)

    return metered


def _async(original: Any, describe: Any) -> Any:
    @wraps(original)
    async def metered(self: Any, *args: Any, **options: Any) -> Any:
        work = working()
        if work is None or not _direct():
            return await original(self, *args, **options)
        (target, commands), where, span, failed = describe(self, args), caller(), Span(work), True
        try:
            found = await original(self, *args, **options)
            failed = False
            return found
        finally:
            _count(work, target, commands, failed, span, where)

    return metered
