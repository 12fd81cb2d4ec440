"""``brownout debrief``: finished drills."""

from __future__ import annotations

from brownout import store
from brownout.app.options import Json, RunName
from brownout.flight import judging
from brownout.report import debrief as report

SECTION = "Afterwards"
EXAMPLE = "brownout debrief"


def debrief(run: RunName = "", as_json: Json = False) -> None:
    """Print the debrief of a finished drill: the postmortem draft, or debrief.json."""
    folder = store.find_run(run)
    made = judging.judge(folder)
    if as_json:
        print(report.to_json(made), end="")
    else:
        print(made.postmortem, end="")
