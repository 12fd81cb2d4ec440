"""The endpoints: what is asked of which model.

Reading a prompt is real work in the model's thread. The speed at which an answer is spoken is
emulated: a paced stream, ``AI_TOKENS_PER_SECOND`` tokens a second, that keeps no thread busy; an
answer that is not streamed takes as long.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ai import delivery, prompt, protocol, summary
from ai.protocol import Refused, Spoken
from ai.registry import Registry, Version
from ai.text import pieces
from ai.workers import Worker, unless_gone

TOGETHER = 4
"""Tokens in one chunk of a stream."""

Body = dict[str, Any]


class Paced(StreamingResponse):
    """A stream that gives its place back when it ends, in whatever way."""

    def __init__(self, parts: AsyncIterator[bytes], worker: Worker, headers: Any) -> None:
        super().__init__(parts, media_type="text/event-stream", headers=headers)
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._worker.leave()


class Endpoints:
    """The answers of one registry's models; ``pace`` in tokens a second."""

    def __init__(self, registry: Registry, places: int, pace: float) -> None:
        self.registry = registry
        self.workers = {name: Worker(name, places) for name in registry.stored}
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._pace = pace

    async def version(self, wanted: Any, kind: str) -> Version:
        """The version that a request names; without a name the active one. Raises Refused."""
        if not isinstance(wanted, str):
            raise Refused(400, "model: a name is wanted", "invalid_model")
        name, _, version = wanted.partition("@")
        if name != kind:
            raise Refused(404, f"no model {wanted!r} here; this wants {kind!r}", "model_not_found")
        found = self.registry.ready(name, version)
        return found or await self.load(self.registry.get, name, version)

    async def load(self, work: Callable[..., Any], *args: str) -> Any:
        """Run what may load a model, in the thread that does nothing else."""
        return await asyncio.get_running_loop().run_in_executor(self._loader, work, *args)

    def predict(
        self, kind: str, answer: Callable[[Any, Body], Body]
    ) -> Callable[[Request], Awaitable[Response]]:
        """An endpoint of the shop's own: ``answer(model, body)`` in the model's thread."""

        async def endpoint(request: Request) -> Response:
            body = await protocol.body_of(request)
            version = await self.version(body.get("model", kind), kind)
            worker = self.workers[kind]
            with worker.place():
                found = await worker.run(request, lambda: answer(version.model, body))
            told = {"model": version.name, "version": version.version, **found}
            return JSONResponse(told, headers=protocol.headers(version))

        return endpoint

    async def embeddings(self, request: Request) -> Response:
        body = await protocol.body_of(request)
        version = await self.version(body.get("model"), "embedding")
        texts = protocol.inputs(body)

        def work() -> bytes:
            tokens = [len(pieces(text)) for text in texts]
            if max(tokens) > protocol.TOKENS:
                raise ValueError(f"input: a text may have {protocol.TOKENS} tokens")
            vectors = version.model.embed(texts)
            return json.dumps(protocol.embeddings(version, vectors, sum(tokens), body)).encode()

        worker = self.workers["embedding"]
        with worker.place():
            found = await worker.run(request, work)
        return Response(found, media_type="application/json", headers=protocol.headers(version))

    async def chat(self, request: Request) -> Response:
        body = await protocol.body_of(request)
        version = await self.version(body.get("model"), "summary")
        worker = self.workers["summary"]
        most = protocol.most_tokens(body)
        worker.enter()
        speaking = False
        try:
            spoken = await worker.run(request, lambda: answered(version, body, most))
            speaking = bool(body.get("stream"))
            if not speaking:
                pause = asyncio.sleep(len(spoken.pieces) / self._pace)
                await unless_gone(request, pause)
                return JSONResponse(spoken.whole(), headers=protocol.headers(version))
        finally:
            if not speaking:
                worker.leave()
        options = body.get("stream_options")
        usage = isinstance(options, dict) and bool(options.get("include_usage"))
        return Paced(self._speak(spoken, usage), worker, protocol.headers(version))

    async def _speak(self, spoken: Spoken, usage: bool) -> AsyncIterator[bytes]:
        """Chunks at the pace; the first words come as soon as the first tokens are spoken."""
        clock = asyncio.get_running_loop().time
        start = clock()
        yield spoken.chunk({"role": "assistant", "content": ""})
        for at in range(0, len(spoken.pieces), TOGETHER):
            said = spoken.pieces[at : at + TOGETHER]
            await asyncio.sleep(start + (at + len(said)) / self._pace - clock())
            yield spoken.chunk({"content": "".join(said)})
        yield spoken.chunk({}, spoken.finish)
        if usage:
            yield spoken.counted()
        yield protocol.DONE


def answered(version: Version, body: Body, most: int) -> Spoken:
    """What the chat model answers; ValueError says what is wrong with the request."""
    asked = prompt.read(body.get("messages"))
    if asked.tokens > protocol.TOKENS:
        limit = f"a prompt may have {protocol.TOKENS} tokens, this one has {asked.tokens}"
        raise Refused(400, limit, "context_length_exceeded")
    text = " ".join(version.model.answer(asked)) or summary.NOTHING
    return protocol.spoken(version, text, asked.tokens, most)


def recommend(model: Any, body: Body) -> Body:
    count = _count(body)
    if "customers" not in body:
        return {"books": model.recommend(_whole(body.get("customer"), "customer"), count)}
    customers = _several(body["customers"], "customers")
    return {"lists": [model.recommend(_whole(one, "customers"), count) for one in customers]}


def similar(model: Any, body: Body) -> Body:
    return {"books": model.similar(_whole(body.get("book"), "book"), _count(body))}


def predict(model: Any, body: Body) -> Body:
    return {"hours": model.predict(delivery.rows_of(body.get("orders")))}


def classify(model: Any, body: Body) -> Body:
    texts = _several(body.get("texts"), "texts")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("texts: a list of texts is wanted")
    return {"positive": model.positive(texts)}


def _several(values: Any, name: str, most: int = 1000) -> list[Any]:
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        raise ValueError(f"{name}: a list of 1 to {most} is wanted")
    return values


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name}: a whole number is wanted, not {value!r:.80}")
    return value


def _count(body: Body) -> int:
    count = _whole(body.get("count", 12), "count")
    if not 1 <= count <= 100:
        raise ValueError(f"count: 1 to 100, not {count}")
    return count
