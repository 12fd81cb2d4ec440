"""``brownout scenarios``."""

from __future__ import annotations

from typing import Annotated

import typer

from brownout import store
from brownout.app import proving, show
from brownout.app.options import Json
from brownout.catalogue import scenarios as catalogue

SECTION = "Fly"
EXAMPLE = "brownout scenarios --causes"


def scenarios(
    causes_too: Annotated[
        bool, typer.Option("--causes", help="List the causes that a diagnosis can declare.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the scenarios with their state on this machine, or the causes."""
    if causes_too:
        found = [{"family": f, "cause": cause} for cause, f in catalogue.causes().items()]
        show.result(found, as_json, lambda rows: show.records("", rows))
        return
    rows = []
    folder = store.assets() / "scenarios"
    for name in catalogue.ids(folder):
        scenario = catalogue.load(folder, name)
        rows.append(
            {
                "id": name,
                "difficulty": scenario.difficulty,
                "role": scenario.role,
                "state": proving.state(name),
            }
        )
    show.result(rows, as_json, lambda found: show.records("", found))
