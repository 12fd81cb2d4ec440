"""``brownout rejudge``: finished drills."""

from __future__ import annotations

from brownout import store
from brownout.app import show
from brownout.app.options import Json, RunName
from brownout.flight import judging
from brownout.report import debrief as report

SECTION = "Afterwards"
EXAMPLE = "brownout rejudge .brownout/runs/20261123-2005-1f3a"


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
