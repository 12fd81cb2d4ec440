"""The collector: a supervised child that receives telemetry, writes it, and answers queries.

    BROWNOUT_TOKEN=... python -m brownout.collector --database FILE --port P

What it acknowledges is committed: it survives the collector's own SIGKILL. With ``--port 0`` it
chooses a port, and with ``--fd N`` it takes a listening socket; it prints where it listens.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import uvicorn

from brownout.collector.connections import config
from brownout.collector.endpoints import Collector
from brownout.collector.forward import Forwarder
from brownout.collector.otlp import parsing
from brownout.collector.tables import Tables
from brownout.model import BrownoutError


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
    headers = parsing.headers(os.environ.get("BROWNOUT_FORWARD_HEADERS", ""))
    forwarder = Forwarder(args.forward, headers) if args.forward else None
    token = os.environ.get("BROWNOUT_TOKEN", "")
    collector = Collector(tables, token, args.closed, forwarder)
    # uvicorn listens later, and who reads the next line may connect at once.
    listening.listen()
    host, port = listening.getsockname()[:2]
    print(f"listening on http://{host}:{port}", flush=True)
    # uvicorn raises the signal again when it has stopped: without this, nothing after it would run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.Server(config(collector.application())).run([listening])
    finally:
        collector.intake.close()
        tables.close()
        if forwarder:
            forwarder.close()


def _listen(port: int, fd: int | None) -> socket.socket:
    if fd is not None:
        return socket.socket(fileno=fd)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening
