"""Statements without their values, and whether two are identical."""

from __future__ import annotations

import datetime
import decimal
import marshal
import re
import uuid
from typing import Any

from brownout.meter.event.callers import Trail
from brownout.meter.event.folding import folded

LOCKS = re.compile(
    r"\s*(?:UPDATE|DELETE|INSERT|REPLACE|MERGE)\b|.*\bFOR (?:NO KEY )?(?:UPDATE|KEY SHARE|SHARE)\b",
    re.IGNORECASE | re.DOTALL,
)
LONGEST = 2000
REMEMBERED = 5000

PLAIN = (
    str, bytes, int, float, bool, type(None), decimal.Decimal, uuid.UUID, datetime.date,
    datetime.datetime, datetime.time, datetime.timedelta,
)  # fmt: skip
"""Types whose repr tells two values apart."""


DEFAULT = "default"
"""Django's name of the database that is meant where none is named."""


class Site:
    """A shape asked of one database by one line: the key of an entry."""

    __slots__ = ("alias", "caller", "shape")

    def __init__(self, shape: str, caller: str, alias: str = DEFAULT) -> None:
        self.shape = shape
        self.caller = caller
        self.alias = alias


class Shape:
    """A statement without its values: literals become ?, lists of values become (...), of parts
    that are alike but for their values one is kept."""

    __slots__ = ("last", "locks", "sites", "text", "trail")

    def __init__(self, sql: str) -> None:
        self.text = folded(sql)[:LONGEST]
        self.locks = LOCKS.match(sql) is not None
        self.sites: dict[tuple[str, str], Site] = {}
        self.last = Site(self.text, "")
        self.trail = Trail()

    def site(self, caller: str, alias: str = DEFAULT) -> Site:
        """The key of this shape at that line, asked of that database."""
        found = self.sites.get((caller, alias))
        if found is None:
            # setdefault: two threads get the same one.
            found = self.sites.setdefault((caller, alias), Site(self.text, caller, alias))
        self.last = found
        return found


_shapes: dict[str, Shape] = {}
_by_text: dict[str, Shape] = {}


def shape_of(sql: Any) -> Shape:
    """The shape of a statement, as text, bytes or what the driver composes."""
    if not isinstance(sql, str):
        sql = sql.decode("utf-8", "replace") if isinstance(sql, bytes) else str(sql)
    found = _shapes.get(sql)
    if found is None:
        made = Shape(sql)
        if len(_shapes) >= REMEMBERED:
            _shapes.clear()
            _by_text.clear()
        found = _shapes[sql] = _by_text.setdefault(made.text, made)
    return found


def fingerprint(sql: Any, params: Any, alias: str = DEFAULT) -> int:
    """64 bits by which a statement with its parameters is told from another, and from the same one
    on another database; they are not kept.

    Parameters that cannot be told apart (an object without a value of its own, an iterator) make
    the statement one of its own.
    """
    try:
        # Equal parameters have equal hashes; of different ones that are met, -1 and -2 do, too.
        if params is None or (type(params) is tuple and -1 not in params and -2 not in params):
            return hash((sql, params, alias))
        return hash((sql, marshal.dumps(params, 2), alias))
    except (ValueError, TypeError):
        return hash((str(sql), _plain(params), alias))


def _plain(value: Any) -> Any:
    """Hashable, equal for equal values alone; repr, as hash(-1) == hash(-2)."""
    if isinstance(value, PLAIN):
        return type(value).__name__, repr(value)
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    if isinstance(value, list | tuple):
        return type(value).__name__, *(_plain(v) for v in value)
    if isinstance(value, dict):
        return "dict", *((_plain(k), _plain(v)) for k, v in value.items())
    for wrapped in ("obj", "adapted"):  # the JSON types of psycopg 3 and 2
        if hasattr(value, wrapped):
            return type(value).__name__, _plain(getattr(value, wrapped))
    return id(object()), object()
