"""Count alerts over healthy traffic: a healthy release, and nobody who touches anything.

    .venv/bin/python benchmarks/false_alarms.py --minutes 30

Every alert is a false one. The bound is the upper 95% confidence limit of a Poisson rate.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from scipy.stats import chi2

from brownout import history


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    run = Path(tempfile.mkdtemp(prefix="brownout-healthy-")) / "run"
    argv = [sys.executable, "-m", "brownout.app.cli", "drill", "healthy", "--responder", "none"]
    argv += ["--pace", "quick", "--minutes", str(args.minutes), "--seed", str(args.seed)]
    subprocess.run([*argv, "--out", str(run)], stdin=subprocess.DEVNULL, check=False)
    events = history.read((run / "history.jsonl").read_bytes().splitlines(keepends=True))
    began = next(e.t for e in events if e.name == "phase" and e.value["name"] == "incident")
    hours = (history.infos(events, "closed")[0].t - began) / 3600
    alerts = [e for e in history.infos(events, "alert") if e.value["state"] == "firing"]
    for alert in alerts:
        print(f"{alert.t:8.1f} s  {alert.value['text']}")
    bound = chi2.ppf(0.95, 2 * (len(alerts) + 1)) / 2 / hours
    rate = len(alerts) / hours
    print(
        f"{len(alerts)} false alarms in {60 * hours:.0f} minutes: {rate:.2f} an hour, "
        f"at most {bound:.1f} with 95% confidence"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
