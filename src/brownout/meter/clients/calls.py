"""Calls of AI and other services: what one call is, whichever client makes it.

Clients are layered (openai on httpx2, requests on urllib3): the outermost one that is metered opens
the call, those below it add what they see of it.
"""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from brownout.meter.event.work import CURRENT, Span, Work, new_id

OPEN: ContextVar[Call | None] = ContextVar("brownout_call", default=None)
VARYING = re.compile(r"/(\d+|[0-9a-fA-F-]{16,})(?=/|$)")
MODELS = re.compile(
    r"/(completions|embeddings|responses|messages|rerank|moderations|speech|transcriptions)$"
    r"|:(generateContent|streamGenerateContent|embedContent|predict)$"
)
"""Ends of paths under which models are asked."""

MODEL = re.compile(rb'"model"\s*:\s*"([^"\\]+)"')
USAGE = re.compile(rb'"usage"\s*:\s*\{')
TOKENS_IN = ("prompt_tokens", "input_tokens")
TOKENS_OUT = ("completion_tokens", "output_tokens")
TAIL = 4096
"""Bytes at either end of an answer in which its model and its usage are looked for."""

LARGEST = 4 << 20
"""Bytes of JSON that are read for the number of inputs."""


@lru_cache(2000)
def _place(host: str) -> str:
    """The host, '' for this machine and for addresses: their numbers differ by environment."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "" if host == "localhost" else host
    return ""


def target(url: str) -> str:
    """Host and path of a URL, with what varies in the path (numbers, hashes) as *."""
    parts = urlsplit(url)
    return _place(parts.hostname or "") + VARYING.sub("/*", parts.path)


class Call:
    """One call as the application made it; the retries of its client are attempts of it."""

    def __init__(self, work: Work, where: str) -> None:
        self.work, self.where = work, where
        self.target = self.model = self.version = ""
        self.kind = "http"
        self.inputs, self.attempts, self.clients = 1, 0, 0
        self.tokens: tuple[int | None, int | None] = (None, None)
        self.first_byte: int | None = None
        self.failed = self.streaming = self._streamed = False
        self._body: bytes | None = None
        self._repeats = 0
        self._head = self._tail = b""
        self._span = Span(work)
        self._seen = 0
        """When its answer's head, or the last piece of it, was there."""

    def sent(self, method: str, url: str, body: Any) -> None:
        """A request goes out: the first, or another attempt."""
        self.attempts += 1
        self._head = self._tail = b""
        if self.attempts > 1:
            return
        self.target = target(url)
        self._body = body.encode() if isinstance(body, str) else body
        if not isinstance(self._body, bytes):
            self._body = None
        same = hash((method, url, self._body))
        self._repeats = int(same in self.work.seen)
        self.work.seen[same] = None

    def answered(self, status: int, headers: Mapping[str, Any]) -> None:
        """The head of an answer is there."""
        self._seen = time.perf_counter_ns()
        self.first_byte = self._seen - self._span.began
        self.failed = status >= 400
        self.model = headers.get("ai-model", "") or ""
        self.version = headers.get("ai-model-version", "") or ""

    def streams(self) -> None:
        """Its answer is handed out as a stream: the call ends with it, or with its work at last."""
        self.streaming = self._streamed = True
        if self.work.streams is None:
            self.work.streams = {}
        self.work.streams[self] = None

    def streamed(self) -> None:
        """Its stream is closed; where its client is about to try again that is not the end."""
        if self.streaming:
            self.streaming = False
            (self.work.streams or {}).pop(self, None)
            if OPEN.get() is not self:
                self.end()

    def left(self) -> None:
        """Its work is over, and its stream was never closed: what was seen of it is the call."""
        if self.streaming:
            self.streaming = False
            self.end(self._seen)

    def piece(self, chunk: bytes) -> None:
        """A piece of a streamed answer."""
        self._seen = time.perf_counter_ns()
        if not self._head:
            self.first_byte = self._seen - self._span.began
            self._head = chunk[:TAIL]
        self._tail = (self._tail + chunk)[-TAIL:]

    def read(self, content: bytes) -> None:
        """The answer's whole body."""
        self._head, self._tail = content[:TAIL], content[-TAIL:]

    def end(self, at: int = 0) -> None:
        """Count it, unless its work is over by now; ``at``: when it ended, 0: now."""
        took = (at or time.perf_counter_ns()) - self._span.began
        self._span.end()
        if self.work.closed:
            return
        self.work.call_ended(self._span.began)
        # Between the pieces of a stream, and on an event loop, the thread does other things too.
        if not (self._streamed or self.work.asynchronous):
            self.work.cpu_call += self._span.cpu()
        if self.model or MODELS.search(self.target):
            self._of_a_model()
        add(self.work, (self.target, self.kind, self.model, self.version, self.where), [
            *(1, self.inputs, *self.tokens, max(self.attempts, 1), self.first_byte, took),
            *(int(self.failed), self._repeats, self.clients),
        ])  # fmt: skip

    def _of_a_model(self) -> None:
        self.kind = "ai"
        asked, self.inputs = _asked(self._body)
        told = MODEL.search(self._head) or MODEL.search(self._tail)
        self.version = self.version or (told[1].decode(errors="replace") if told else "")
        self.model = self.model or asked
        self.tokens = _usage(self._tail)


def add(work: Work, key: tuple[str, ...], values: list[Any]) -> None:
    """Add to an entry of ``work.ai`` (its fields: work.AI_FIELDS); None: not known."""
    entry = work.ai.setdefault(key, [None] * len(values))
    for i, value in enumerate(values):
        if value is not None:
            entry[i] = value if entry[i] is None else entry[i] + value


def _asked(body: bytes | None) -> tuple[str, int]:
    """(model, inputs) of a request's JSON."""
    if not body or len(body) > LARGEST:
        return "", 1
    try:
        found = json.loads(body)
    except ValueError:
        return "", 1
    if isinstance(found, list):
        return "", len(found)
    if not isinstance(found, dict):
        return "", 1
    return str(found.get("model", "")), _inputs(found)


def _inputs(asked: Mapping[str, Any]) -> int:
    """How many things a model is asked about at once: the length of the list of them, else 1."""
    if "messages" in asked:
        return 1
    found = next((v for v in (asked.get("input"), *asked.values()) if isinstance(v, list)), None)
    if not found or (isinstance(found[0], dict) and "role" in found[0]) or type(found[0]) is int:
        return 1  # a conversation, or a text as the numbers of its tokens
    return len(found)


def _usage(tail: bytes) -> tuple[int | None, int | None]:
    """Tokens in and out, of the last usage told in an answer."""
    for found in reversed(list(USAGE.finditer(tail))):
        text = tail[found.end() - 1 :].decode(errors="replace")
        try:
            usage, _ = json.JSONDecoder().raw_decode(text)
        except ValueError:
            continue
        return _first(usage, TOKENS_IN), _first(usage, TOKENS_OUT)
    return None, None


def _first(usage: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        if isinstance(usage.get(name), int):
            return int(usage[name])
    return None


def working() -> Work | None:
    """The work that calls count for, None when there is none (any more)."""
    work = CURRENT.get()
    return None if work is None or work.closed else work


MADE_IN = "_brownout_made_in"


def constructed(client: Any) -> None:
    """A client is made: if work is under way, its first call will say so."""
    work = CURRENT.get()
    if work is not None:
        client.__dict__[MADE_IN] = work.trace_id


def new_clients(client: Any, work: Work) -> int:
    """1 for the first call of a client that was made in this very work."""
    return int(client.__dict__.pop(MADE_IN, "") == work.trace_id)


def traceparent(work: Work) -> str:
    return f"00-{work.trace_id}-{new_id()}-01"
