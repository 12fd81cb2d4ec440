"""``brownout declare``, from another terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout declare --deployment D1 --cause n-plus-one --where catalog/views.py:get_book"


def declare(
    deployment: Annotated[str, typer.Option(help="D1, D2, ... or none.")],
    cause: Annotated[str, typer.Option(help="An id from `brownout scenarios --causes`, or none.")],
    where: Annotated[str, typer.Option(help="FILE[:SYMBOL], model, table or setting, or none.")],
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Declare the diagnosis: which deployment, what cause, where."""
    args = {"deployment": deployment, "cause": cause, "where": where}
    return ask(run, "declare", role, args, as_json)
