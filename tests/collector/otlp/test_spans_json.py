"""The quick reader of OTLP/JSON says what protobuf's says, or leaves it to that one."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.collector.otlp import bodies, messages, spans, spans_json
from brownout.collector.otlp.spans import WORK


def text(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


ATTRIBUTES = [
    text("t", "größer"),
    {"key": "i", "value": {"intValue": "-9223372036854775808"}},
    {"key": "n", "value": {"intValue": 7}},
    {"key": "b", "value": {"boolValue": False}},
    {"key": "d", "value": {"doubleValue": 0.1}},
    {"key": "w", "value": {"doubleValue": 3}},
    {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [text("k", "v")]}}},
    {"key": "nothing", "value": {}},
    {"key": "less"},
]
SPAN = {
    "traceId": "0AF7651916cd43dd8448eb211c80319c",
    "spanId": "b7ad6b7169203331",
    "parentSpanId": "",
    "traceState": "a=b",
    "flags": 257,
    "name": "GET /",
    "kind": 2,
    "startTimeUnixNano": "1000",
    "endTimeUnixNano": 1250,
    "attributes": ATTRIBUTES,
    "droppedAttributesCount": 1,
    "events": [{"timeUnixNano": "5", "name": "exception", "attributes": [text("m", "x")]}],
    "links": [{"traceId": "0a" * 16, "spanId": "0b" * 8, "attributes": []}],
    "status": {"code": 2, "message": "no"},
}
WIDE = SPAN | {
    "kind": "SPAN_KIND_CONSUMER",
    "status": {"code": "STATUS_CODE_ERROR"},
    "attributes": [text(WORK, '{"cpu": NaN, "sql_calls": 3, "sql": [{"shape": "é"}]}')],
}
BODY = {
    "resourceSpans": [
        {
            "resource": {"attributes": [text("service.name", "web"), text("process.pid", "42")]},
            "scopeSpans": [
                {"scope": {"name": "s", "attributes": [text("x", "y")]}, "spans": [SPAN, WIDE]}
            ],
            "schemaUrl": "https://opentelemetry.io/schemas/1.30.0",
        }
    ]
}


def slowly(body: bytes) -> list[tuple[str, Any]] | None:
    """What protobuf's reader makes of it; None when it is malformed."""
    try:
        return list(messages.traces(messages.parse("traces", body, as_json=True)))
    except spans.Malformed:
        return None


def quickly(body: bytes) -> list[tuple[str, Any]] | None:
    """None when it is unusual."""
    try:
        return spans_json.traces(body)
    except spans_json.Unusual:
        return None


def test_what_senders_write_is_read_alike() -> None:
    body = json.dumps(BODY).encode()
    found = quickly(body)
    # Their texts: NaN is not even itself.
    assert json.dumps(found) == json.dumps(slowly(body))
    assert found is not None and [table for table, _ in found] == ["spans", "work"]


def places(node: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in a body."""
    keys = node.keys() if isinstance(node, dict) else range(len(node))
    found = [(node, key) for key in keys]
    for _, key in list(found):
        if isinstance(node[key], dict | list):
            found += places(node[key])
    return found


leaves = (
    st.sampled_from(
        [None, True, 0, -1, 1.0, 2.5, 1e300, 2**31, 2**32, 2**63, 2**64, float("nan"), float("inf")]
    )
    | st.sampled_from(
        ["", "1", "-1", "+1", " 1", "1_0", "1.0", "٣", "NaN", "Infinity", "0a", "0A "]
    )
    | st.sampled_from(["x", "zz", "\ud800", str(2**63), str(2**64), "SPAN_KIND_CLIENT"])
    | st.sampled_from([[], {}, [1], [[]], [{}], {"values": []}, {"values": {}}, {"key": 7}])
    | st.sampled_from([{"stringValue": "a", "intValue": "1"}, {"bytesValue": "YQ=="}, {"new": 1}])
)


@given(st.data())
@settings(max_examples=300)
def test_one_value_changed_is_read_alike_or_left(data: st.DataObject) -> None:
    body = copy.deepcopy(BODY)
    holder, key = data.draw(st.sampled_from(places(body)))
    if isinstance(holder, dict) and data.draw(st.booleans()):
        holder[data.draw(st.sampled_from(["trace_id", "more", "kind", "stringValue"]))] = 1
    holder[key] = data.draw(leaves)
    written = json.dumps(body).encode()
    found = quickly(written)
    assert found is None or json.dumps(found) == json.dumps(slowly(written))


def nested(depth: int) -> bytes:
    value: dict[str, Any] = {"intValue": "1"}
    for _ in range(depth):
        value = {"arrayValue": {"values": [value]}}
    span = {"name": "x", "attributes": [{"key": "deep", "value": value}]}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


@pytest.mark.parametrize(
    ("body", "there"),
    [
        (b'{"resource_spans": []}', True),
        (b'{"resourceSpans": null}', True),
        (b'{"invented": [1, 2]}', True),
        (b"\xef\xbb\xbf{}", True),
        (nested(20), True),
        (nested(200), False),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, False),
        (b"{}{}", False),
        (b"", False),
    ],
)
def test_what_is_unusual_is_left_to_protobufs_reader(body: bytes, there: bool) -> None:
    assert quickly(body) is None
    if there:
        assert list(bodies.rows("traces", body, bodies.JSON)) == slowly(body)
    else:
        with pytest.raises(spans.Malformed):
            bodies.rows("traces", body, bodies.JSON)


def test_shallow_lists_are_not_left() -> None:
    assert quickly(nested(spans_json.DEEPEST)) == slowly(nested(spans_json.DEEPEST))
