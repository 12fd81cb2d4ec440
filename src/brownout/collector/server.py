"""The collector: receives telemetry, writes it, and answers queries.

    BROWNOUT_TOKEN=... python -m brownout.collector --database FILE --port P

is a supervised child; ``serving`` is the same in a thread of a process that does little else. What
it acknowledges is committed: it survives its process's SIGKILL. With ``--port 0`` it chooses a
port, and with ``--fd N`` it takes a listening socket; it prints where it listens.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import uvicorn

from brownout.collector.connections import config
from brownout.collector.endpoints import Collector
from brownout.collector.forward import Forwarder
from brownout.collector.otlp import bodies
from brownout.collector.tables import Tables
from brownout.model import BrownoutError


@contextlib.contextmanager
def collecting(
    tables: Tables, token: str, closed: bool, forwarder: Forwarder | None
) -> Iterator[Collector]:
    """The endpoints over a recording, which is whole and still open afterwards."""
    collector = Collector(tables, token, closed, forwarder)
    try:
        yield collector
    finally:
        collector.intake.close()
        if forwarder:
            forwarder.close()


@contextlib.contextmanager
def serving(
    tables: Tables, listening: socket.socket, token: str, forwarder: Forwarder | None = None
) -> Iterator[None]:
    """A collector in a thread while the block runs; what it has received is written then."""
    with collecting(tables, token, True, forwarder) as collector:
        server = uvicorn.Server(config(collector.application(), quiet=True))
        thread = threading.Thread(target=server.run, args=([listening],), name="collector")
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Receive telemetry into a recording.")
    parser.add_argument("--database", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--fd", type=int, help="a listening socket to take instead of a port")
    parser.add_argument("--closed", action="store_true", help="demand the token of OTLP, too")
    parser.add_argument(
        "--forward",
        metavar="URL",
        help="send everything on to this OTLP/HTTP receiver, with the headers in "
        "BROWNOUT_FORWARD_HEADERS (KEY=VALUE,...)",
    )
    args = parser.parse_args(argv)
    try:
        listening = _listen(args.port, args.fd)
        tables = Tables(args.database)
    except (OSError, duckdb.Error, BrownoutError) as error:
        code = error.exit_code if isinstance(error, BrownoutError) else 3
        print(f"collector: {str(error).splitlines()[0]}", file=sys.stderr)
        sys.exit(code)
    headers = bodies.headers(os.environ.get("BROWNOUT_FORWARD_HEADERS", ""))
    forwarder = Forwarder(args.forward, headers) if args.forward else None
    token = os.environ.get("BROWNOUT_TOKEN", "")
    # uvicorn listens later, and who reads the next line may connect at once.
    listening.listen()
    host, port = listening.getsockname()[:2]
    print(f"listening on http://{host}:{port}", flush=True)
    # uvicorn raises the signal again when it has stopped: without this, nothing after it would run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with collecting(tables, token, args.closed, forwarder) as collector:
            uvicorn.Server(config(collector.application())).run([listening])
    finally:
        tables.close()


def _listen(port: int, fd: int | None) -> socket.socket:
    if fd is not None:
        return socket.socket(fileno=fd)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening
