"""Who gets the events: where that is, an HTTP exchange with it, and what goes wrong in one."""

from __future__ import annotations

import contextlib
import http.client
import os
from typing import Any
from urllib.parse import unquote, urlsplit

TIMEOUT = 3.0

ENDPOINT, HEADERS = "BROWNOUT_METER_ENDPOINT", "BROWNOUT_METER_HEADERS"
"""Who puts the meter in names the receiver with these: those of OpenTelemetry may be the project's
own exporter's, whose headers are nobody else's business, and it keeps them."""

STANDARD = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"
"""What names it otherwise."""

STALE = (BrokenPipeError, ConnectionResetError)
"""What a connection gives that the other side has closed meanwhile."""


def pairs(text: str) -> dict[str, str]:
    """KEY=VALUE,... as OpenTelemetry's variables have them: percent-encoded."""
    split = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in split}


class Receiver:
    """An OTLP/HTTP receiver. ``trouble``: what was wrong with the last exchange, '' nothing."""

    def __init__(self) -> None:
        endpoint, headers = (ENDPOINT, HEADERS) if os.environ.get(ENDPOINT) else STANDARD
        self.url = os.environ.get(endpoint, "")
        self.trouble = ""
        self._headers = {
            "Content-Type": "application/json",
            **pairs(os.environ.get(headers, "")),
        }
        self._connection: http.client.HTTPConnection | None = None

    @property
    def name(self) -> str:
        """The URL without what is secret in it."""
        parts = urlsplit(self.url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

    def post(self, path: str, body: bytes, seconds: float = TIMEOUT) -> int:
        """The HTTP status, 0 when there is none; each step waits ``seconds`` at most."""
        kept = self._connection is not None
        try:
            try:
                status = self._exchange(path, body, seconds)
            except STALE:
                if not kept:
                    raise
                self._hang_up()
                status = self._exchange(path, body, seconds)
        except (OSError, ValueError, ImportError, http.client.HTTPException) as error:
            self._hang_up()
            self.trouble = _why(error)
            return 0
        self.trouble = "" if status == 200 else _said(status)
        return status

    def _exchange(self, path: str, body: bytes, seconds: float) -> int:
        parts = urlsplit(self.url)
        if self._connection is None:
            self._connection = _connection(parts)
        self._connection.timeout = seconds
        if self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)
        self._connection.request("POST", parts.path.rstrip("/") + path, body, self._headers)
        with self._connection.getresponse() as response:
            response.read()
            return response.status

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
        self._connection = None


def _connection(parts: Any) -> http.client.HTTPConnection:
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is no http or https URL")
    if parts.scheme == "http":
        return http.client.HTTPConnection(parts.hostname, parts.port)
    import ssl

    # A receiver's own certificate authority is named as for OpenTelemetry's exporters.
    authority = os.environ.get("OTEL_EXPORTER_OTLP_CERTIFICATE") or None
    context = ssl.create_default_context(cafile=authority)
    return http.client.HTTPSConnection(parts.hostname, parts.port, context=context)


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.HTTPException | ConnectionResetError):
        return "no HTTP answer: a port for gRPC (4317), perhaps? OTLP/HTTP has mostly 4318"
    return str(error) or type(error).__name__


def _said(status: int) -> str:
    phrase = http.client.responses.get(status, "")
    told = {401: ": the key is missing or wrong", 403: ": the key may not do that"}
    told[404] = ": nothing takes OTLP/HTTP there"
    return f"HTTP {status} {phrase}".rstrip() + told.get(status, "")
