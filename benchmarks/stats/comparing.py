"""Comparing releases and watching them: ours beside the usual rules, in one run.

    .venv/bin/python benchmarks/stats/comparing.py [--suites runs,pairs,live] [--measure]
        [--series DIR]

On data that are generated here: noise between runs of five kinds; latencies of three; signals of
three. ``--measure`` also times eight small programs here, ten processes each (two minutes).
``--series DIR`` adds labelled files: runs.npz (name -> runs x blocks), delag.npz (name -> latencies
over 0 / 1 for degraded), petshop.json (normal: name -> values).
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import rules

from brownout.stats import Canary, Live, compare_runs

Runs = list[np.ndarray]
RISES = (0.0, 0.02, 0.05, 0.1)

PROGRAMS = {
    "sum": "sum(i * i for i in range(20000))",
    "sort": "sorted(((i * 7919) % 10007 for i in range(8000)))",
    "text": "' '.join(str(i) for i in range(9000)).split()",
    "dict": "{i: str(i) for i in range(7000)}",
    "json": "json.loads(json.dumps([{'a': i, 'b': [i] * 3} for i in range(600)]))",
    "regex": "re.findall(r'[a-z]+[0-9]', 'abc1 de2 fgh ' * 700)",
    "hash": "[hashlib.sha256(b'x' * 900).digest() for _ in range(900)]",
    "float": "[math.sin(i) * math.exp(-i) for i in range(12000)]",
}
TIMED = """
import hashlib, json, math, re, time
def once(): return {code}
until = time.perf_counter() + 0.1
while time.perf_counter() < until: once()
found = []
for _ in range(40):
    began = time.perf_counter(); once(); once(); found.append(time.perf_counter() - began)
print(found)
"""


def generated_runs(rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """(kind, 10 runs x 60 blocks); the noise between runs is what differs."""
    for kind in ("normal", "quiet", "heavy", "two modes", "bursts"):
        for _ in range(8):
            spread = math.exp(rng.normal(math.log(0.004 if kind == "quiet" else 0.018), 0.5))
            if kind == "heavy":
                between = rng.standard_t(3, 10) * spread
            elif kind == "two modes":
                between = rng.choice([-1, 1], 10) * spread + rng.normal(0, 0.003, 10)
            else:
                between = rng.normal(0, spread, 10)
            within = rng.normal(0, 0.015, (10, 60))
            if kind == "bursts":
                within += rng.exponential(0.4, (10, 60)) * (rng.random((10, 60)) < 0.15)
            yield kind, np.exp(between[:, None] + within)


def measured_runs() -> Iterator[tuple[str, np.ndarray]]:
    """Processes are interleaved, so that the machine's mood is every program's."""
    found: dict[str, list[list[float]]] = {name: [] for name in PROGRAMS}
    for done in range(10):
        print(f"measuring: round {done + 1} of 10", file=sys.stderr)
        for name, code in PROGRAMS.items():
            argv = [sys.executable, "-c", TIMED.format(code=code)]
            out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
            found[name].append(json.loads(out))
    for rows in found.values():
        yield "measured", np.array(rows)


def splits(blocks: np.ndarray, seed: int) -> Iterator[tuple[Runs, Runs]]:
    half = len(blocks) // 2
    for i in range(10):
        order = np.random.default_rng([seed, i]).permutation(len(blocks))
        yield [blocks[j] for j in order[:half]], [blocks[j] for j in order[half : 2 * half]]


def runs_suite(sets: list[tuple[str, np.ndarray]]) -> None:
    methods: dict[str, Callable[[Runs, Runs], float]] = {
        "brownout": lambda a, b: compare_runs(a, b).p,
        **rules.COMPARING,
    }
    kinds = list(dict.fromkeys(kind for kind, _ in sets))
    print("\n5 runs against 5, alarm at p < 0.01; equal releases by kind of noise, then rises\n")
    table(["rule", *kinds, *(f"{d:+.0%}" for d in RISES), "comparisons/s"])
    for name, method in methods.items():
        hits: dict[tuple[str, float], list[bool]] = {}
        began = time.perf_counter()
        for seed, (kind, blocks) in enumerate(sets):
            for base, other in splits(blocks, seed):
                for rise in RISES:
                    p = method(base, [run * (1 + rise) for run in other])
                    hits.setdefault((kind, rise), []).append(p < 0.01)
        rate = sum(map(len, hits.values())) / (time.perf_counter() - began)
        equal = [percent(hits[kind, 0.0]) for kind in kinds]
        rises = [percent([h for k in kinds for h in hits[k, d]]) for d in RISES]
        table([name, *equal, *rises, f"{rate:,.0f}"])


def generated_pools(rng: np.random.Generator) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(kind, normal latencies, with one request in five slower by half)."""
    found = []
    for kind, draw in (
        ("gamma", lambda n: 50 + rng.gamma(3, 10, n)),
        ("lognormal", lambda n: 50 * np.exp(rng.normal(0, 0.25, n))),
        ("Pareto", lambda n: 50 * (1 + rng.pareto(4, n))),
    ):
        for _ in range(20):
            bad = draw(2000)
            found.append((kind, draw(4000), np.where(rng.random(2000) < 0.2, 1.5 * bad, bad)))
    return found


def pairs_suite(pools: list[tuple[str, np.ndarray, np.ndarray]]) -> None:
    monitors: dict[str, Callable[[], object]] = {"brownout": lambda: Canary(0.01), **rules.PAIRS}
    kinds = list(dict.fromkeys(kind for kind, _, _ in pools))
    print("\npairs watched up to 900 long, alpha 0.01: equal, caught, median pairs to the alarm\n")
    table(["rule", *kinds, "equal, all"])
    for name, make in monitors.items():
        cells, false = [], []
        for kind in kinds:
            equal, found = [], []
            for i, (k, normal, bad) in enumerate(pools):
                if k == kind:
                    rng = np.random.default_rng([3, i])
                    order, slow = rng.permutation(normal), rng.permutation(bad)
                    m = min(900, len(order) // 2, len(slow))
                    equal.append(alarm(make(), order[:m], order[m : 2 * m]))
                    found.append(alarm(make(), order[:m], slow[:m]))
            caught = [f for f in found if f]
            false += [e is not None for e in equal]
            middle = f"{np.median(caught):.0f}" if caught else "-"
            cells.append(
                f"{sum(e is not None for e in equal)}/{len(equal)}, "
                f"{percent([f is not None for f in found])}, {middle}"
            )
        table([name, *cells, percent(false)])


def alarm(monitor: object, base: np.ndarray, candidate: np.ndarray) -> int | None:
    for i, (x, y) in enumerate(zip(base, candidate, strict=True), 1):
        if monitor.update(float(x), float(y)):  # type: ignore[attr-defined]
            return i
    return None


def generated_signals(rng: np.random.Generator) -> list[tuple[str, np.ndarray]]:
    found = []
    for _ in range(40):
        noise = rng.normal(0, 1, 700)
        slow = np.zeros(700)
        for i in range(1, 700):
            slow[i] = 0.6 * slow[i - 1] + noise[i]
        found.append(("remembers", 100 + 5 * slow))
        found.append(("skewed", 100 * np.exp(rng.normal(0, 0.3, 700))))
        idle = np.where(rng.random(700) < 0.7, 0.0, rng.exponential(0.5, 700))
        found.append(("mostly idle", 100 - idle))
    return found


def live_suite(signals: list[tuple[str, np.ndarray]]) -> None:
    monitors = {"brownout": lambda past: Live(list(past)), **rules.LIVE}
    kinds = list(dict.fromkeys(kind for kind, _ in signals))
    print("\nlive, 200 points of past: false alarms per day of 288 points, 3 bad points caught\n")
    table(["rule", *kinds, "all", "points/s"])
    for name, make in monitors.items():
        cells, every, began, fed = [], [0, 0], time.perf_counter(), 0
        for kind in kinds:
            false = points = caught = tries = 0
            for k, x in signals:
                if k != kind:
                    continue
                count, seen = stream(make, x)
                false, points, fed = false + count, points + seen, fed + seen
                tries += 1
                caught += incident(make, x)
            every = [every[0] + false, every[1] + points]
            cells.append(f"{288 * false / points:.2f}, {caught}/{tries}")
        rate = fed / (time.perf_counter() - began)
        table([name, *cells, f"{288 * every[0] / every[1]:.2f}", f"{rate:,.0f}"])


def stream(make: Callable[[np.ndarray], object], x: np.ndarray) -> tuple[int, int]:
    """(alarms, points) after 200 points of past; a new monitor an hour after each alarm."""
    i, alarms, points, monitor = 200, 0, 0, make(x[:200])
    while i < len(x):
        points += 1
        hit = monitor.update(float(x[i]))  # type: ignore[attr-defined]
        i += 1
        if hit:
            alarms, i = alarms + 1, i + 12
            if i < len(x):
                monitor = make(x[i - 200 : i])
    return alarms, points


def incident(make: Callable[[np.ndarray], object], x: np.ndarray) -> bool:
    """Two calm points, then three that are worse by the width of the middle 98% of the past."""
    past = x[:200]
    low, high = np.quantile(past, [0.01, 0.99])
    sign = -1 if high - np.median(past) < np.median(past) - low else 1
    monitor = make(past)
    hits = [monitor.update(float(v)) for v in x[200:202]]  # type: ignore[attr-defined]
    if any(hits):
        return False
    worse = x[202:205] + sign * (high - low)
    return any(monitor.update(float(v)) for v in worse)  # type: ignore[attr-defined]


def percent(hits: list[bool]) -> str:
    return f"{100 * sum(hits) / max(len(hits), 1):.1f}%"


def table(cells: list[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)
    if cells[0] == "rule":
        print("|" + "---|" * len(cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", default="runs,pairs,live")
    parser.add_argument("--measure", action="store_true", help="time programs on this machine, too")
    parser.add_argument("--series", type=Path, help="a folder of labelled files")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng, suites = np.random.default_rng(args.seed), args.suites.split(",")
    if unknown := set(suites) - {"runs", "pairs", "live"}:
        parser.error(f"unknown suite {', '.join(unknown)}; known: runs, pairs, live")
    if args.series and not args.series.is_dir():
        parser.error(f"--series {args.series} is no folder")
    if "runs" in suites:
        sets = list(generated_runs(rng)) + (list(measured_runs()) if args.measure else [])
        runs_suite(sets + labelled(args.series, "runs.npz"))
    if "pairs" in suites:
        found = labelled(args.series, "delag.npz")
        pairs_suite(generated_pools(rng) + [(k, x[0][x[1] == 0], x[0]) for k, x in found])
    if "live" in suites:
        live_suite(generated_signals(rng) + labelled(args.series, "petshop.json"))
    return 0


def labelled(folder: Path | None, name: str) -> list[tuple[str, np.ndarray]]:
    """(the file's name, series) of a labelled file, where there is one."""
    path = folder / name if folder else None
    if path is None or not path.exists():
        return []
    if path.suffix == ".json":
        held = json.loads(path.read_text())["normal"]
        return [(path.stem, np.array(held[k], float)) for k in sorted(held)]
    with np.load(path) as held:
        return [(path.stem, held[k].astype(float)) for k in sorted(held)]


if __name__ == "__main__":
    sys.exit(main())
