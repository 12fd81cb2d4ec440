"""``brownout hint``, from another terminal."""

from __future__ import annotations

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout hint --as bridge"


def hint(role: As = "bridge", run: Run = None, as_json: Json = False) -> int:
    """Get the next hint of this drill: where to look, closer each time. It costs points."""
    return ask(run, "hint", role, {}, as_json)
