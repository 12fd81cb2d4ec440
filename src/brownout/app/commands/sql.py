"""``brownout sql``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = 'brownout sql "SELECT relname, seq_scan FROM pg_stat_user_tables"'


def sql(
    text: str,
    write: Annotated[bool, typer.Option("--write", help="Allow changes.")] = False,
    role: As = "backend",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Run SQL on the live database, read-only unless --write."""
    return ask(run, "sql", role, {"text": text, "write": write}, as_json)
