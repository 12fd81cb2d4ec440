"""Sending on: everything arrives at a second collector, and an absent one hurts nobody."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from collecting import TOKEN, Collector
from waiting import PATIENCE, until

from brownout.collector import forward
from brownout.collector.forward import Forwarder, Parcel
from brownout.collector.otlp.bodies import headers
from brownout.stack.processes.ports import free_ports

PARCEL = Parcel("traces", b"12345", {"Content-Type": "application/x-protobuf"}, 3)


@pytest.mark.stack
def test_a_second_collector_gets_all_that_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [tmp_path / name for name in ("target", "source")]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setenv("BROWNOUT_FORWARD_HEADERS", f"authorization=Bearer%20{TOKEN},x-key=1")
    target = Collector(folders[0], "--closed")
    source = Collector(folders[1], "--forward", target.url)
    try:
        span = {"traceId": "0a" * 16, "spanId": "0b" * 8, "name": "on", "startTimeUnixNano": "1"}
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        assert httpx.post(f"{source.url}/v1/traces", json=body, timeout=PATIENCE).status_code == 200
        client = source.client()
        row = {"trace_id": "0c" * 16, "intended": 5, "start": 5, "latency": 7, "status": 503}
        row |= {"route": "GET /", "journey": "reader", "bytes": 1, "error": "", "first_byte": None}
        client.post("requests", [row])
        metric = {"ts": 9, "name": "process.cpu", "service": "web", "release": "r", "value": 0.5}
        client.post("metrics", [metric | {"attributes": {}}])
        machine = {"ts": 9, "foreign_cpu": 0.1, "own_cpu": 0.2, "pressure": None}
        client.post("machine", [machine | {"memory_available": 5}])
        sql = "SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM metrics)"
        until(lambda: target.client().query(sql) == [(2, 4)])
        found = target.client().query("SELECT name, status, duration FROM spans ORDER BY name")
        assert found == [("GET /", "error", 7), ("on", "unset", 0)]
        told = lambda: httpx.get(f"{source.url}/metrics", timeout=PATIENCE).text  # noqa: E731
        until(lambda: "brownout_forwarded_items_total 6" in told())
        page = told()
        assert "brownout_forward_dropped_items_total 0" in page
    finally:
        source.stop()
        target.kill()


@pytest.fixture
def moody() -> Iterator[tuple[str, list[Any]]]:
    """A receiver that first is busy, then takes, then refuses for good."""
    seen: list[Any] = []
    statuses = iter([503, 200, 400])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, body, self.headers["x-key"]))
            self.send_response(next(statuses, 200))
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_a_busy_one_is_asked_again_and_a_refusal_is_final(
    moody: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forward, "FIRST_PAUSE", 0.01)
    url, seen = moody
    sending = Forwarder(url, {"x-key": "secret"})
    sending.put(PARCEL)
    sending.put(PARCEL)
    until(lambda: sending.sent + sending.dropped == 6)
    sending.close()
    assert (sending.sent, sending.dropped, sending.waiting) == (3, 3, 0)
    assert seen == [("/v1/traces", b"12345", "secret")] * 3
    assert sending.last_error.startswith("400")


def test_nobody_there_costs_the_queue_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "QUEUE", 12)
    sending = Forwarder(f"http://127.0.0.1:{free_ports(1)[0]}/", {})
    for _ in range(5):
        sending.put(PARCEL)  # at once: two fit
    until(lambda: "refused" in sending.last_error)
    assert (sending.dropped, sending.waiting) == (9, 10)
    sending.close(0)
    assert sending.sent == 0


def test_headers_are_written_as_opentelemetry_has_them() -> None:
    assert headers("a=b%20c, d = e,nothing,") == {"a": "b c", "d": "e"}
    assert headers("") == {}
    json.dumps(headers("key=="))
