"""``brownout alerts``, from another terminal."""

from __future__ import annotations

from brownout.app import show
from brownout.app.options import Json, Run
from brownout.app.remote import Remote

SECTION = "Look"
EXAMPLE = "brownout alerts"


def alerts(run: Run = None, as_json: Json = False) -> None:
    """List the alerts of the running drill."""
    show.result(Remote(run).status()["alerts"], as_json, show.alerts)
