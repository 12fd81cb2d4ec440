"""The shop's own models: one client per process, short time-outs, and failures that callers can
expect, nonsense among them."""

import math
import os
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from shop.patience import transport

SECONDS = 2.0
"""That a visitor waits for an answer."""


class Unavailable(Exception):
    """The AI service did not answer, refused, or answered nonsense."""


@cache
def _client(pid: int) -> httpx.Client:
    # Connections must not be shared with the process that this one was forked from.
    return httpx.Client(
        base_url=settings.MODELS_URL,
        headers={"Authorization": f"Bearer {settings.AI_API_KEY}"},
        timeout=httpx.Timeout(SECONDS, connect=0.5),
        transport=transport(httpx, SECONDS),
        trust_env=False,
    )


def ask(path: str, body: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
    """POST to the AI service; raises Unavailable."""
    try:
        timeout = httpx.Timeout(seconds, connect=0.5)
        response = _client(os.getpid()).post(path, json=body, timeout=timeout)
        response.raise_for_status()
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unavailable(str(error)) from error
    if not isinstance(answer, dict):
        raise Unavailable(f"{path}: an object is wanted, not {type(answer).__name__}")
    return answer


def numbers(answer: dict[str, Any], name: str, count: int) -> list[float]:
    """``count`` finite numbers of an answer; raises Unavailable for anything else."""
    found = answer.get(name)
    good = isinstance(found, list) and len(found) == count
    if not good or not all(type(x) in (int, float) and math.isfinite(x) for x in found):
        raise Unavailable(f"{name}: {count} numbers are wanted")
    return found


def ids(found: Any) -> list[int]:
    """Ids of books; raises Unavailable for anything else."""
    if not isinstance(found, list) or not all(type(x) is int and 0 < x < 2**31 for x in found):
        raise Unavailable("ids of books are wanted")
    return found


def named(answer: dict[str, Any]) -> dict[str, str]:
    """{model, version} that answered."""
    return {name: str(answer.get(name, "")) for name in ("model", "version")}
