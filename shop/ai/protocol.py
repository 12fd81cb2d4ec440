"""OpenAI's shapes: requests understood, answers and errors as its clients expect them.

Understood are ``model`` ("embedding", or "embedding@2026-10" for a certain version), ``input``,
``encoding_format``; ``messages``, ``stream``, ``stream_options``, ``max_tokens`` (or
``max_completion_tokens``). What else a client sends (temperature and the like) changes nothing.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse

from ai.registry import Version
from ai.text import pieces

LARGEST = 4_000_000
"""Bytes of a request."""
INPUTS = 2048
"""Texts of one request for embeddings."""
TOKENS = 16_384
"""Tokens of one text or prompt."""


class Refused(Exception):
    """A request that gets an error: (status, message, code of the error)."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code = status, code


TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def problem(
    status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as OpenAI words it."""
    kind = "server_error" if status >= 500 else TYPES.get(status, "invalid_request_error")
    error = {"message": message, "type": kind, "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers)


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request; raises Refused when it is something else, or too large."""
    received = bytearray()
    async for part in request.stream():
        received += part
        if len(received) > LARGEST:
            raise Refused(413, f"a request may have {LARGEST} bytes", "request_too_large")
    try:
        body = json.loads(received)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON ({error})", "invalid_json") from error
    if not isinstance(body, dict):
        raise Refused(400, "the body: a JSON object is wanted", "invalid_json")
    return body


def named(version: Version) -> str:
    return f"{version.name}@{version.version}"


def headers(version: Version) -> dict[str, str]:
    return {"ai-model": version.name, "ai-model-version": version.version}


def inputs(body: Mapping[str, Any]) -> list[str]:
    """The texts to embed; ValueError says what is wrong with them."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 1 <= len(texts) <= INPUTS:
        raise ValueError(f"input: a text, or a list of 1 to {INPUTS} texts, is wanted")
    for number, text in enumerate(texts):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"input[{number}]: a text that is not empty is wanted")
    return texts


def embeddings(
    version: Version, vectors: np.ndarray, tokens: int, body: Mapping[str, Any]
) -> dict[str, Any]:
    packed = body.get("encoding_format") == "base64"
    told = (
        [base64.b64encode(row.astype("<f4").tobytes()).decode() for row in vectors]
        if packed
        else vectors.tolist()
    )
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(told)],
        "model": named(version),
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


@dataclass(frozen=True)
class Spoken:
    """An answer of the chat model in pieces, cut after ``most`` of them."""

    version: Version
    id: str
    created: int
    pieces: list[str]
    finish: str
    prompt_tokens: int

    @property
    def usage(self) -> dict[str, int]:
        said = len(self.pieces)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": said,
            "total_tokens": self.prompt_tokens + said,
        }

    def _envelope(self, kind: str, choices: list[Any]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": named(self.version),
            "choices": choices,
        }

    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(self.pieces), "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": self.finish, "logprobs": None}
        return {**self._envelope("chat.completion", [choice]), "usage": self.usage}

    def chunk(self, delta: Mapping[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return event(self._envelope("chat.completion.chunk", [choice]))

    def counted(self) -> bytes:
        """The chunk with the usage, after all others."""
        return event({**self._envelope("chat.completion.chunk", []), "usage": self.usage})


DONE = b"data: [DONE]\n\n"


def event(body: Mapping[str, Any]) -> bytes:
    # Half a character, which JSON can name and UTF-8 cannot, is not worth a broken stream.
    return b"data: " + json.dumps(body, ensure_ascii=False).encode(errors="replace") + b"\n\n"


def spoken(version: Version, text: str, prompt_tokens: int, most: int) -> Spoken:
    said = pieces(text)
    finish = "length" if len(said) > most else "stop"
    unique = f"chatcmpl-{secrets.token_hex(12)}"
    return Spoken(version, unique, int(time.time()), said[:most], finish, prompt_tokens)


def most_tokens(body: Mapping[str, Any]) -> int:
    """How long an answer may be; ValueError for anything but a whole number from 1."""
    given = body.get("max_completion_tokens", body.get("max_tokens"))
    if given is None:
        return TOKENS
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ValueError("max_tokens: a whole number from 1 is wanted")
    return given


def listed(manifests: Sequence[tuple[str, str, str, Mapping[str, Any], str]]) -> list[Any]:
    """OpenAI's list of models; beside its own fields those of the manifests.

    ``activated``: since when a version is in service, null for those that are not.
    """
    return [
        {
            "id": f"{name}@{version}",
            "object": "model",
            "created": _month(version),
            "owned_by": "shop",
            "active": bool(activated),
            "activated": activated or None,
            **manifest,
            "name": name,
            "version": version,
            "broken": broken or None,
        }
        for name, version, activated, manifest, broken in manifests
    ]


def _month(version: str) -> int:
    """The second at which the month of a version begins; 0 for a version that is none."""
    try:
        return int(time.mktime(time.strptime(version, "%Y-%m")))
    except ValueError:
        return 0
