"""The Django cache: what is got, found, set and deleted per family of keys, and its bytes.

Each back end's class is wrapped when the first of it is made. An operation that a back end makes of
others of its own (``get_or_set``, ``get_many`` of some) counts as what was asked for, once; the
async variants that Django makes of the sync ones are counted in those, but for ``aincr``, which it
makes of two: it counts as one, as ``incr`` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import wraps
from inspect import iscoroutinefunction
from time import perf_counter_ns
from types import ModuleType
from typing import Any

from brownout.meter.caching.pickles import MOVED
from brownout.meter.event.work import CURRENT, Span, Work

VARYING = re.compile(
    r"(?<=:)[^:]*\d[^:]*"
    r"|(?=(?:[A-Za-z]+\d+){3})[0-9A-Za-z]{16,}"  # of random letters and digits: sessions, tokens
    r"|[0-9a-fA-F]{8,}|\d+"
)
MISSING = object()
REMEMBERED = 5000

GETS, HITS, SETS, DELETES, BYTES, TIME = range(6)
"""Places in an entry of ``work.cache`` (work.CACHE_FIELDS)."""

_families: dict[str, str] = {}


def family(key: Any) -> str:
    """The key with what varies in it (numbers, hashes) as *."""
    text = key if type(key) is str else str(key)
    known = _families.get(text)
    if known is None:
        known = VARYING.sub("*", text)
        if len(_families) >= REMEMBERED:
            _families.clear()
        _families[text] = known
    return known


def install(library: ModuleType) -> None:
    """``library``: django.core.cache."""
    original = library.CacheHandler.create_connection

    @wraps(original)
    def create_connection(self: Any, alias: str) -> Any:
        backend = original(self, alias)
        _wrap(type(backend))
        return backend

    library.CacheHandler.create_connection = create_connection
    if "settings" in vars(library.caches):  # somebody has used a cache before
        for backend in library.caches.all(initialized_only=True):
            _wrap(type(backend))


class _Operation:
    """One operation on a cache, counted when it is over unless it is a part of another."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._moved = [0]
        self._token = MOVED.set(self._moved)
        self._span = Span(work)

    def over(self, families: dict[str, list[int]]) -> None:
        """``families``: family -> [gets, hits, sets, deletes]. Bytes and time go to the first."""
        MOVED.reset(self._token)
        took, work = self._span.end(), self._work
        work.cpu_cache += self._span.cpu()
        more = [self._moved[0], took]
        for name, counts in families.items():
            entry = work.cache.setdefault(name, [0] * 6)
            for i, value in enumerate([*counts, *more]):
                entry[i] += value
            more = [0, 0]


def _metered(original: Any, count: Callable[..., dict[str, list[int]]], reads: bool) -> Any:
    """``count(key or keys, found or None)`` -> families. ``reads``: has a default to be seen by."""

    def asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        name = next((n for n in ("key", "keys", "data") if n in kwargs), "")
        return kwargs[name] if name else args[0]

    if iscoroutinefunction(original):

        @wraps(original)
        async def later(self: Any, *args: Any, **kwargs: Any) -> Any:
            work = CURRENT.get()
            if work is None or MOVED.get() is not None:
                return await original(self, *args, **kwargs)
            key, default, args, kwargs = _prepared(asked, args, kwargs, reads)
            operation, found = _Operation(work), MISSING
            try:
                found = await original(self, *args, **kwargs)
            finally:
                operation.over(count(key, found))
            return default if reads and found is MISSING else found

        return later

    @wraps(original)
    def now(self: Any, *args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or MOVED.get() is not None:
            return original(self, *args, **kwargs)
        key, default, args, kwargs = _prepared(asked, args, kwargs, reads)
        operation, found = _Operation(work), MISSING
        try:
            found = original(self, *args, **kwargs)
        finally:
            operation.over(count(key, found))
        return default if reads and found is MISSING else found

    return now


def _prepared(
    asked: Any, args: tuple[Any, ...], kwargs: dict[str, Any], reads: bool
) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
    """(key or keys, default, args, kwargs); a default of ours tells a miss from a stored None."""
    key = asked(args, kwargs)
    if reads:
        positional = "key" not in kwargs and len(args) > 1
        default = args[1] if positional else kwargs.get("default")
        if positional:
            return key, default, (args[0], MISSING, *args[2:]), kwargs
        return key, default, args, {**kwargs, "default": MISSING}
    if not isinstance(key, (str, dict)) and isinstance(key, Iterable):
        # An iterator may be read once only, and the back end has to read it.
        key = list(key)
        if args:
            args = (key, *args[1:])
        else:
            kwargs = {**kwargs, "keys": key}
    return key, None, args, kwargs


def _get(key: Any, found: Any) -> dict[str, list[int]]:
    return {family(key): [1, int(found is not MISSING), 0, 0]}


def _set(key: Any, _: Any) -> dict[str, list[int]]:
    return {family(key): [0, 0, 1, 0]}


def _delete(key: Any, _: Any) -> dict[str, list[int]]:
    return {family(key): [0, 0, 0, 1]}


def _get_many(keys: Any, found: Any) -> dict[str, list[int]]:
    hits = found if isinstance(found, dict) else {}
    return _sum((family(key), [1, int(key in hits), 0, 0]) for key in keys)


def _set_many(keys: Any, _: Any) -> dict[str, list[int]]:
    return _sum((family(key), [0, 0, 1, 0]) for key in keys)


def _delete_many(keys: Any, _: Any) -> dict[str, list[int]]:
    return _sum((family(key), [0, 0, 0, 1]) for key in keys)


def _sum(counts: Iterable[tuple[str, list[int]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, more in counts:
        entry = found.setdefault(name, [0] * 4)
        for i, value in enumerate(more):
            entry[i] += value
    return found


def _fast_get(original: Any, slow: Any) -> Any:
    """``get``, which there are many of: as ``slow`` (``_metered``), without its ways for all."""

    @wraps(original)
    def get(self: Any, key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.sampled or MOVED.get() is not None:
            return slow(self, key, default, *args, **kwargs)
        moved = [0]
        token = MOVED.set(moved)
        found, before, began = MISSING, work.spent, perf_counter_ns()
        try:
            found = original(self, key, MISSING, *args, **kwargs)
        finally:
            entry = _over(work, key, moved, perf_counter_ns() - began - work.spent + before)
            MOVED.reset(token)
            entry[GETS] += 1
            entry[HITS] += found is not MISSING
        return default if found is MISSING else found

    return get


def _fast_write(original: Any, slow: Any, place: int) -> Any:
    """The same for what sets or deletes one key."""

    @wraps(original)
    def write(self: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.sampled or MOVED.get() is not None:
            return slow(self, key, *args, **kwargs)
        moved = [0]
        token = MOVED.set(moved)
        before, began = work.spent, perf_counter_ns()
        try:
            return original(self, key, *args, **kwargs)
        finally:
            entry = _over(work, key, moved, perf_counter_ns() - began - work.spent + before)
            MOVED.reset(token)
            entry[place] += 1

    return write


def _over(work: Work, key: Any, moved: list[int], took: int) -> list[int]:
    work.spent += took
    name = family(key)
    entry = work.cache.get(name) or work.cache.setdefault(name, [0] * 6)
    entry[BYTES] += moved[0]
    entry[TIME] += took
    return entry


OPERATIONS: dict[str, tuple[Callable[..., dict[str, list[int]]], bool]] = {
    "get": (_get, True),
    "has_key": (lambda key, found: {family(key): [1, int(found is True), 0, 0]}, False),
    "set": (_set, False),
    "add": (_set, False),
    "touch": (_set, False),
    "incr": (_set, False),
    "decr": (_set, False),
    "delete": (_delete, False),
    "get_many": (_get_many, False),
    "set_many": (_set_many, False),
    "delete_many": (_delete_many, False),
}

MADE_OF_TWO = ("aincr", "adecr")
"""Async methods of Django's that get and set, where the sync ones may be one operation."""


def _wrap(kind: Any) -> None:
    """Wrap a back end's class, once. ``get_or_set`` is counted by the gets and adds in it."""
    if "_brownout_metered" in kind.__dict__:
        return
    for name, (count, reads) in OPERATIONS.items():
        original = getattr(kind, name, None)
        if original is not None:
            wrapped = _metered(original, count, reads)
            if not iscoroutinefunction(original):
                if name == "get":
                    wrapped = _fast_get(original, wrapped)
                elif count in (_set, _delete):
                    wrapped = _fast_write(original, wrapped, SETS if count is _set else DELETES)
            setattr(kind, name, wrapped)
        own = _own(kind, "a" + name)
        if own is not None:
            setattr(kind, "a" + name, _metered(own, count, reads))
    kind._brownout_metered = True


def _own(kind: Any, name: str) -> Any:
    """An async method that the back end has itself, not Django's that asks the sync one."""
    for owner in kind.__mro__:
        if name in owner.__dict__:
            asks = owner.__name__ == "BaseCache" and name not in MADE_OF_TWO
            return None if asks else owner.__dict__[name]
    return None
