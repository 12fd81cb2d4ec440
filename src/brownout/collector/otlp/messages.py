"""OTLP's messages into rows of the recording: traces, metrics and logs, protobuf or JSON."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from brownout.collector.otlp import points, spans
from brownout.collector.otlp.spans import Malformed, Row, Span

REQUESTS: dict[str, type[Any]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
ANSWERS: dict[str, type[Any]] = {
    "traces": ExportTraceServiceResponse,
    "metrics": ExportMetricsServiceResponse,
    "logs": ExportLogsServiceResponse,
}

INSTANCE = "service.instance.id"
"""The attribute that tells the processes of one service apart."""

TEMPORALITIES = {1: "delta", 2: "cumulative"}

SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def parse(signal: str, body: bytes, as_json: bool) -> Message:
    """The request message of a signal; raises Malformed."""
    message = REQUESTS[signal]()
    try:
        if as_json:
            json_format.ParseDict(_hex_ids(body), message, ignore_unknown_fields=True)
        else:
            message.ParseFromString(body)
    except (DecodeError, json_format.ParseError, ValueError, RecursionError) as error:
        raise Malformed(str(error)) from error
    return message


def answer(signal: str, fields: Row) -> bytes:
    """The answer to a request of this signal, as protobuf."""
    return bytes(json_format.ParseDict(fields, ANSWERS[signal]()).SerializeToString())


def _hex_ids(body: bytes) -> Row:
    """OTLP/JSON writes ids in hexadecimal, protobuf's own JSON in base64: mend the ids."""
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("a JSON object is wanted")
    mended: Row = _mend(found)
    return mended


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
    if kind == "double_value" and not math.isfinite(found):
        return str(found)  # JSON has no word for it
    return _text(found) if kind == "bytes_value" else found


def _text(found: bytes) -> Any:
    """Bytes as the text that they are; else as OTLP/JSON has them."""
    try:
        return found.decode()
    except UnicodeDecodeError:
        return {"bytesValue": base64.b64encode(found).decode()}


def _attributes(pairs: Any) -> Row:
    return {pair.key: _value(pair.value) for pair in pairs}


def traces(message: Any) -> Iterator[tuple[str, Row]]:
    """(table, row) of each span: ``work`` for wide events, ``spans`` for all others."""
    for group in message.resource_spans:
        resource = _attributes(group.resource.attributes)
        by = spans.sender(resource)
        for found in (s for scope in group.scope_spans for s in scope.spans):
            yield spans.row(_span(found), by, resource)


def _span(found: Any) -> Span:
    return Span(
        trace_id=found.trace_id.hex(),
        span_id=found.span_id.hex(),
        parent_id=found.parent_span_id.hex(),
        name=found.name,
        kind=found.kind,
        code=found.status.code,
        start=found.start_time_unix_nano,
        end=found.end_time_unix_nano,
        attributes=_attributes(found.attributes),
        message=found.status.message,
        events=[_event(event) for event in found.events],
    )


def _event(event: Any) -> Row:
    return {
        "time": event.time_unix_nano,
        "name": event.name,
        "attributes": _attributes(event.attributes),
    }


def metrics(message: Any) -> Iterator[tuple[str, Row]]:
    """(``metrics``, row) of each figure of each data point (points.figures)."""
    for group in message.resource_metrics:
        resource = _attributes(group.resource.attributes)
        by = spans.sender(resource)
        instance = {INSTANCE: resource[INSTANCE]} if INSTANCE in resource else {}
        for metric in (m for scope in group.scope_metrics for m in scope.metrics):
            kind = metric.WhichOneof("data")
            for point in getattr(metric, kind).data_points if kind else ():
                row = by | {"ts": point.time_unix_nano, "temporality": _temporality(metric, kind)}
                attributes = instance | _attributes(point.attributes)
                for suffix, value, more in points.figures(kind, point):
                    yield (
                        "metrics",
                        row
                        | {"name": f"{metric.name}{suffix}", "value": value}
                        | {"unit": "" if suffix in points.COUNTS else metric.unit}
                        | {"attributes": attributes | more},
                    )


def _temporality(metric: Any, kind: str) -> str:
    told = getattr(getattr(metric, kind), "aggregation_temporality", 0)
    return TEMPORALITIES.get(told, "")


def logs(message: Any) -> Iterator[tuple[str, Row]]:
    for group in message.resource_logs:
        by = spans.sender(_attributes(group.resource.attributes))
        for record in (r for scope in group.scope_logs for r in scope.log_records):
            yield (
                "logs",
                by
                | {
                    "ts": record.time_unix_nano or record.observed_time_unix_nano,
                    **_log(record),
                },
            )


def _log(record: Any) -> Row:
    attributes = _attributes(record.attributes)
    return {
        "severity": record.severity_text or _severity(record.severity_number),
        "severity_number": record.severity_number,
        "event": record.event_name or str(attributes.get("event.name", "")),
        "trace_id": record.trace_id.hex(),
        "span_id": record.span_id.hex(),
        "body": _body(_value(record.body)),
        "attributes": attributes,
    }


def _severity(number: int) -> str:
    """The short name of a severity's number: INFO for 9, INFO2 for 10."""
    level, finer = divmod(number - 1, 4)
    return f"{SEVERITIES[level]}{finer + 1 if finer else ''}" if 1 <= number <= 24 else ""


def _body(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


DECODERS = {"traces": traces, "metrics": metrics, "logs": logs}
