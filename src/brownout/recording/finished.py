"""Finished recordings, read-only: those of today, and of every earlier version of the schema."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from brownout.model import BrownoutError, Window
from brownout.recording import schema
from brownout.store import RECORDING


class FileRecording:
    """A finished recording, read-only (model.Recording).

    ``lacks``: tables and columns that it has not got, being of an earlier ``version``.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, windows: Mapping[str, Window]
    ) -> None:
        self._connection = connection
        self.windows = dict(windows)
        self.lacks = schema.present(connection, "file")
        self.version = schema.version(connection, "file")

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(params)).fetchall()


@contextlib.contextmanager
def open_recording(run: Path, windows: Mapping[str, Window]) -> Iterator[FileRecording]:
    """The recording in a run folder, or that is this file, when nobody writes it any more.

    Raises BrownoutError when it cannot be read.
    """
    path = run if run.is_file() else run / RECORDING
    if not path.exists():
        raise BrownoutError(f"{path} is missing; the drill died before anything was recorded")
    # One thread: sums of floats must come in the same order each time.
    connection = duckdb.connect(config={"threads": 1})
    try:
        connection.execute(f"ATTACH '{quoted(path)}' AS file (READ_ONLY)")
        recording = FileRecording(connection, windows)
    except (duckdb.Error, BrownoutError) as error:
        connection.close()
        raise BrownoutError(f"{path} cannot be read: {reason(error)}") from error
    try:
        yield recording
    finally:
        connection.close()


def quoted(path: Path) -> str:
    """A path inside quotes of SQL."""
    return str(path).replace("'", "''")


def reason(error: Exception) -> str:
    """Why a recording cannot be read or written, in one line."""
    text = str(error).splitlines()[0]
    if "Conflicting lock" in text or "Could not set lock" in text:
        return "the collector of a running drill writes it; end the drill first"
    return text
