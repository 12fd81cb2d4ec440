"""Lighthouse's reports, as Lighthouse CI collects them (.lighthouseci/lhr-*.json): a file a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brownout.scan.readers import Documents, Head, Point, number, parsed, seconds

NAME = "Lighthouse CI"
METRICS = (
    "first-contentful-paint", "largest-contentful-paint", "total-blocking-time",
    "cumulative-layout-shift", "speed-index",
)  # fmt: skip
ALL = "the five metrics"


def has(document: Mapping[str, Any]) -> bool:
    return {"lighthouseVersion", "audits", "fetchTime"} <= {*document}


def recognises(head: Head) -> bool:
    return has(head.document)


def points(paths: Sequence[Path], value: str) -> Iterator[Point]:
    for _, report in parsed(paths, has, NAME):
        at = seconds(report["fetchTime"])
        page = report.get("requestedUrl") or report.get("finalUrl", "")
        if at is None or report.get("runtimeError"):
            yield Point(left_out="runs that failed (runtimeError), or without fetchTime")
            continue
        for metric in METRICS if value == ALL else (value,):
            got = report["audits"].get(metric, {}).get("numericValue")
            yield Point(f"{page} {metric}", at, number(got))


READER = Documents(
    NAME, recognises, points, "requestedUrl and metric", "fetchTime",
    (ALL, *METRICS, "interactive", "server-response-time", "total-byte-weight"),
)  # fmt: skip
