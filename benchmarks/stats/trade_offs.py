"""What cannot be had together: our scores as one constant at a time leaves its default.

python benchmarks/stats/trade_offs.py                # generated series, outliers alone
python benchmarks/stats/trade_offs.py --series DIR   # and the labelled files in DIR
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import detectors  # noqa: F401  (sets one thread before NumPy loads)
import numpy as np
from change_points import outcome
from scores import Outcome, mean_cover, mean_f1, pooled_f1
from series import Case, generated, labelled

from brownout.stats import change_points, changes, search

CURVES: dict[str, tuple[ModuleType, tuple[float, ...]]] = {
    "STRENGTH": (changes, (2, 3, 4, 5, 6)),
    "ABRUPT": (search, (6, 8, 10, 15, 1e9)),
    "BY_CHANCE": (search, (0.0005, 0.005, 0.05, 0.5, 5)),
}
CONFIDENCE = (0.0, 0.5, 0.95)


def strewn(series: int = 400) -> list[Case]:
    """Nothing but outliers, of a share that differs: 1 to 10% of 60 to 600 values."""
    cases = []
    for k in range(series):
        rng = np.random.default_rng(k)
        n, share = (60, 200, 600)[k % 3], (0.01, 0.03, 0.06, 0.1)[k % 4]
        x = rng.normal(size=n) + (rng.random(n) < share) * rng.choice([-15, 15], n)
        cases.append(Case(f"strewn/{k}", "outliers", x.tolist()))
    return cases


@contextmanager
def constant(module: ModuleType, name: str, value: float) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


def cell(cases: list[Case], min_confidence: float) -> str:
    def detect(x: list[float]) -> list[int]:
        return [p.index for p in change_points(x, min_confidence=min_confidence)]

    outcomes = [outcome(case, detect) for case in cases]
    if cases[0].annotations:
        return f"{mean_f1(outcomes):.3f}, {mean_cover(outcomes):.3f}"
    if all(o.kind == "outliers" for o in outcomes):
        return f"{np.mean([o.false > 0 for o in outcomes]):.2%} flagged"
    return f"{pooled_f1(outcomes):.3f}, {false(outcomes):.2f}{weakest(outcomes)}"


def false(outcomes: list[Outcome]) -> float:
    return 1000 * sum(o.false for o in outcomes) / sum(o.n for o in outcomes)


def weakest(outcomes: list[Outcome]) -> str:
    """The share found of the smallest steps, where steps have sizes."""
    kinds = [o.kind for o in outcomes if o.kind.replace(".", "").isdigit()]
    if not kinds:
        return ""
    mine = [o for o in outcomes if o.kind == min(kinds, key=float)]
    return f", {sum(o.found for o in mine) / sum(o.found + o.missed for o in mine):.1%}"


def row(label: str, suites: dict[str, list[Case]], min_confidence: float = 0.0) -> None:
    cells = [cell(cases, min_confidence) for cases in suites.values()]
    print("| " + " | ".join([label, *cells]) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=Path, help="folder of labelled files")
    arguments = parser.parse_args()
    suites = {"outliers": strewn(), "generated": generated()}
    if arguments.series:
        suites |= labelled(arguments.series)
    print("F1 (tcpd: and covering), false points per 1,000, the smallest steps found\n")
    print("| " + " | ".join(["", *suites]) + " |\n" + "|---" * (len(suites) + 1) + "|")
    for name, (module, values) in CURVES.items():
        for value in values:
            with constant(module, name, value):
                row(f"{name} {value:g}", suites)
    for value in CONFIDENCE:
        row(f"min_confidence {value:g}", suites, value)


if __name__ == "__main__":
    main()
