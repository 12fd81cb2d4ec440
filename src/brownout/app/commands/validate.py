"""``brownout validate``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout validate --load both --as qa"


def validate(
    load: Annotated[str, typer.Option(help="normal, peak or both.")] = "both",
    role: As = "qa",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Check SLOs under load, functional tests and golden sets on the live system."""
    return ask(run, "validate", role, {"load": load}, as_json)
