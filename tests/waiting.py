"""Waiting in tests: for what must come true, never for a time to pass."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 180
"""Seconds after which something hangs: what is merely slow, on however busy a machine, is not."""


def until(condition: Callable[[], T], what: str | Callable[[], object] = "") -> T:
    """Wait until it holds; what it gave then. ``what`` is told when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain: {what() if callable(what) else what}")
        threading.Event().wait(0.02)
    return value
