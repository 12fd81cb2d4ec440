"""Whether the machine was the drill's own: foreign CPU, and pressure on the CPU."""

from __future__ import annotations

from brownout.model import Artifact, Recording
from brownout.stats.quantiles import quantile

NEEDS = ("machine",)
UNIT = "cores"
COLUMNS = ("n", "foreign_mean", "foreign_p95", "own_mean", "pressure_mean", "memory_least")
KEYS: tuple[str, ...] = ()
FIGURES = COLUMNS
ORDER = "foreign_mean"

SQL = """
SELECT foreign_cpu, own_cpu, pressure, memory_available FROM machine
WHERE ts >= $1 AND ts < $2 ORDER BY ts
"""


def measure(recording: Recording, window: str) -> Artifact:
    """One row: cores used by others and by the drill, pressure 0..1 (null where the kernel does not
    tell), and the least memory available in bytes."""
    bounds = recording.windows[window]
    samples = recording.query(SQL, [bounds.start, bounds.end])
    if not samples:
        return Artifact("machine", window, UNIT, 0, COLUMNS, ())
    foreign, own = ([s[i] for s in samples] for i in (0, 1))
    pressure = [s[2] for s in samples if s[2] is not None]
    row = (
        len(samples),
        round(sum(foreign) / len(samples), 3),
        round(quantile(foreign, 0.95), 3),
        round(sum(own) / len(samples), 3),
        round(sum(pressure) / len(pressure), 4) if pressure else None,
        min(s[3] for s in samples),
    )
    return Artifact("machine", window, UNIT, len(samples), COLUMNS, (row,))
