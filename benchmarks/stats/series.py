"""Series whose changes are known: generated, measured on this machine, or labelled by others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Noise = Callable[[np.random.Generator, int], np.ndarray]


@dataclass(frozen=True, slots=True)
class Case:
    """One series with its truth: steps, or windows, or several annotators' steps."""

    name: str
    kind: str
    x: list[float]
    steps: tuple[int, ...] = ()
    windows: tuple[tuple[int, int], ...] | None = None
    annotations: tuple[tuple[int, ...], ...] = field(default=())


def autoregressive(rng: np.random.Generator, n: int, a: float) -> np.ndarray:
    """AR(1) with variance 1."""
    x, level = np.empty(n), rng.normal()
    for i, shock in enumerate(rng.normal(size=n) * np.sqrt(1 - a * a)):
        level = x[i] = a * level + shock
    return x


NOISES: dict[str, Noise] = {
    "gaussian": lambda r, n: r.normal(size=n),
    "t2": lambda r, n: r.standard_t(2, size=n),
    "lognormal": lambda r, n: np.exp(r.normal(size=n)),
    "two modes": lambda r, n: 0.3 * r.normal(size=n) + 5 * (r.random(n) < 0.3),
    "outliers": lambda r, n: r.normal(size=n) + (r.random(n) < 0.03) * r.choice([-20, 20], n),
    "counts": lambda r, n: r.poisson(3, n).astype(float),
    "quantised": lambda r, n: np.round(2 * r.normal(size=n)),
    "variance x9": lambda r, n: r.normal(size=n) * np.where(np.arange(n) < n / 2, 1, 3),
    "ar 0.5": lambda r, n: autoregressive(r, n, 0.5),
    "ar 0.8": lambda r, n: autoregressive(r, n, 0.8),
    "slow + white": lambda r, n: 0.7 * (autoregressive(r, n, 0.95) + r.normal(size=n)),
    "season": lambda r, n: 1.5 * np.sin(np.arange(n) * np.pi / 12) + r.normal(size=n),
    "steep trend": lambda r, n: 20 * np.arange(n) / n + 0.5 * r.normal(size=n),
}


def spread(x: np.ndarray) -> float:
    """The standard deviation by the middle 80%."""
    low, high = np.quantile(x, [0.1, 0.9])
    return float(high - low) / 2.563 or float(x.std()) or 1.0


def stepped(name: str, x: np.ndarray, sizes: tuple[float, ...], rng: np.random.Generator) -> Case:
    """The series with a step of each size (in spreads, from the original level) at random."""
    n, out, at = len(x), x.copy(), []
    edges = np.linspace(0, n, len(sizes) + 2).astype(int)
    for low, high, size in zip(edges, edges[2:], sizes, strict=False):
        start = int(rng.integers(max(low + 10, (low + high) // 2 - n // 6), (low + high) // 2 + 1))
        out[start:] = x[start:] + size * spread(x)
        at.append(start)
    kind = "none" if not sizes else f"{sizes[0]:g}" if len(sizes) == 1 else "there and back"
    return Case(f"{name}/{kind}", kind, out.tolist(), tuple(at))


SIZES: tuple[tuple[float, ...], ...] = ((), (1.5,), (3.0,), (6.0,), (3.0, 0.0))


def generated(repeats: int = 5) -> list[Case]:
    """Every noise at n = 100, 300 and 600, without and with steps."""
    cases = []
    for k, (name, noise) in enumerate(NOISES.items()):
        for n in (100, 300, 600):
            for j in range(repeats):
                rng = np.random.default_rng([k, n, j])
                for sizes in SIZES:
                    cases.append(stepped(f"{name}/{n}", noise(rng, n), sizes, rng))
    return cases


def resampled(runs: dict[str, np.ndarray], n: int = 200) -> list[Case]:
    """Histories from (independent runs, blocks): each value a random block of a random run."""
    cases = []
    for k, (name, blocks) in enumerate(sorted(runs.items())):
        for j, sizes in enumerate(SIZES):
            rng = np.random.default_rng([k, j])
            x = blocks[rng.integers(0, blocks.shape[0], n), rng.integers(0, blocks.shape[1], n)]
            cases.append(stepped(name, x / np.median(x), sizes, rng))
        rng = np.random.default_rng([k, len(SIZES)])
        x = x / np.median(x)
        x[rng.choice(np.arange(10, n - 10), 4, replace=False)] += rng.uniform(8, 15, 4) * spread(x)
        cases.append(Case(f"{name}/outliers", "outliers", x.tolist()))
    return cases


def telemetry(series: dict[str, list[float]]) -> list[Case]:
    """Calm telemetry as it is, and with a step of 2 or 4 spreads."""
    cases = []
    for k, (name, values) in enumerate(sorted(series.items())):
        for j, sizes in enumerate(((), (2.0,), (4.0,))):
            rng = np.random.default_rng([k, j])
            cases.append(stepped(name, np.array(values, float), sizes, rng))
    return cases


def labelled(folder: Path) -> dict[str, list[Case]]:
    """The suites of the files that ``folder`` has (their format: README.md)."""
    suites: dict[str, list[Case]] = {}
    if (folder / "tcpd.json").exists():
        suites["tcpd"] = [
            Case(name, "all", s["x"], annotations=tuple(map(tuple, s["annotations"].values())))
            for name, s in sorted(read(folder / "tcpd.json")["series"].items())
        ]
    for file in ("nab", "msft"):
        if (folder / f"{file}.json").exists():
            found = sorted(read(folder / f"{file}.json")["series"].items())
            suites[file] = [windowed(name, s) for name, s in found]
    if (folder / "runs.npz").exists():
        with np.load(folder / "runs.npz") as runs:
            suites["runs"] = resampled({name: runs[name].astype(float) for name in runs.files})
    if (folder / "petshop.json").exists():
        suites["telemetry"] = telemetry(read(folder / "petshop.json")["normal"])
    return suites


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def windowed(name: str, s: dict[str, Any], most: int = 1100) -> Case:
    """Longer series are averaged in blocks: some peers need the square of n."""
    x = np.array(s["x"], float)
    block = -(-len(x) // most)
    m = len(x) // block
    windows = tuple((a // block, min(b // block, m - 1)) for a, b in s["windows"] if a // block < m)
    return Case(name, "all", x[: m * block].reshape(m, block).mean(1).tolist(), windows=windows)
