"""Literal recordings: rows in, a ``model.Recording`` over them out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

import duckdb

from brownout import instruments
from brownout.model import NS, Artifact, Window

BEGAN = 1_700_000_000 * NS
"""The instant at which literal recordings begin."""

Row = Mapping[str, Any]

DEFAULTS: dict[str, dict[str, Any]] = {
    "requests": {
        "status": 200, "journey": "browser", "bytes": 100, "error": "", "first_byte": None,
    },
    "scheduled": {"journey": "browser"},
    "work": {
        "service": "web", "release": "v2.7.0", "pid": 1, "kind": "request", "status": 200,
        "cpu": 0, "bytes": 100, "sql_calls": 0, "sql_rows": 0, "sql_time": 0, "cache_gets": 0,
        "cache_hits": 0, "cache_time": 0, "ai_calls": 0, "ai_time": 0, "tasks": 0, "exception": "",
        "sql": [], "cache": [], "ai": [], "thread": 1, "wait": None, "items": -1,
        "sql_fetch_time": 0, "template_time": 0, "tx_time": 0, "tx_call_time": 0, "lock_time": 0,
        "tx_count": 0, "abandoned": False,
        "cpu_sql": None, "cpu_cache": None, "cpu_call": None, "cpu_template": None, "blocks": None,
        "rss": None, "rows_read": None, "uncounted": [], "queued": [],
    },
    "metrics": {
        "service": "web", "release": "", "attributes": {}, "unit": "", "temporality": "",
    },
    "machine": {"own_cpu": 0.5, "foreign_cpu": 0.0, "pressure": 0.0, "memory_available": 1},
    "pages": {
        "fcp": None, "ttfb": None, "cls": 0.0, "long_tasks": 0, "elements": 100, "requests": 5,
        "bytes": 1000, "error": "",
    },
    "statements": {},
    "relations": {"index_scans": 0, "live_rows": 0},
    "indexes": {"scans": 0},
}  # fmt: skip
"""Columns that a literal row may leave out."""


class MemoryRecording:
    """A recording, in memory or in the file ``database`` (model.Recording).

    ``windows``: name -> (start, end) in seconds.
    """

    def __init__(
        self, windows: Mapping[str, tuple[float, float]], database: str = ":memory:"
    ) -> None:
        self.windows = {name: Window(at(a), at(b)) for name, (a, b) in windows.items()}
        self._connection = duckdb.connect(database, config={"threads": 1})
        self._connection.execute(
            resources.files("brownout.recording").joinpath("schema.sql").read_text()
        )

    def close(self) -> None:
        self._connection.close()

    def insert(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows; what they leave out comes from DEFAULTS, or is not known."""
        kinds = {n: k for n, k, *_ in self._connection.execute(f"DESCRIBE {table}").fetchall()}
        filled = [{**dict.fromkeys(kinds), **DEFAULTS[table], **row} for row in rows]
        assert all(row.keys() == kinds.keys() for row in filled), (table, filled[:1])
        structure = json.dumps([kinds]).replace("'", "''")
        columns = ", ".join(f'"{n}"' for n in kinds)
        picked = ", ".join(f'r."{n}"' for n in kinds)
        self._connection.execute(
            f"INSERT INTO {table} ({columns}) SELECT {picked} FROM "
            f"(SELECT unnest(from_json(?::JSON, '{structure}')) AS r)",
            [json.dumps(filled)],
        )

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(params)).fetchall()

    def execute(self, sql: str) -> None:
        """Change the recording itself, e.g. take a table away."""
        self._connection.execute(sql)


def at(seconds: float) -> int:
    """An instant, in seconds since the recording began, in ns."""
    return BEGAN + round(seconds * NS)


def ms(value: float) -> int:
    """Milliseconds in ns."""
    return round(value * 1e6)


def traffic(
    recording: MemoryRecording,
    start: float,
    end: float,
    latency: float,
    route: str = "GET /api/books/{id}/",
    **changes: Any,
) -> None:
    """Four requests a second from ``start`` to ``end`` (s), with their work.

    ``latency`` is in ms and varies by up to 9%; the work takes 2 ms less and begins 1 ms late.
    ``changes`` go into the rows of ``work`` (``status`` into both).
    """
    requests, work = [], []
    number = 0
    moment = start
    while moment < end:
        took = latency * (1 + 0.03 * (number % 4))
        trace = f"{route}{start:g}-{number}"
        row = {"trace_id": trace, "route": route}
        if "status" in changes:
            row["status"] = changes["status"]
        requests.append({**row, "intended": at(moment), "start": at(moment), "latency": ms(took)})
        work.append({**row, "start": at(moment) + ms(1), "duration": ms(took - 2), **changes})
        number += 1
        moment = start + number * 0.25
    recording.insert(
        "scheduled",
        [{k: r[k] for k in ("trace_id", "route", "intended")} for r in requests],
    )
    recording.insert("requests", requests)
    recording.insert("work", work)


def opened(
    recording: MemoryRecording, start: float, page: str, lcps: Sequence[float | None]
) -> None:
    """Visits of a page, one each 10 s from ``start`` (s) on; LCP in ms, None: it failed."""
    rows = [
        {"ts": at(start + 10 * n), "page": page, "lcp": None if lcp is None else ms(lcp)}
        for n, lcp in enumerate(lcps)
    ]
    recording.insert("pages", rows)


def statement(
    calls: int, took: float, shape: str = "SELECT review", caller: str = "reviews/queries.py:12"
) -> dict[str, Any]:
    """One entry of ``work.sql``; ``took``: ms in all."""
    return {
        "shape": shape, "caller": caller, "calls": calls, "rows": calls, "time": ms(took),
        "repeats": 0,
    }  # fmt: skip


def call(took: float, version: str, model: str = "delivery") -> dict[str, Any]:
    """One entry of ``work.ai``: one call of ``took`` ms."""
    return {
        "target": "/v1/predict/delivery", "model": model, "version": version,
        "caller": "orders/delivery.py:9", "calls": 1, "time": ms(took), "errors": 0,
    }  # fmt: skip


def family(gets: int, hits: int, name: str = "similar:*") -> dict[str, Any]:
    """One entry of ``work.cache``."""
    return {"family": name, "gets": gets, "hits": hits, "sets": gets - hits, "time": ms(0.1)}


def two_windows(after: float = 30) -> MemoryRecording:
    """An empty recording with the windows before, [0 s, 30 s), and after, from 40 s on."""
    return MemoryRecording({"before": (0, 30), "after": (40, 40 + after)})


def artifacts(recording: MemoryRecording) -> dict[tuple[str, str], Artifact]:
    """What all instruments measure in the windows before and after."""
    found, crashes = instruments.measure_all(recording, {"before": "before", "after": "after"})
    assert not crashes
    return found


def usage(
    recording: MemoryRecording,
    start: float,
    cores: Sequence[float],
    mb: Sequence[float],
    service: str = "web",
) -> None:
    """Process samples of a service, one a second from ``start`` (s) on."""
    for name, values, unit in (("process.cpu", cores, 1), ("process.private", mb, 1e6)):
        recording.insert(
            "metrics",
            [
                {"ts": at(start + i), "name": name, "service": service, "value": v * unit}
                for i, v in enumerate(values)
            ],
        )
