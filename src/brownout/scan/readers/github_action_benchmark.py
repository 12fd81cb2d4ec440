"""What github-action-benchmark keeps on a branch (data.js, or the JSON in it): runs by suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout.scan.readers import Documents, Head, Point, number, parsed

NAME = "github-action-benchmark"
SCRIPT = "window.BENCHMARK_DATA"


def has(document: Mapping[str, Any]) -> bool:
    return "entries" in document and ("repoUrl" in document or "lastUpdate" in document)


def recognises(head: Head) -> bool:
    return head.text.lstrip("\ufeff \n").startswith(SCRIPT) or has(head.document)


def points(paths: Sequence[Path], _: str) -> Iterator[Point]:
    for _path, document in parsed(paths, has, NAME, SCRIPT):
        for suite, runs in document["entries"].items():
            for run in runs:
                at = number(run.get("date"))
                for bench in run.get("benches", ()):
                    if at is None:
                        yield Point(left_out="no time in date")
                    else:
                        name = f"{suite} {bench.get('name', '')}"
                        yield Point(name, at / 1000, number(bench.get("value")))


READER = Documents(NAME, recognises, points, "suite and name", "date of the run", ("value",))
