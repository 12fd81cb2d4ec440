"""The Django cache: gets, hits, sets and time per family of keys."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from brownout.meter.work import CURRENT

VARYING = re.compile(r"(?<=:)[^:]*\d[^:]*|[0-9a-fA-F]{8,}|\d+")
MISSING = object()


def family(key: Any) -> str:
    """The key with what varies in it (numbers, hashes) as *."""
    return VARYING.sub("*", str(key))


def _count(name: str, gets: int, hits: int, sets: int, began: int) -> None:
    work = CURRENT.get()
    if work is None:
        return
    entry = work.cache.setdefault(name, [0, 0, 0, 0])
    for i, value in enumerate((gets, hits, sets, time.perf_counter_ns() - began)):
        entry[i] += value


def _get(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get(self: Any, key: Any, default: Any = None, version: Any = None) -> Any:
        began = time.perf_counter_ns()
        found = original(self, key, MISSING, version)
        _count(family(key), 1, found is not MISSING, 0, began)
        return default if found is MISSING else found

    return get


def _get_many(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_many(self: Any, keys: Iterable[Any], version: Any = None) -> Any:
        wanted = list(keys)
        began = time.perf_counter_ns()
        found = original(self, wanted, version)
        if wanted:
            _count(family(wanted[0]), len(wanted), len(found), 0, began)
        return found

    return get_many


def _set(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def set_(self: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return original(self, key, *args, **kwargs)
        finally:
            _count(family(key), 0, 0, 1, began)

    return set_


WRAPPERS = {"get": _get, "get_many": _get_many, "set": _set, "add": _set}


def install() -> None:
    """Wrap the configured cache back ends; a back end's own class, once."""
    from django.core.cache import caches

    for kind in {type(backend) for backend in (caches[alias] for alias in caches)}:
        for name, wrap in WRAPPERS.items():
            if name in kind.__dict__:
                setattr(kind, name, wrap(kind.__dict__[name]))
