"""Serve the trained models over HTTP.

    AI_MODELS=DIR python -m ai.serve --port 8100

One process; one thread computes, so that models never fight over the cores. The queue before it is
bounded: when it is full the answer is 429, and who has gone away is not served.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ai import models

QUEUE = 64
"""Calls that may wait for the model thread."""


class Registry:
    """All stored versions, and which one of each model is active.

    ``state`` remembers the choice over a restart; without it the oldest version is active.
    """

    def __init__(self, folder: Path, state: Path | None) -> None:
        self._folder = folder
        self._state = state
        self.manifests = {
            name.name: {v.name: models.manifest(v) for v in sorted(name.iterdir()) if v.is_dir()}
            for name in sorted(folder.iterdir())
            if name.is_dir()
        }
        self.active = {name: min(versions) for name, versions in self.manifests.items()}
        if state and state.exists():
            stored = json.loads(state.read_text())
            self.active |= {n: v for n, v in stored.items() if v in self.manifests.get(n, {})}
        self._loaded = {name: self._load(name, v) for name, v in self.active.items()}

    def _load(self, name: str, version: str) -> tuple[str, Any]:
        return version, models.load(self._folder / name / version)

    def current(self, name: str) -> tuple[str, Any]:
        """The active version of a model and the model itself."""
        return self._loaded[name]

    def activate(self, name: str, version: str) -> None:
        """Load a version and put it in service; the old one answers until then."""
        loaded = self._load(name, version)
        self._loaded[name] = loaded
        self.active[name] = version
        if self._state:
            self._state.write_text(json.dumps(self.active))


class Service:
    """The endpoints over one registry."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._waiting = 0

    def application(self) -> Starlette:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/healthz", self.health),
                Route("/v1/models", self.list),
                Route("/v1/models/{name}/active", self.activate, methods=["PUT"]),
                Route("/v1/recommend", self._model("recommender", self.recommend), methods=post),
                Route("/v1/similar", self._model("recommender", self.similar), methods=post),
                Route("/v1/predict/delivery", self._model("delivery", self.predict), methods=post),
            ]
        )

    async def health(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "release": os.environ.get("RELEASE", "")})

    async def list(self, request: Request) -> JSONResponse:
        found = [
            {"id": name, "active": self._registry.active[name] == version, **manifest}
            for name, versions in self._registry.manifests.items()
            for version, manifest in versions.items()
        ]
        return JSONResponse({"data": found})

    async def activate(self, request: Request) -> JSONResponse:
        name = request.path_params["name"]
        version = (await body_of(request)).get("version")
        known = self._registry.manifests.get(name)
        if known is None:
            return problem(404, f"no model {name!r}; known: {', '.join(self._registry.manifests)}")
        if version not in known:
            return problem(404, f"no version {version!r} of {name}; known: {', '.join(known)}")
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._loader, self._registry.activate, name, version)
        return JSONResponse({"model": name, "version": version, "active": True})

    @staticmethod
    def recommend(model: models.Recommender, body: dict[str, Any]) -> dict[str, Any]:
        return {"books": model.recommend(whole(body, "customer"), count_of(body))}

    @staticmethod
    def similar(model: models.Recommender, body: dict[str, Any]) -> dict[str, Any]:
        return {"books": model.similar(whole(body, "book"), count_of(body))}

    @staticmethod
    def predict(model: models.Delivery, body: dict[str, Any]) -> dict[str, Any]:
        return {"hours": model.predict(models.rows_of(body.get("orders")))}

    def _model(
        self, name: str, answer: Callable[[Any, dict[str, Any]], dict[str, Any]]
    ) -> Callable[[Request], Awaitable[JSONResponse]]:
        """An endpoint that computes in the model thread."""

        async def endpoint(request: Request) -> JSONResponse:
            body = await body_of(request)
            if self._waiting >= QUEUE:
                return problem(429, "too many calls are waiting", {"Retry-After": "1"})
            version, model = self._registry.current(name)
            self._waiting += 1
            try:
                call = self._thread.submit(answer, model, body)
                result = await self._unless_gone(request, asyncio.wrap_future(call))
            except ValueError as error:
                return problem(400, str(error))
            finally:
                self._waiting -= 1
            named = {"model": name, "version": version}
            headers = {"ai-model": name, "ai-model-version": version}
            return JSONResponse(named | result, headers=headers)

        return endpoint

    @staticmethod
    async def _unless_gone(request: Request, call: asyncio.Future[Any]) -> Any:
        """The call's result; cancelled (if it still waits) when the client hangs up."""
        while True:
            done, _ = await asyncio.wait([call], timeout=0.25)
            if done:
                return call.result()
            if await request.is_disconnected():
                call.cancel()
                raise ValueError("the client has gone")


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request; an empty one when it is something else."""
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def whole(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name}: a whole number is wanted, not {value!r}")
    return value


def count_of(body: dict[str, Any]) -> int:
    count = whole({"count": 12} | body, "count")
    if not 1 <= count <= 100:
        raise ValueError(f"count: 1 to 100, not {count}")
    return count


def problem(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"message": text}}, status, headers)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Serve the trained models.")
    parser.add_argument("--port", type=int, default=8100)
    args = parser.parse_args(argv)
    state = os.environ.get("AI_STATE")
    registry = Registry(Path(os.environ["AI_MODELS"]), Path(state) if state else None)
    uvicorn.run(
        Service(registry).application(),
        host="127.0.0.1",
        port=args.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
