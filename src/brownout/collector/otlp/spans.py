"""A span as a row of the recording: of ``work`` when it is a wide event, of ``spans`` otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

Row = dict[str, Any]

WORK = "brownout.work"
"""The attribute of a span that makes it a wide event."""

PROCESS = "brownout.process"
"""The attribute of the span in which a metered process says who it is."""

WORKS = {1: "command", 5: "task"}
"""The kinds of spans, OpenTelemetry's SPAN_KIND_INTERNAL and SPAN_KIND_CONSUMER, that tell of work
other than a request."""

FAILED = 2
"""The code of a failed span's status."""

STATUSES = {1: "ok", FAILED: "error"}

KINDS = ("", "internal", "server", "client", "producer", "consumer")


class Malformed(ValueError):
    """Not OTLP."""


@dataclass(slots=True)
class Span:
    """What is kept of an OTLP span: ids in hexadecimal, times in ns since 1970.

    ``events``: {time, name, attributes}.
    """

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    code: int
    start: int
    end: int
    attributes: Row
    message: str
    events: list[Row]


def sender(resource: Row) -> Row:
    """Service and release, of a resource's attributes."""
    return {
        "service": str(resource.get("service.name", "unknown")),
        "release": str(resource.get("service.version", "")),
    }


def row(span: Span, by: Row, resource: Row) -> tuple[str, Row]:
    """(table, row); ``by``: of ``sender``. Raises Malformed for work or a process that is none."""
    if WORK in span.attributes:
        return "work", _work(span, by, resource)
    if PROCESS in span.attributes:
        return "processes", _process(span, by, resource)
    return "spans", {
        **by,
        "trace_id": span.trace_id,
        "start": span.start,
        "duration": span.end - span.start,
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "status": STATUSES.get(span.code, "unset"),
        "attributes": span.attributes,
        "kind": KINDS[span.kind] if 0 <= span.kind < len(KINDS) else "",
        "message": span.message,
        "events": span.events,
    }


def _work(span: Span, by: Row, resource: Row) -> Row:
    try:
        work = _object(span.attributes[WORK])
        status = int(span.attributes.get("http.response.status_code", span.code == FAILED))
        pid = int(resource.get("process.pid", 0))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Malformed(
            f"{WORK}, the status or the pid is not what it should be: {error}"
        ) from error
    return {
        **work,
        **by,
        "trace_id": span.trace_id,
        "start": span.start,
        "duration": span.end - span.start,
        "pid": pid,
        "kind": WORKS.get(span.kind, "request"),
        "route": span.name,
        "status": status,
    }


def _process(span: Span, by: Row, resource: Row) -> Row:
    try:
        told = _object(span.attributes[PROCESS])
        pid = int(resource.get("process.pid", 0))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Malformed(f"{PROCESS} or the pid is not what it should be: {error}") from error
    python, packages = str(told.get("python", "")), told.get("packages")
    if not isinstance(packages, dict):
        raise Malformed(f"{PROCESS} names no packages: an object of names and versions is wanted")
    return {**by, "ts": span.start, "pid": pid, "python": python, "packages": packages}


def _object(text: Any) -> Row:
    try:
        work = msgspec.json.decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        work = json.loads(text)  # it takes NaN, too, and says what is wrong
    if not isinstance(work, dict):
        raise ValueError("it is not an object")
    return work
