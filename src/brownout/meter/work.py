"""The work of one request or task, counted while it runs."""

from __future__ import annotations

import os
import re
import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
CURRENT: ContextVar[Work | None] = ContextVar("brownout_work", default=None)


@dataclass(slots=True)
class Work:
    """Exact counts, and measured times in ns. ``sql``, ``cache``, ``ai`` are keyed for speed."""

    trace_id: str
    start: int = field(default_factory=time.time_ns)
    began: int = field(default_factory=time.perf_counter_ns)
    cpu_began: int = field(default_factory=time.thread_time_ns)
    sql: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    seen: dict[tuple[str, int], int] = field(default_factory=dict)
    cache: dict[str, list[int]] = field(default_factory=dict)
    ai: dict[tuple[str, str, str, str], list[int]] = field(default_factory=dict)
    tasks: int = 0
    exception: str = ""

    def columns(self) -> dict[str, Any]:
        """The columns of table ``work`` that are not fields of a span."""
        sql, cached, ai = self.sql.values(), self.cache.values(), self.ai.values()
        return {
            "cpu": time.thread_time_ns() - self.cpu_began,
            "sql_calls": sum(v[0] for v in sql),
            "sql_rows": sum(v[1] for v in sql),
            "sql_time": sum(v[2] for v in sql),
            "cache_gets": sum(v[0] for v in cached),
            "cache_hits": sum(v[1] for v in cached),
            "cache_time": sum(v[3] for v in cached),
            "ai_calls": sum(v[0] for v in ai),
            "ai_time": sum(v[1] for v in ai),
            "tasks": self.tasks,
            "exception": self.exception,
            "sql": [
                _named(("shape", "caller"), key, ("calls", "rows", "time", "repeats"), v)
                for key, v in self.sql.items()
            ],
            "cache": [
                _named(("family",), (key,), ("gets", "hits", "sets", "time"), v)
                for key, v in self.cache.items()
            ],
            "ai": [
                _named(
                    ("target", "model", "version", "caller"), key, ("calls", "time", "errors"), v
                )
                for key, v in self.ai.items()
            ],
        }


def _named(
    names: tuple[str, ...], key: tuple[str, ...], fields: tuple[str, ...], values: list[int]
) -> dict[str, Any]:
    return {**dict(zip(names, key, strict=True)), **dict(zip(fields, values, strict=True))}


def trace_of(header: str) -> str:
    """The trace id of a W3C traceparent, a new one without it or when it is malformed."""
    found = TRACEPARENT.match(header)
    return found[1] if found else os.urandom(16).hex()


@cache
def root() -> str:
    """The application's folder: callers are looked for and named below it."""
    from django.conf import settings

    return str(Path(getattr(settings, "BASE_DIR", Path.cwd()))).rstrip("/") + "/"


@cache
def _ours(filename: str) -> str:
    """The name of an application's file below its root, '' for all other files."""
    if not filename.startswith(root()) or "site-packages" in filename:
        return ""
    return filename[len(root()) :]


def caller() -> str:
    """file:line of the nearest frame in the application's own code, '' when there is none."""
    frame = sys._getframe(2)
    while frame is not None:
        name = _ours(frame.f_code.co_filename)
        if name:
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return ""
