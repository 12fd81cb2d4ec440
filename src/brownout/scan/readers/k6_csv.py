"""k6's points as a table (``k6 run --out csv=FILE``): a line a point of any metric."""

from __future__ import annotations

from brownout.scan.readers import Head, Rows

COUNTERS = (
    "http_reqs", "iterations", "dropped_iterations", "data_sent", "data_received", "ws_sessions",
    "ws_msgs_sent", "ws_msgs_received",
)  # fmt: skip
RATES = ("checks", "http_req_failed")
LOAD = {"how much load the test makes (vus, vus_max)": "metric IN ('vus', 'vus_max')"}


def listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def recognises(head: Head) -> bool:
    return {"metric_name", "timestamp", "metric_value"} <= {*head.columns}


READER = Rows(
    "k6 (CSV)",
    recognises,
    ("metric_name", "name"),
    "timestamp",
    "metric_value",
    left_out=LOAD,
    metric="metric_name",
    sort=f"CASE WHEN metric_name IN ({listed(COUNTERS)}) THEN 'counter' "
    f"WHEN metric_name IN ({listed(RATES)}) THEN 'rate' END",
)
