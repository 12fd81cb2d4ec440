"""``brownout runs``: finished drills."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType

from brownout import history, store
from brownout.app import show
from brownout.app.options import Json
from brownout.flight import judging

SECTION = "Afterwards"
EXAMPLE = "brownout runs"


def runs(as_json: Json = False) -> None:
    """List the drills flown in this folder, newest first.

    A drill without a score is void, and says why.
    """
    rows = []
    for folder in store.runs():
        row = dict.fromkeys(("run", "scenario", "closed", "points", "void")) | {"run": str(folder)}
        saved = folder / "debrief.json"
        try:
            if saved.exists():
                stored = json.loads(saved.read_text())
                score = stored["score"]
                points = None if score["void"] else score["points"]
                row |= {"scenario": stored["scenario"], "points": points, "void": score["void"]}
            closed = history.last_info(judging.read_history(folder), "closed")
            row["closed"] = closed.value["reason"] if closed else "not closed"
        except Exception as error:
            row["closed"] = str(error)
        rows.append(row)
    show.result(rows, as_json, _table)


def _table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    columns = ("run", "scenario", "closed", "#points", "")
    return show.table(
        "",
        columns,
        [
            (
                row["run"],
                row["scenario"],
                row["closed"],
                "void" if row["void"] else row["points"],
                (row["void"] or "").partition(":")[0],
            )
            for row in rows
        ],
    )
