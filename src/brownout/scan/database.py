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


def connection(
    megabytes: int = 256, scratch: Path | None = None, threads: int = 1
) -> duckdb.DuckDBPyConnection:
    """A database in memory that moves to ``scratch`` what exceeds its memory."""
    config: dict[str, Any] = {"threads": threads, "memory_limit": f"{megabytes}MB"}
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
        raise BrownoutError(f"{what}: {sentence(error)}") from error


def sentence(error: duckdb.Error) -> str:
    """What DuckDB says was wrong, and where; not how one would have called it otherwise."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    first = lines[0]
    if "CSV Error on Line" in first:  # the reason stands below the line of the file
        reason = [line for line in lines[1:] if line and not line.startswith("Original Line")]
        first = ": ".join([first.partition(": ")[2], *reason[:1]])
    if "maximum_object_size" in first:
        return "it is one large document of JSON: save a shorter range, or make lines of JSON of it"
    if "not utf-8 encoded" in first:
        first += " Convert it: iconv -f latin1 -t utf-8, or -f utf-16"
    return first


def ident(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"
