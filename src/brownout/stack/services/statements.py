"""SQL on the live database, as an engineer at its console runs it."""

from __future__ import annotations

import math
from typing import Any

import psycopg

from brownout.model import BrownoutError

TIMEOUT = "60s"
ROWS = 200
"""Rows of an answer that are kept: they go into the history."""


def run(url: str, text: str, write: bool) -> dict[str, Any]:
    """Run ``text`` in autocommit -> {columns, rows, and a warning where rows were left out}.

    Raises BrownoutError for what the database refuses: changes, too, without ``write``.
    """
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"SET statement_timeout = '{TIMEOUT}'")
            if not write:
                connection.execute("SET default_transaction_read_only = on")
            cursor = connection.execute(text)
            columns = [c.name for c in cursor.description or ()]
            found = cursor.fetchmany(ROWS + 1) if columns else []
            rows = [[_plain(v) for v in row] for row in found[:ROWS]]
    except psycopg.Error as error:
        hint = " (allow changes with --write)" if "read-only" in str(error) else ""
        raise BrownoutError(f"SQL: {str(error).splitlines()[0]}{hint}") from error
    value: dict[str, Any] = {"columns": columns, "rows": rows}
    if len(found) > ROWS:
        value["warning"] = f"only the first {ROWS} rows are shown"
    return value


def _plain(value: Any) -> Any:
    """A value that the history can hold; what is no number (NaN) as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, int | float | str | bool | None) else str(value)
