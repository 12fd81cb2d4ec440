"""``brownout rollback``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout rollback --as bridge"


def rollback(
    to: Annotated[str, typer.Argument(help="A tag; without it, the release before.")] = "",
    with_migrations: Annotated[
        bool, typer.Option(help="Undo the later release's migrations too.")
    ] = False,
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Deploy an earlier release. Migrations stay, as in life, unless you ask."""
    args = {"to": to, "with_migrations": with_migrations}
    return ask(run, "rollback", role, args, as_json)
