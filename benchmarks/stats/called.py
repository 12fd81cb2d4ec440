"""How often ``scan`` calls a series changed that did not change, and one that did.

python benchmarks/stats/called.py [--series 4000] [--points 20,60,200,500]

Of each noise: the share of unchanged series whose p-value is at most 5, 1 and 0.1%, and that of
those told at 5% (p-value and change points together); of series with a step, or a stay on another
level for a third of the time or for 12 points at most, the share told. Brackets: 95% intervals
(Wilson). Then fleets of 100 series, 10 of which changed: the mean share of false ones among those
called at 5%, and of changed ones found. The seeds are the same in every run: run it with another
version's ``src`` in PYTHONPATH to compare.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np

from brownout.scan.chunks import Batch
from brownout.scan.outcome import Ledger, conclude
from brownout.scan.sweep import Part, Wanted, examine

Values = np.ndarray
LEVELS = (0.05, 0.01, 0.001)
STEP = 4.0
"""Standard deviations of the noise."""


def alike(rng: np.random.Generator, series: int, points: int, r: float) -> Values:
    """AR(1) of variance 1; a walk for r = 1."""
    x = rng.standard_normal((series, points + (100 if r < 1 else 0)))
    x[:, 1:] *= math.sqrt(1 - r * r) if r < 1 else 1
    for i in range(1, x.shape[1]):
        x[:, i] += r * x[:, i - 1]
    return x[:, -points:]


NOISES: dict[str, Callable[[np.random.Generator, int, int], Values]] = {
    "white": lambda r, s, n: r.standard_normal((s, n)),
    "t2": lambda r, s, n: r.standard_t(2, (s, n)) / 2,
    "lognormal": lambda r, s, n: np.exp(r.standard_normal((s, n))) / 2,
    "counts": lambda r, s, n: r.poisson(1, (s, n)).astype(float),
    "rare counts": lambda r, s, n: r.poisson(0.1, (s, n)) * 3.0,
    "AR 0.3": lambda r, s, n: alike(r, s, n, 0.3),
    "AR 0.7": lambda r, s, n: alike(r, s, n, 0.7),
    "AR 0.95 + white": lambda r, s, n: 0.7 * (alike(r, s, n, 0.95) + r.standard_normal((s, n))),
    "walk": lambda r, s, n: alike(r, s, n, 1.0),
}


def examined(noise: Values) -> Part:
    """What a scan says of series at 100 with 2% noise, all p-values to 5%."""
    series, points = noise.shape
    values = 100 + 2 * noise
    return examine(
        Batch(
            [str(i) for i in range(series)],
            np.arange(series + 1) * points,
            np.tile(np.arange(points, dtype=float), series),
            values.ravel(),
            [],
        ),
        Wanted(0.05),
    )


def told(noise: Values) -> float:
    return len({change.series for _, change in examined(noise).changes}) / len(noise)


def interval(share: float, n: int) -> str:
    """A share in percent with Wilson's 95% interval."""
    z = 1.96
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return f"{100 * share:.2f} [{100 * (middle - half):.2f}, {100 * (middle + half):.2f}]"


def changed(noise: Values, kind: str) -> Values:
    """The noise with a change of STEP in the middle."""
    points, out = noise.shape[1], noise.copy()
    length = {"step": points - points // 2, "third": points // 3, "short": min(12, points // 3)}
    first = points // 2 if kind == "step" else (points - length[kind]) // 2
    out[:, first : first + length[kind]] += STEP
    return out


def unchanged_and_changed(name: str, series: int, points: int) -> None:
    rng = np.random.default_rng([points, sorted(NOISES).index(name)])
    noise = NOISES[name](rng, series, points)
    part = examined(noise)
    shares = "; ".join(interval(float((part.p <= level).mean()), series) for level in LEVELS)
    called = len({change.series for _, change in part.changes}) / series
    few = noise[: series // 10]
    seen = ", ".join(f"{k} {100 * told(changed(few, k)):.0f}" for k in ("step", "third", "short"))
    print(f"{name:16} {points:5}  {shares}; told {interval(called, series)}; {seen}", flush=True)


def fleets(name: str, points: int, count: int = 60) -> None:
    """Of fleets of 100: the share of false ones among those called, and of changed ones found."""
    rng = np.random.default_rng([points, 99, sorted(NOISES).index(name)])
    false, found = [], []
    for _ in range(count):
        noise = NOISES[name](rng, 100, points)
        noise[:5] = changed(noise[:5], "step")
        noise[5:10] = changed(noise[5:10], "third")
        ledger = Ledger()
        ledger.add(examined(noise))
        names = {int(c.series) for c, _, _ in conclude(ledger, 0.05, [], calendar=False).changes}
        false.append(sum(i >= 10 for i in names) / max(len(names), 1))
        found.append([sum(i < 5 for i in names) / 5, sum(5 <= i < 10 for i in names) / 5])
    half = 1.96 * float(np.std(false)) / math.sqrt(count)
    step, stay = 100 * np.mean(found, axis=0)
    print(
        f"{name:16} {points:5}  false {100 * np.mean(false):.1f} +- {100 * half:.1f}; "
        f"steps found {step:.0f}, mended {stay:.0f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--series", type=int, default=4000)
    parser.add_argument("--points", default="20,60,200,500")
    arguments = parser.parse_args()
    lengths = [int(n) for n in arguments.points.split(",")]
    print("unchanged, %: p <= 5%; 1%; 0.1%; told at 5%; changed, % told")
    for name in NOISES:
        for points in lengths:
            unchanged_and_changed(name, arguments.series, points)
    print("\nfleets of 100 of which 10 changed, %")
    for name in NOISES:
        for points in lengths:
            fleets(name, points)


if __name__ == "__main__":
    main()
