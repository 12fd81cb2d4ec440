"""The collector as a process: its answers, and what it acknowledged survives SIGKILL."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from collecting import TOKEN, Collector
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from waiting import PATIENCE, until

from brownout.collector.client import CollectorAway
from brownout.collector.otlp import messages
from brownout.collector.otlp.bodies import LARGEST
from brownout.model import BrownoutError

pytestmark = pytest.mark.stack

JSON = {"content-type": "application/json"}
PROTOBUF = {"content-type": "application/x-protobuf"}
ALLOWED = {"authorization": f"Bearer {TOKEN}"}
PLANNED = {"trace_id": "a", "intended": 5, "route": "GET /", "journey": "browse"}


V1 = Path(__file__).parents[1] / "recording" / "old_recordings" / "v1.duckdb.gz"

COLUMNS = "cpu bytes sql_calls sql_rows sql_time cache_gets cache_hits cache_time ai_calls ai_time"
COUNTS = dict.fromkeys([*COLUMNS.split(), "tasks"], 0)
WORK = [{"key": "brownout.work", "value": {"stringValue": json.dumps(COUNTS | {"exception": ""})}}]


def trace(name: str) -> dict[str, Any]:
    span = {"name": name, "spanId": os.urandom(8).hex()} | {
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "3",
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def post(
    collector: Collector, path: str, body: Any = b"", headers: dict[str, str] = JSON
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(collector.url + path, content=content, headers=headers, timeout=PATIENCE)


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
INVENTED = trace("x")
INVENTED["resourceSpans"][0]["scopeSpans"][0]["spans"][0] |= {"attributes": WIDE}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not json", JSON),
        (b"[]", JSON),
        (b"\x0a\xff", PROTOBUF),
        (b"not gzip", JSON | {"content-encoding": "gzip"}),
        (gzip.compress(b"{}", mtime=0)[:-4], JSON | {"content-encoding": "gzip"}),
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
    assert httpx.get(f"{shared.url}/healthz", timeout=PATIENCE).json() == {"status": "ok"}


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
    until(lambda: len(acknowledged) > 100)
    collector.kill()
    for thread in senders:
        thread.join(timeout=PATIENCE)
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
        thread.join(timeout=PATIENCE)
    assert refused == []
    sql = "SELECT count(DISTINCT value) FROM metrics WHERE name = 'many'"
    assert shared.client().query(sql) == [(200,)]


def test_a_batch_that_comes_again_is_stored_once(collector: Collector) -> None:
    """A sender that got no answer sends again, also to a collector that was killed meanwhile."""
    span = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "x"}
    span["startTimeUnixNano"] = "1"
    again = {"resourceSpans": [{"scopeSpans": [{"spans": [span, span]}]}]}
    wide = json.loads(json.dumps(again))
    wide["resourceSpans"][0]["scopeSpans"][0]["spans"][0] |= {"attributes": WORK}
    for body in (again, again, wide, wide):
        assert post(collector, "/v1/traces", body).status_code == 200
    collector.client().post("scheduled", [PLANNED, PLANNED])
    collector.kill()
    collector.start()
    assert post(collector, "/v1/traces", again).status_code == 200
    assert post(collector, "/v1/traces", wide).status_code == 200
    collector.client().post("scheduled", [PLANNED])
    for table in ("spans", "work", "scheduled"):
        assert collector.client().query(f"SELECT count(*) FROM {table}") == [(1,)], table


def test_times_that_no_clock_shows_are_rejected_alone(shared: Collector) -> None:
    """Partial success: the rest is kept, and what was refused is not to be sent again."""
    spans_ = [
        {
            "name": "skew",
            "traceId": "0c" * 16,
            "spanId": f"{n + 1:016x}",
            "startTimeUnixNano": str(start),
        }
        for n, start in enumerate((0, 2**64 - 1, 2**63, 1, 4 * 10**18))
    ]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans_}]}]}
    answer = post(shared, "/v1/traces", body)
    partial = answer.json()["partialSuccess"]
    assert (answer.status_code, partial["rejectedSpans"]) == (200, "3")
    assert "ns since 1970" in partial["errorMessage"]
    message = messages.parse("traces", json.dumps(body).encode(), as_json=True)
    answer = post(shared, "/v1/traces", message.SerializeToString(), PROTOBUF)
    read = ExportTraceServiceResponse.FromString(answer.content)
    assert read.partial_success.rejected_spans == 3
    found = shared.client().query("SELECT duration FROM spans WHERE name = 'skew'")
    assert found == [(0,), (0,)]  # each once; an end before the start is no time at all


def test_another_encoding_is_415(shared: Collector) -> None:
    answer = post(shared, "/v1/traces", b"{}", JSON | {"content-encoding": "br"})
    assert (answer.status_code, "gzip is" in answer.text) == (415, True)


@pytest.mark.parametrize("path", ["/rows/scheduled", "/query"])
def test_every_body_has_a_limit(shared: Collector, path: str) -> None:
    answer = post(shared, path, b" " * (LARGEST + 1), JSON | ALLOWED)
    assert answer.status_code == 413


def test_where_a_token_is_demanded_telemetry_needs_it(tmp_path: Path) -> None:
    closed = Collector(tmp_path, "--closed")
    try:
        assert post(closed, "/v1/traces", trace("stranger")).status_code == 401
        assert post(closed, "/v1/traces", trace("friend"), JSON | ALLOWED).status_code == 200
        assert closed.client().query("SELECT name FROM spans") == [("friend",)]
    finally:
        closed.kill()


def test_a_query_reads_no_files(shared: Collector) -> None:
    for sql in ("SELECT * FROM read_text('/etc/hostname')", "SELECT * FROM '/tmp/x.csv'"):
        assert post(shared, "/query", {"sql": sql}, ALLOWED).status_code == 400


def test_a_file_of_another_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    database = tmp_path / "old.duckdb"
    database.write_bytes(gzip.decompress(V1.read_bytes()))
    argv = [sys.executable, "-m", "brownout.collector", "--database", str(database)]
    ended = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "of schema version 1, and this brownout writes" in ended.stderr
    assert "Traceback" not in ended.stderr


def _metric(name: str, value: float) -> dict[str, Any]:
    return {"ts": 1, "name": name, "service": "s", "release": "", "value": value, "attributes": {}}


def test_who_reads_where_it_listens_may_ask_at_once(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "brownout.collector", "--database", tmp_path / "t.duckdb"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            url = process.stdout.readline().removeprefix("listening on ").strip()
            assert httpx.get(f"{url}/healthz", timeout=PATIENCE).status_code == 200
        finally:
            process.kill()
