"""The collector as a process: its answers, and what it acknowledged survives SIGKILL."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import duckdb
import httpx
import pytest
from collecting import TOKEN, Collector, wait_for
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from brownout.model import BrownoutError
from brownout.probes.client import CollectorAway
from brownout.probes.collector import BACKLOG
from brownout.probes.otlp import LARGEST

pytestmark = pytest.mark.stack

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
ALLOWED = {"authorization": f"Bearer {TOKEN}"}
PLANNED = {"trace_id": "a", "intended": 5, "route": "GET /", "journey": "browse"}


def trace(name: str) -> dict[str, Any]:
    span = {"name": name, "startTimeUnixNano": "1", "endTimeUnixNano": "3"}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def post(
    collector: Collector, path: str, body: Any = b"", headers: dict[str, str] = JSON
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(collector.url + path, content=content, headers=headers, timeout=20)


def spans(collector: Collector, name: str) -> int:
    found = collector.client().query("SELECT count(*) FROM spans WHERE name = ?", [name])
    return int(found[0][0])


def test_it_takes_json(shared: Collector) -> None:
    answer = post(shared, "/v1/traces", trace("json"))
    assert (answer.status_code, answer.json()) == (200, {})
    assert spans(shared, "json") == 1


def test_it_takes_a_charset_with_the_type(shared: Collector) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert post(shared, "/v1/traces", trace("charset"), headers).status_code == 200
    assert spans(shared, "charset") == 1


def test_it_takes_gzipped_protobuf(shared: Collector) -> None:
    message = json_format.ParseDict(trace("packed"), ExportTraceServiceRequest())
    packed = gzip.compress(message.SerializeToString())
    answer = post(shared, "/v1/traces", packed, PROTOBUF | {"content-encoding": "gzip"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-protobuf"
    assert spans(shared, "packed") == 1


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_each_signal_may_be_empty(shared: Collector, signal: str) -> None:
    assert post(shared, f"/v1/{signal}", {}).status_code == 200
    assert post(shared, f"/v1/{signal}", b"", PROTOBUF).status_code == 200


WIDE = [{"key": "brownout.work", "value": {"stringValue": '{"colour": 1}'}}]
INVENTED = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x", "attributes": WIDE}]}]}]}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not json", JSON),
        (b"[]", JSON),
        (b"\x0a\xff", PROTOBUF),
        (b"not gzip", JSON | {"content-encoding": "gzip"}),
        (gzip.compress(b"{}")[:-4], JSON | {"content-encoding": "gzip"}),
        (json.dumps(INVENTED).encode(), JSON),
    ],
)
def test_malformed_telemetry_is_400_and_no_more(
    shared: Collector, body: bytes, headers: dict[str, str]
) -> None:
    answer = post(shared, "/v1/traces", body, headers)
    assert answer.status_code == 400
    assert answer.json()["error"]
    before = spans(shared, "after")
    assert post(shared, "/v1/traces", trace("after")).status_code == 200
    assert spans(shared, "after") == before + 1


def test_an_unknown_signal_is_404(shared: Collector) -> None:
    answer = post(shared, "/v1/profiles", {})
    assert (answer.status_code, answer.json()) == (404, {"error": "no signal 'profiles'"})


@pytest.mark.parametrize("kind", ["text/plain", ""])
def test_another_type_is_415(shared: Collector, kind: str) -> None:
    assert post(shared, "/v1/traces", b"{}", {"content-type": kind}).status_code == 415


def test_too_much_is_413_packed_or_not(shared: Collector) -> None:
    assert post(shared, "/v1/traces", b" " * (LARGEST + 1)).status_code == 413
    assert post(shared, "/v1/traces", b" " * (LARGEST * 3 // 2)).status_code == 413
    bomb = gzip.compress(b" " * (LARGEST + 1), 1)
    packed = JSON | {"content-encoding": "gzip"}
    assert post(shared, "/v1/traces", bomb, packed).status_code == 413
    assert httpx.get(f"{shared.url}/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("path", ["/rows/scheduled", "/query"])
@pytest.mark.parametrize("given", [None, "", TOKEN, f"Bearer {TOKEN}x", "Bearer \xe9"])
def test_without_the_token_nothing_is_said(shared: Collector, path: str, given: str | None) -> None:
    headers = dict(JSON) if given is None else JSON | {"authorization": given.encode("latin-1")}
    assert post(shared, path, [PLANNED], headers).status_code == 401


def test_rows_of_no_native_table_are_404(shared: Collector) -> None:
    for table in ("work", "spans", "nowhere"):
        answer = post(shared, f"/rows/{table}", [], ALLOWED)
        assert answer.status_code == 404
        assert "requests, scheduled" in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b'["row"]', b"[{}]", b'[{"colour": 1}]'])
def test_bad_rows_are_400(shared: Collector, body: bytes) -> None:
    assert post(shared, "/rows/scheduled", body, ALLOWED).status_code == 400
    assert post(shared, "/rows/scheduled", [PLANNED], ALLOWED).json() == {"rows": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"{}",
        b'"SELECT 1"',
        b'{"sql": 7}',
        b'{"sql": "SELECT 1", "params": 7}',
        b'{"sql": "SELECT ?"}',
        b'{"sql": "SELECT * FROM nowhere"}',
        b'{"sql": "DROP TABLE work"}',
        b'{"sql": "WITH x AS (DELETE FROM scheduled RETURNING *) SELECT * FROM x"}',
        # JSON has no words for these.
        b'{"sql": "SELECT DATE \'2024-01-01\'"}',
        b'{"sql": "SELECT \'nan\'::DOUBLE"}',
    ],
)
def test_a_bad_query_is_400(shared: Collector, body: bytes) -> None:
    answer = post(shared, "/query", body, ALLOWED)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_query_gives_columns_and_rows(shared: Collector) -> None:
    answer = post(shared, "/query", {"sql": "SELECT ? AS a, 'x' AS b", "params": [7]}, ALLOWED)
    assert answer.json() == {"columns": ["a", "b"], "rows": [[7, "x"]]}


def test_what_was_acknowledged_survives_sigkill(collector: Collector) -> None:
    """Four senders write while it is killed: whatever they were told is there."""
    acknowledged: list[str] = []

    def send(sender: int) -> None:
        client = collector.client()
        for n in range(100_000):
            name = f"{sender}-{n}"
            try:
                client.post("scheduled", [PLANNED | {"trace_id": name}])
            except CollectorAway:
                return
            acknowledged.append(name)

    senders = [threading.Thread(target=send, args=(n,)) for n in range(4)]
    for thread in senders:
        thread.start()
    wait_for(lambda: len(acknowledged) > 100)
    collector.kill()
    for thread in senders:
        thread.join(timeout=20)
    collector.start()
    found = collector.client().query("SELECT trace_id FROM scheduled")
    written = [name for (name,) in found]
    assert len(written) == len(set(written))
    assert set(acknowledged) <= set(written)
    # At most the one batch of each sender that was under way.
    assert len(written) - len(acknowledged) <= len(senders)
    collector.client().post("scheduled", [PLANNED | {"trace_id": "afterwards"}])


def test_sigterm_leaves_a_whole_file(collector: Collector) -> None:
    post(collector, "/v1/traces", trace("last"))
    assert collector.stop() == 0
    with duckdb.connect(str(collector.database), read_only=True) as recording:
        assert recording.execute("SELECT name FROM spans").fetchall() == [("last",)]
    assert not collector.database.with_name("telemetry.duckdb.wal").exists()


def test_many_senders_at_once_lose_nothing(shared: Collector) -> None:
    refused: list[BaseException] = []

    def send(sender: int) -> None:
        client = shared.client()
        for n in range(25):
            try:
                client.post("metrics", [_metric("many", sender * 100 + n)])
            except (BrownoutError, OSError) as error:
                refused.append(error)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert refused == []
    sql = "SELECT count(DISTINCT value) FROM metrics WHERE name = 'many'"
    assert shared.client().query(sql) == [(200,)]


def test_when_too_much_waits_some_are_turned_away_and_no_batch_is_torn(shared: Collector) -> None:
    """More senders than the backlog has places, each with much to write."""
    taken: list[str] = []
    refused: dict[str, str] = {}
    crowded = threading.Event()

    def send(sender: int) -> None:
        client = shared.client()
        for n in range(1000):
            if crowded.is_set():
                return
            name = f"crowd-{sender}-{n}"
            try:
                client.post("scheduled", [PLANNED | {"trace_id": name}] * 300)
                taken.append(name)
            except CollectorAway as error:
                refused[name] = str(error)
                crowded.set()

    senders = [threading.Thread(target=send, args=(n,)) for n in range(BACKLOG + 16)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join(timeout=60)
    assert set(refused.values()) == {'{"error":"too much waits to be written"}'}
    found = shared.client().query(
        "SELECT trace_id, count(*) FROM scheduled WHERE trace_id LIKE 'crowd-%' GROUP BY ALL"
    )
    assert sorted(found) == sorted((name, 300) for name in taken)
    assert post(shared, "/v1/traces", trace("after the crowd")).status_code == 200


def _metric(name: str, value: float) -> dict[str, Any]:
    return {"ts": 1, "name": name, "service": "s", "release": "", "value": value, "attributes": {}}
