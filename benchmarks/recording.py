"""How large a drill's recording of half an hour is, and how long a p95 per route over it takes.

    .venv/bin/python benchmarks/recording.py RUN [--minutes 30]

A real recording's rows are repeated with later times and ids of their own, through the collector's
own writing, in batches as they come, until the time is full. RUN is the folder of a finished drill;
its shares of calm, incident and validation stay.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from brownout.collector.tables import Tables
from brownout.recording.finished import open_recording

BATCH = 300
TIMES = {
    "scheduled": "intended", "requests": "intended", "work": "start", "spans": "start",
    "logs": "ts", "metrics": "ts", "machine": "ts", "pages": "ts", "statements": "ts",
    "relations": "ts", "indexes": "ts",
}  # fmt: skip
"""Table -> the column that says when."""

ALSO = {"requests": "start"}
P95 = "SELECT route, quantile_cont({column}, 0.95) FROM {table} GROUP BY route ORDER BY route"


def rows(path: Path) -> tuple[dict[str, list[dict[str, Any]]], int, int]:
    """(table -> rows, first, last moment in ns) of a recording."""
    with duckdb.connect(str(path), read_only=True) as connection:
        begin, end = connection.execute(
            "SELECT min(intended), max(intended) FROM requests"
        ).fetchall()[0]
        found = {}
        for table, when in TIMES.items():
            cursor = connection.execute(
                f"SELECT * FROM {table} WHERE {when} BETWEEN ? AND ? ORDER BY {when}", [begin, end]
            )
            names = [column[0] for column in cursor.description or ()]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found, begin, end


def later(row: dict[str, Any], table: str, shift: int, copy: int) -> dict[str, Any]:
    """The row as if it had come ``shift`` ns later, in another trace."""
    made = dict(row)
    for column in {TIMES[table], ALSO.get(table, TIMES[table])}:
        made[column] += shift
    for column in ("trace_id", "span_id"):
        if column in made:
            digest = hashlib.md5(f"{copy} {made[column]}".encode()).hexdigest()
            made[column] = digest[: len(made[column])]
    if "attributes" in made:
        made["attributes"] = json.loads(made["attributes"])
    return made


def repeated(source: Path, target: Path, minutes: float) -> dict[str, int]:
    """Fill ``target`` -> rows of each table."""
    found, begin, end = rows(source)
    span, length = end - begin, round(minutes * 60e9)
    tables, counts = Tables(target), dict.fromkeys(TIMES, 0)
    for copy in range(-(-length // span)):
        shift = copy * span
        for table, known in found.items():
            made = [
                later(row, table, shift, copy)
                for row in known
                if row[TIMES[table]] - begin + shift < length
            ]
            counts[table] += len(made)
            for first in range(0, len(made), BATCH):
                tables.insert({table: made[first : first + BATCH]})
    tables.close()
    return counts


def took(query: Callable[[], object]) -> float:
    """ms, the median of seven."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        query()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "telemetry.duckdb"
        counts = repeated(args.run / "telemetry.duckdb", target, args.minutes)
        print(f"{args.minutes:g} minutes:", {k: v for k, v in counts.items() if v})
        print(f"size: {target.stat().st_size / 1e6:.1f} MB")
        with open_recording(Path(folder), {}) as recording:
            for table, column in (
                ("requests", "latency"),
                ("outcomes", "latency"),
                ("work", "duration"),
            ):
                text = P95.format(table=table, column=column)
                taken = took(lambda text=text: recording.query(text))
                print(f"p95 per route over {table}: {taken:.0f} ms")


if __name__ == "__main__":
    main()
