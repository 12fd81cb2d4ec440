"""Rows of our own probes as OTLP, to be sent on: figures as gauges, users' requests as spans."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from brownout.collector.forward import Parcel

Row = Mapping[str, Any]

JSON = {"Content-Type": "application/json"}

MACHINE = ("foreign_cpu", "own_cpu", "pressure", "memory_available")


def parcels(table: str, rows: Iterable[Row]) -> Iterable[Parcel]:
    """What is sent on of a native table's rows; nothing of those that OTLP has no words for."""
    if table == "metrics":
        yield from _metrics(rows)
    elif table == "machine":
        yield from _metrics(
            {"ts": row["ts"], "service": "machine", "release": "", "attributes": {}}
            | {"name": f"machine.{name}", "value": row[name]}
            for row in rows
            for name in MACHINE
            if row.get(name) is not None
        )
    elif table == "requests":
        spans = [_span(row) for row in rows]
        if spans:
            groups = [{"resource": _resource("users", ""), "scopeSpans": [{"spans": spans}]}]
            yield _parcel("traces", {"resourceSpans": groups}, len(spans))


def _metrics(rows: Iterable[Row]) -> Iterable[Parcel]:
    by_sender: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_sender.setdefault((str(row["service"]), str(row["release"])), []).append(row)
    groups = [
        {"resource": _resource(*sender), "scopeMetrics": [{"metrics": [_gauge(r) for r in found]}]}
        for sender, found in by_sender.items()
    ]
    if groups:
        yield _parcel("metrics", {"resourceMetrics": groups}, sum(map(len, by_sender.values())))


def _gauge(row: Row) -> dict[str, Any]:
    point = {"timeUnixNano": str(row["ts"]), "asDouble": float(row["value"])}
    attributes = _attributes(row.get("attributes") or {})
    return {"name": row["name"], "gauge": {"dataPoints": [point | {"attributes": attributes}]}}


def _span(row: Row) -> dict[str, Any]:
    """A user's request, from the moment it was wanted: the parent of nothing, in the same trace as
    what the application did for it."""
    failed = not 0 < row["status"] < 400
    attributes = {
        "http.response.status_code": row["status"],
        "brownout.journey": row["journey"],
        "error.type": row["error"],
    }
    return {
        "traceId": row["trace_id"],
        "spanId": hashlib.blake2b(str(row["trace_id"]).encode(), digest_size=8).hexdigest(),
        "name": row["route"],
        "kind": 3,
        "startTimeUnixNano": str(row["intended"]),
        "endTimeUnixNano": str(row["intended"] + row["latency"]),
        "attributes": _attributes({k: v for k, v in attributes.items() if v != ""}),
        "status": {"code": 2} if failed else {},
    }


def _resource(service: str, release: str) -> dict[str, Any]:
    return {"attributes": _attributes({"service.name": service, "service.version": release})}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"key": k, "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": str(v)}}
        for k, v in values.items()
    ]


def _parcel(signal: str, body: Any, items: int) -> Parcel:
    return Parcel(signal, json.dumps(body).encode(), JSON, items)
