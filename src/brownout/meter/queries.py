"""SQL: shapes, calls, rows, time, and the line of the application that asked."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from brownout.meter.work import CURRENT, caller

LISTS = re.compile(r"\((?:\s*(?:%s|\?|\d+|'[^']*')\s*,?)+\)")
NUMBERS = re.compile(r"\b\d+\b")
STRINGS = re.compile(r"'(?:[^']|'')*'")
LONGEST = 2000
REMEMBERED = 5000

_shapes: dict[str, str] = {}


def shape(sql: str) -> str:
    """The statement without its values: literals become ?, lists of values become (...)."""
    known = _shapes.get(sql)
    if known is None:
        known = STRINGS.sub("?", LISTS.sub("(...)", sql))
        known = " ".join(NUMBERS.sub("?", known).split())[:LONGEST]
        if len(_shapes) < REMEMBERED:
            _shapes[sql] = known
    return known


class MeteredCursor(CursorWrapper):
    """A cursor that counts into the current work."""

    _entry: list[int] | None = None

    def execute(self, sql: Any, params: Any = None) -> Any:
        return self._count(super().execute, sql, params)

    def executemany(self, sql: Any, param_list: Any) -> Any:
        return self._count(super().executemany, sql, param_list)

    def _count(self, run: Any, sql: Any, params: Any) -> Any:
        work = CURRENT.get()
        if work is None:
            self._entry = None
            return run(sql, params)
        text = sql if isinstance(sql, str) else str(sql)
        key = (shape(text), caller())
        began = time.perf_counter_ns()
        try:
            return run(sql, params)
        finally:
            entry = work.sql.get(key)
            if entry is None:
                entry = work.sql[key] = [0, 0, 0, 0]
            entry[0] += 1
            entry[2] += time.perf_counter_ns() - began
            same = (key[0], hash(repr(params)))
            entry[3] += same in work.seen
            work.seen[same] = 1
            self._entry = entry

    def fetchone(self) -> Any:
        row = self._fetch(self.cursor.fetchone)
        if row is not None and self._entry is not None:
            self._entry[1] += 1
        return row

    def fetchmany(self, *args: Any) -> Any:
        return self._rows(self._fetch(lambda: self.cursor.fetchmany(*args)))

    def fetchall(self) -> Any:
        return self._rows(self._fetch(self.cursor.fetchall))

    def __iter__(self) -> Iterator[Any]:
        for row in super().__iter__():
            if self._entry is not None:
                self._entry[1] += 1
            yield row

    def _fetch(self, fetch: Any) -> Any:
        began = time.perf_counter_ns()
        with self.db.wrap_database_errors:
            found = fetch()
        if self._entry is not None:
            self._entry[2] += time.perf_counter_ns() - began
        return found

    def _rows(self, found: Any) -> Any:
        if self._entry is not None:
            self._entry[1] += len(found)
        return found


def install() -> None:
    """Have every cursor of every database counted."""
    BaseDatabaseWrapper.make_cursor = lambda self, cursor: MeteredCursor(cursor, self)
