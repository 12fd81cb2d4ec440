"""``brownout prove``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from brownout import store
from brownout.app import proving, show
from brownout.app.options import Json
from brownout.catalogue import scenarios as catalogue
from brownout.model import BrownoutError

SECTION = "This machine"
EXAMPLE = "brownout prove n-plus-one-reviews"


def prove(
    ids: Annotated[list[str] | None, typer.Argument(help="Scenario ids.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All scenarios.")] = False,
    as_json: Json = False,
) -> int:
    """Measure the contract of scenarios on this machine: it bites, it heals, nothing leaks.

    Takes five to ten minutes a scenario; exit code 1 when one is not proven.
    """
    wanted = catalogue.ids(store.assets() / "scenarios") if every else ids
    if not wanted:
        raise BrownoutError("name a scenario (brownout scenarios lists them), or use --all")
    results = {name: proving.prove(name) for name in wanted}
    if as_json:
        print(json.dumps({n: [c.record() for c in checks] for n, checks in results.items()}))
    else:
        for name, checks in results.items():
            rows = [(c.name, "holds" if c.ok else "FAILS", c.detail) for c in checks]
            show.out.print(show.table(name, ("check", "", "measured"), rows))
    return 0 if all(c.ok for checks in results.values() for c in checks) else 1
