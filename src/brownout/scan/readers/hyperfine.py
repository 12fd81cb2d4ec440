"""hyperfine's runs (``--export-json``): each run of one file, or the medians of several files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from brownout.scan.readers import Documents, Head, Point, parsed

NAME = "hyperfine"


def has(document: Mapping[str, Any]) -> bool:
    results = document.get("results")
    return isinstance(results, list) and any(
        isinstance(r, dict) and {"command", "mean"} <= {*r} for r in results
    )


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], _: str) -> Iterator[Point]:
    for number, (_path, document) in enumerate(parsed(paths, has, NAME), 1):
        for result in document["results"]:
            times = [t for t in result.get("times") or () if t is not None]
            if not times:
                yield Point(left_out="commands without times")
            elif len(paths) == 1:
                yield from (Point(result["command"], i, t) for i, t in enumerate(times, 1))
            else:
                yield Point(result["command"], number, median(times))


READER = Documents(
    NAME, recognises, points, "command", "number of the run (of several files: of the file)",
    ("times",), calendar=False,
)  # fmt: skip
