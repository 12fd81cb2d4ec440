"""OTLP/HTTP bodies into rows of the recording: traces, metrics and logs, protobuf or JSON."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

REQUESTS: dict[str, type[Any]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
LARGEST = 8 << 20
"""Bytes of a body, also when unpacked."""

WORK = "brownout.work"
"""The attribute of a span that makes it a wide event."""

Row = dict[str, Any]


class Malformed(ValueError):
    """Not OTLP."""


class Oversized(ValueError):
    """More than LARGEST bytes."""


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its content encoding."""
    if encoding == "gzip":
        try:
            unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            body = unpacker.decompress(body, LARGEST + 1)
        except zlib.error as error:
            raise Malformed("not gzip") from error
        if not unpacker.eof and len(body) <= LARGEST:
            raise Malformed("the gzip ends too early")
    if len(body) > LARGEST:
        raise Oversized(f"more than {LARGEST} bytes")
    return body


def parse(signal: str, body: bytes, content_type: str) -> Message:
    """The request message of a signal; raises Malformed."""
    message = REQUESTS[signal]()
    try:
        if content_type == "application/json":
            json_format.Parse(_hex_ids(body), message, ignore_unknown_fields=True)
        else:
            message.ParseFromString(body)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    return message


def _hex_ids(body: bytes) -> str:
    """OTLP/JSON writes ids in hexadecimal, protobuf's own JSON in base64: mend the ids."""
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("a JSON object is wanted")
    return json.dumps(_mend(found))


def _mend(node: Any) -> Any:
    if isinstance(node, list):
        return [_mend(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _base64(value)
        if key in ("traceId", "spanId", "parentSpanId") and isinstance(value, str)
        else _mend(value)
        for key, value in node.items()
    }


def _base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    found = getattr(value, kind)
    if kind == "array_value":
        return [_value(v) for v in found.values]
    if kind == "kvlist_value":
        return _attributes(found.values)
    return found.decode("utf-8", "replace") if kind == "bytes_value" else found


def _attributes(pairs: Any) -> Row:
    return {pair.key: _value(pair.value) for pair in pairs}


def _sender(resource: Any) -> tuple[Row, Row]:
    """(service and release of a resource, all of its attributes)."""
    found = _attributes(resource.attributes)
    return {
        "service": str(found.get("service.name", "unknown")),
        "release": str(found.get("service.version", "")),
    }, found


def traces(message: Any) -> Iterator[tuple[str, Row]]:
    """(table, row) of each span: ``work`` for wide events, ``spans`` for all others."""
    for group in message.resource_spans:
        sender, resource = _sender(group.resource)
        for span in (s for scope in group.scope_spans for s in scope.spans):
            attributes = _attributes(span.attributes)
            timing = {
                "trace_id": span.trace_id.hex(),
                "start": span.start_time_unix_nano,
                "duration": span.end_time_unix_nano - span.start_time_unix_nano,
            }
            if WORK in attributes:
                yield "work", _work(span, sender | timing, resource, attributes)
            else:
                yield (
                    "spans",
                    sender
                    | timing
                    | {
                        "span_id": span.span_id.hex(),
                        "parent_id": span.parent_span_id.hex(),
                        "name": span.name,
                        "status": {1: "ok", 2: "error"}.get(span.status.code, "unset"),
                        "attributes": attributes,
                    },
                )


def _work(span: Any, row: Row, resource: Row, attributes: Row) -> Row:
    try:
        work = json.loads(attributes[WORK])
        status = int(attributes.get("http.response.status_code", span.status.code == 2))
        pid = int(resource.get("process.pid", 0))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Malformed(
            f"{WORK}, the status or the pid is not what it should be: {error}"
        ) from error
    if not isinstance(work, dict):
        raise Malformed(f"{WORK} is not an object")
    return {
        **work,
        **row,
        "pid": pid,
        "kind": "task" if span.kind == span.SPAN_KIND_CONSUMER else "request",
        "route": span.name,
        "status": status,
    }


def metrics(message: Any) -> Iterator[tuple[str, Row]]:
    """Gauges and sums as they are; of a histogram its sum and its count."""
    for group in message.resource_metrics:
        sender, _ = _sender(group.resource)
        for metric in (m for scope in group.scope_metrics for m in scope.metrics):
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points if kind else ():
                row = sender | {
                    "ts": point.time_unix_nano,
                    "attributes": _attributes(point.attributes),
                }
                if kind in ("gauge", "sum"):
                    value = (
                        point.as_int if point.WhichOneof("value") == "as_int" else point.as_double
                    )
                    yield "metrics", row | {"name": metric.name, "value": float(value)}
                else:
                    yield "metrics", row | {"name": f"{metric.name}.sum", "value": point.sum}
                    yield (
                        "metrics",
                        row
                        | {
                            "name": f"{metric.name}.count",
                            "value": float(point.count),
                        },
                    )


def logs(message: Any) -> Iterator[tuple[str, Row]]:
    for group in message.resource_logs:
        sender, _ = _sender(group.resource)
        for record in (r for scope in group.scope_logs for r in scope.log_records):
            yield (
                "logs",
                sender
                | {
                    "ts": record.time_unix_nano or record.observed_time_unix_nano,
                    "severity": record.severity_text,
                    "body": str(_value(record.body)),
                    "attributes": _attributes(record.attributes),
                },
            )


DECODERS = {"traces": traces, "metrics": metrics, "logs": logs}
