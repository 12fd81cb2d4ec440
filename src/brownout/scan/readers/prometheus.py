"""A saved answer of Prometheus to /api/v1/query_range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout.model import BrownoutError
from brownout.scan.readers import Documents, Head, Point, number, parsed

NAME = "Prometheus (query_range)"


def name(labels: Mapping[str, str]) -> str:
    """A series as Prometheus writes it: metric{label="value", ...}, labels in order."""
    rest = ", ".join(f'{k}="{v}"' for k, v in sorted(labels.items()) if k != "__name__")
    return f"{labels.get('__name__', '')}{{{rest}}}" if rest else labels.get("__name__", "{}")


def has(document: Mapping[str, Any]) -> bool:
    data = document.get("data")
    failed = document.get("status") == "error" and "errorType" in document
    return failed or (isinstance(data, dict) and {"resultType", "result"} <= {*data})


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], _: str) -> Iterator[Point]:
    for path, document in parsed(paths, has, NAME):
        if document.get("status") == "error":
            raise BrownoutError(f"{path}: Prometheus answered an error: {document.get('error')}")
        data = document["data"]
        if data["resultType"] != "matrix":
            raise BrownoutError(
                f"{path} holds a {data['resultType']}, not series: "
                "save the answer to /api/v1/query_range"
            )
        for row in data["result"]:
            series = name(row.get("metric", {}))
            yield from (Point(series, float(t), number(v)) for t, v in row.get("values", ()))
            yield from (Point(left_out="native histograms") for _ in row.get("histograms", ()))


READER = Documents(NAME, recognises, points, "metric and labels", "time of the sample", ("value",))
