"""OTLP bodies, literal, into rows: JSON and protobuf, and what is refused."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from brownout.collector.otlp import bodies, messages
from brownout.collector.otlp.spans import WORK

JSON, PROTOBUF = "application/json", "application/x-protobuf"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


RESOURCE = {
    "attributes": [
        text("service.name", "web"),
        text("service.version", "r7"),
        {"key": "process.pid", "value": {"intValue": "42"}},
    ]
}


def span(*attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "GET /api/books/{id}/",
        "kind": 2,
        "startTimeUnixNano": "1000",
        "endTimeUnixNano": "1250",
        "attributes": list(attributes),
        **fields,
    }


def traces(*spans: dict[str, Any], resource: dict[str, Any] = RESOURCE) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def metrics(*found: dict[str, Any]) -> dict[str, Any]:
    return {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": list(found)}]}]}


def rows(signal: str, body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The same by way of protobuf's messages and without."""
    text = json.dumps(body).encode()
    found = list(messages.DECODERS[signal](messages.parse(signal, text, as_json=True)))
    assert list(bodies.rows(signal, text, JSON)) == found
    return found


def test_a_span_with_work_is_a_wide_event() -> None:
    status = {"key": "http.response.status_code", "value": {"intValue": "404"}}
    found = rows("traces", traces(span(text(WORK, '{"sql_calls": 3}'), status)))
    assert found == [
        (
            "work",
            {
                "sql_calls": 3,
                "service": "web",
                "release": "r7",
                "trace_id": TRACE,
                "start": 1000,
                "duration": 250,
                "pid": 42,
                "kind": "request",
                "route": "GET /api/books/{id}/",
                "status": 404,
            },
        )
    ]


@pytest.mark.parametrize(("code", "status"), [(0, 0), (1, 0), (2, 1)])
def test_a_consumers_span_with_work_is_a_task(code: int, status: int) -> None:
    event = span(text(WORK, "{}"), kind=5, name="mail.send", status={"code": code})
    [(table, row)] = rows("traces", traces(event))
    assert (table, row["kind"], row["route"], row["status"]) == (
        "work",
        "task",
        "mail.send",
        status,
    )


def test_any_other_span_is_kept_as_it_came() -> None:
    attributes = [
        text("t", "x"),
        {"key": "b", "value": {"boolValue": True}},
        {"key": "d", "value": {"doubleValue": 0.5}},
        {"key": "bytes", "value": {"bytesValue": "YWJj"}},
        {"key": "raw", "value": {"bytesValue": "/wCA"}},
        {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}},
        {"key": "map", "value": {"kvlistValue": {"values": [text("k", "v")]}}},
        {"key": "none", "value": {}},
    ]
    happened = {"timeUnixNano": "1100", "name": "exception", "attributes": [text("m", "x")]}
    status = {"code": 2, "message": "no stock"}
    event = span(*attributes, parentSpanId="00f067aa0ba902b7", status=status, events=[happened])
    assert rows("traces", traces(event)) == [
        (
            "spans",
            {
                "service": "web",
                "release": "r7",
                "trace_id": TRACE,
                "span_id": SPAN,
                "parent_id": "00f067aa0ba902b7",
                "name": "GET /api/books/{id}/",
                "start": 1000,
                "duration": 250,
                "status": "error",
                "attributes": {
                    "t": "x",
                    "b": True,
                    "d": 0.5,
                    "bytes": "abc",
                    "raw": {"bytesValue": "/wCA"},
                    "list": [1],
                    "map": {"k": "v"},
                    "none": None,
                },
                "kind": "server",
                "message": "no stock",
                "events": [{"time": 1100, "name": "exception", "attributes": {"m": "x"}}],
            },
        )
    ]


def test_a_sender_without_a_name_is_unknown() -> None:
    [(_, row)] = rows("traces", traces(span(), resource={}))
    assert (row["service"], row["release"]) == ("unknown", "")


def test_metrics_are_points_and_of_a_histogram_sum_and_count() -> None:
    body = metrics(
        {"name": "g", "gauge": {"dataPoints": [{"timeUnixNano": "5", "asDouble": 1.5}]}},
        {"name": "s", "sum": {"dataPoints": [{"timeUnixNano": "6", "asInt": "7"}]}},
        {
            "name": "h",
            "histogram": {"dataPoints": [{"timeUnixNano": "8", "sum": 2.5, "count": "4"}]},
        },
        {"name": "empty"},
    )
    assert [(t, r["ts"], r["name"], r["value"]) for t, r in rows("metrics", body)] == [
        ("metrics", 5, "g", 1.5),
        ("metrics", 6, "s", 7.0),
        ("metrics", 8, "h.sum", 2.5),
        ("metrics", 8, "h.count", 4.0),
    ]


def test_a_log_without_a_time_has_that_of_its_observation() -> None:
    record = {"observedTimeUnixNano": "9", "severityText": "WARN", "body": {"stringValue": "hot"}}
    body = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": [record]}]}]}
    assert rows("logs", body) == [
        (
            "logs",
            {
                "service": "web",
                "release": "r7",
                "ts": 9,
                "severity": "WARN",
                "severity_number": 0,
                "event": "",
                "trace_id": "",
                "span_id": "",
                "body": "hot",
                "attributes": {},
            },
        )
    ]


def logged(**record: Any) -> dict[str, Any]:
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "9", **record}]}]}]}
    [(_, row)] = rows("logs", body)
    return row


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"stringValue": "größer"}, "größer"),
        ({"kvlistValue": {"values": [text("k", "ü"), {"key": "n"}]}}, '{"k": "ü", "n": null}'),
        ({"arrayValue": {"values": [{"intValue": "1"}, {"boolValue": True}]}}, "[1, true]"),
        ({"boolValue": False}, "false"),
        ({"intValue": "0"}, "0"),
        ({"bytesValue": "/wCA"}, '{"bytesValue": "/wCA"}'),
        ({}, ""),
    ],
)
def test_a_logs_body_is_text_or_json(body: dict[str, Any], kept: str) -> None:
    assert logged(body=body)["body"] == kept


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "TRACE"), (9, "INFO"), (14, "WARN2"), (24, "FATAL4"), (0, ""), (25, "")],
)
def test_a_severity_has_the_name_of_its_number(number: int, name: str) -> None:
    row = logged(severityNumber=number)
    assert (row["severity"], row["severity_number"]) == (name, number)
    assert logged(severityNumber=number, severityText="hot")["severity"] == "hot"


def test_a_log_keeps_its_event_and_span() -> None:
    row = logged(traceId=TRACE, spanId=SPAN, eventName="gen_ai.choice")
    assert (row["trace_id"], row["span_id"], row["event"]) == (TRACE, SPAN, "gen_ai.choice")
    assert logged(attributes=[text("event.name", "gen_ai.choice")])["event"] == "gen_ai.choice"


def test_workers_of_one_service_are_told_apart_and_delta_from_cumulative() -> None:
    def total(temporality: int) -> dict[str, Any]:
        points = [{"timeUnixNano": "6", "asInt": "7", "attributes": [text("queue", "mail")]}]
        told = {"dataPoints": points, "aggregationTemporality": temporality}
        return {"name": "orders", "unit": "{order}", "sum": told}

    groups = [
        {
            "resource": {"attributes": [text("service.instance.id", worker)]},
            "scopeMetrics": [{"metrics": [total(kind)]}],
        }
        for worker, kind in (("a", 2), ("b", 1))
    ]
    found = [row for _, row in rows("metrics", {"resourceMetrics": groups})]
    assert [(r["attributes"], r["temporality"], r["unit"]) for r in found] == [
        ({"service.instance.id": "a", "queue": "mail"}, "cumulative", "{order}"),
        ({"service.instance.id": "b", "queue": "mail"}, "delta", "{order}"),
    ]


@pytest.mark.parametrize("kind", ["histogram", "exponentialHistogram"])
def test_a_histogram_without_a_sum_gets_none(kind: str) -> None:
    point = {"timeUnixNano": "8", "count": "3"}
    told = {"aggregationTemporality": 2, "dataPoints": [point, point | {"sum": 0}]}
    found = [row for _, row in rows("metrics", metrics({"name": "h", "unit": "ms", kind: told}))]
    assert [(r["name"], r["value"], r["unit"]) for r in found if "quantile" not in r["name"]] == [
        ("h.count", 3.0, ""), ("h.sum", 0.0, "ms"), ("h.count", 3.0, ""),
    ]  # fmt: skip
    assert {r["temporality"] for r in found} == {"cumulative"}


def test_protobuf_and_json_say_the_same() -> None:
    body = traces(span(text("t", "x")), span(text(WORK, '{"cpu": 1}')))
    message = messages.parse("traces", json.dumps(body).encode(), as_json=True)
    again = messages.parse("traces", message.SerializeToString(), as_json=False)
    assert isinstance(again, ExportTraceServiceRequest)
    assert list(messages.traces(again)) == list(messages.traces(message)) == rows("traces", body)


def test_unknown_fields_are_passed_over() -> None:
    assert rows("traces", traces(span(invented=1)) | {"more": [1, 2]}) == rows(
        "traces", traces(span())
    )


def test_gzip_is_unpacked() -> None:
    body = ExportMetricsServiceRequest().SerializeToString() + b"abc"
    assert bodies.unpack(gzip.compress(body), "gzip") == body
    assert bodies.unpack(body, "") == body


@pytest.mark.parametrize("form", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
def test_deflate_is_unpacked_with_its_header_and_without(form: int) -> None:
    def deflated(body: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, form)
        return packer.compress(body) + packer.flush()

    assert bodies.unpack(deflated(b'{"a": 1}'), "deflate") == b'{"a": 1}'
    with pytest.raises(bodies.Malformed, match="deflate"):
        bodies.unpack(deflated(b"x" * 1000)[:-3], "deflate")
    with pytest.raises(bodies.Oversized):
        bodies.unpack(deflated(bytes(bodies.LARGEST + 1)), "deflate")


@pytest.mark.parametrize("kept", [0, 10, 25, -8, -1])
def test_a_torn_gzip_is_malformed(kept: int) -> None:
    with pytest.raises(bodies.Malformed, match="gzip"):
        bodies.unpack(gzip.compress(b"x" * 1000)[:kept], "gzip")


def test_what_is_not_gzip_is_malformed() -> None:
    with pytest.raises(bodies.Malformed, match="gzip"):
        bodies.unpack(b"{}", "gzip")


def test_the_largest_body_passes_and_one_byte_more_does_not() -> None:
    assert len(bodies.unpack(b" " * bodies.LARGEST, "")) == bodies.LARGEST
    with pytest.raises(bodies.Oversized):
        bodies.unpack(b" " * (bodies.LARGEST + 1), "")
    assert len(bodies.unpack(gzip.compress(bytes(bodies.LARGEST), 1), "gzip")) == bodies.LARGEST
    with pytest.raises(bodies.Oversized):
        bodies.unpack(gzip.compress(bytes(bodies.LARGEST + 1), 1), "gzip")


def test_a_bomb_is_not_unpacked_in_full() -> None:
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    with pytest.raises(bodies.Oversized):
        bodies.unpack(bomb, "gzip")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"null",
        b'{"resourceSpans": 7}',
        json.dumps(traces(span(startTimeUnixNano="soon"))).encode(),
        json.dumps(traces(span(startTimeUnixNano="-1"))).encode(),
        json.dumps(traces(span(traceId="no hex"))).encode(),
        b"[" * 100_000,
    ],
)
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(bodies.Malformed):
        messages.parse("traces", body, as_json=True)


def test_malformed_protobuf_is_refused() -> None:
    with pytest.raises(bodies.Malformed):
        messages.parse("traces", b"\x0a\xff\xff\xff\xff\x0f", as_json=False)


@pytest.mark.parametrize("work", ["", "no", "7", "[]", "null", "[" * 100_000])
def test_work_that_is_no_object_is_malformed(work: str) -> None:
    with pytest.raises(bodies.Malformed, match=r"brownout\.work"):
        rows("traces", traces(span(text(WORK, work))))


def test_a_status_or_pid_that_is_no_number_is_malformed() -> None:
    work = text(WORK, "{}")
    with pytest.raises(bodies.Malformed):
        rows("traces", traces(span(work, text("http.response.status_code", "fine"))))
    infinite = {"key": "http.response.status_code", "value": {"doubleValue": "Infinity"}}
    with pytest.raises(bodies.Malformed):
        rows("traces", traces(span(work, infinite)))
    with pytest.raises(bodies.Malformed):
        rows("traces", traces(span(work), resource={"attributes": [text("process.pid", "x")]}))
