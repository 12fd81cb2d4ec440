"""Recordings as Parquet, for whatever else reads it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from brownout.model import BrownoutError, MachineError
from brownout.recording import schema
from brownout.recording.finished import open_recording, quoted, reason


def export(run: Path, out: Path, tables: Sequence[str]) -> list[dict[str, Any]]:
    """Write tables and views (all tables, for none) as Parquet into ``out``: {table, rows, file}.

    Raises BrownoutError when there is no such table, MachineError when ``out`` cannot be written.
    A file is there as a whole or not at all.
    """
    every = [table.name for table in schema.tables()]
    unknown = sorted({*tables} - {*every, *schema.views()})
    if unknown:
        known = ", ".join([*every, *schema.views()])
        raise BrownoutError(f"--table {unknown[0]}: there is none; known: {known}")
    written = []
    with open_recording(run, {}) as recording:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for table in dict.fromkeys(tables or every):
                path, part = out / f"{table}.parquet", out / f".{table}.part"
                [(rows,)] = recording.query(
                    f"COPY (SELECT * FROM {table}) TO '{quoted(part)}' "
                    "(FORMAT parquet, COMPRESSION zstd)"
                )
                part.replace(path)
                written.append({"table": table, "rows": rows, "file": str(path)})
        except (OSError, duckdb.IOException) as error:
            raise MachineError(
                f"{out} cannot be written ({reason(error)}); choose another folder (--out)"
            ) from error
    return written
