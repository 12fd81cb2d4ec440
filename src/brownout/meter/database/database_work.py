"""The database's own work per request: rows that it read, not only those that it gave.

A mode of its own (BROWNOUT_METER_DATABASE_WORK=1), since it asks the database before and after each
statement. PostgreSQL counts per transaction in pg_stat_xact_user_tables: what one statement reads
is exact within one, so that a statement outside gets a transaction of its own. SQLite has no such
count: there it is steps of its virtual machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from brownout.meter.event.work import CURRENT, Work

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

STEPPED = "_brownout_stepped"
"""On a connection of Django's: the driver's connection whose steps are counted."""


def counting(cursor: Any, run: Callable[[Any, Any], Any], work: Work) -> Callable[[Any, Any], Any]:
    """``run``, which adds to ``work.rows_read`` what the database reads for it."""
    vendor = cursor.db.vendor
    if vendor == "sqlite":
        _count_steps(cursor.db)
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


def _count_steps(db: Any) -> None:
    if db.__dict__.get(STEPPED) is not db.connection:
        db.connection.set_progress_handler(_step, STEPS)
        db.__dict__[STEPPED] = db.connection


def _step() -> int:
    work = CURRENT.get()
    if work is not None and not work.closed:
        work.rows_read = (work.rows_read or 0) + STEPS
    return 0
