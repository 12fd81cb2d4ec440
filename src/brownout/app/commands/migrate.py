"""``brownout migrate``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout migrate v2.7.0 --as backend"


def migrate(
    ref: Annotated[str, typer.Argument(help="The release whose migrations are to be applied.")],
    role: As = "backend",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Bring the database to a release's migrations, forward or back."""
    return ask(run, "migrate", role, {"ref": ref}, as_json)
