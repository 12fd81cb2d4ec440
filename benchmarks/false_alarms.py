"""Count alerts over healthy traffic: a healthy release, and nobody who touches anything.

    .venv/bin/python benchmarks/false_alarms.py --minutes 30

Every alert is a false one. The bound is the upper 95% confidence limit of a Poisson rate. Told
twice: over all the time, and over the time in which the machine was the drill's own, for what slows
a shop by taking its CPU is an alarm of another kind. --run DIR judges a drill that has been flown.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from scipy.stats import chi2

from brownout import history
from brownout.model import Event
from brownout.recording.finished import open_recording

NS = 1_000_000_000
LOOK = 10
"""Seconds before an alarm in which others count as having disturbed it; chosen, not measured."""

QUIET = 0.25
"""Cores that others use on average over LOOK at most, where the machine is the drill's own."""

FOREIGN = """
SELECT ts, avg(foreign_cpu) OVER (ORDER BY ts RANGE BETWEEN $1 PRECEDING AND CURRENT ROW)
FROM machine WHERE ts >= $2 AND ts < $3 ORDER BY ts
"""


def fly(minutes: float, seed: int) -> Path:
    """The run folder of a healthy drill that nobody touches."""
    run = Path(tempfile.mkdtemp(prefix="brownout-healthy-")) / "run"
    argv = [sys.executable, "-m", "brownout.app.cli", "drill", "healthy", "--responder", "none"]
    argv += ["--pace", "quick", "--minutes", str(minutes), "--seed", str(seed)]
    subprocess.run([*argv, "--out", str(run)], stdin=subprocess.DEVNULL, check=False)
    return run


def told(alarms: int, seconds: float, where: str) -> str:
    """Alarms an hour with their bound."""
    if not seconds:
        return f"no second {where}: nothing can be said of it"
    bound = chi2.ppf(0.95, 2 * (alarms + 1)) / 2 / (seconds / 3600)
    return (
        f"{alarms} false alarms in {seconds / 60:.1f} minutes {where}: "
        f"{alarms / (seconds / 3600):.2f} an hour, at most {bound:.1f} with 95% confidence"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--run", type=Path, help="the folder of a finished drill")
    args = parser.parse_args()
    run = args.run or fly(args.minutes, args.seed)
    events = history.read((run / "history.jsonl").read_bytes().splitlines(keepends=True))
    began = next(e for e in events if e.name == "phase" and e.value["name"] == "incident").at
    ended = history.infos(events, "closed")[0].at
    with open_recording(run, {}) as recording:
        samples = recording.query(FOREIGN, [LOOK * NS, began, ended])
    alarms = [e for e in history.infos(events, "alert") if e.value["state"] == "firing"]
    own = 0
    for alarm in alarms:
        others = foreign_at(samples, alarm)
        own += others <= QUIET
        print(f"{alarm.t:8.1f} s  {alarm.value['text']} (others used {others:.2f} cores)")
    print(told(len(alarms), (ended - began) / NS, "in all"))
    quiet = sum(others <= QUIET for _, others in samples) / max(len(samples), 1)
    where = f"in which others used {QUIET:g} cores at most"
    print(told(own, quiet * (ended - began) / NS, where))
    return 0


def foreign_at(samples: list[tuple[int, float]], alarm: Event) -> float:
    """What others used over LOOK before an alarm, cores."""
    return max((s for s in samples if s[0] <= alarm.at), default=(0, 0.0))[1]


if __name__ == "__main__":
    sys.exit(main())
