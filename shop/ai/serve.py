"""Serve the trained models over HTTP, to OpenAI's clients and to the shop.

    AI_MODELS=DIR python -m ai.serve --port 8100

One process; one thread for each model. A model's queue is bounded: when it is full the answer is
429, and who has gone away is not served. In the environment:

- ``AI_MODELS``: the folder of the models; ``AI_STATE``: a file that remembers what is active
- ``AI_API_KEY``: when set, every call but /healthz must carry it (Authorization: Bearer KEY)
- ``AI_QUEUE``: calls of one model at a time (64); ``AI_TOKENS_PER_SECOND``: pace of speech (150)
"""

from __future__ import annotations

import argparse
import hmac
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ai import endpoints, protocol
from ai.endpoints import Endpoints
from ai.protocol import Refused, problem
from ai.registry import Registry, Unknown, Unusable, Version
from ai.store import Broken
from ai.workers import Full, Gone

log = logging.getLogger("ai")


class Service:
    """What is to be said of the models themselves."""

    def __init__(self, answers: Endpoints) -> None:
        self._answers = answers
        self._registry = answers.registry

    async def health(self, request: Request) -> Response:
        """Ready: what is active is loaded. ``busy``: calls of each model, waiting ones too."""
        busy = {name: worker.busy for name, worker in self._answers.workers.items()}
        release = os.environ.get("RELEASE", "")
        return JSONResponse({"status": "ok", "release": release, "busy": busy})

    async def list(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": self._listed()})

    async def one(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for model in self._listed():
            if wanted == model["id"] or (wanted == model["name"] and model["active"]):
                return JSONResponse(model | {"id": wanted})
        raise Unknown(f"no model {wanted!r}; GET /v1/models lists them")

    async def activate(self, request: Request) -> Response:
        name = request.path_params["name"]
        version = (await protocol.body_of(request)).get("version")
        if not isinstance(version, str):
            raise ValueError("version: a text is wanted")
        await self._answers.load(self._registry.activate, name, version)
        return JSONResponse({"model": name, "version": version, "active": True})

    def _listed(self) -> list[dict[str, object]]:
        active = self._registry.active
        return protocol.listed(
            [
                (name, version, _since(active[name], version), stored.manifest, stored.broken)
                for name, versions in self._registry.stored.items()
                for version, stored in versions.items()
            ]
        )


def _since(active: Version, version: str) -> str:
    return active.activated if active.version == version else ""


class Key:
    """Lets nobody in without the key, except to /healthz."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app, self._key = app, f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/healthz":
            given = Headers(scope=scope).get("authorization", "").encode()
            if not hmac.compare_digest(given, self._key):
                refusal = problem(401, "no or a wrong API key was sent", "invalid_api_key")
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _failed(request: Request, error: Exception) -> Response:
    """The answer for whatever went wrong."""
    match error:
        case Refused():
            return problem(error.status, str(error), error.code)
        case ValueError():
            return problem(400, str(error), "invalid_value")
        case Unknown():
            return problem(404, str(error), "model_not_found")
        case Broken():
            return problem(409, str(error), "model_broken")
        case Full():
            return problem(429, "too many calls are waiting", "queue_full", {"Retry-After": "1"})
        case Gone() | ClientDisconnect():
            return Response(status_code=499)
        case HTTPException():
            return problem(error.status_code, error.detail, None, error.headers)
    log.exception("unexpected: %s %s", request.method, request.url.path, exc_info=error)
    return problem(500, "the model failed; the service's log says how", "internal_error")


EXPECTED = (
    Refused,
    ValueError,
    Unknown,
    Broken,
    Full,
    Gone,
    ClientDisconnect,
    HTTPException,
    Exception,
)


def application(answers: Endpoints, key: str = "") -> ASGIApp:
    """The service as an ASGI application."""
    service, post = Service(answers), ["POST"]
    own = {
        "/v1/recommend": answers.predict("recommender", endpoints.recommend),
        "/v1/similar": answers.predict("recommender", endpoints.similar),
        "/v1/predict/delivery": answers.predict("delivery", endpoints.predict),
        "/v1/classify/sentiment": answers.predict("sentiment", endpoints.classify),
        "/v1/embeddings": answers.embeddings,
        "/v1/chat/completions": answers.chat,
    }
    app = Starlette(
        routes=[
            Route("/healthz", service.health),
            Route("/v1/models", service.list),
            Route("/v1/models/{id}", service.one),
            Route("/v1/models/{name}/active", service.activate, methods=["PUT"]),
            *(Route(path, endpoint, methods=post) for path, endpoint in own.items()),
        ],
        exception_handlers=dict.fromkeys(EXPECTED, _failed),
    )
    return Key(app, key) if key else app


def configured(environment: Mapping[str, str]) -> ASGIApp:
    """The service of an environment; raises Unusable, in one sentence."""
    if not environment.get("AI_MODELS"):
        raise Unusable("AI_MODELS is not set; set it to the folder that python -m ai.train wrote")
    try:
        places = int(environment.get("AI_QUEUE", "64"))
        pace = float(environment.get("AI_TOKENS_PER_SECOND", "150"))
    except ValueError as error:
        raise Unusable(f"AI_QUEUE and AI_TOKENS_PER_SECOND: numbers, please ({error})") from error
    if places < 1 or not pace > 0:
        raise Unusable("AI_QUEUE and AI_TOKENS_PER_SECOND: both must be positive")
    state = environment.get("AI_STATE")
    registry = Registry(Path(environment["AI_MODELS"]), Path(state) if state else None)
    return application(Endpoints(registry, places, pace), environment.get("AI_API_KEY", ""))


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Serve the trained models.")
    parser.add_argument("--port", type=int, default=8100)
    args = parser.parse_args(argv)
    try:
        app = configured(os.environ)
    except Unusable as error:
        print(f"ai.serve: {error}", file=sys.stderr)
        return 2
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=args.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
