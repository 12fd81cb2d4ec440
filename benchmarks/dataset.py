"""What the shop's data cost: generating, making a whole dataset, and taking it from the cache.

    .venv/bin/python benchmarks/dataset.py --size normal

Prints the generator's seconds and peak memory, when each step of making began, the seconds until a
copy from the cache serves (median and range of several), and the bytes of each part. It works in a
cache of its own, in a temporary folder, and uses both cores: run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

from brownout import store
from brownout.stack.data.dataset import Dataset, prepare
from brownout.stack.data.recipe import SIZES, Recipe
from brownout.stack.data.room import size_of
from brownout.stack.processes.environment import ONE_THREAD
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.postgres import Postgres

SHOP = store.assets() / "shop"
RESTORES = 5


def report(what: str, seconds: float, more: str = "") -> None:
    print(f"{what:44} {seconds:7.1f} s  {more}", flush=True)


def generate(size: str, folder: Path) -> None:
    """The generator alone."""
    argv = [sys.executable, "-m", "data.generate", "--size", size, "--out", str(folder)]
    began = time.monotonic()
    child = subprocess.Popen(argv, cwd=SHOP, env={**os.environ, **ONE_THREAD})
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"data.generate exited with code {child.returncode}")
    # Kilobytes, on macOS bytes. It counts from before exec: this process is the smaller one.
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    written = f"{peak / 1e6:.0f} MB of memory at the peak, {size_of(folder) / 1e6:.0f} MB written"
    report("generating alone", time.monotonic() - began, written)


def make(size: str, cache: Path) -> Dataset:
    """A whole dataset: generated, trained, loaded."""
    began = time.monotonic()

    def tell(step: str) -> None:
        report(f"  {step}, from", time.monotonic() - began)

    made = prepare(Recipe(SHOP, size=size), cache, tell)
    parts = {name: size_of(made.folder / name) / 1e6 for name in ("postgres", "models", "data")}
    sizes = ", ".join(f"{name} {size:.0f} MB" for name, size in parts.items())
    report("generated, trained and loaded", time.monotonic() - began, sizes)
    return made


def restore(size: str, cache: Path, folder: Path) -> None:
    """From the cache to a database that answers, several times."""
    copied, served = [], []
    for number in range(RESTORES):
        run = folder / f"run-{number}"
        (run / "logs").mkdir(parents=True)
        with Supervisor(f"bench-{uuid.uuid4()}", lambda notice: None) as supervisor:
            began = time.monotonic()
            kept = prepare(Recipe(SHOP, size=size), cache, print)
            place = kept.place(run, supervisor)
            copied.append(time.monotonic() - began)
            port = free_ports(1)[0]
            postgres = Postgres(supervisor.run_id, run, place, port, kept.password)
            supervisor.start(postgres.command(), postgres.ready, timeout=60)
            served.append(time.monotonic() - began)
            kept.claim.close()
    for what, times in (("copied from the cache", copied), ("  and serving", served)):
        spread = f"median of {RESTORES}: {min(times):.1f} to {max(times):.1f} s"
        report(what, statistics.median(times), spread)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the shop's data cost.")
    parser.add_argument("--size", choices=SIZES, default="normal")
    parser.add_argument("--only-generate", action="store_true", help="leave the dataset out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brownout-dataset-") as name:
        folder = Path(name)
        print(f"size {args.size}: {SIZES[args.size]}")
        generate(args.size, folder / "data")
        if not args.only_generate:
            make(args.size, folder / "cache")
            restore(args.size, folder / "cache", folder)


if __name__ == "__main__":
    main()
