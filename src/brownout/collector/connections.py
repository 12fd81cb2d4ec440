"""The collector's connections: how many, and how long one may be held without a whole request.

uvicorn itself gives a connection that has sent nothing, or half a request, as long as it likes;
512 such would turn everybody else away for ever.
"""

from __future__ import annotations

import asyncio
import logging

import uvicorn
from starlette.applications import Starlette
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.h11_impl import H11Protocol

CONNECTIONS = 512
"""Connections at once; who comes beyond them is told to come back (503)."""

LATE = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(H11Protocol):
    """A connection that is closed when its next request's headers, or its client's reading of an
    answer, take longer than ``seconds``. (A body's time is ``endpoints.BODY_SECONDS``.)
    """

    seconds = 10.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop()

    def _watch(self) -> None:
        """Keep the deadline while we wait for the client, no longer."""
        served = self.cycle and not self.cycle.response_complete
        if served and not self.flow.write_paused:
            self._stop()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.seconds, self._give_up)

    def _stop(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if not self.transport.is_closing() and not self.flow.write_paused:
            self.transport.write(LATE)
        # Not close(): that would wait for a client that does not read.
        self.transport.abort()


def config(application: Starlette, quiet: bool = False) -> uvicorn.Config:
    """How the collector's application is served. ``quiet``: the server says nothing on stderr,
    which is another program's."""
    if quiet:
        logger = logging.getLogger("uvicorn")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    return uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        log_config=None if quiet else LOGGING_CONFIG,
        log_level="warning",
        access_log=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
