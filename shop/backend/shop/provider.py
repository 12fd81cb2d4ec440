"""The provider of embeddings and chat: whatever speaks OpenAI's protocol at ``AI_BASE_URL``."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from recommendations.client import Unavailable
from shop.patience import transport

if TYPE_CHECKING:
    from openai import OpenAI

CONNECT, EMBED, CHAT, PAUSE = 0.5, 1.5, 30.0, 10.0
"""Seconds: to connect, for an embedding, for a whole answer, between two parts of a stream."""


class Source(NamedTuple):
    """Which model answered. A provider that names no version has its model for one."""

    model: str
    version: str


class Embedded(NamedTuple):
    source: Source
    vectors: list[list[float]]


class Part(NamedTuple):
    """A piece of a streamed answer; the last one has the usage."""

    source: Source
    text: str
    usage: dict[str, int] | None


def source_of(answer: Any) -> Source:
    """Who says that they answered: "embedding@2026-09" of our own, a bare name of others."""
    name = getattr(answer, "model", None)
    if not isinstance(name, str) or not name:
        raise Unavailable("the provider does not name its model")
    model, _, version = name.partition("@")
    return Source(model, version or model)


@cache
def _client(pid: int) -> OpenAI:
    # The library is dear (20 MB), so it is loaded by who needs it; connections must not be shared
    # with the process that this one was forked from. Whoever calls may have a better idea than
    # asking a provider in trouble once more: no retries.
    import httpx2
    from openai import OpenAI

    return OpenAI(
        base_url=settings.AI_BASE_URL,
        api_key=settings.AI_API_KEY,
        max_retries=0,
        http_client=httpx2.Client(transport=transport(httpx2, CHAT), trust_env=False),
    )


def client() -> OpenAI:
    """This process's client; raises Unavailable when the settings make none."""
    try:
        return _client(os.getpid())
    except Exception as error:
        raise Unavailable(f"AI_BASE_URL {settings.AI_BASE_URL!r}: {error}") from error


def _seconds(read: float) -> Any:
    from httpx2 import Timeout

    return Timeout(read, connect=CONNECT)


def embed(texts: list[str], model: str, seconds: float = EMBED) -> Embedded:
    """One vector a text, all of one size, finite and of unit length; raises Unavailable."""
    ai = client()
    try:
        answer = ai.embeddings.create(
            input=texts, model=model, encoding_format="float", timeout=_seconds(seconds)
        )
        vectors = [list(map(float, row.embedding)) for row in answer.data]
    except Exception as error:  # the library's errors, and whatever nonsense makes of it
        raise Unavailable(f"no embedding: {error}") from error
    if len(vectors) != len(texts) or len({len(v) for v in vectors}) != 1 or not vectors[0]:
        raise Unavailable(f"{len(vectors)} embeddings of {len(texts)} texts, or of no one length")
    if not all(math.isfinite(x) for vector in vectors for x in vector):
        raise Unavailable("an embedding that is not a number")
    return Embedded(source_of(answer), [_unit(vector) for vector in vectors])


def _unit(vector: list[float]) -> list[float]:
    """Of unit length: not every provider's are, and similarity is an angle."""
    length = math.hypot(*vector) or 1.0
    return [x / length for x in vector]


def chat(messages: list[dict[str, str]], max_tokens: int) -> tuple[str, Source]:
    """A whole answer, and whose; raises Unavailable."""
    ai = client()
    try:
        answer = ai.chat.completions.create(
            messages=messages,  # type: ignore[arg-type]
            model=settings.AI_CHAT_MODEL,
            max_tokens=max_tokens,
            timeout=_seconds(CHAT),
        )
        text = answer.choices[0].message.content
    except Exception as error:
        raise Unavailable(f"no answer: {error}") from error
    if not isinstance(text, str) or not text.strip():
        raise Unavailable("an empty answer")
    return text.strip(), source_of(answer)


def stream(messages: list[dict[str, str]], max_tokens: int) -> Iterator[Part]:
    """An answer in parts, as they come; raises Unavailable, the first time before any part.

    Whoever closes the iterator hangs up, and the provider can stop.
    """
    ai = client()
    try:
        with ai.chat.completions.create(
            messages=messages,  # type: ignore[arg-type]
            model=settings.AI_CHAT_MODEL,
            max_tokens=max_tokens,
            stream=True,
            stream_options={"include_usage": True},
            timeout=_seconds(PAUSE),
        ) as chunks:
            for chunk in chunks:
                text = (chunk.choices[0].delta.content or "") if chunk.choices else ""
                usage = chunk.usage.model_dump(include=USAGE) if chunk.usage else None
                yield Part(source_of(chunk), text, usage)
    except Unavailable:
        raise
    except Exception as error:
        raise Unavailable(f"the answer broke off: {error}") from error


USAGE = {"prompt_tokens", "completion_tokens", "total_tokens"}
