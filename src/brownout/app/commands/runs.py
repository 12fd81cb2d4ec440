"""``brownout runs``: finished drills."""

from __future__ import annotations

import json

from brownout import history, store
from brownout.app import show
from brownout.app.options import Json
from brownout.flight import judging

SECTION = "Afterwards"
EXAMPLE = "brownout runs"


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
