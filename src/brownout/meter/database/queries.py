"""SQL: calls, rows, time and repeats of each shape, and the line of the application that asked.

In place of Django's cursors, debugging ones too. What costs time here is paid at each statement of
each request: hence plain lists, and fetching methods of its own where Django looks an attribute up.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from time import perf_counter_ns, thread_time_ns
from types import FunctionType, ModuleType
from typing import Any

from django.db.backends import utils
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper

from brownout.meter.database import connecting, database_work, transactions
from brownout.meter.event.callers import caller_at
from brownout.meter.event.shapes import _shapes, fingerprint, shape_of
from brownout.meter.event.work import CURRENT, DATABASE_WORK, Work

CALLS, ROWS, TIME, FETCH_TIME, REPEATS, IN_TRANSACTION, ERRORS = range(7)


Wrapper: Any = CursorWrapper


def _djangos(step: Any) -> Any:
    """Django's own; None where another tool has put its own in its place already."""
    own = type(step) is FunctionType and step.__code__.co_filename == utils.__file__
    return step if own else None


EXECUTE, AROUND, INNER = map(
    _djangos, (Wrapper.execute, Wrapper._execute_with_wrappers, Wrapper._execute)
)


def _untouched() -> bool:
    """Is what runs a statement in Django's cursor still Django's own?"""
    # Not ==: to some proxies (wrapt's) what they stand for is equal.
    return (
        Wrapper.execute is EXECUTE
        and Wrapper._execute_with_wrappers is AROUND
        and Wrapper._execute is INNER
    )


PAST_US = {"executescript", "copy", "copy_expert", "copy_from", "copy_to", "stream"}
"""Methods of drivers' cursors that run statements which this cursor does not see."""


class MeteredCursor(CursorWrapper):
    """A cursor that counts into the current work."""

    _work: Work
    _entry: list[int] | None = None
    """Where the rows fetched now count; None: nowhere."""

    _timed = False
    """Is the next fetch timed? Not after one that gave fewer rows than it asked for."""

    _clocked = False
    """Is the CPU time of the statement at hand read?"""

    _straight = True
    """Does Django's ``execute`` but call the driver's, unless somebody wraps it?"""

    def execute(self, sql: Any, params: Any = None) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry, self._timed = None, False
            return self._own(super().execute(sql, params))
        if work.straight is None:
            work.straight = _untouched()
        db = self.db
        straight = self._straight and work.straight and params is not None
        if straight and not db.needs_rollback and not db.execute_wrappers:
            return self._count(work, self.cursor.execute, sql, params, straight=True)
        return self._count(work, super().execute, sql, params)

    def executemany(self, sql: Any, param_list: Any) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry, self._timed = None, False
            return self._own(super().executemany(sql, param_list))
        return self._count(work, super().executemany, sql, param_list)

    def callproc(self, procname: str, params: Any = None, kparams: Any = None) -> Any:
        work = CURRENT.get()
        if work is None or work.closed:
            self._entry, self._timed = None, False
            return super().callproc(procname, params, kparams)
        return self._count(
            work, lambda _, given: super(MeteredCursor, self).callproc(procname, given, kparams),
            f"CALL {procname}", params,
        )  # fmt: skip

    def _own(self, result: Any) -> Any:
        """Drivers give their cursor back for a chain: the rows fetched from it count, too."""
        return self if result is self.cursor else result

    def _count(self, work: Work, run: Any, sql: Any, params: Any, straight: bool = False) -> Any:
        try:
            shape = _shapes[sql]
        except (KeyError, TypeError):
            shape = shape_of(sql)
        where = caller_at(shape.trail)
        db = self.db
        alias = db.alias
        site = shape.last
        if site.caller != where or site.alias != alias:
            site = shape.site(where, alias)
        entry = work.sql.get(site)
        if entry is None:
            entry = work.sql.setdefault(site, [0] * 7)
        same = fingerprint(sql, params, alias)
        if not db.autocommit:
            entry[IN_TRANSACTION] += 1
            if shape.locks:
                work.locks(db)
        if DATABASE_WORK:
            run = database_work.counting(self, run, work)
        self._work, self._entry, self._timed = work, entry, True
        self._clocked = work.sampled and work.clocks()
        cpu = thread_time_ns() if self._clocked else 0
        began = perf_counter_ns()
        try:
            result = run(sql, params)
        except BaseException:
            entry[ERRORS] += 1
            if straight:
                with db.wrap_database_errors:
                    raise
            raise
        finally:
            took = perf_counter_ns() - began
            if cpu:
                work.clocked(cpu, took)
            entry[CALLS] += 1
            entry[TIME] += took
            work.spent += took
            seen = work.seen
            if same in seen:
                entry[REPEATS] += 1
            else:
                seen[same] = None
        return self if result is self.cursor else result

    def fetchone(self) -> Any:
        row = self._fetch(self.cursor.fetchone)
        if row is not None and self._entry is not None:
            self._entry[ROWS] += 1
        return row

    def fetchmany(self, size: Any = None, **named: Any) -> Any:
        # How Django fetches nearly all: what the others share is written out here.
        fetch = self.cursor.fetchmany
        if not self._timed or size is None or named:
            fetch = partial(fetch, **named) if named else fetch
            rows = self._fetch(fetch) if size is None else self._fetch(fetch, size)
            if self._entry is not None:
                self._entry[ROWS] += len(rows)
            return rows
        entry: Any = self._entry
        cpu = thread_time_ns() if self._clocked else 0
        began = perf_counter_ns()
        try:
            rows = fetch(size)
        except Exception:
            entry[ERRORS] += 1
            with self.db.wrap_database_errors:
                raise
        finally:
            took = perf_counter_ns() - began
            if cpu:
                self._work.clocked(cpu, took)
            entry[FETCH_TIME] += took
            self._work.spent += took
        count = len(rows)
        entry[ROWS] += count
        if count < size:
            self._timed = False
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
        if not self._timed:
            try:
                return fetch(*args)
            except Exception:
                with self.db.wrap_database_errors:
                    raise
        entry: Any = self._entry
        cpu = thread_time_ns() if self._clocked else 0
        began = perf_counter_ns()
        try:
            return fetch(*args)
        except Exception:
            entry[ERRORS] += 1
            with self.db.wrap_database_errors:
                raise
        finally:
            took = perf_counter_ns() - began
            if cpu:
                self._work.clocked(cpu, took)
            entry[FETCH_TIME] += took
            self._work.spent += took

    def __getattr__(self, name: str) -> Any:
        if name in PAST_US:
            _passed(name)
        return super().__getattr__(name)


class MeteredDebugCursor(MeteredCursor, CursorDebugWrapper):
    """The same where Django keeps the statements (settings.DEBUG)."""

    _straight = False


def _passed(name: str) -> None:
    """A method is asked for that runs statements past the meter."""
    work = CURRENT.get()
    if work is not None:
        work.uncounted |= {f"cursor.{name}"}


def install_debugging(library: ModuleType) -> None:
    """``library``: the base module of a back end that has a debugging cursor of its own."""

    class Metered(MeteredDebugCursor, library.CursorDebugWrapper):  # type: ignore[name-defined]
        def __getattribute__(self, name: str) -> Any:
            if name in PAST_US:
                _passed(name)
            return super().__getattribute__(name)

    wrapper: Any = library.DatabaseWrapper
    wrapper.make_debug_cursor = lambda self, cursor: Metered(cursor, self)


def install(library: ModuleType) -> None:
    """Have every cursor of every database counted. ``library``: django.db.backends.base.base."""
    wrapper: Any = library.BaseDatabaseWrapper
    wrapper.make_cursor = lambda self, cursor: MeteredCursor(cursor, self)
    wrapper.make_debug_cursor = lambda self, cursor: MeteredDebugCursor(cursor, self)
    transactions.install(wrapper)
    connecting.install(library)
