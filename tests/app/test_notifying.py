"""Incidents are sent to every address, and an address that does not take one is told."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from histories import Story
from waiting import until

from brownout.app import live
from brownout.app.notifying import Notifier
from brownout.model import BrownoutError
from brownout.report.incident import timeline

NEWS = {"id": "I1", "text": "incident I1 since 41 s: p95 of GET / 22 -> 900 ms"}


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes what is posted to /taken, and refuses all else."""

    bodies: list[bytes] = []

    def do_POST(self) -> None:
        Receiver.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200 if self.path == "/taken" else 500)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.bodies = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def nobody() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_what_could_not_be_sent_is_told_without_its_password(receiver: str) -> None:
    told: list[Mapping[str, Any]] = []
    urls = [
        f"json://{receiver}/taken",
        f"json://{receiver}/refused",
        f"json://me:secret@{nobody()}/x",
    ]
    Notifier(urls).send(NEWS, told.append)
    until(lambda: len(told) == 2, lambda: told)
    assert len(Receiver.bodies) == 2 and all(b"900 ms" in body for body in Receiver.bodies)
    refused, absent = (str(t["text"]) for t in told)
    assert refused.startswith(f"I1 could not be sent to json://{receiver}/refused: ")
    assert "error=500" in refused
    assert "json://me:****@127.0.0.1" in absent and "Connection error" in absent
    assert "secret" not in str(told)


def test_an_address_that_takes_nothing_is_told_once(receiver: str) -> None:
    told: list[Mapping[str, Any]] = []
    notifier = Notifier([f"json://{receiver}/refused"])
    for number in range(1, 4):
        notifier.send(NEWS | {"id": f"I{number}"}, told.append)
        until(lambda n=number: len(told) == n, lambda: told)  # type: ignore[misc]
    assert [t["alert"] for t in told] == ["I1", "I2", "I3"]
    assert [bool(t["text"]) for t in told] == [True, False, False]
    assert not timeline(Story().info(48, "notify", **told[1]).events)


def test_the_history_and_the_live_view_tell_it() -> None:
    text = "alert A1 could not be sent to json://x/: refused"
    story = Story().info(48, "notify", alert="A1", to="json://x/", text=text)
    assert live.line(story.events[-1]).endswith(text)
    assert timeline(story.events)[-1]["what"] == text


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(BrownoutError, match="--notify nonsense: not an Apprise URL"):
        Notifier(["json://localhost", "nonsense"])
