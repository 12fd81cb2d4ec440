"""``brownout ack``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout ack all --as bridge"


def ack(
    alert: Annotated[str, typer.Argument(help="An alert's id; all: every one that fires.")],
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Acknowledge an alert, or all that fire: you have seen it and are on it."""
    return ask(run, "ack", role, {"alert": alert}, as_json)
