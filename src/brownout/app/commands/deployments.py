"""``brownout deployments``, from another terminal."""

from __future__ import annotations

from brownout.app import show
from brownout.app.options import Json, Run
from brownout.app.remote import Remote

SECTION = "Look"
EXAMPLE = "brownout deployments"


def deployments(run: Run = None, as_json: Json = False) -> None:
    """List what was put live in this drill: releases, model versions, migrations."""
    show.result(Remote(run).status()["deployments"], as_json, show.deployments)
