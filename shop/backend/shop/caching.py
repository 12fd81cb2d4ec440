"""Values that are dear to compute: kept in the cache, renewed by one process at a time."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache

T = TypeVar("T")

STALE = 3600
"""Seconds for which an old value is still better than none."""

LOCK = 10
"""Seconds that one computation may take before another one begins."""

PATIENCE, PAUSE = 1.0, 0.02
"""Seconds to wait for a value that somebody else computes, and between two looks."""

log = logging.getLogger(__name__)


def cached(key: str, seconds: float, compute: Callable[[], T]) -> T:
    """The value of ``key``, computed anew when it is older than ``seconds``.

    One process computes; the others get the old value meanwhile, or wait for the first one. While
    ``compute`` fails the old value is given; its exception is raised when there is none.
    """
    entry = cache.get(key)
    if entry is not None and entry[1] > time.time():
        return entry[0]
    if not cache.add(_lock(key), 1, LOCK):
        entry = entry or _awaited(key)
        return entry[0] if entry is not None else compute()
    # Between our look and our lock somebody may have renewed it.
    again = cache.get(key)
    if again is not None and again[1] > time.time():
        cache.delete(_lock(key))
        return again[0]
    try:
        return renew(key, seconds, compute)
    except Exception:
        if entry is None:
            cache.delete(_lock(key))
            raise
        # The lock stays: until it expires nobody tries in vain again.
        log.warning("%s could not be renewed; the old value is used", key, exc_info=True)
        return entry[0]


def renew(key: str, seconds: float, compute: Callable[[], T]) -> T:
    """Compute the value of ``key`` now and keep it."""
    value = compute()
    cache.set(key, (value, time.time() + seconds), seconds + STALE)
    cache.delete(_lock(key))
    return value


def _lock(key: str) -> str:
    return f"lock:{key}"


def _awaited(key: str) -> Any:
    """What somebody else computes; None when they take too long, or fail."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        time.sleep(PAUSE)
        if (entry := cache.get(key)) is not None:
            return entry
    return None
