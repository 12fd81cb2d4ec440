"""How far apart two neighbouring levels are, and how sure that is.

This module imports numba; import it only when something is to be computed.
"""

from __future__ import annotations

import numpy as np

from brownout.stats.compiled import Floats, compiled


@compiled
def centred(values: Floats, cut: int) -> Floats:
    """Residuals from the means before and after ``cut``."""
    return np.concatenate((values[:cut] - values[:cut].mean(), values[cut:] - values[cut:].mean()))


@compiled
def resemblance(r: Floats) -> float:
    """The first-order autocorrelation of residuals from two levels, 0 to 0.9.

    Each level takes (1 + 3 rho) / n of it away in the mean (Kendall 1954), and about as much again
    because the cut between them was chosen.
    """
    squares = (r * r).mean()
    rho = (r[1:] * r[:-1]).mean() / squares if squares > 0 else 0.0
    return min(max(rho + 4 * (1 + 3 * max(rho, 0.0)) / len(r), 0.0), 0.9)


@compiled
def as_normal(height: float, freedom: float) -> float:
    """What Student's t with so many degrees of freedom is to a normal variable (Wallace 1959)."""
    square = freedom * np.log1p(height * height / freedom)
    return float(np.sqrt(square)) * (8 * freedom + 1) / (8 * freedom + 3)


@compiled
def compare(values: Floats, z: Floats, cut: int, noise: float) -> tuple[float, float, float, float]:
    """(median before ``cut``, after, the error of their difference, evidence as a z-score).

    z: standardised ranks; noise: their long-run variance in the whole series. The error and the
    evidence are those of dependent values: the larger one of that noise and of a first-order
    autoregression like the residuals.
    """
    n = len(z)
    residuals = centred(z, cut)
    local = max((residuals * residuals).sum() / max(n - 2, 1), 1e-3 / n)
    rho = resemblance(residuals)
    variance = max(local * (1 + rho) / (1 - rho), noise)
    before, after = np.median(values[:cut]), np.median(values[cut:])
    one = np.median(np.abs(values[:cut] - before)) ** 2 / cut
    other = np.median(np.abs(values[cut:] - after)) ** 2 / (n - cut)
    freedom = max(n * (1 - rho * rho) / 3, 1.0)
    # 1.4826 makes a deviation of the median one; the median's error is 1.2533 times the mean's.
    error = 1.4826 * 1.2533 * np.sqrt((one + other) * variance / local)
    apart = z[:cut].mean() - z[cut:].mean()
    height = abs(apart) * np.sqrt(cut * (n - cut) / (n * variance))
    return before, after, error * height / as_normal(height, freedom), as_normal(height, freedom)
