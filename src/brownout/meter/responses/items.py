"""How many items a response carries: the length of its JSON list, or of the first list in it."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.work import CURRENT

LISTS = ("results", "items")
LISTED = (list, tuple)


def count(data: Any) -> int:
    """Of data that become JSON; -1 when there is no list on top."""
    if isinstance(data, LISTED):
        return len(data)
    if not isinstance(data, dict):
        return -1
    for name in LISTS:
        if isinstance(data.get(name), LISTED):
            return len(data[name])
    for value in data.values():
        if isinstance(value, LISTED):
            return len(value)
    return -1


def of(response: Any) -> int | None:
    """Of a response that keeps its data (Django REST framework); None: not told."""
    data = getattr(response, "data", None)
    return None if data is None else count(data)


def install(library: ModuleType) -> None:
    """``library``: django.http, whose JsonResponse does not keep its data."""
    original = library.JsonResponse.__init__

    @wraps(original)
    def metered(self: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        work = CURRENT.get()
        if work is not None:
            work.items = count(data)
        original(self, data, *args, **kwargs)

    library.JsonResponse.__init__ = metered
