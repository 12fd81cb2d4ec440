"""``brownout ack``, from another terminal."""

from __future__ import annotations

from brownout.app.options import As, Json, Run
from brownout.app.remote import ask

SECTION = "Respond"
EXAMPLE = "brownout ack A1 --as bridge"


def ack(alert: str, role: As = "bridge", run: Run = None, as_json: Json = False) -> int:
    """Acknowledge an alert: you have seen it and are on it."""
    return ask(run, "ack", role, {"alert": alert}, as_json)
