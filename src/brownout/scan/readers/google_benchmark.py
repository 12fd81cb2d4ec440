"""Google Benchmark's runs (``--benchmark_format=json``): a file a run of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout.scan.readers import Documents, Head, Point, number, parsed, seconds

NAME = "Google Benchmark"
NANOSECONDS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}


def has(document: Mapping[str, Any]) -> bool:
    context = document.get("context")
    return isinstance(context, dict) and "date" in context and "benchmarks" in document


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], value: str) -> Iterator[Point]:
    for _, document in parsed(paths, has, NAME):
        at = seconds(document["context"]["date"])
        yield from (point(run, value, at) for run in document["benchmarks"])


def point(run: Mapping[str, Any], value: str, at: float | None) -> Point:
    """A run's time in nanoseconds, whatever its unit was."""
    if at is None:
        return Point(left_out="no time in context.date")
    if run.get("run_type") == "aggregate":
        return Point(left_out="means, medians and deviations of repetitions")
    if run.get("error_occurred") or run.get("skipped"):
        return Point(left_out="benchmarks that failed or were skipped")
    got = number(run.get(value))
    unit = NANOSECONDS.get(run.get("time_unit", "ns"), 1.0)
    return Point(run.get("run_name") or run["name"], at, got if got is None else got * unit)


READER = Documents(NAME, recognises, points, "run_name", "context.date", ("real_time", "cpu_time"))
