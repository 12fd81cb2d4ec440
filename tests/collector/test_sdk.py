"""What the OpenTelemetry SDK's own exporters send arrives, to the last figure."""

from __future__ import annotations

import time
from typing import Any

import pytest
from collecting import TOKEN, Collector
from opentelemetry import trace
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

pytestmark = pytest.mark.stack

RESOURCE = Resource({"service.name": "sdk", "service.version": "r9"})


def options(collector: Collector, signal: str) -> dict[str, Any]:
    return {
        "endpoint": f"{collector.url}/v1/{signal}",
        "headers": {"authorization": f"Bearer {TOKEN}"},
        "compression": Compression.Gzip,
    }


def test_spans(shared: Collector) -> None:
    provider = TracerProvider(resource=RESOURCE)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(**options(shared, "traces"))))
    tracer = provider.get_tracer("t")
    for n in range(700):
        outer = tracer.start_span("outer", attributes={"n": n, "list": ["a", "b"]})
        tracer.start_span("inner", context=trace.set_span_in_context(outer)).end()
        outer.end()
    provider.shutdown()
    found = shared.client().query(
        "SELECT o.service, o.release, count(*), sum((o.attributes->>'n')::INTEGER) "
        "FROM spans o JOIN spans i ON i.parent_id = o.span_id AND i.trace_id = o.trace_id "
        "WHERE o.name = 'outer' AND i.name = 'inner' AND i.duration <= o.duration GROUP BY ALL"
    )
    assert found == [("sdk", "r9", 700, sum(range(700)))]


def test_metrics(shared: Collector) -> None:
    exponential = View(Histogram, "wide", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(**options(shared, "metrics")))
    provider = MeterProvider([reader], RESOURCE, views=[exponential])
    meter = provider.get_meter("t")
    meter.create_counter("counted").add(5, {"kind": "a"})
    meter.create_gauge("level").set(1.5)
    plain, wide = meter.create_histogram("plain"), meter.create_histogram("wide")
    for n in range(1, 1001):
        plain.record(n)
        wide.record(n)
    provider.shutdown()
    rows = shared.client().query(
        "SELECT name, value, attributes FROM metrics WHERE service = 'sdk'"
    )
    found = {(name, attributes): value for name, value, attributes in rows}
    assert found["counted", '{"kind":"a"}'] == 5
    assert found["level", "{}"] == 1.5
    for name in ("plain", "wide"):
        assert (found[f"{name}.sum", "{}"], found[f"{name}.count", "{}"]) == (500_500, 1000)
    assert found["plain.bucket", '{"le":"100.0"}'] == 100
    assert found["plain.bucket", '{"le":"Infinity"}'] == 1000
    # 160 buckets for three decades: each is 4.4% wide.
    assert found["wide.quantile", '{"quantile":0.95}'] == pytest.approx(950, rel=0.05)


def test_logs(shared: Collector) -> None:
    provider = LoggerProvider(resource=RESOURCE)
    exporter = OTLPLogExporter(**options(shared, "logs"))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    record = LogRecord(timestamp=time.time_ns(), severity_text="WARN", body="it is hot")
    provider.get_logger("t").emit(record)
    provider.shutdown()
    found = shared.client().query("SELECT severity, body, release FROM logs WHERE service = 'sdk'")
    assert found == [("WARN", "it is hot", "r9")]
