"""How long transactions are open, and how long they hold locks on rows.

Django begins a transaction by set_autocommit(False) and ends it, after the COMMIT or ROLLBACK, by
set_autocommit(True), on every back end; savepoints inside are part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from brownout.meter.event.work import CURRENT


def _set_autocommit(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def set_autocommit(self: Any, autocommit: bool, *args: Any, **kwargs: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            return original(self, autocommit, *args, **kwargs)
        if not autocommit:
            work.transaction_began(self.alias)
        try:
            return original(self, autocommit, *args, **kwargs)
        finally:
            if autocommit:
                work.transaction_ended(self.alias)

    return set_autocommit


def _ending(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def end(self: Any) -> Any:
        try:
            return original(self)
        finally:
            work = CURRENT.get()
            if work is not None and self.alias in work.transactions:
                work.unlocked(self.alias)

    return end


def install(kind: Any) -> None:
    """Watch every database connection's transactions. ``kind``: BaseDatabaseWrapper."""
    kind.set_autocommit = _set_autocommit(kind.set_autocommit)
    for name in ("commit", "rollback", "close"):
        setattr(kind, name, _ending(getattr(kind, name)))
