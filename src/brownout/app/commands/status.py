"""``brownout status``, from another terminal."""

from __future__ import annotations

from brownout.app import show
from brownout.app.options import Json, Run
from brownout.app.remote import Remote

SECTION = "Look"
EXAMPLE = "brownout status --json"


def status(run: Run = None, as_json: Json = False) -> None:
    """Show the board of the running drill: routes, services, alerts, deployments."""
    board = Remote(run).status()
    show.result(board, as_json, show.board)
