"""What of a stranger's rows can be kept: rows that would hurt who reads them later are refused.

Times that no clock shows are refused, row by row; a clock that went back gives a duration of 0;
long texts are cut. A sender whose clock is merely wrong is believed: nobody knows better.
"""

from __future__ import annotations

import math
from typing import Any

from brownout.collector.tables import Row

LATEST = 2**62
"""In ns: the year 2116. So that sums of a time and a duration fit 64 bits, too."""

LONGEST = 32 << 10
"""Characters of a text."""

TIMES = {"spans": "start", "work": "start", "metrics": "ts", "logs": "ts", "processes": "ts"}


def sound(table: str, row: Row, now: int) -> str:
    """Mend a row in place; '' when it can be kept, else why not. ``now``: ns, for what has no
    time of its own."""
    time = TIMES[table]
    if table == "logs" and row[time] == 0:
        row[time] = now
    if not 0 < row[time] < LATEST:
        return f"its time is {row[time]} ns since 1970"
    if "duration" in row:
        row["duration"] = max(row["duration"], 0)
        if row["duration"] >= LATEST:
            return f"it took {row['duration']} ns"
    if table == "metrics" and not math.isfinite(row["value"]):
        return f"the value of {row['name']} is {row['value']}"
    if table != "work":
        for name, value in row.items():
            row[name] = _cut(value)
    return ""


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, list):
        return [_cut(v) for v in value]
    if isinstance(value, dict):
        return {_cut(k): _cut(v) for k, v in value.items()}
    return value
