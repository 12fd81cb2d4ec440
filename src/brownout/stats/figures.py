"""One number for one run: what of its observations is compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

FIGURES = ("typical", "p50", "p95", "p99", "mean")


def typical(values: Sequence[float]) -> float:
    """The mean of the shortest half: of the values that lie closest together.

    Where most observations are, whatever a burst did to the others: it repeats from run to run a
    little better than the median. (Andrews et al. 1972, the "shorth".)
    """
    import numpy as np

    ordered = np.sort(np.asarray(values, float))
    n = len(ordered)
    half = n // 2 + 1 if n > 2 else n
    widths = ordered[half - 1 :] - ordered[: n - half + 1]
    # Of halves that are equally short (rounded clocks), the middle one.
    shortest = np.flatnonzero(widths <= widths.min())
    first = int(shortest[len(shortest) // 2])
    return float(ordered[first : first + half].mean())


def figure(name: str) -> Callable[[Sequence[float]], float]:
    """The function of a figure's name. Raises ValueError for an unknown one."""
    import numpy as np

    if name == "typical":
        return typical
    if name == "mean":
        return lambda values: float(np.mean(values))
    if name.startswith("p") and name[1:].replace(".", "", 1).isdigit() and float(name[1:]) < 100:
        share = float(name[1:]) / 100
        return lambda values: float(np.quantile(values, share))
    raise ValueError(f"no figure {name!r}; known: {', '.join(FIGURES)}, or any p0 to p99.99")


def least_values(name: str) -> int:
    """Observations below which a run's figure says nothing of its tail: p99 wants 100."""
    if name in ("typical", "mean"):
        return 1
    share = float(name[1:]) / 100
    return max(1, math.ceil(1 / (1 - share))) if share > 0.5 else 1
