"""A fleet of series with a step in every fiftieth."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np


def fleet(path: Path, series: int, points: int = 240) -> Path:
    """Write it to a file, in the order of series; the step is at point 150, 02:30:00."""
    values = 100 + 5 * np.random.default_rng(9).standard_normal((series, points))
    values[::50, 150:] += 12
    part = {
        "i": np.repeat(np.arange(series), points),
        "j": np.tile(np.arange(points), series),
        "value": values.ravel(),
    }
    with duckdb.connect(config={"threads": 1}) as db:
        db.register("part", part)
        db.execute(
            "COPY (SELECT 'series-' || lpad(i::VARCHAR, 6, '0') AS series, "
            "TIMESTAMP '2026-01-01' + to_minutes(j) AS time, value FROM part) "
            f"TO '{path}' (FORMAT {path.suffix[1:]})"
        )
    return path
