"""The other terminal: asks the running drill over its API."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from brownout import store
from brownout.app import show
from brownout.app.following import Following
from brownout.model import ROLES, BrownoutError

CONNECTING, ANSWERING = 10, 600
"""Seconds; a validation under both loads is answered after minutes."""


class Refused(BrownoutError):
    """The drill did not take the op."""

    def __init__(self, text: str, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class Remote:
    """A running drill, found by its run folder (the newest that is flying when None)."""

    def __init__(self, run: Path | None = None) -> None:
        control = store.active_run(run)
        self._address = urlsplit(control["url"]).netloc
        self._headers = {"Authorization": f"Bearer {control['token']}"}

    def status(self) -> dict[str, Any]:
        return dict(self._ask("GET", "/status"))

    def do(self, name: str, role: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Perform an op; the completion event. Raises Refused when the drill refuses it."""
        body = {"name": name, "role": role, "args": dict(args)}
        return dict(self._ask("POST", "/ops", json.dumps(body).encode()))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        try:
            status, text = self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            raise BrownoutError(
                f"the drill does not answer ({error}); is it still running?"
            ) from error
        try:
            told = json.loads(text)
        except ValueError as error:
            raise BrownoutError(
                f"the drill answered {status} without a reason; its own terminal may tell more"
            ) from error
        if status >= 400:
            raise Refused(told["error"], told["exit_code"])
        return told

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=CONNECTING)
        try:
            connection.connect()
            connection.sock.settimeout(ANSWERING)
            connection.request(method, path, body, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def ask(run: Path | None, name: str, role: str, args: dict[str, Any], as_json: bool) -> int:
    """Perform an op and tell how it ended; the exit code."""
    if role not in ROLES:
        raise BrownoutError(f"--as {role}: unknown role; roles: {', '.join(ROLES)}")
    remote = Remote(run)
    with Following(lambda: str(remote.status().get("progress", ""))):
        event = remote.do(name, role, args)
    if as_json:
        print(json.dumps(event, indent=2))
    else:
        show.completion(event)
    if event["kind"] == "fail":
        return int(event["value"]["exit_code"])
    return 0 if event["value"].get("passed", True) else 1
