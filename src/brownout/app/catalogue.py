"""The catalogue of scenarios, their proof, and the machine's fitness."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from brownout import scenarios as catalogue
from brownout import store
from brownout.app import doctor as machine
from brownout.app import proving, show
from brownout.app.ops import Json
from brownout.model import BrownoutError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog="Example: brownout scenarios --causes")(scenarios)
    app.command(epilog="Example: brownout prove n-plus-one-reviews")(prove)
    app.command(epilog="Example: brownout doctor")(doctor)


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


def doctor(as_json: Json = False) -> int:
    """Check the machine: each part found or missing, and what to do."""
    checks = machine.checks()
    rows = [
        {"part": c.part, "ok": c.ok, "found": c.found, "remedy": "" if c.ok else c.remedy}
        for c in checks
    ]
    show.result(rows, as_json, lambda found: show.records("", found))
    return 0 if all(c.ok for c in checks) else 3
