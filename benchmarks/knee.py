"""The knee of this machine and its spread, p95 and memory at normal and peak load.

    .venv/bin/python benchmarks/knee.py [--times 5] [--size normal] [--deployments 20]

Each calibration takes 90 s on a stack of its own; another one then plays normal and peak for
20 s each. With --deployments a release is deployed and rolled back so often at normal load, and the
requests that failed meanwhile are counted. Nothing is kept in the cache.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from brownout import store
from brownout.app.commands import calibrate
from brownout.capacity import seeking
from brownout.catalogue import scenarios
from brownout.model import Op, Promise, Window, Workload
from brownout.probes.processes import proportional_bytes
from brownout.report import promises
from brownout.site.site import SETTLE, Plan, Site, next_tag

SECONDS = 20
LOADS = ("normal", "peak")
FAILED = """
SELECT count(*), count(*) FILTER (WHERE failed) FROM outcomes WHERE intended >= $1 AND intended < $2
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="calibrations")
    parser.add_argument("--size", default="normal", help="normal or small")
    parser.add_argument("--others", type=float, default=seeking.FOREIGN, help="foreign cores")
    parser.add_argument("--deployments", type=int, default=0, help="rolling deployments at normal")
    args = parser.parse_args()
    shop = store.assets() / "shop"
    found = []
    for _ in range(max(args.times, 1)):
        found.append(calibrate.measure(shop, args.size, args.others, calibrate.SECONDS))
        print(line(found[-1]), flush=True)
    print(spread(found))
    middle = sorted(found, key=lambda f: f["requests_per_s"])[len(found) // 2]
    with tempfile.TemporaryDirectory(prefix="brownout-knee-") as folder:
        play(Path(folder), middle, args)
    return 0


def line(found: Mapping[str, Any]) -> str:
    """One calibration."""
    above = f"{found['broken_from']:g}" if found["broken_from"] else "?"
    return (
        f"knee {found['requests_per_s']:6.1f} requests/s  {found['journeys_per_s']:5.1f} "
        f"journeys/s (broken from {above})  {found['seconds']:.0f} s, {len(found['steps'])} steps"
        f"{'' if found['settled'] else '  not settled'}"
    )


def spread(found: list[dict[str, Any]]) -> str:
    """The calibrations together."""
    rates = [f["requests_per_s"] for f in found]
    median = statistics.median(rates)
    apart = (max(rates) - min(rates)) / median
    return (
        f"median {median:.1f} requests/s, {min(rates):.1f} to {max(rates):.1f}: spread {apart:.0%} "
        f"of it over {len(rates)} calibrations"
    )


def play(folder: Path, found: Mapping[str, Any], args: argparse.Namespace) -> None:
    """A stack at the calibrated rates: p95, memory, deployments."""
    healthy = scenarios.load(store.assets() / "scenarios", "healthy")
    patches = [healthy.patches("release")] if args.deployments else []
    run = store.RunFolder(folder)
    plan = Plan(run, 7, Workload(found["normal"], found["peak"]), patches, size=args.size)
    site = Site(plan, print, lambda notice: print(notice.name, notice.kind))
    try:
        site.boot()
        site.watch(lambda seen: None)
        slos = [Promise(s["route"], s["p95_ms"], s["error_rate"]) for s in found["slos"]]
        for load in LOADS:
            quantiles(site, load, slos)
        memory(site)
        if args.deployments:
            deployments(site, args.deployments)
    finally:
        site.stop()
        run.close()


def quantiles(site: Site, load: str, slos: list[Promise]) -> None:
    window = site.measure(load, SECONDS)
    rate = promises.planned_rate(site.recording, window)
    print(f"at {load} load, {rate:.0f} requests/s over {SECONDS} s:")
    for row in promises.check(site.recording, slos, window):
        print(f"  {promises.told(row)}{'' if row['ok'] else '  BROKEN'}")


def memory(site: Site) -> None:
    """PSS per service: shared pages count once."""
    total = 0.0
    for service, (_, pids) in sorted(site.stack.services().items()):
        size = proportional_bytes(pids) / 1e6
        total += size
        print(f"{service:10} {size:6.0f} MB PSS in {len(pids)} processes")
    print(f"{'all':10} {total:6.0f} MB PSS")


def deployments(site: Site, times: int) -> None:
    old = site.stack.release
    tags = (next_tag(old), old)
    site.set_load("normal")
    began = time.time_ns()
    for number in range(times):
        site.perform(Op("benchmark", "bridge", "deploy", {"ref": tags[number % 2]}))
    window = Window(began, time.time_ns())
    time.sleep(SETTLE)  # for the last rows to arrive
    [(wanted, failed)] = site.recording.query(FAILED, [window.start, window.end])
    print(
        f"{failed} of {wanted} requests lost in {times} rolling deployments at normal load "
        f"({window.seconds:.0f} s)"
    )


if __name__ == "__main__":
    print(store.machine())
    sys.exit(main())
