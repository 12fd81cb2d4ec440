"""asv's results (.asv/results/MACHINE/COMMIT-ENVIRONMENT.json): a file a commit and environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from brownout.scan.readers import Documents, Head, Point, number, parsed

NAME = "asv"


def has(document: Mapping[str, Any]) -> bool:
    return {"commit_hash", "date", "results"} <= {*document} and isinstance(
        document["results"], dict
    )


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], _: str) -> Iterator[Point]:
    for _path, document in parsed(paths, has, NAME):
        at = number(document["date"])
        machine = document.get("params", {}).get("machine", "")
        where = f" [{' '.join(filter(None, (machine, document.get('env_name', ''))))}]"
        for name, result in document["results"].items():
            for combination, value in values(document, result):
                if at is None:
                    yield Point(left_out="no time in date")
                elif value is None:
                    yield Point(left_out="benchmarks that failed or were skipped (null)")
                else:
                    yield Point(name + combination + where, at / 1000, value)


def values(document: Mapping[str, Any], result: Any) -> Iterator[tuple[str, float | None]]:
    """(parameters in parentheses, value) of each combination; in any version of the format."""
    if isinstance(result, list):
        columns = document.get("result_columns") or ("result", "params")
        result = dict(zip(columns, result, strict=False))
    if not isinstance(result, dict):
        result = {"result": [result]}
    got = result.get("result")
    axes = result.get("params") or []
    combinations = [f"({', '.join(map(str, c))})" for c in product(*axes)] if axes else [""]
    got = got if isinstance(got, list) else [got] * len(combinations)
    for combination, value in zip(combinations, got, strict=False):
        yield combination, number(value)


READER = Documents(
    NAME, recognises, points, "benchmark, parameters, machine and environment",
    "date of the commit", ("result",),
)  # fmt: skip
