"""A client of Chromium's DevTools protocol: commands out, answers and events in.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

LARGEST = 16 << 20
"""Bytes of a message."""

PATIENCE = 15.0
"""Seconds that an answer may take."""

Event = dict[str, Any]


class BrowserAway(OSError):
    """The browser does not answer, or refuses a command."""


class Browser:
    """One connection to a browser. ``session`` of a call: the page that it is for."""

    def __init__(self, url: str) -> None:
        self._open = ExitStack()
        try:
            connecting = connect(url, max_size=LARGEST, proxy=None, compression=None)
            self._socket = self._open.enter_context(connecting)
        except (OSError, WebSocketException) as error:
            raise BrowserAway(str(error)) from error
        self._number = 0
        self.events: deque[Event] = deque()

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """The result of a command; events that come meanwhile are kept in ``events``."""
        number = self.send(method, session, **params)
        deadline = time.monotonic() + PATIENCE
        while True:
            message = self._next(deadline - time.monotonic())
            if message is None:
                raise BrowserAway(f"{method} was not answered within {PATIENCE:g} s")
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserAway(f"{method}: {message['error'].get('message')}")
                return dict(message["result"])
            self.events.append(message)

    def send(self, method: str, session: str = "", **params: Any) -> int:
        """Give a command and do not wait: its answer, with this ``id``, comes among the events."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        try:
            self._socket.send(json.dumps(command))
        except WebSocketException as error:
            raise BrowserAway(str(error)) from error
        return self._number

    def listen(self, hear: Callable[[Event], None], seconds: float) -> None:
        """Give events to ``hear``: those that were kept, and what comes within so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            while self.events:
                hear(self.events.popleft())
            message = self._next(deadline - time.monotonic())
            if message is None:
                return
            hear(message)

    def _next(self, seconds: float) -> Event | None:
        """The next message, None when none comes in time."""
        try:
            return dict(json.loads(self._socket.recv(timeout=max(seconds, 0.0))))
        except TimeoutError:
            return None
        except WebSocketException as error:
            raise BrowserAway(str(error)) from error

    def close(self) -> None:
        self._open.close()
