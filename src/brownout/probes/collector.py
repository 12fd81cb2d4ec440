"""The collector: a supervised child that receives telemetry, writes it, and answers queries.

    BROWNOUT_TOKEN=... python -m brownout.probes.collector --database FILE --port P

What it acknowledges is committed: it survives the collector's own SIGKILL.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from brownout.probes import otlp
from brownout.probes.tables import NATIVE, BadRows, Tables, by_table

BACKLOG = 64
"""Batches that may wait to be written; beyond them the sender is told to come back (503)."""

TYPES = ("application/json", "application/x-protobuf")


class Collector:
    """The endpoints over one recording; one thread writes, one answers queries."""

    def __init__(self, tables: Tables, token: str) -> None:
        self._tables = tables
        self._token = token
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._waiting = 0

    def application(self) -> Starlette:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/healthz", self.health),
                Route("/v1/{signal:str}", self.receive, methods=post),
                Route("/rows/{table:str}", self.rows, methods=post),
                Route("/query", self.query, methods=post),
            ]
        )

    async def health(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def receive(self, request: Request) -> Response:
        """OTLP/HTTP."""
        signal = request.path_params["signal"]
        kind = request.headers.get("content-type", "").split(";")[0].strip()
        if signal not in otlp.DECODERS:
            return _problem(404, f"no signal {signal!r}")
        if kind not in TYPES:
            return _problem(415, f"wanted {' or '.join(TYPES)}")
        try:
            body = otlp.unpack(await _body(request), request.headers.get("content-encoding", ""))
            message = otlp.parse(signal, body, kind)
            answer = await self._write(by_table(otlp.DECODERS[signal](message)))
        except otlp.Oversized as error:
            return _problem(413, str(error))
        except (otlp.Malformed, BadRows) as error:
            return _problem(400, str(error))
        if answer is not None:
            return answer
        if kind == TYPES[0]:
            return JSONResponse({})
        return Response(b"", media_type=TYPES[1])

    async def rows(self, request: Request) -> Response:
        """Rows of our own probes."""
        table = request.path_params["table"]
        if not self._allowed(request):
            return _problem(401, "a wrong or missing token")
        if table not in NATIVE:
            return _problem(404, f"no table {table!r}; tables: {', '.join(NATIVE)}")
        try:
            found = await request.json()
            if not isinstance(found, list):
                return _problem(400, "a JSON array of rows is wanted")
            return await self._write({table: found}) or JSONResponse({"rows": len(found)})
        except ValueError as error:
            return _problem(400, str(error))

    async def query(self, request: Request) -> Response:
        """Read-only SQL."""
        if not self._allowed(request):
            return _problem(401, "a wrong or missing token")
        try:
            body = await request.json()
            columns, rows = await self._in(
                self._reader, lambda: self._tables.query(body["sql"], body.get("params", []))
            )
            # Still in here: what has no JSON (a date, NaN) is the query's to cast.
            return JSONResponse({"columns": columns, "rows": rows})
        except (ValueError, KeyError, TypeError, duckdb.Error) as error:
            return _problem(400, str(error))

    async def _write(self, batches: dict[str, list[dict[str, Any]]]) -> Response | None:
        """Write; None when committed, else the answer that asks the sender to come back."""
        if self._waiting >= BACKLOG:
            return _problem(503, "too much waits to be written", {"Retry-After": "1"})
        self._waiting += 1
        try:
            await self._in(self._writer, lambda: self._tables.insert(batches))
        finally:
            self._waiting -= 1
        return None

    @staticmethod
    async def _in(pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return secrets.compare_digest(given, f"Bearer {self._token}".encode())


async def _body(request: Request) -> bytes:
    """The body; Oversized as soon as it is too large, so that memory stays bounded."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > otlp.LARGEST:
            raise otlp.Oversized(f"more than {otlp.LARGEST} bytes")
    return bytes(found)


def _problem(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": text}, status, headers)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Receive telemetry into a recording.")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    args = parser.parse_args(argv)
    tables = Tables(args.database)
    collector = Collector(tables, os.environ["BROWNOUT_TOKEN"])
    # uvicorn raises the signal again when it has stopped: without this, nothing after it would run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.run(
            collector.application(),
            host="127.0.0.1",
            port=args.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    finally:
        tables.close()


if __name__ == "__main__":
    main()
