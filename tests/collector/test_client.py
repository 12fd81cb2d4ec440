"""The collector's client against a real collector: refusals, absence, return."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from collecting import Collector
from waiting import PATIENCE

from brownout.collector import client as module
from brownout.collector.client import Client, CollectorAway, LiveRecording
from brownout.model import BrownoutError, Window
from brownout.stack.processes.ports import free_ports

PLANNED = {"trace_id": "a", "intended": 5, "route": "GET /", "journey": "browse"}


@pytest.mark.stack
def test_what_it_posts_can_be_asked_for(shared: Collector) -> None:
    client = shared.client()
    client.post("scheduled", [PLANNED | {"journey": "posted", "intended": n} for n in (1, 2)])
    client.post("scheduled", [])
    sql = "SELECT intended, route FROM scheduled WHERE journey = ? ORDER BY intended"
    assert client.query(sql, ["posted"]) == [(1, "GET /"), (2, "GET /")]
    window = Window(0, 9)
    recording = LiveRecording(client, {"baseline": window})
    assert recording.query(sql, ("posted",)) == [(1, "GET /"), (2, "GET /")]
    assert recording.windows == {"baseline": window}


@pytest.mark.stack
def test_a_refusal_says_what_was_wrong(shared: Collector) -> None:
    with pytest.raises(BrownoutError, match=r"refused /rows/scheduled \(400\).*has the columns"):
        shared.client().post("scheduled", [{"colour": "red"}])
    with pytest.raises(BrownoutError, match=r"refused /query \(400\).*nowhere"):
        shared.client().query("SELECT * FROM nowhere")
    with pytest.raises(BrownoutError, match=r"\(401\).*token"):
        shared.client("guess").query("SELECT 1")


@pytest.mark.stack
def test_threads_do_not_take_one_anothers_answers(shared: Collector) -> None:
    client = shared.client()
    found: dict[int, list[Any]] = {}

    def ask(thread: int) -> None:
        found[thread] = [client.query("SELECT ?", [thread])[0][0] for _ in range(30)]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert found == {n: [n] * 30 for n in range(4)}


@pytest.mark.stack
def test_it_finds_a_collector_that_came_back(collector: Collector) -> None:
    client = collector.client()
    client.post("scheduled", [PLANNED])
    collector.kill()
    for _ in range(3):
        with pytest.raises(CollectorAway):
            client.query("SELECT 1")
    collector.start()
    assert client.query("SELECT trace_id FROM scheduled") == [("a",)]


def test_nobody_there_is_away() -> None:
    client = Client(f"http://127.0.0.1:{free_ports(1)[0]}", "x")
    with pytest.raises(CollectorAway):
        client.post("scheduled", [PLANNED])


@pytest.fixture
def crowded() -> Iterator[str]:
    """A collector with too much to write."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"full")

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_full_is_away_too(crowded: str) -> None:
    with pytest.raises(CollectorAway, match="full"):
        Client(crowded, "x").post("scheduled", [PLANNED])


def test_one_that_does_not_answer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    with (
        http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as deaf,
        pytest.raises(CollectorAway, match="timed out"),
    ):
        Client(f"http://127.0.0.1:{deaf.server_port}", "x").query("SELECT 1")
