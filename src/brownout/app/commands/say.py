"""``brownout say``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = 'brownout say --to backend "p95 of the book page tripled"'


def say(
    text: str,
    to: Annotated[str, typer.Option("--to", help="A role; without it, everybody.")] = "",
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Say something; it stands in the history."""
    return ask(run, "say", role, {"text": text, "to": to}, as_json)
