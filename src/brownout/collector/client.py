"""The collector's client: for the control process, the load generator and the probes."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from brownout.model import BrownoutError, Window

TIMEOUT = 10
REUSE = 3.0
"""Seconds for which a connection is taken again: the collector closes those that are idle."""


class CollectorAway(OSError):
    """The collector does not answer (it is being restarted, or is full)."""


class Client:
    """Posts rows and asks queries. Thread-safe: one connection a thread."""

    def __init__(self, url: str, token: str) -> None:
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._local = threading.local()

    def post(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of a native table. Raises CollectorAway, or BrownoutError when refused."""
        if rows:
            self._ask(f"/rows/{table}", rows)

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT."""
        answer = self._ask("/query", {"sql": sql, "params": list(params)})
        return [tuple(row) for row in answer["rows"]]

    def _ask(self, path: str, body: Any) -> Any:
        try:
            status, text = self._exchange(path, json.dumps(body).encode())
        except (OSError, http.client.HTTPException) as error:
            self._local.connection = None
            raise CollectorAway(f"the collector does not answer ({error})") from error
        if status == 503:
            raise CollectorAway(text)
        if status != 200:
            raise BrownoutError(f"the collector refused {path} ({status}): {text}")
        return json.loads(text)

    def _exchange(self, path: str, body: bytes) -> tuple[int, str]:
        connection = getattr(self._local, "connection", None)
        if connection is None or time.monotonic() - self._local.used > REUSE:
            connection = http.client.HTTPConnection(self._address, timeout=TIMEOUT)
            self._local.connection = connection
        self._local.used = time.monotonic()
        connection.request("POST", path, body, self._headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


class LiveRecording:
    """The recording of a drill that is under way (model.Recording)."""

    def __init__(self, client: Client, windows: Mapping[str, Window] | None = None) -> None:
        self._client = client
        self.windows: dict[str, Window] = dict(windows or {})

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._client.query(sql, params)
