"""Whom the meter sends to: TLS, and what is said of a receiver that is none."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from brownout.meter.event.receiver import Receiver, pairs
from brownout.stack.processes.ports import free_ports

ENDPOINT = "BROWNOUT_METER_ENDPOINT"


@pytest.fixture
def listening() -> Iterator[Callable[[bytes], tuple[int, list[bytes]]]]:
    """Given an answer: a port that gives it to each connection and hangs up, and what came."""
    opened: list[socket.socket] = []

    def listen(answer: bytes) -> tuple[int, list[bytes]]:
        server = socket.create_server(("127.0.0.1", 0))
        opened.append(server)
        came: list[bytes] = []

        def take() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    came.append(connection.recv(65536))
                    connection.sendall(answer)

        threading.Thread(target=take, daemon=True).start()
        return server.getsockname()[1], came

    yield listen
    for server in opened:
        server.close()


def test_https_speaks_tls(
    listening: Callable[[bytes], tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, came = listening(b"")
    monkeypatch.setenv(ENDPOINT, f"https://127.0.0.1:{port}")
    monkeypatch.setenv("BROWNOUT_METER_HEADERS", "authorization=secret")
    receiver = Receiver()
    assert receiver.post("/v1/traces", b"{}") == 0
    assert came[0][0] == 22  # a TLS handshake
    assert not any(b"secret" in sent for sent in came)
    assert receiver.trouble


GRPC = b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00"
"""How an HTTP/2 server begins: with its settings."""


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 401 x\r\nContent-Length: 0\r\n\r\n", "HTTP 401 Unauthorized: the key is"),
        (b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n", "HTTP 404 Not Found: nothing takes"),
        (b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", "HTTP 503 Service Unavailable"),
        (GRPC, "no HTTP answer: a port for gRPC (4317), perhaps?"),
        (b"", "no HTTP answer"),
    ],
)
def test_what_is_wrong_is_told(
    listening: Callable[[bytes], tuple[int, list[bytes]]],
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
    said: str,
) -> None:
    port, _ = listening(answer)
    monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{port}")
    receiver = Receiver()
    assert receiver.post("/v1/traces", b"{}") == (int(answer[9:12]) if b"HTTP" in answer else 0)
    assert receiver.trouble.startswith(said)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}", "nobody listens there"),
        ("localhost:4317", "it is no http or https URL"),
        ("http://127.0.0.1:port", "Port could not be cast to integer"),
    ],
)
def test_what_is_no_receiver_is_told(url: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, url.format(port=free_ports(1)[0]))
    receiver = Receiver()
    assert receiver.post("/v1/traces", b"{}") == 0
    assert receiver.trouble.startswith(said)


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(
    listening: Callable[[bytes], tuple[int, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, came = listening(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv(ENDPOINT, f"http://user:secret@127.0.0.1:{port}/base/?key=secret")
    sent = Receiver()
    assert [sent.post("/v1/traces", b"{}") for _ in range(3)] == [200] * 3
    assert len(came) == 3
    assert all(text.startswith(b"POST /base/v1/traces HTTP/1.1") for text in came)
    assert sent.name == f"http://127.0.0.1:{port}/base/"


def test_pairs_are_percent_decoded() -> None:
    assert pairs("a=1, b%20c =Bearer%20x%3Dy,none,") == {"a": "1", "b c": "Bearer x=y"}
