"""Fly every scenario with the autopilot at the quick pace, three seeds each, and print a table.

    make drills
    .venv/bin/python benchmarks/drills.py --seeds 7 8 9 --only healthy

Columns: whether the cause was right, seconds from the bad deployment to the alert and to each step,
seconds of the whole drill, points. Exit code 1 when one was wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from brownout import history, store
from brownout.catalogue import scenarios

STEPS = ("acknowledged", "diagnosed", "mitigated", "validated", "resolved")
COLUMNS = ("scenario", "seed", "right", "alert", *STEPS, "all s", "points", "exit")


def fly(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """One drill in a process of its own, as a user starts it."""
    run = folder / f"{name}-{seed}"
    argv = [
        *(sys.executable, "-m", "brownout.app.cli", "drill", name, "--responder", "autopilot"),
        *("--pace", "quick", "--seed", str(seed), "--out", str(run)),
    ]
    began = time.monotonic()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    try:
        made = json.loads((run / "debrief.json").read_text())
        events = history.read((run / "history.jsonl").read_bytes().splitlines(keepends=True))
    except OSError:
        print(done.stderr[-2000:], file=sys.stderr)
        return {"scenario": name, "seed": seed, "right": False, "exit": done.returncode}
    return {
        "scenario": name,
        "seed": seed,
        "right": made["diagnosis"]["correct"] and needed(events, made),
        "alert": first_alert(events),
        **{step: made["times"][step] for step in STEPS},
        "all s": took,
        "points": made["score"]["points"] if not made["score"]["void"] else "void",
        "exit": done.returncode,
    }


def needed(events: list[Any], made: dict[str, Any]) -> bool:
    """Whether nothing was changed where nothing was wrong."""
    touched = any(e.actor != "director" for e in history.deployments(events))
    return made["diagnosis"]["truth"]["cause"] != "none" or not touched


def first_alert(events: list[Any]) -> float | None:
    """Seconds from the culprit's serving to the first alert after it."""
    reveal = history.last_info(events, "reveal")
    culprit = reveal.value["culprit"] if reveal else None
    served = [e for e in events if e.kind == "ok" and e.value.get("deployment") == culprit]
    if not culprit or not served:
        return None
    start = served[0].value["serving_at"]
    alerts = [e.at for e in history.infos(events, "alert") if e.at > start]
    return (alerts[0] - start) / 1e9 if alerts else None


def cell(value: Any) -> str:
    return "-" if value is None else f"{value:.1f}" if isinstance(value, float) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--only", nargs="+", help="scenario ids")
    args = parser.parse_args()
    names = args.only or scenarios.ids(store.assets() / "scenarios")
    folder = Path(tempfile.mkdtemp(prefix="brownout-drills-"))
    print("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), flush=True)
    rows = []
    for name in names:
        for seed in args.seeds:
            row = fly(name, seed, folder)
            rows.append(row)
            print("| " + " | ".join(cell(row.get(c)) for c in COLUMNS) + " |", flush=True)
    right = sum(bool(row["right"]) for row in rows)
    print(f"\n{right} of {len(rows)} right; runs are kept in {folder}")
    return 0 if right == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
