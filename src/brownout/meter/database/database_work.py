"""The database's own work per request: rows that it read, not only those that it gave.

A mode of its own (BROWNOUT_METER_DATABASE_WORK=1), since it asks the database before and after each
statement. PostgreSQL counts per transaction in pg_stat_xact_user_tables: what one statement reads
is exact within one, so that a statement outside gets a transaction of its own. SQLite has no such
count: there it is steps of its virtual machine, told by a connection's progress handler. There
is one alone: a project's own is called as ever, and counted beside.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any

from brownout.meter.event.work import CURRENT, DATABASE_WORK, Work

READ = """
SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
FROM pg_stat_xact_user_tables
"""
PLAIN = re.compile(r"\s*\(?\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|VALUES)\b", re.I)
"""What may run within a transaction (CREATE INDEX CONCURRENTLY, VACUUM and others may not)."""

CONTROL = re.compile(r"\s*(?:SAVEPOINT|RELEASE|ROLLBACK|BEGIN|COMMIT|SET|SHOW)\b", re.I)
"""What reads no table."""

STEPS = 100
"""Steps of SQLite's machine between two counts: it is exact to so many a statement."""

EVERY = "_brownout_every"
"""On a connection of SQLite's whose steps are counted: how many there are between two counts."""


def counting(cursor: Any, run: Callable[[Any, Any], Any], work: Work) -> Callable[[Any, Any], Any]:
    """``run``, which adds to ``work.rows_read`` what the database reads for it."""
    vendor = cursor.db.vendor
    if vendor == "sqlite":
        work.uncounted |= _uncounted(getattr(cursor.db.connection, EVERY, 0))
        return run
    if vendor != "postgresql":
        work.uncounted |= {f"rows read by {vendor}"}
        return run

    def counted(sql: Any, params: Any) -> Any:
        if CONTROL.match(str(sql)):
            return run(sql, params)
        if not PLAIN.match(str(sql)) or getattr(cursor.cursor, "name", None):
            work.uncounted |= {"rows read by a statement that cannot be wrapped"}
            return run(sql, params)
        return _counted(cursor, run, work, sql, params)

    return counted


def _counted(cursor: Any, run: Any, work: Work, sql: Any, params: Any) -> Any:
    own = cursor.db.autocommit
    with cursor.db.connection.cursor() as beside:
        if own:
            beside.execute("BEGIN")
        ending = "ROLLBACK"
        try:
            beside.execute(READ)
            before = beside.fetchone()[0]
            found = run(sql, params)
            beside.execute(READ)
            work.rows_read = (work.rows_read or 0) + beside.fetchone()[0] - before
            ending = "COMMIT"
            return found
        finally:
            if own:
                beside.execute(ending)


def install_sqlite(library: ModuleType) -> None:
    """Connections that count. ``library``: django.db.backends.sqlite3.base."""
    if not DATABASE_WORK:
        return
    wrapper: Any = library.DatabaseWrapper
    original = wrapper.get_new_connection

    @wraps(original)
    def get_new_connection(self: Any, conn_params: dict[str, Any]) -> Any:
        kind = conn_params.get("factory", library.Database.Connection)
        if isinstance(kind, type):
            conn_params = {**conn_params, "factory": _counting(kind)}
        return original(self, conn_params)

    wrapper.get_new_connection = get_new_connection


@cache
def _counting(kind: Any) -> Any:
    """The class of connections ``kind``, counting its steps."""

    class Counting(kind):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.set_progress_handler(None, 0)

        def set_progress_handler(self, progress_handler: Any, n: int) -> None:
            theirs = progress_handler is not None and n > 0
            every = n if theirs else STEPS
            super().set_progress_handler(_step(progress_handler if theirs else None, every), every)
            setattr(self, EVERY, every)

    Counting.__name__ = Counting.__qualname__ = kind.__name__
    return Counting


def _step(theirs: Callable[[], Any] | None, every: int) -> Callable[[], Any]:
    def step() -> Any:
        work = CURRENT.get()
        if work is not None and not work.closed:
            work.rows_read = (work.rows_read or 0) + every
        return theirs() if theirs else 0

    return step


def _uncounted(every: int) -> set[str]:
    """What is not counted on a connection with so many steps between two counts, 0: without."""
    if not every:
        return {"rows read through a connection of SQLite's that is not Django's own"}
    if every > STEPS:
        return {f"rows read to less than {every} steps: the project's own progress handler"}
    return set()
