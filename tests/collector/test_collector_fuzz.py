"""Whatever a network can send: the right status, nobody hurt, nothing half stored."""

from __future__ import annotations

import gzip
import json
import math
import struct
from typing import Any

import httpx
import pytest
from collecting import Collector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waiting import PATIENCE

from brownout.collector.otlp import messages
from brownout.collector.otlp.spans import WORK

pytestmark = pytest.mark.stack

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
COUNT = (
    "SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM logs), "
    "(SELECT count(*) FROM metrics), (SELECT count(*) FROM work)"
)

patient = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

texts = st.text(max_size=20) | st.sampled_from(["", "\x00", "a\x00b", "'; DROP TABLE spans; --"])
times = st.sampled_from([0, 1, 10**18, 2**62, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(
    0, 2**64 - 1
)
doubles = st.floats() | st.sampled_from([float("nan"), float("inf"), -float("inf"), 1e308])


def _attribute(value: Any) -> dict[str, Any]:
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_attribute(v) for v in value]}}
    if isinstance(value, dict):
        pairs = [{"key": k, "value": _attribute(v)} for k, v in value.items()]
        return {"kvlistValue": {"values": pairs}}
    if isinstance(value, float) and not math.isfinite(value):
        words = {math.inf: "Infinity", -math.inf: "-Infinity"}
        return {"doubleValue": words.get(value, "NaN")}
    return {kinds[type(value)]: value}


values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | doubles | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
attributes = st.lists(st.tuples(texts, values), max_size=4).map(
    lambda pairs: [{"key": k, "value": _attribute(v)} for k, v in pairs]
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A signal and a body of it that is OTLP, with whatever values OTLP can carry."""
    signal = draw(st.sampled_from(["traces", "metrics", "logs"]))
    resource = {"attributes": draw(attributes)}
    more = {"attributes": draw(attributes)}
    if signal == "traces":
        wide = {"key": WORK, "value": _attribute(draw(st.just("{}") | texts))}
        found = [wide] if draw(st.integers(0, 5)) == 0 else []
        span = {"startTimeUnixNano": str(draw(times)), "endTimeUnixNano": str(draw(times))}
        span |= {"name": draw(texts), "traceId": draw(st.sampled_from(["", "0a" * 16, "0b"]))}
        span["attributes"] = more["attributes"] + found
        return signal, {
            "resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]
        }
    if signal == "logs":
        record = more | {"timeUnixNano": str(draw(times)), "body": _attribute(draw(values))}
        scopes = [{"logRecords": [record]}]
        return signal, {"resourceLogs": [{"resource": resource, "scopeLogs": scopes}]}
    point = more | {"timeUnixNano": str(draw(times))}
    kind = draw(st.sampled_from(["gauge", "histogram", "exponentialHistogram", "summary"]))
    value = _attribute(draw(doubles))["doubleValue"]
    if kind == "gauge":
        point["asDouble"] = value
    else:
        point |= {"count": str(draw(times)), "sum": value}
    if kind == "histogram":
        point |= {"explicitBounds": [1, 2], "bucketCounts": draw(st.lists(times.map(str)))}
    if kind == "exponentialHistogram":
        counts = draw(st.lists(times.map(str), max_size=4))
        point |= {"scale": draw(st.integers(-(2**31), 2**31 - 1))}
        point["positive"] = {"offset": draw(st.integers(-(2**31), 2**31 - 1))}
        point["positive"]["bucketCounts"] = counts
    metric = {"name": draw(texts), kind: {"dataPoints": [point]}}
    scopes = [{"metrics": [metric]}]
    return signal, {"resourceMetrics": [{"resource": resource, "scopeMetrics": scopes}]}


def counted(collector: Collector) -> tuple[Any, ...]:
    """Rows of each table; raises when the collector does not answer any more."""
    return collector.client().query(COUNT)[0]


def sent(collector: Collector, signal: str, body: bytes, headers: dict[str, str]) -> int:
    """The status; what is refused as a whole leaves nothing behind."""
    before = counted(collector)
    answer = httpx.post(
        f"{collector.url}/v1/{signal}", content=body, headers=headers, timeout=PATIENCE
    )
    assert answer.status_code in (200, 400, 413, 415), answer.text
    if answer.status_code != 200:
        assert answer.json()["error"]
        assert counted(collector) == before
    return answer.status_code


@given(bodies())
@patient
def test_every_value_that_otlp_can_carry(shared: Collector, drawn: tuple[str, Any]) -> None:
    signal, body = drawn
    text = json.dumps(body).encode()
    status = sent(shared, signal, text, JSON)
    try:
        packed = messages.parse(signal, text, as_json=True).SerializeToString()
    except messages.Malformed:
        assert status == 400
        return
    # Only what claims to be a wide event, and is none, is refused as a whole.
    assert status == 200 or WORK in text.decode()
    assert sent(shared, signal, packed, PROTOBUF) == status
    zipped = gzip.compress(packed)
    assert sent(shared, signal, zipped, PROTOBUF | {"content-encoding": "gzip"}) == status


@given(bodies(), st.data())
@patient
def test_torn_and_mangled_bodies(shared: Collector, drawn: tuple[str, Any], data: Any) -> None:
    signal, body = drawn
    try:
        packed = messages.parse(signal, json.dumps(body).encode(), as_json=True)
    except messages.Malformed:
        return
    whole = bytearray(packed.SerializeToString())
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    for _ in range(data.draw(st.integers(0, 3))):
        if cut:
            cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    headers = PROTOBUF | data.draw(st.sampled_from([{}, {"content-encoding": "gzip"}]))
    sent(shared, signal, bytes(cut), headers)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["trace_id", "intended", "route", "journey"]), json_values),
    st.sampled_from(["scheduled", "metrics"]),
)
@patient
def test_rows_of_wrong_types(shared: Collector, row: dict[str, Any], table: str) -> None:
    client = shared.client()
    before = client.query("SELECT count(*) FROM scheduled")
    answer = httpx.post(
        f"{shared.url}/rows/{table}",
        content=json.dumps([row]),
        headers=JSON | {"authorization": "Bearer let me in"},
        timeout=PATIENCE,
    )
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert client.query("SELECT count(*) FROM scheduled") == before


def test_nesting_has_an_end(shared: Collector) -> None:
    value = b"\x0a\x01x"
    for _ in range(5000):
        array = b"\x0a" + _varint(len(value)) + value
        value = b"\x2a" + _varint(len(array)) + array
    entry = b"\x0a\x01k\x12" + _varint(len(value)) + value
    resource = b"\x0a" + _varint(len(entry)) + entry
    body = b"\x0a" + _varint(len(resource) + 1 + len(_varint(len(resource))))
    body += b"\x0a" + _varint(len(resource)) + resource
    assert sent(shared, "traces", body, PROTOBUF) == 400
    assert sent(shared, "traces", b'{"a":' * 5000 + b"1" + b"}" * 5000, JSON) == 400


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found += struct.pack("B", number & 127 | 128)
        number >>= 7
    return found + struct.pack("B", number)


def test_a_huge_attribute_is_cut(shared: Collector) -> None:
    pair = {"key": "huge", "value": {"stringValue": "x" * 4_000_000}}
    span = {"name": "huge", "startTimeUnixNano": "1", "attributes": [pair]}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    assert sent(shared, "traces", json.dumps(body).encode(), JSON) == 200
    sql = "SELECT length(attributes->>'huge') FROM spans WHERE name = 'huge'"
    assert shared.client().query(sql) == [(32 * 1024 + 1,)]
