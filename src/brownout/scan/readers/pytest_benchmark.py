"""pytest-benchmark's saved runs (``--benchmark-autosave``, ``--benchmark-json``): a file a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout.scan.readers import Documents, Head, Point, number, parsed, seconds

NAME = "pytest-benchmark"


def has(document: Mapping[str, Any]) -> bool:
    return {"machine_info", "benchmarks", "datetime"} <= {*document}


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], value: str) -> Iterator[Point]:
    for _, document in parsed(paths, has, NAME):
        at = seconds(document["datetime"])
        for benchmark in document["benchmarks"]:
            if at is None:
                yield Point(left_out="no time in datetime")
            else:
                got = number(benchmark.get("stats", {}).get(value))
                yield Point(benchmark.get("fullname") or benchmark.get("name", ""), at, got)


READER = Documents(
    NAME, recognises, points, "fullname", "datetime of the run",
    ("median", "mean", "min", "max", "q1", "q3", "ops", "stddev", "iqr", "total"),
)  # fmt: skip
