"""k6's points as lines of JSON (``k6 run --out json=FILE``), which tell a metric's sort, too."""

from __future__ import annotations

from brownout.scan.readers import Head, Rows
from brownout.scan.readers.k6_csv import LOAD


def recognises(head: Head) -> bool:
    document = head.document
    return (
        head.lines
        and {"type", "metric", "data"} <= {*document}
        and document["type"] in ("Metric", "Point")
    )


READER = Rows(
    "k6 (JSON lines)",
    recognises,
    ("metric", "name"),
    "time",
    "value",
    # What declares a metric, and alone says its sort, is no point that could be missed.
    left_out={"": "sort IS NOT NULL", **LOAD},
    metric="metric",
    sort='"data"."type"',
    types={
        "type": "VARCHAR",
        "metric": "VARCHAR",
        "data": 'STRUCT("time" VARCHAR, "value" VARCHAR, "type" VARCHAR, tags STRUCT({}))',
    },
    places={
        "metric": "metric",
        "time": '"data"."time"',
        "value": '"data"."value"',
        "": '"data".tags.{}',
    },
)
