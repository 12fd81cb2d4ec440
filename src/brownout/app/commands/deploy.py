"""``brownout deploy``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout deploy v2.6.0 --as backend"


def deploy(
    ref: Annotated[str, typer.Argument(help="A tag, or a commit of your checkout.")],
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Deploy a release to the live system; the old one serves until the new one is healthy."""
    return ask(run, "deploy", role, {"ref": ref}, as_json)
