"""``brownout export``: a recording for other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from brownout import store
from brownout.app import show
from brownout.app.options import Json, RunName
from brownout.recording import export as parquet

SECTION = "Afterwards"
EXAMPLE = "brownout export --table requests --out requests"


def export(
    run: RunName = "",
    out: Annotated[
        Path | None, typer.Option(help="A folder, made if need be; RUN/parquet without it.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table or view; may be given several times.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a finished drill's recording as Parquet, a file a table."""
    folder = store.find_recording(run)
    written = parquet.export(folder, out or folder / "parquet", table or [])
    show.result(
        written,
        as_json,
        lambda rows: show.table("", ("table", "#rows", "file"), [tuple(r.values()) for r in rows]),
    )
