"""The HTTP API of a running drill: what the other terminal, a cockpit and agents talk to."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import threading
from dataclasses import asdict
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from brownout.flight.drill import Drill
from brownout.model import ROLES, BrownoutError, Op

LARGEST = 1 << 20
"""Bytes of a body."""

SEQ_DIGITS = 18
"""Digits of an event's number; Python reads no integer of thousands."""


def application(drill: Drill, token: str) -> Starlette:
    """GET /status, GET /events?after=SEQ and POST /ops; each wants the token as a bearer."""

    def allowed(request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {token}".encode())

    async def status(request: Request) -> JSONResponse:
        if not allowed(request):
            return _error("a wrong or missing token", 401)
        return JSONResponse(drill.status())

    async def events(request: Request) -> JSONResponse:
        if not allowed(request):
            return _error("a wrong or missing token", 401)
        after = request.query_params.get("after", "0")
        if not after.isdecimal() or len(after) > SEQ_DIGITS:
            told = f"{after[:SEQ_DIGITS]}..." if len(after) > SEQ_DIGITS else after
            return _error(f"after={told!r} is not the number of an event", 400)
        return JSONResponse([asdict(e) for e in list(drill.events)[int(after) :]])

    async def ops(request: Request) -> JSONResponse:
        if not allowed(request):
            return _error("a wrong or missing token", 401)
        try:
            op = _op(json.loads(await _body(request)))
            event = await asyncio.wrap_future(drill.submit(op))
        except ClientDisconnect:  # nobody reads the answer
            return _error("the body ended before its length", 400)
        except RecursionError:
            return _error("the body is not an op: it is nested too deep", 400)
        except ValueError as error:  # an op that cannot be written is one, too
            return _error(f"the body is not an op: {error}", 400)
        except BrownoutError as error:
            return _error(str(error), 409, error.exit_code)
        return JSONResponse(asdict(event))

    return Starlette(
        routes=[
            Route("/status", status),
            Route("/events", events),
            Route("/ops", ops, methods=["POST"]),
        ]
    )


async def _body(request: Request) -> bytes:
    found = b""
    async for chunk in request.stream():
        found += chunk
        if len(found) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
    return found


def _error(text: str, status: int, exit_code: int = 2) -> JSONResponse:
    return JSONResponse({"error": text, "exit_code": exit_code}, status)


def _op(body: Any) -> Op:
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        raise ValueError('wanted {"name": ..., "args": {...}, "role": ..., "actor": ...}')
    args = body.get("args", {})
    role, actor = body.get("role", "bridge"), body.get("actor", "player")
    if not isinstance(args, dict):
        raise ValueError("args is not an object")
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}; roles: {', '.join(ROLES)}")
    if not isinstance(actor, str):
        raise ValueError("actor is not a text")
    if actor in ("director", "control"):
        raise ValueError(f"actor {actor!r} is not a player's")
    return Op(actor, role, body["name"], args)


class Server:
    """Serves the API from a thread on a free loopback port."""

    def __init__(self, drill: Drill) -> None:
        self.token = secrets.token_urlsafe(24)
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            application(drill, self.token), log_level="error", lifespan="off", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="api", daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=2)
        self._socket.close()
