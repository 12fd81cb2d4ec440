"""``brownout resolve``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = 'brownout resolve --summary "rolled back v2.8.0"'


def resolve(
    summary: Annotated[str, typer.Option(help="One sentence for the postmortem.")] = "",
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Declare the incident resolved; this closes the drill."""
    return ask(run, "resolve", role, {"summary": summary}, as_json)
