"""``brownout try``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout try work --as backend"


def try_(
    ref: Annotated[
        str, typer.Argument(help="A tag or a commit; work: your checkout's files as they are.")
    ] = "work",
    role: As = "backend",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Try a release before it goes live: functional tests, then users of its own."""
    return ask(run, "try", role, {"ref": ref}, as_json)
