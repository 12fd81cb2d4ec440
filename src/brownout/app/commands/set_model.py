"""``brownout set-model``, from another terminal."""

from __future__ import annotations

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout set-model delivery 2026-09 --as ai"


def set_model(
    name: str, version: str, role: As = "ai", run: Run = None, as_json: Json = False
) -> int:
    """Switch a model of the AI service to another version."""
    return ask(run, "set-model", role, {"name": name, "version": version}, as_json)
