"""What each probe costs: itself, and the requests of the processes that it looks at.

    .venv/bin/python benchmarks/probes.py [--rounds 5] [--seconds 10] [--size small]

On a shop of its own at normal load. In each round every probe has a window, beside a window without
any: the CPU per request of one route (its median, by the meter) with the probe is divided by that
without. Both windows' foreign CPU is told: times on a busy machine mean nothing, ratios little.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from brownout import store
from brownout.model import Window, Workload
from brownout.site.site import Plan, Site

ROUTE = "GET /api/books/{id}/"
BEGUN = 2.5
"""Seconds until a probe looks: Python has started, py-spy has found its feet."""

PROBES = {
    "machine": [],
    "processes": [],
    "profile": ["--service", "web"],
    "profile at 25 Hz": ["--service", "web", "--rate", "25"],
    "memory": ["--service", "web"],
    "postgres": [],
    "valkey": [],
    "celery": [],
}
SQL = """
SELECT median(cpu) / 1e6, median(duration) / 1e6, count(*) FROM work
WHERE route = $1 AND start >= $2 AND start < $3
"""
OTHERS = "SELECT avg(foreign_cpu) FROM machine WHERE ts >= $1 AND ts < $2"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", default="small", help="small, normal or large")
    args = parser.parse_args()
    run = store.RunFolder()
    plan = Plan(run, 7, Workload(6.0, 6.0), size=args.size)
    site = Site(plan, lambda text: print(text, file=sys.stderr), lambda notice: None)
    try:
        site.boot()
        site.watch(lambda seen: None)
        time.sleep(args.seconds)
        measure(site, args.rounds, args.seconds)
    finally:
        site.stop()
        run.close()
    return 0


def measure(site: Site, rounds: int, seconds: float) -> None:
    """Rounds of all probes, then a line for each."""
    found: dict[str, list[tuple[float, float, float, float, float]]] = {}
    for _ in range(rounds):
        for name, options in PROBES.items():
            before, foreign = per_request(site, pause(seconds))
            cost, window = look(site.plan.run.path, name.split()[0], options, seconds)
            after, more = per_request(site, window)
            row = (after / before, cost["cpu_s"], cost["wall_s"], foreign, more)
            found.setdefault(name, []).append(row)
            print(name, *(f"{value:.3f}" for value in row), file=sys.stderr)
    print("| probe | CPU/request, with / without | CPU s | s | foreign cores without, with |")
    print("|---|---|---|---|---|")
    for name, rows in found.items():
        ratios = sorted(row[0] for row in rows)
        middle = [statistics.median(row[k] for row in rows) for k in range(5)]
        print(
            f"| {name} | {middle[0]:.2f} [{ratios[0]:.2f}-{ratios[-1]:.2f}] | {middle[1]:.2f} "
            f"| {middle[2]:.1f} | {middle[3]:.2f}, {middle[4]:.2f} |"
        )


def pause(seconds: float) -> Window:
    start = time.time_ns()
    time.sleep(seconds)
    return Window(start, time.time_ns())


def look(
    run: Path, name: str, options: list[str], seconds: float
) -> tuple[dict[str, float], Window]:
    """What the probe says that it cost, and the window in which it looked."""
    argv = [str(Path(sys.executable).parent / "brownout"), "probe", name, "--run", str(run)]
    argv += ["--seconds", str(seconds), "--json", *options]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        time.sleep(BEGUN)
        window = pause(seconds - BEGUN / 2)
        told = json.loads(process.communicate()[0])
    return dict(told["cost"]), window


def per_request(site: Site, window: Window) -> tuple[float, float]:
    """(CPU ms a request, cores that others used)."""
    time.sleep(1.5)  # the last events arrive
    bounds = [window.start, window.end]
    cpu = site.recording.query(SQL, [ROUTE, *bounds])[0][0]
    return float(cpu), float(site.recording.query(OTHERS, bounds)[0][0])


if __name__ == "__main__":
    sys.exit(main())
