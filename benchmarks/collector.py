"""The collector's throughput a core, its memory under overload, and what survives its SIGKILL.

    .venv/bin/python benchmarks/collector.py [--seconds 5]

Spans have six attributes and come in batches of 512, as an OpenTelemetry SDK sends them. Wide
events have five statements and two cache families and come in batches of 300, as our meter sends
them: in JSON. Spans/s are counted against the collector's own CPU time (user and system), so that
the senders, which run on this machine too, are not.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import psutil
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

BATCH, EVENTS = 512, 300
SENDERS = 4
NAMES = {"service.name": "web", "service.version": "v2.7.0", "telemetry.sdk.language": "python"}
ATTRIBUTES = {
    "db.system": "postgresql",
    "db.name": "shop",
    "db.user": "shop",
    "server.address": "127.0.0.1",
    "server.port": "5432",
    "db.statement": "SELECT * FROM catalog_book WHERE id = %s AND published < now() ORDER BY id",
}
COUNTS = (
    "cpu sql_calls sql_rows sql_time cache_gets cache_hits cache_time ai_calls ai_time tasks bytes "
    "thread wait items sql_fetch_time template_time tx_time tx_call_time lock_time tx_count "
    "connect_time cpu_sql cpu_cache cpu_call cpu_template blocks rss rows_read"
).split()
STATEMENT = "calls rows time fetch_time repeats in_transaction errors".split()
FAMILY = "gets hits sets deletes bytes time".split()
WORK = dict.fromkeys(COUNTS, 123_456) | {
    "exception": "",
    "uncounted": [],
    "queued": [],
    "sql": [
        {"shape": f"{ATTRIBUTES['db.statement']} -- {n}", "caller": "catalog/views.py:120"}
        | dict.fromkeys(STATEMENT, 5)
        for n in range(5)
    ],
    "cache": [{"family": f"book:{n}:*"} | dict.fromkeys(FAMILY, 3) for n in range(2)],
    "ai": [],
}
JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}


def batch(prefix: bytes, size: int = BATCH, statement: str = "") -> ExportTraceServiceRequest:
    """Spans of one trace each, whose ids begin with ``prefix`` (4 bytes)."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    for key, value in NAMES.items():
        group.resource.attributes.add(key=key).value.string_value = value
    spans = group.scope_spans.add().spans
    for n in range(size):
        span = spans.add(name="SELECT", kind=3)
        span.trace_id, span.span_id = prefix + os.urandom(12), os.urandom(8)
        span.parent_span_id = os.urandom(8)
        span.start_time_unix_nano = time.time_ns() + n
        span.end_time_unix_nano = span.start_time_unix_nano + 1_234_567
        for key, value in ATTRIBUTES.items():
            span.attributes.add(key=key).value.string_value = value
        if statement:
            span.attributes.add(key="more").value.string_value = statement
    return message


class Collector:
    """A collector in a folder of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="brownout-collector-")
        self.database = Path(self._folder.name) / "telemetry.duckdb"
        self.start()

    def start(self) -> None:
        argv = [sys.executable, "-m", "brownout.collector", "--database", self.database]
        self.child = subprocess.Popen(
            argv, env={**os.environ, "BROWNOUT_TOKEN": "x"}, stdout=subprocess.PIPE, text=True
        )
        assert self.child.stdout
        self.address = self.child.stdout.readline().rsplit("/", 1)[1].strip()
        self.process = psutil.Process(self.child.pid)

    def cpu(self) -> float:
        times = self.process.cpu_times()
        return times.user + times.system

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """The status, 0 without an answer."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("POST", "/v1/traces", body, headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def end(self) -> None:
        self.child.terminate()
        self.child.wait()


def together(work: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wide_events() -> bytes:
    work = json.dumps(WORK, separators=(",", ":"))
    texts = {"http.request.method": "GET", "http.route": "/books/{id}/", "brownout.work": work}
    attributes = [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()]
    began = time.time_ns()
    attributes.append({"key": "http.response.status_code", "value": {"intValue": "200"}})
    spans = [
        {"traceId": os.urandom(16).hex(), "spanId": os.urandom(8).hex(), "name": "GET /books/{id}/"}
        | {"kind": 2, "startTimeUnixNano": str(now), "endTimeUnixNano": str(now + 1_234_567)}
        | {"attributes": attributes, "status": {}}
        for now in range(began, began + EVENTS)
    ]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "web"}}]}
    groups = [{"resource": resource, "scopeSpans": [{"spans": spans}]}]
    return json.dumps({"resourceSpans": groups}, separators=(",", ":")).encode()


def bodies(form: str, count: int) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Encoded batches, each of its own spans."""
    for _ in range(count):
        if form == "wide":
            yield wide_events(), JSON
            continue
        message = batch(os.urandom(4))
        if form == "JSON":
            found = json.loads(json_format.MessageToJson(message))
            for span in found["resourceSpans"][0]["scopeSpans"][0]["spans"]:
                for key in ("traceId", "spanId", "parentSpanId"):
                    span[key] = os.urandom(16 if key == "traceId" else 8).hex()
            yield json.dumps(found).encode(), JSON
        elif form == "gzip":
            packed = gzip.compress(message.SerializeToString())
            yield packed, {**PROTOBUF, "Content-Encoding": "gzip"}
        else:
            yield message.SerializeToString(), PROTOBUF


def throughput(form: str, batches: int) -> None:
    collector = Collector()
    ready, size = list(bodies(form, batches)), EVENTS if form == "wide" else BATCH
    queue = iter(ready)
    lock = threading.Lock()
    before, began = collector.cpu(), time.monotonic()

    def send(_: int) -> None:
        while True:
            with lock:
                found = next(queue, None)
            if found is None:
                return
            assert collector.post(*found) == 200

    together(send, SENDERS)
    cpu, wall = collector.cpu() - before, time.monotonic() - began
    memory = collector.process.memory_info().rss / 1e6
    collector.end()
    spans = batches * size
    print(
        f"{form:9} {spans / cpu:8.0f} spans/s a core ({spans / wall:.0f} spans/s in all, "
        f"{spans} spans in {wall:.1f} s, {1e6 * cpu / spans:.0f} us CPU a span, "
        f"RSS {memory:.0f} MB)"
    )


def overload(seconds: float) -> None:
    """Thirty senders of 4 MB bodies, none of whom waits when it is told to."""
    collector = Collector()
    body = batch(b"over", 4000, "x" * 500).SerializeToString()
    calm = largest = collector.process.memory_info().rss
    statuses: list[int] = []
    end = time.monotonic() + seconds

    def send(_: int) -> None:
        while time.monotonic() < end:
            statuses.append(collector.post(body, PROTOBUF))

    def watch() -> None:
        nonlocal largest
        while time.monotonic() < end:
            largest = max(largest, collector.process.memory_info().rss)
            time.sleep(0.02)

    watching = threading.Thread(target=watch)
    watching.start()
    together(send, 30)
    watching.join()
    counts = {status: statuses.count(status) for status in sorted(set(statuses))}
    print(
        f"overload  30 senders of {len(body) / 1e6:.1f} MB bodies for {seconds:g} s: "
        f"statuses {counts}, RSS {calm / 1e6:.0f} MB before, {largest / 1e6:.0f} MB at most"
    )
    collector.end()


def killed() -> None:
    """Killed under load four times; what was not acknowledged is sent again, as an SDK does."""
    collector = Collector()
    acknowledged: list[bytes] = []
    open_again = threading.Event()
    open_again.set()
    stop = threading.Event()
    retried = 0

    def send(sender: int) -> None:
        nonlocal retried
        number = 0
        while not stop.is_set():
            prefix = bytes([sender]) + number.to_bytes(3, "big")
            body = batch(prefix, 100).SerializeToString()
            while collector.post(body, PROTOBUF) != 200:
                retried += 1
                open_again.wait()
            acknowledged.append(prefix)
            number += 1

    def interfere() -> None:
        for _ in range(4):
            time.sleep(1)
            open_again.clear()
            collector.child.kill()
            collector.child.wait()
            collector.start()
            open_again.set()
        time.sleep(0.5)
        stop.set()

    killer = threading.Thread(target=interfere)
    killer.start()
    together(send, SENDERS)
    killer.join()
    collector.end()
    with duckdb.connect(str(collector.database), read_only=True) as connection:
        rows = connection.execute(
            "SELECT substr(trace_id, 1, 8), count(*) FROM spans GROUP BY ALL"
        ).fetchall()
    found = dict(rows)
    lost = sum(found.get(prefix.hex(), 0) != 100 for prefix in acknowledged)
    print(
        f"SIGKILL   4 times: {len(acknowledged)} batches of 100 spans acknowledged ({retried} sent "
        f"again); not there exactly once: {lost}; batches there that were not acknowledged: "
        f"{len(found.keys() - {p.hex() for p in acknowledged})}"
    )
    if lost:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of overload")
    parser.add_argument("--batches", type=int, default=100, help="of each form")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    for form in ("protobuf", "gzip", "JSON", "wide") * 2:
        throughput(form, args.batches)
    overload(args.seconds)
    killed()


if __name__ == "__main__":
    main()
