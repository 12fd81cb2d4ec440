"""The collector's limits in time, shortened: of headers, a body, an answer's reading, a query."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import psutil
import pytest
import uvicorn
from collecting import TOKEN
from waiting import PATIENCE, until

from brownout.collector import connections, endpoints
from brownout.collector import tables as tables_module
from brownout.collector.endpoints import Collector
from brownout.collector.tables import Tables

SLOW = "SELECT count(*) FROM range(10000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Collector, int]]:
    """A collector in this process, whose limits a test can change; its port."""
    tables = Tables(tmp_path / "telemetry.duckdb")
    made = Collector(tables, TOKEN)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(connections.config(made.application()))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield made, listening.getsockname()[1]
    server.should_exit = True
    thread.join(timeout=PATIENCE)
    made.intake.close()
    tables.close()


def test_a_body_that_drips_is_given_up_and_its_room_given_back(
    served: tuple[Collector, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "BODY_SECONDS", 0.2)
    made, port = served
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as slow:
        slow.sendall(head + b"Content-Length: 1000\r\n\r\n" + b" " * 10)
        # Meanwhile others are served.
        assert (
            httpx.post(f"http://127.0.0.1:{port}/v1/traces", json={}, timeout=PATIENCE).status_code
            == 200
        )
        answer = slow.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408 ")
    until(lambda: made.intake.held == 0)


def scraped(port: int) -> int:
    return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).status_code


def everything(sock: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


STARTS = {
    "nothing": b"",
    "half of the headers": b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n",
    "no second request": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nG",
    "a body that is not read": b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1",
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_connections_that_never_send_a_whole_request_starve_nobody(
    start: bytes, served: tuple[Collector, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.Connection, "seconds", 1)
    _, port = served
    with contextlib.ExitStack() as opened:
        slow, told = [], b""
        for _ in range(connections.CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            slow.append(opened.enter_context(one))
            one.sendall(start)
            if one is slow[0] and b"\r\n\r\n" in start:
                told = one.recv(4096)  # a whole request, answered while there is still room
        until(lambda: scraped(port) == 200)
        assert b"HTTP/1.1 408 " in told + everything(slow[0])
        assert all(everything(one) for one in slow[1:])


def test_an_answer_that_nobody_reads_is_given_up(
    served: tuple[Collector, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.Connection, "seconds", 0.3)
    _, port = served
    ask = json.dumps({"sql": "SELECT repeat('x', 20000000) AS long"})
    head = f"POST /query HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(ask)}\r\n\r\n"
    me = psutil.Process()
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as mute:
        mine = mute.getsockname()
        mute.sendall((head + ask).encode())

        def there() -> bool:
            return any(c.laddr[1] == port and c.raddr == mine for c in me.net_connections("tcp"))

        until(there)
        until(lambda: not there())
        assert scraped(port) == 200


def test_a_query_that_takes_too_long_is_refused_and_the_next_is_answered(
    served: tuple[Collector, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables_module, "QUERY_SECONDS", 0.2)
    _, port = served
    url, headers = f"http://127.0.0.1:{port}/query", {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.post(url, json={"sql": SLOW}, headers=headers, timeout=PATIENCE)
    assert (answer.status_code, "took longer than 0.2 s" in answer.text) == (400, True)
    answer = httpx.post(url, json={"sql": "SELECT 1 AS one"}, headers=headers, timeout=PATIENCE)
    assert answer.json() == {"columns": ["one"], "rows": [[1]]}


def test_an_answer_has_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables_module, "QUERY_ROWS", 10)
    tables = Tables(tmp_path / "telemetry.duckdb")
    assert len(tables.query("SELECT * FROM range(10)", [])[1]) == 10
    with pytest.raises(duckdb.Error, match="more than 10 rows; add a LIMIT"):
        tables.query("SELECT * FROM range(11)", [])
    tables.close()
