"""How the server carries out a statement: its plan, executed only where that changes nothing.

The text goes to the server as a statement of its own (Parse of the extended protocol), which
refuses more than one; ``EXPLAIN EXECUTE`` then plans that and nothing else. Each runs in a
transaction that is read-only, limited in time and in waits for locks, and rolled back.
https://www.postgresql.org/docs/current/sql-explain.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import pq

from brownout.probes.database.safety import objection
from brownout.probes.database.session import LOCK_MS, Session, sentence

EXECUTE_MS = 2000
"""What executing one statement may take."""

NAME = "brownout_probe"
FOLDED = " /*, ... */"
"""What pg_stat_statements writes for all values of a list but the first, from PostgreSQL 18 on."""

EXECUTED, REAL, GENERIC = "executed", "planned with real values", "planned for any values"


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement's plan. ``how``: EXECUTED, REAL, GENERIC, "logged by auto_explain" or "" when
    there is none; ``reason``: why it was not executed, or not planned; ``ms``: when executed.
    """

    text: str
    how: str
    reason: str = ""
    root: dict[str, Any] = field(default_factory=dict)
    ms: float | None = None


def plan(connection: Session, text: str, mean_ms: float = 0.0) -> Plan:
    """The plan of a statement as an application sent it, or normalised with $1 in it."""
    try:
        with _prepared(connection, text) as parameters:
            root = _explain(connection, parameters)
            if parameters:
                unseen = "its values were not seen"
                one = f"{unseen}, and one stands for a list" if FOLDED in text else unseen
                return Plan(text, GENERIC, one, root)
            reason = objection(connection, text, root)
    except psycopg.Error as error:
        return Plan(text, "", sentence(error))
    if not reason and mean_ms > EXECUTE_MS:
        reason = f"it takes {mean_ms:.0f} ms, and may have {EXECUTE_MS}"
    return Plan(text, REAL, reason, root) if reason else _executed(connection, text, root)


def cost(connection: Session, text: str) -> tuple[float, dict[str, Any]]:
    """(the planner's estimate, the plan) without execution; psycopg.Error when there is none."""
    with _prepared(connection, text) as parameters:
        root = _explain(connection, parameters)
    return float(root["Total Cost"]), root


def _executed(connection: Session, text: str, planned: dict[str, Any]) -> Plan:
    try:
        with _prepared(connection, text):
            root = _explain(connection, 0, "ANALYZE, BUFFERS, TIMING OFF, ")
    except psycopg.Error as error:
        return Plan(text, REAL, sentence(error), planned)
    return Plan(text, EXECUTED, "", root, root["Execution Time"])


@contextmanager
def _prepared(connection: Session, text: str) -> Iterator[int]:
    """Have the server read the statement, within the transaction; the number of its parameters."""
    name, made = NAME.encode(), False
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(f"SET LOCAL statement_timeout = {EXECUTE_MS}")
            connection.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            answer = connection.pgconn.prepare(name, text.encode())
            made = answer.status == pq.ExecStatus.COMMAND_OK
            if not made:
                raise psycopg.ProgrammingError(answer.error_message.decode(errors="replace"))
            yield connection.pgconn.describe_prepared(name).nparams
    finally:
        if made and not connection.closed:  # it outlives its transaction
            connection.execute(f"DEALLOCATE {NAME}")


def _explain(connection: Session, parameters: int, options: str = "") -> dict[str, Any]:
    values = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
    query = f"EXPLAIN ({options}VERBOSE, FORMAT JSON) EXECUTE {NAME}{values}"
    row = connection.execute(query).fetchone()
    assert row is not None
    [found] = row["QUERY PLAN"]
    if not isinstance(found, dict):
        raise psycopg.ProgrammingError("it has no plan")
    return {**found["Plan"], "Execution Time": found.get("Execution Time")}
