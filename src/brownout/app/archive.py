"""Finished drills: list them, read them, judge them anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from brownout import history, judging, store
from brownout.app import show
from brownout.app.ops import Json
from brownout.report import debrief as report

RunName = Annotated[str, typer.Argument(help="A run folder or its name; the newest without it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog="Example: brownout runs")(runs)
    app.command(epilog="Example: brownout debrief")(debrief)
    app.command(epilog="Example: brownout export --table requests --out requests")(export)
    app.command(epilog="Example: brownout rejudge .brownout/runs/20261123-2005-1f3a")(rejudge)


def runs(as_json: Json = False) -> None:
    """List the drills flown in this folder, newest first."""
    rows = []
    for folder in store.runs():
        row = {"run": str(folder), "scenario": None, "closed": None, "points": None}
        saved = folder / "debrief.json"
        try:
            if saved.exists():
                stored = json.loads(saved.read_text())
                row |= {"scenario": stored["scenario"], "points": stored["score"]["points"]}
            closed = history.last_info(judging.read_history(folder), "closed")
            row["closed"] = closed.value["reason"] if closed else "not closed"
        except Exception as error:
            row["closed"] = str(error)
        rows.append(row)
    columns = ("run", "scenario", "closed", "points")
    show.result(rows, as_json, lambda r: show.table("", columns, [tuple(x.values()) for x in r]))


def debrief(run: RunName = "", as_json: Json = False) -> None:
    """Print the debrief of a finished drill: the postmortem draft, or debrief.json."""
    folder = store.find_run(run)
    made = judging.judge(folder)
    if as_json:
        print(report.to_json(made), end="")
    else:
        print(made.postmortem, end="")


def rejudge(run: RunName = "", as_json: Json = False) -> int:
    """Compute a debrief anew from history and recording; is it the same, byte for byte?

    Exit code 0: identical (or there was none, and it was written); 1: it differs.
    """
    folder = store.find_run(run)
    made = judging.judge(folder)
    saved = folder / "debrief.json"
    if not (saved.exists() and (folder / "postmortem.md").exists()):
        judging.write(folder, made)
        verdict = "written"
    else:
        kept = saved.read_text(), (folder / "postmortem.md").read_text()
        same = kept == (report.to_json(made), made.postmortem)
        verdict = "identical" if same else "different"
    text = {
        "written": f"{saved} was not there and has been written",
        "identical": f"{saved} is identical, byte for byte",
        "different": f"{saved} differs from what history and recording give",
    }[verdict]
    show.result({"run": str(folder), "result": verdict}, as_json, lambda _: text)
    return 1 if verdict == "different" else 0


def export(
    run: RunName = "",
    out: Annotated[
        Path | None, typer.Option(help="A folder, made if need be; RUN/parquet without it.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this table or view; may be given several times.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a finished drill's recording as Parquet, a file a table."""
    folder = store.find_recording(run)
    written = store.export(folder, out or folder / "parquet", table or [])
    show.result(
        written,
        as_json,
        lambda rows: show.table("", ("table", "#rows", "file"), [tuple(r.values()) for r in rows]),
    )
