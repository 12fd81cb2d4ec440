"""The API of a running drill: what no client can say ends it, or makes it silent."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from ground import SCRIPT, Flying
from waiting import PATIENCE

from brownout import history
from brownout.app.api.server import LARGEST, Server


class Api:
    """A drill that flies over nothing, asked over HTTP."""

    def __init__(self, flying: Flying) -> None:
        self.flying = flying
        self._server = Server(flying.drill)
        self._server.start()

    def ask(
        self, method: str, path: str, body: bytes | None = None, token: bytes | None = None
    ) -> tuple[int, bytes]:
        given = self._server.token.encode() if token is None else token
        address = urlsplit(self._server.url).netloc
        connection = http.client.HTTPConnection(address, timeout=PATIENCE)
        connection.request(method, path, body, {"Authorization": b"Bearer " + given})
        answer = connection.getresponse()
        found = answer.status, answer.read()
        connection.close()
        return found

    def op(self, body: bytes) -> tuple[int, bytes]:
        return self.ask("POST", "/ops", body)

    def leave_amid(self, body: bytes) -> None:
        """Send less than what was announced, and wait until the server has closed, too."""
        address = urlsplit(self._server.url)
        head = f"POST /ops HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._server.token}\r\n"
        with socket.create_connection((address.hostname, address.port), PATIENCE) as connection:
            connection.sendall(head.encode() + b"Content-Length: 999\r\n\r\n" + body)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    unhurried = replace(SCRIPT, pace=replace(SCRIPT.pace, limit=3600))
    flying = Flying(tmp_path_factory.mktemp("run") / "history.jsonl", unhurried)
    made = Api(flying)
    flying.until_deployed()
    yield made
    made.stop()
    flying.close()


SAID = b'{"name": "say", "args": {"text": "x", "more": %s}}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (SAID % b"1e999", "inf is no number of JSON; send it as text"),
        (SAID % b"NaN", "nan is no number of JSON; send it as text"),
        (SAID % b"[[-Infinity]]", "-inf is no number of JSON; send it as text"),
        (SAID % (b"[" * 500 + b"]" * 500), "it is nested more than 64 levels deep"),
        (SAID % (b'{"a":' * 500 + b"1" + b"}" * 500), "it is nested more than 64 levels deep"),
        (SAID % (b"[" * 100_000 + b"]" * 100_000), "it is nested too deep"),
        (SAID % (b"9" * 5000), "the body is not an op: "),
        (SAID % (b'"%s"' % (b"x" * LARGEST)), f"more than {LARGEST} bytes"),
        (b'{"name": "say", "args": {"text": "\xff"}}', "the body is not an op: "),
        (b"", "the body is not an op: "),
        (b"[]", "wanted {"),
        (b'{"name": "say", "args": []}', "args is not an object"),
        (b'{"name": "say", "role": [], "args": {}}', "unknown role []"),
        (b'{"name": "say", "actor": null, "args": {"text": "x"}}', "actor is not a text"),
        (b'{"name": "say", "actor": {}, "args": {"text": "x"}}', "actor is not a text"),
        (b'{"name": "say", "actor": "control", "args": {}}', "actor 'control' is not a player's"),
    ],
)
def test_what_is_no_op_is_refused_and_the_drill_flies_on(api: Api, body: bytes, words: str) -> None:
    before = len(api.flying.drill.events)
    status, told = api.op(body)
    assert (status, words in json.loads(told)["error"]) == (400, True), told
    assert len(api.flying.drill.events) == before
    assert api.op(SAID % b"1.5")[0] == 200


def test_a_client_that_leaves_amid_its_op_is_no_error_of_ours(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    before = len(api.flying.drill.events)
    api.leave_amid(b'{"name": "say", "args"')
    assert api.op(SAID % b"1")[0] == 200
    assert len(api.flying.drill.events) == before + 2
    assert not caplog.records


def test_half_a_surrogate_pair_is_told_as_a_replacement_character(api: Api) -> None:
    args = rb'{"text": "cut \ud83d", "\udc00": ["\udcff"]}'
    body = rb'{"name": "say", "actor": "\ud800", "args": %s}' % args
    status, told = api.op(body)
    assert (status, json.loads(told)["actor"]) == (200, "\ufffd")
    status, told = api.ask("GET", "/status")
    assert status == 200
    said = json.loads(told)["events"][-2]
    assert said["value"] == {"text": "cut \ufffd", "\ufffd": ["\ufffd"]}
    assert api.ask("GET", "/events?after=0")[0] == 200
    assert history.completed(api.flying.ground.read(), "say")[-1][0].value == said["value"]


@pytest.mark.parametrize("token", [b"", b"wrong", b"\xe9\xff", "é".encode()])
def test_a_wrong_token_is_401_whatever_its_bytes(api: Api, token: bytes) -> None:
    assert api.ask("GET", "/status", token=token)[0] == 401
    assert api.ask("GET", "/events", token=token)[0] == 401
    assert api.ask("POST", "/ops", b"{}", token=token)[0] == 401


@pytest.mark.parametrize("after", ["9" * 5000, "9" * 19, "-1", "x", "", "%C2%B2", "1.5"])
def test_after_is_the_number_of_an_event(api: Api, after: str) -> None:
    status, told = api.ask("GET", f"/events?after={after}")
    assert (status, json.loads(told)["error"][:6]) == (400, "after=")
    assert len(told) < 200


def test_events_after_one(api: Api) -> None:
    status, told = api.ask("GET", "/events?after=2")
    assert (status, json.loads(told)[0]["seq"]) == (200, 3)
    assert api.ask("GET", "/events?after=" + "9" * 18) == (200, b"[]")
