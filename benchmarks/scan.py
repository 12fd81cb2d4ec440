"""Scan a fleet whose truth is known: time, memory, false discoveries and power.

    .venv/bin/python benchmarks/scan.py --series 1000000 [--order time] [--folder DIR]

One series in a hundred changes by 10% at one of five deployments; the noise is 8% of the level, and
resembles itself a little. A million series of 500 points take 5 GB of disk in the order of series.
``--order time`` writes all series of a moment together, as monitoring does: they must be sorted
first. Memory is that of all processes together, PSS: shared pages count once.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import duckdb
import numpy as np
import psutil

from brownout.probes.processes import proportional_bytes

PART = 20_000
"""Series made at a time: 80 MB of values."""

DEPLOYED = (0.3, 0.45, 0.55, 0.7, 0.8)
EFFECT, NOISE, RESEMBLANCE = 0.10, 0.08, 0.2


def name(number: int) -> str:
    """Series whose number ends in 00 change."""
    return f"service-{number // 1000:05d}/route-{number % 1000:03d}"


def make(folder: Path, series: int, points: int, order: str) -> list[Path]:
    """Parquet files of the fleet, and deployments.csv."""
    rng = np.random.default_rng(7)
    with duckdb.connect(config={"threads": 1, "memory_limit": "1GB"}) as db:
        files = []
        for first in range(0, series, PART):
            numbers = np.arange(first, min(first + PART, series))
            levels = fleet(rng, numbers, points)
            moments = np.arange(points)
            if order == "time":
                levels, moments = levels.T, np.repeat(moments, len(numbers))
                index = np.tile(numbers, points)
            else:
                moments, index = np.tile(moments, len(numbers)), np.repeat(numbers, points)
            part = {"i": index, "j": moments, "value": np.ascontiguousarray(levels).ravel()}
            files.append(folder / f"fleet-{first // PART:05d}.parquet")
            db.register("part", part)
            db.execute(
                "COPY (SELECT 'service-' || lpad((i // 1000)::VARCHAR, 5, '0') || '/route-' || "
                "lpad((i % 1000)::VARCHAR, 3, '0') AS series, "
                "TIMESTAMP '2026-01-01' + to_minutes(j) AS time, value FROM part) "
                f"TO '{files[-1]}' (FORMAT parquet)"
            )
    lines = [f"2026-01-01 {int(s * points) // 60:02d}:{int(s * points) % 60:02d}:00,v{k}"
             for k, s in enumerate(DEPLOYED)]  # fmt: skip
    (folder / "deployments.csv").write_text("time,version\n" + "\n".join(lines) + "\n")
    return files


def fleet(rng: np.random.Generator, numbers: np.ndarray, points: int) -> np.ndarray:
    """Values, shape (series, points)."""
    noise = rng.standard_normal((len(numbers), points))
    noise[:, 1:] += RESEMBLANCE * noise[:, :-1]
    values = 100 * np.exp(NOISE / np.sqrt(1 + RESEMBLANCE**2) * noise)
    for row, number in enumerate(numbers):
        if number % 100 == 0:
            values[row, int(DEPLOYED[number // 100 % 5] * points) :] *= 1 + EFFECT
    return values


class Memory(threading.Thread):
    """The most that a process and its children held, in bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root, self.most, self.stop = psutil.Process(pid), 0, threading.Event()

    def run(self) -> None:
        while not self.stop.wait(0.25):
            try:
                family = [self.root, *self.root.children(recursive=True)]
                self.most = max(self.most, proportional_bytes(p.pid for p in family) or 0)
            except (psutil.Error, OSError):
                continue


def measure(folder: Path, files: list[Path], extra: list[str]) -> tuple[list[dict], float, int]:
    """(what it said, seconds, bytes)."""
    argv = [sys.executable, "-m", "brownout.app.cli", "scan", *map(str, files), "--json"]
    argv += ["--deployments", str(folder / "deployments.csv"), "--scratch", str(folder), *extra]
    began = time.monotonic()
    with (folder / "found.jsonl").open("w") as out:
        process = subprocess.Popen(argv, stdout=out)
        memory = Memory(process.pid)
        memory.start()
        code = process.wait()
    seconds = time.monotonic() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"CPU of the scan: {used.ru_utime + used.ru_stime:.1f} s")
    memory.stop.set()
    if code not in (0, 1):
        sys.exit(f"the scan ended with exit code {code}")
    lines = (folder / "found.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines], seconds, memory.most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=20_000)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--order", choices=("series", "time"), default="series")
    parser.add_argument("--folder", type=Path, help="for the fleet and for sorting")
    args, extra = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="brownout-fleet-", dir=args.folder) as made:
        folder = Path(made)
        began = time.monotonic()
        files = make(folder, args.series, args.points, args.order)
        disk = sum(f.stat().st_size for f in files)
        print(f"made {args.series:,} series of {args.points} points in order of {args.order}: "
              f"{disk / 1e9:.2f} GB, {time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
        found, seconds, most = measure(folder, files, extra)
    changed = {r["series"] for r in found if r["kind"] == "change"}
    truth = {name(i) for i in range(0, args.series, 100)}
    right = [r for r in found if r["kind"] == "change" and r["series"] in truth]
    named = sum(r["deployment"] == f"v{number(r['series']) // 100 % 5}" for r in right)
    rate = args.series * args.points / seconds / 1e6
    print(
        f"scanned in {seconds:.1f} s, {rate:.2f} million points/s, {most / 1e6:.0f} MB PSS at most"
    )
    print(f"called changed: {len(changed):,}; false among them: {len(changed - truth):,} "
          f"({len(changed - truth) / max(len(changed), 1):.2%}); found: "
          f"{len(changed & truth):,} of {len(truth):,}; the right deployment named: "
          f"{named:,} of {len(right):,} changes")  # fmt: skip
    print(json.dumps(found[-1]))


def number(series: str) -> int:
    """The number of a series' name."""
    service, route = series.split("/")
    return int(service.removeprefix("service-")) * 1000 + int(route.removeprefix("route-"))


if __name__ == "__main__":
    main()
