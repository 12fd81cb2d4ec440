"""CPU and memory per service, from process samples about a second apart."""

from __future__ import annotations

from typing import Any

from brownout.model import Artifact, Recording
from brownout.stats.quantiles import quantile

NEEDS = ("metrics",)
UNIT = "cores, MB"
COLUMNS = (
    "service", "n", "cores_mean", "cores_p95", "memory_mean", "memory_max", "cores", "memory",
)  # fmt: skip
KEYS = ("service",)
FIGURES = COLUMNS[1:]
ORDER = "cores_mean"

SQL = """
SELECT service, ts, max(value) FILTER (WHERE name = 'process.cpu'),
       max(value) FILTER (WHERE name = 'process.private') / 1e6
FROM metrics
WHERE name IN ('process.cpu', 'process.private') AND ts >= $1 AND ts < $2
GROUP BY service, ts ORDER BY service, ts
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row a service: CPU in cores, memory of its own in MB, and both of every sample."""
    bounds = recording.windows[window]
    samples: dict[str, list[tuple[float, float]]] = {}
    for service, _, cores, megabytes in recording.query(SQL, [bounds.start, bounds.end]):
        if cores is not None and megabytes is not None:
            samples.setdefault(service, []).append((cores, megabytes))
    rows = tuple((service, *_figures(found)) for service, found in sorted(samples.items()))
    return Artifact("resources", window, UNIT, sum(r[1] for r in rows), COLUMNS, rows)


def _figures(samples: list[tuple[float, float]]) -> tuple[Any, ...]:
    cores, memory = ([s[i] for s in samples] for i in (0, 1))
    n = len(samples)
    figures = (sum(cores) / n, quantile(cores, 0.95), sum(memory) / n, max(memory))
    return (n, *(round(f, 3) for f in figures), tuple(cores), tuple(memory))
