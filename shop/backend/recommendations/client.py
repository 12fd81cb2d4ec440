"""The AI service: one client per process, short time-outs, and failures that callers can expect."""

import os
from functools import cache
from typing import Any

import httpx
from django.conf import settings


class Unavailable(Exception):
    """The AI service did not answer, or refused."""


@cache
def _client(pid: int) -> httpx.Client:
    # Connections must not be shared with the process that this one was forked from.
    timeout = httpx.Timeout(2.0, connect=0.5)
    return httpx.Client(base_url=settings.AI_BASE_URL, timeout=timeout, trust_env=False)


def ask(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST to the AI service; raises Unavailable."""
    try:
        response = _client(os.getpid()).post(path, json=body)
        response.raise_for_status()
        return response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable(str(error)) from error
