"""Locust's history (``--csv NAME --csv-full-history``, NAME_stats_history.csv): a line a second and
name, with the percentiles of the last ten seconds."""

from __future__ import annotations

from brownout.scan.readers import Head, Rows


def recognises(head: Head) -> bool:
    return {"Timestamp", "User Count", "Type", "Name", "95%"} <= {*head.columns}


READER = Rows("Locust's history", recognises, ("Type", "Name"), "Timestamp", "95%")
