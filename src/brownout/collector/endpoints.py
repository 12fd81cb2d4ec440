"""The collector's endpoints: OTLP/HTTP, rows of our own probes, queries, /metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from brownout.collector.exposition import Exposition
from brownout.collector.forward import Forwarder, Parcel
from brownout.collector.intake import Batch, Decoded, Full, Intake
from brownout.collector.otlp import bodies
from brownout.collector.outgoing import parcels
from brownout.collector.soundness import sound
from brownout.collector.tables import NATIVE, BadRows, Row, Tables, Unwritable, by_table

QUERIES = 32
"""Queries that may wait to be answered."""

BODY_SECONDS = 30
"""How long a body may take to arrive."""

AGAIN = {"Retry-After": "1"}

TYPES = (bodies.JSON, bodies.PROTOBUF)


class Refused(Exception):
    """A request that cannot be taken: its status and why."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Collector:
    """The endpoints over one recording; one thread writes, one answers queries.

    ``closed``: OTLP, too, is taken only with the token.
    """

    def __init__(
        self, tables: Tables, token: str, closed: bool = False, forwarder: Forwarder | None = None
    ) -> None:
        self._tables = tables
        self._token = token
        self._closed = closed
        self._forwarder = forwarder
        self._exposition = Exposition()
        self.intake = Intake(tables, self._exposition.take)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reader")
        self._asked = 0

    def application(self) -> Starlette:
        post = ["POST"]
        return Starlette(
            routes=[
                Route("/healthz", self.health),
                Route("/metrics", self.metrics),
                Route("/v1/{signal:str}", self.receive, methods=post),
                Route("/rows/{table:str}", self.rows, methods=post),
                Route("/query", self.query, methods=post),
            ],
            exception_handlers={Refused: self._refuse},
        )

    async def health(self, request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def metrics(self, request: Request) -> PlainTextResponse:
        """For Prometheus; without a token, as exporters do."""
        now = {
            "brownout_collector_waiting_batches": (
                "gauge", "Batches that wait to be written.", self.intake.waiting
            ),
            "brownout_collector_held_bytes": (
                "gauge", "Bytes of bodies on their way.", self.intake.held
            ),
        }  # fmt: skip
        if sent := self._forwarder:
            now |= {
                "brownout_forwarded_items_total": ("counter", "Items sent on.", sent.sent),
                "brownout_forward_dropped_items_total": (
                    "counter", "Items that nobody took.", sent.dropped
                ),
                "brownout_forward_waiting_bytes": ("gauge", "Bytes to be sent on.", sent.waiting),
            }  # fmt: skip
        page = self._exposition.text({n: (k, t, float(v)) for n, (k, t, v) in now.items()})
        return PlainTextResponse(page, media_type="text/plain; version=0.0.4")

    async def receive(self, request: Request) -> Response:
        """OTLP/HTTP."""
        if self._closed:
            self._demand_token(request)
        signal = request.path_params["signal"]
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if signal not in bodies.SIGNALS:
            raise Refused(404, f"no signal {signal!r}")
        if kind not in TYPES:
            raise Refused(415, f"wanted {' or '.join(TYPES)}")
        if encoding not in bodies.ENCODINGS:
            raise Refused(415, f"content-encoding {encoding!r} is not known; gzip is, and deflate")

        def decode(body: bytes) -> Decoded:
            return _decode_otlp(signal, bodies.unpack(body, encoding), kind)

        (kept, *rejected), body = await self._take(request, decode)
        if self._forwarder:
            headers = {"Content-Type": kind} | ({"Content-Encoding": encoding} if encoding else {})
            self._forwarder.put(Parcel(signal, body, headers, kept))
        return _accepted(signal, kind, *rejected)

    async def rows(self, request: Request) -> Response:
        """Rows of our own probes."""
        self._demand_token(request)
        table = request.path_params["table"]
        if table not in NATIVE:
            raise Refused(404, f"no table {table!r}; tables: {', '.join(NATIVE)}")

        def decode(body: bytes) -> Decoded:
            found = json.loads(body)
            if not isinstance(found, list):
                raise BadRows("a JSON array of rows is wanted")
            return Decoded({table: found}, len(body), found)

        found, _ = await self._take(request, decode)
        if self._forwarder:
            # What the recording took after a conversion may have no words in OTLP.
            with contextlib.suppress(TypeError, ValueError, KeyError):
                for parcel in parcels(table, found):
                    self._forwarder.put(parcel)
        return JSONResponse({"rows": len(found)})

    async def query(self, request: Request) -> Response:
        """Read-only SQL."""
        self._demand_token(request)
        if self._asked >= QUERIES:
            raise Refused(503, "too many queries wait", AGAIN)
        self._asked += 1
        try:
            with _refusals():
                async with Body(request, self.intake) as content:
                    body = json.loads(content)
                    columns, rows = await asyncio.get_running_loop().run_in_executor(
                        self._reader, self._tables.query, body["sql"], body.get("params", [])
                    )
                # Still in here: what has no JSON (a date, NaN) is the query's to cast.
                return JSONResponse({"columns": columns, "rows": rows})
        finally:
            self._asked -= 1

    async def _take(
        self, request: Request, decode: Callable[[bytes], Decoded]
    ) -> tuple[Any, bytes]:
        """Have a body decoded and written; (what ``decode`` tells, body) once it is committed."""
        with _refusals():
            async with Body(request, self.intake) as body:
                return await self.intake.write(Batch(lambda: decode(body))), body

    async def _refuse(self, request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refused)
        self._exposition.refused(error.status)
        return JSONResponse({"error": str(error)}, error.status, error.headers)

    def _demand_token(self, request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not secrets.compare_digest(given, f"Bearer {self._token}".encode()):
            raise Refused(401, "a wrong or missing token", {"WWW-Authenticate": "Bearer"})


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What goes wrong with a body, as the status that its sender is to see."""
    try:
        yield
    except (Full, Unwritable) as error:
        raise Refused(503, str(error) or "too much waits to be written", AGAIN) from error
    except bodies.Oversized as error:
        raise Refused(413, str(error)) from error
    except (ValueError, KeyError, TypeError, RecursionError, duckdb.Error) as error:
        raise Refused(400, str(error)) from error  # Malformed, BadRows, no JSON, no SELECT


class Body:
    """A request's body; while it is used, the intake keeps room for it.

    Raises Oversized or Full as soon as it is too large, so that memory stays bounded.
    """

    def __init__(self, request: Request, intake: Intake) -> None:
        self._request = request
        self._intake = intake
        self._size = 0

    async def __aenter__(self) -> bytes:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._read()
        except BaseException as error:
            await self.__aexit__()
            if isinstance(error, TimeoutError):
                raise Refused(408, f"the body took longer than {BODY_SECONDS} s") from error
            raise

    async def _read(self) -> bytes:
        found = bytearray()
        async for chunk in self._request.stream():
            if len(found) + len(chunk) > bodies.LARGEST:
                raise bodies.Oversized(f"more than {bodies.LARGEST} bytes")
            self._intake.reserve(len(chunk))
            self._size += len(chunk)
            found += chunk
        return bytes(found)

    async def __aexit__(self, *_: object) -> None:
        self._intake.release(self._size)
        self._size = 0


def _decode_otlp(signal: str, body: bytes, kind: str) -> Decoded:
    """The rows that can be kept; told: how many, how many can not, and why of the last."""
    kept: list[tuple[str, Row]] = []
    refused, why, now = 0, "", time.time_ns()
    for table, row in bodies.rows(signal, body, kind):
        wrong = sound(table, row, now)
        if wrong:
            refused, why = refused + 1, wrong
        else:
            kept.append((table, row))
    return Decoded(by_table(kept), len(body), (len(kept), refused, why))


REJECTED = {"traces": "Spans", "metrics": "DataPoints", "logs": "LogRecords"}


def _accepted(signal: str, kind: str, refused: int, why: str) -> Response:
    """OTLP's answer: partial success where some were refused (they are not to be sent again)."""
    partial = {f"rejected{REJECTED[signal]}": str(refused), "errorMessage": why}
    answer = {"partialSuccess": partial} if refused else {}
    if kind == TYPES[0]:
        return JSONResponse(answer)
    from brownout.collector.otlp import messages  # protobuf: our own meter does without it

    return Response(messages.answer(signal, answer), media_type=TYPES[1])
