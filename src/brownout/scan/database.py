"""The database that reads files: how it is opened, its errors in words, names and texts in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from brownout.model import BrownoutError, MachineError

ALONE = 640
"""Megabytes that the database may use while no other process works."""


def connection(megabytes: int = 256, scratch: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory, one thread, that moves to ``scratch`` what exceeds its memory."""
    config: dict[str, Any] = {"threads": 1, "memory_limit": f"{megabytes}MB"}
    if scratch is not None:
        config["temp_directory"] = str(scratch)
    made = duckdb.connect(config=config)
    made.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    return made


@contextmanager
def told(what: str) -> Iterator[None]:
    """DuckDB's errors as one sentence about ``what``."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise MachineError(
            f"{what}: not to be read within the memory of a scan; store fewer columns or rows a "
            "file, or a row a point (series, time, value) in Parquet"
        ) from error
    except duckdb.Error as error:
        line = str(error).strip().splitlines()[0]
        raise BrownoutError(f"{what}: {line}") from error


def ident(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
