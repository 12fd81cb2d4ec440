"""Waiting for what tasks do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SECONDS = 15.0


def until(condition: Callable[[], Any]) -> Any:
    """The first true value of ``condition``; AssertionError when none comes."""
    deadline = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not come true in {SECONDS:g} s")
        time.sleep(0.1)
    return value
