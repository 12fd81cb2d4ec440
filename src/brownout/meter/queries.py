"""SQL: calls, rows, time and repeats of each shape, and the line of the application that asked.

In place of Django's cursors, debugging ones too. What costs time here is paid at each statement of
each request: hence plain lists, and fetching methods of its own where Django looks an attribute up.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from django.db.backends import utils
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from brownout.meter import database_work, transactions
from brownout.meter.callers import caller_at
from brownout.meter.shapes import _shapes, fingerprint, shape_of
from brownout.meter.work import CURRENT, DATABASE_WORK, Work

CALLS, ROWS, TIME, FETCH_TIME, REPEATS, IN_TRANSACTION, ERRORS = range(7)

DJANGOS = (
    CursorWrapper.execute if CursorWrapper.execute.__code__.co_filename == utils.__file__ else None
)
"""Django's own ``execute``; None when another tool has put its own in its place already."""

PAST_US = {"executescript", "copy", "copy_expert", "copy_from", "copy_to", "stream"}
"""Methods of drivers' cursors that run statements which this cursor does not see."""


class MeteredCursor(CursorWrapper):
    """A cursor that counts into the current work."""

    _entry: list[int] | None = None
    """Where the rows fetched now count; None: nowhere."""

    _work: Work
    _clocked = False
    """Is the CPU time of the statement at hand read?"""

    _exhausted = False
    """Did a fetch give fewer rows than it asked for? The next, which finds none, is not timed."""

    _plain = True
    """Does Django's ``execute`` do nothing but call ``_execute``, unless somebody wraps it?"""

    def execute(self, sql: Any, params: Any = None) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry = None
            return self._own(super().execute(sql, params))
        straight = self._plain and CursorWrapper.execute is DJANGOS
        run = self._execute if straight and not self.db.execute_wrappers else super().execute
        result = self._count(work, run, sql, params)
        return self if result is self.cursor else result

    def executemany(self, sql: Any, param_list: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry = None
            return self._own(super().executemany(sql, param_list))
        return self._own(self._count(work, super().executemany, sql, param_list))

    def callproc(self, procname: str, params: Any = None, kparams: Any = None) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry = None
            return super().callproc(procname, params, kparams)
        return self._count(
            work, lambda _, given: super(MeteredCursor, self).callproc(procname, given, kparams),
            f"CALL {procname}", params,
        )  # fmt: skip

    def _own(self, result: Any) -> Any:
        """Drivers give their cursor back for a chain: the rows fetched from it count, too."""
        return self if result is self.cursor else result

    def _count(self, work: Work, run: Any, sql: Any, params: Any) -> Any:
        shape = _shapes.get(sql) if type(sql) is str else None
        if shape is None:
            shape = shape_of(sql)
        where = caller_at(shape.trail)
        site = shape.last
        if site.caller != where:
            site = shape.site(where)
        entry = work.sql.get(site)
        if entry is None:
            entry = work.sql.setdefault(site, [0] * 7)
        self._entry, self._work, self._exhausted = entry, work, False
        same = fingerprint(sql, params)
        if not self.db.autocommit:
            entry[IN_TRANSACTION] += 1
            if shape.locks:
                work.locks(self.db)
        if DATABASE_WORK:
            run = database_work.counting(self, run, work)
        self._clocked = work.sampled and work.clocks()
        cpu = time.thread_time_ns() if self._clocked else 0
        began = time.perf_counter_ns()
        try:
            return run(sql, params)
        except BaseException:
            entry[ERRORS] += 1
            raise
        finally:
            took = time.perf_counter_ns() - began
            if cpu:
                work.clocked(cpu, took)
            entry[CALLS] += 1
            entry[TIME] += took
            work.spent += took
            if same in work.seen:
                entry[REPEATS] += 1
            else:
                work.seen[same] = None

    def fetchone(self) -> Any:
        row = self._fetch(self.cursor.fetchone)
        if row is not None and self._entry is not None:
            self._entry[ROWS] += 1
        return row

    def fetchmany(self, *size: Any, **named: Any) -> Any:
        fetch = self.cursor.fetchmany
        rows = self._fetch(partial(fetch, **named) if named else fetch, *size)
        if self._entry is not None:
            self._entry[ROWS] += len(rows)
            self._exhausted = len(rows) < ((size and size[0]) or 1)
        return rows

    def fetchall(self) -> Any:
        rows = self._fetch(self.cursor.fetchall)
        if self._entry is not None:
            self._entry[ROWS] += len(rows)
        return rows

    def close(self) -> Any:
        return self.cursor.close()

    def __iter__(self) -> Iterator[Any]:
        rows = iter(self.cursor)
        end = object()
        while (row := self._fetch(next, rows, end)) is not end:
            if self._entry is not None:
                self._entry[ROWS] += 1
            yield row

    def _fetch(self, fetch: Any, *args: Any) -> Any:
        entry = self._entry
        if entry is None or self._exhausted:
            with self.db.wrap_database_errors:
                return fetch(*args)
        cpu = time.thread_time_ns() if self._clocked else 0
        began = time.perf_counter_ns()
        try:
            return fetch(*args)
        except Exception:
            entry[ERRORS] += 1
            with self.db.wrap_database_errors:
                raise
        finally:
            took = time.perf_counter_ns() - began
            if cpu:
                self._work.clocked(cpu, took)
            entry[FETCH_TIME] += took
            self._work.spent += took

    def __getattr__(self, name: str) -> Any:
        if name in PAST_US:
            work = CURRENT.get()
            if work is not None:
                work.uncounted.add(f"cursor.{name}")
        return super().__getattr__(name)


class MeteredDebugCursor(MeteredCursor, CursorDebugWrapper):
    """The same where Django keeps the statements (settings.DEBUG)."""

    _plain = False


def install(library: ModuleType) -> None:
    """Have every cursor of every database counted. ``library``: django.db.backends.base.base."""
    wrapper: Any = library.BaseDatabaseWrapper
    wrapper.make_cursor = lambda self, cursor: MeteredCursor(cursor, self)
    wrapper.make_debug_cursor = lambda self, cursor: MeteredDebugCursor(cursor, self)
    transactions.install(wrapper)
