"""One request of a user: sent, read to its last byte, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import gevent
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, FastHttpSession
from locust.event import EventHook

from brownout.load.answers import Outcome, assets_of, cookies_of, finished
from brownout.load.visits import ASK, LOGIN, PAGES, Step

TIMEOUT = 10
"""Seconds after which a user gives up, however much has come."""


class Sender:
    """Sends requests to one shop; many at once. ``host``: the Host header, when not the URL's."""

    def __init__(self, url: str, concurrency: int, host: str = "") -> None:
        self._headers = {"Connection": "close"} | ({"Host": host} if host else {})
        self._client = FastHttpSession(
            url,
            EventHook(),  # type: ignore[no-untyped-call]
            None,
            concurrency=concurrency,
            network_timeout=TIMEOUT,
            connection_timeout=TIMEOUT,
            max_retries=0,
        )
        self._client.client.cookiejar = None  # each visit brings its own cookies

    def send(self, step: Step, path: str, cookies: Mapping[str, str]) -> Outcome:
        """Make a request and read its answer to the last byte."""
        headers = {
            **self._headers,
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "traceparent": f"00-{step.trace_id}-{step.trace_id[:16]}-01",
        }
        limit = gevent.Timeout(TIMEOUT)
        limit.start()
        try:
            response: Any = self._client.request(
                step.method,
                path,
                name=step.route,
                headers=headers,
                json=step.body,
                stream=True,
                allow_redirects=False,
            )
            return _read(step, response)
        except (*FAILURE_EXCEPTIONS, ValueError) as error:
            return Outcome(0, error=type(error).__name__)
        finally:
            limit.close()


def _read(step: Step, response: Any) -> Outcome:
    """The answer whose headers have come; raises when the rest does not."""
    status = response.status_code
    if not status:
        return Outcome(0, error=type(response.error).__name__)
    headers_at = time.time_ns()
    body = response.content or b""
    if step.route == ASK and status == 200 and not finished(body):
        return Outcome(0, len(body), "stream broken off", headers_at)
    text = body.decode("utf-8", "replace") if step.route in PAGES and status == 200 else ""
    return Outcome(
        status,
        len(body),
        "",
        headers_at,
        tuple(assets_of(text)),
        cookies_of(response.headers.getlist("set-cookie")) if step.route == LOGIN else {},
    )
