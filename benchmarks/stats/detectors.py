"""Change-point detectors behind one signature: a list of numbers in, the first indices of the new
levels out. Each with its own default setting; what needs a penalty gets the usual 2 log n in units
of the noise. Peers that are not installed are left out, and named."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise

for threads in ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON"):  # speed is told for one thread
    os.environ.setdefault(f"{threads}_NUM_THREADS", "1")

import numpy as np  # noqa: E402

Detector = Callable[[list[float]], list[int]]


def brownout(x: list[float]) -> list[int]:
    from brownout.stats import change_points

    return [point.index for point in change_points(x)]


def ruptures_rbf(x: list[float]) -> list[int]:
    import ruptures

    found = ruptures.KernelCPD(kernel="rbf", min_size=2).fit(np.asarray(x))
    return list(found.predict(pen=2 * math.log(len(x)))[:-1])


def ruptures_l2(x: list[float]) -> list[int]:
    import ruptures

    noise = np.var(np.diff(x)) / 2 or 1.0
    found = ruptures.KernelCPD(kernel="linear", min_size=2).fit(np.asarray(x))
    return list(found.predict(pen=2 * math.log(len(x)) * noise)[:-1])


def changeforest_rf(x: list[float]) -> list[int]:
    import changeforest

    column = np.array(x, float).reshape(-1, 1)
    return list(changeforest.changeforest(column, "random_forest", "bs").split_points())


def changeforest_mean(x: list[float]) -> list[int]:
    import changeforest

    noise = np.std(np.diff(x)) / math.sqrt(2) or 1.0  # its threshold is for a variance of 1
    scaled = np.reshape(x, (-1, 1)) / noise
    return list(changeforest.changeforest(scaled, "change_in_mean", "bs").split_points())


def skchange(name: str) -> Detector:
    def detect(x: list[float]) -> list[int]:
        import skchange.detectors

        noise = np.std(np.diff(x)) / math.sqrt(2) or 1.0
        scaled = np.reshape(x, (-1, 1)) / noise
        segments = np.asarray(getattr(skchange.detectors, name)().fit(scaled).predict(scaled))
        if len(segments) != len(x):  # change points themselves, by version
            return [int(i) for i in segments]
        return [i for i, (a, b) in enumerate(pairwise(segments), 1) if a != b]

    return detect


def otava(x: list[float]) -> list[int]:
    from otava.analysis import compute_change_points

    return [int(point.index) for point in compute_change_points(list(x))[0]]


def river(name: str) -> Detector:
    """Online: these tell when they noticed, not when it began."""

    def detect(x: list[float]) -> list[int]:
        from river import drift

        detector = drift.KSWIN(seed=1) if name == "KSWIN" else getattr(drift, name)()
        found = []
        for i, value in enumerate(x):
            detector.update(value)
            if detector.drift_detected:
                found.append(i)
        return found

    return detect


def pettitt(x: list[float]) -> list[int]:
    """Binary segmentation by Pettitt's rank test (1979) at 0.1%, with scipy's ranks."""
    from scipy.stats import rankdata

    found, todo = [], [(0, len(x))]
    while todo:
        a, b = todo.pop()
        n = b - a
        if n < 8:
            continue
        walk = np.abs(np.cumsum(2 * rankdata(x[a:b]) - n - 1))[:-1]
        k = int(walk.argmax())
        if 2 * math.exp(-6 * walk[k] ** 2 / (n**3 + n**2)) < 0.001:
            found.append(a + k + 1)
            todo += [(a, a + k + 1), (a + k + 1, b)]
    return sorted(found)


KNOWN: dict[str, tuple[str, Detector]] = {
    "brownout": ("brownout", brownout),
    "ruptures rbf": ("ruptures", ruptures_rbf),
    "ruptures l2": ("ruptures", ruptures_l2),
    "changeforest": ("changeforest", changeforest_rf),
    "changeforest mean": ("changeforest", changeforest_mean),
    "skchange PELT": ("skchange", skchange("PELT")),
    "skchange seeded": ("skchange", skchange("SeededBinarySegmentation")),
    "skchange window": ("skchange", skchange("MovingWindow")),
    "otava": ("otava", otava),
    "scipy pettitt": ("scipy", pettitt),
    "river ADWIN": ("river", river("ADWIN")),
    "river KSWIN": ("river", river("KSWIN")),
    "river PageHinkley": ("river", river("PageHinkley")),
}


def installed() -> tuple[dict[str, Detector], list[str]]:
    """(the detectors that can run here by name, the names of those that cannot)."""
    able = {name: detect for name, (module, detect) in KNOWN.items() if find_spec(module)}
    return able, [name for name in KNOWN if name not in able]
