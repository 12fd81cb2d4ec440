"""A session on a PostgreSQL server that only reads, and never for long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from brownout.model import BrownoutError, MachineError

MARK = "/* brownout */"
"""Stands in the probes' own statements: they are no part of what is looked at."""

CONNECT, STATEMENT_MS, LOCK_MS = 5, 5000, 500
"""Seconds that connecting may take; milliseconds of a statement, and of a wait for a lock."""

Session = psycopg.Connection[dict[str, Any]]

WRONG = (
    ("password authentication failed", "check the user and the password of the URL"),
    ("no password supplied", "name the password in the URL: postgresql://user:password@host/db"),
    ("does not exist", "check the name in the URL"),
    ("could not translate host name", "check the host of the URL"),
    ("failed to resolve host", "check the host of the URL"),
    ('connection option "port"', "check the port of the URL"),
    ("invalid port number", "check the port of the URL"),
    ("no pg_hba.conf entry", "the server admits nobody from here by that name: see pg_hba.conf"),
)
AWAY = (
    ("refused", "is the server running, and is this its port?"),
    ("timeout", f"nothing answered within {CONNECT} s: is the host reachable, is this its port?"),
    ("invalid response", "what listens there is no PostgreSQL: is this its port?"),
    ("too many", "it is full: raise max_connections, or end idle sessions"),
    ("starting up", "it is starting: try again in a moment"),
)


@contextmanager
def session(url: str) -> Iterator[Session]:
    """A connection whose every transaction is read-only. Raises BrownoutError, MachineError."""
    try:
        made = psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=CONNECT,
            row_factory=dict_row,
            prepare_threshold=None,
            application_name="brownout probe",
        )
    except psycopg.Error as error:
        raise refused(url, error) from error
    with made as connection:
        try:
            connection.execute("SET default_transaction_read_only = on")
            connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
            connection.execute(f"SET lock_timeout = {LOCK_MS}")
            connection.execute(f"SET idle_in_transaction_session_timeout = {4 * STATEMENT_MS}")
            yield connection
        except psycopg.OperationalError as error:
            raise MachineError(f"the database went away: {sentence(error)}") from error


def refused(url: str, error: psycopg.Error) -> BrownoutError:
    """Why there is no connection, and what to do."""
    said = sentence(error)
    if isinstance(error, psycopg.ProgrammingError):
        return BrownoutError(
            f"not a PostgreSQL URL ({said}): wanted is postgresql://user:password@host:port/name"
        )
    for words, remedy in WRONG:
        if words in said:
            return BrownoutError(f"the database refuses ({said}): {remedy}")
    for words, remedy in AWAY:
        if words in said.lower():
            return MachineError(f"no connection to the database ({said}): {remedy}")
    return MachineError(f"no connection to the database: {said}")


def sentence(error: psycopg.Error) -> str:
    """The server's own words, without a password that stood in a URL."""
    lines = [line.strip(" -\t") for line in str(error).splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if "failed:" in line), lines[0] if lines else "")
    said = said.rsplit("failed: ", 1)[-1].removeprefix("FATAL: ").strip()
    said = re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:***@", said)
    return said or type(error).__name__


def setting(connection: Session, name: str) -> str:
    """A setting of the server, "" where it does not know it."""
    row = connection.execute(f"SELECT current_setting(%s, true) AS value {MARK}", [name]).fetchone()
    return str(row["value"] or "") if row else ""
