"""Our change points beside others', on the same series in one run.

python benchmarks/stats/change_points.py                # generated and measured series, speed
python benchmarks/stats/change_points.py --series DIR   # and the labelled files in DIR
python benchmarks/stats/change_points.py --only brownout,otava --suites generated
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from detectors import Detector, installed  # isort: skip  (sets one thread before NumPy loads)

import numpy as np
from measured import measure
from scores import (
    Outcome,
    mean_cover,
    mean_f1,
    of_annotations,
    of_steps,
    of_windows,
    paired_interval,
    pooled_f1,
)
from series import Case, generated, labelled, resampled

Score = Callable[[Sequence[Outcome]], float]


def outcome(case: Case, detect: Detector) -> Outcome:
    n = len(case.x)
    try:
        told = sorted({int(i) for i in detect(case.x) if 0 < i < n})
    except Exception as error:  # a peer that fails on a series has told nothing, and is named
        print(f"  {case.name}: {type(error).__name__}: {error}", file=sys.stderr)
        told = []
    if case.annotations:
        return of_annotations(case.kind, n, case.annotations, told)
    if case.windows is not None:
        return of_windows(case.kind, n, case.windows, told)
    return of_steps(case.kind, n, case.steps, told)


def details(outcomes: Sequence[Outcome]) -> str:
    """Unchanged series flagged, recall by size of step, false points per 1,000."""
    parts = []
    for kind in sorted({o.kind for o in outcomes}):
        mine = [o for o in outcomes if o.kind == kind]
        steps = sum(o.found + o.missed for o in mine)
        if not steps:
            parts.append(f"{kind}: flagged {np.mean([o.false > 0 for o in mine]):.3f}")
        else:
            parts.append(f"{kind}: recall {sum(o.found for o in mine) / steps:.3f}")
    false = 1000 * sum(o.false for o in outcomes) / sum(o.n for o in outcomes)
    return ", ".join([*parts, f"false {false:.2f} per 1,000"])


def compare(suite: str, cases: list[Case], able: dict[str, Detector]) -> None:
    print(f"\n{suite}: {len(cases)} series, {sum(len(c.x) for c in cases):,} points")
    scores: dict[str, Score] = {"F1": pooled_f1}
    if cases[0].annotations:
        scores = {"F1": mean_f1, "covering": mean_cover}
    ours: list[Outcome] = []
    for name, detect in able.items():
        outcomes = [outcome(case, detect) for case in cases]
        ours = ours or outcomes
        line = f"  {name:18}"
        for label, score in scores.items():
            line += f"  {label} {score(outcomes):.3f}"
            if outcomes is not ours:
                low, high = paired_interval(score, ours, outcomes)
                line += f" (ours is better by {low:+.3f} to {high:+.3f})"
        print(line if cases[0].annotations else f"{line}  {details(outcomes)}", flush=True)


def history(n: int) -> list[float]:
    """Up to 20 steps in Gaussian noise with 2% outliers."""
    rng = np.random.default_rng(n)
    x = rng.normal(size=n) + 100
    for start in np.linspace(0, n, max(1, min(20, n // 200)) + 2)[1:-1].astype(int):
        x[start:] += rng.choice([-3, 3])
    return (x + (rng.random(n) < 0.02) * rng.normal(0, 10, n)).tolist()


def speed(able: dict[str, Detector]) -> None:
    """Values a second, the best of up to 20 calls, a list of floats in; detectors take turns."""
    print("\nvalues a second, one thread, list of floats in, best of several calls")
    for n in (100, 1000, 10_000, 100_000, 1_000_000):
        x, parts = history(n), []
        for name, detect in list(able.items()):
            best, began = np.inf, time.perf_counter()
            for _ in range(20):
                start = time.perf_counter()
                detect(x)
                best = min(best, time.perf_counter() - start)
                if time.perf_counter() - began > 2:
                    break
            parts.append(f"{name} {n / best:,.0f}")
            if best > 2:  # would take minutes at the next size
                del able[name]
        print(f"  n = {n:<9,} " + "; ".join(parts), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=Path, help="folder of labelled files")
    parser.add_argument("--only", help="detectors, comma-separated")
    parser.add_argument("--suites", help="suites, comma-separated; 'speed' is one")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    able, missing = installed()
    if missing:
        print(f"not installed: {', '.join(missing)} (pip install -e '.[bench]')", file=sys.stderr)
    if arguments.only:
        able = {name: able[name] for name in ["brownout", *arguments.only.split(",")]}
    wanted = arguments.suites.split(",") if arguments.suites else None
    suites: dict[str, Callable[[], list[Case]]] = {
        "generated": generated,
        "measured": lambda: resampled(measure()),
    }
    if arguments.series:
        suites |= {k: lambda v=v: v for k, v in labelled(arguments.series).items()}
    able["brownout"]([1.0, 2.0] * 20)  # loads the machine code
    for suite, make in suites.items():
        if wanted is None or suite in wanted:
            compare(suite, make(), able)
    if wanted is None or "speed" in wanted:
        speed(dict(able))


if __name__ == "__main__":
    main()
