"""Bytes that a cache back end pickles and unpickles while one operation is under way."""

from __future__ import annotations

import pickle
from contextvars import ContextVar
from types import ModuleType
from typing import Any

MOVED: ContextVar[list[int] | None] = ContextVar("brownout_cache", default=None)
"""[bytes] of the operation that is under way, None when there is none."""


def install_pickling(library: ModuleType) -> None:
    """``library``: a back end's module that pickles its values by ``pickle.dumps``."""
    library.pickle = _CountingPickle()  # type: ignore[attr-defined]


def install_serde(library: ModuleType) -> None:
    """``library``: pymemcache.serde."""
    serialize, deserialize = library.PickleSerde.serialize, library.PickleSerde.deserialize

    def counted(self: Any, key: Any, value: Any) -> Any:
        found = serialize(self, key, value)
        _note(found[0])
        return found

    def counted_back(self: Any, key: Any, value: Any, flags: Any) -> Any:
        _note(value)
        return deserialize(self, key, value, flags)

    library.PickleSerde.serialize = counted
    library.PickleSerde.deserialize = counted_back


def _note(data: Any) -> None:
    moved = MOVED.get()
    if moved is not None and isinstance(data, (bytes, str)):
        moved[0] += len(data)


class _CountingPickle:
    """The module ``pickle``, which tells how many bytes went through it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(pickle, name)

    @staticmethod
    def dumps(*args: Any, **kwargs: Any) -> bytes:
        data = pickle.dumps(*args, **kwargs)
        _note(data)
        return data

    @staticmethod
    def loads(data: Any, *args: Any, **kwargs: Any) -> Any:
        _note(data)
        return pickle.loads(data, *args, **kwargs)
