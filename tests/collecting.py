"""A real collector, killed and started again at will."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waiting import PATIENCE, until

from brownout.collector.client import Client
from brownout.stack.processes.ports import free_ports
from brownout.stack.processes.readiness import answers

TOKEN = "let me in"


@contextmanager
def as_nobody() -> Iterator[None]:
    """This process as a user without rights, for a while. Only root can."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


class Collector:
    """The collector as a process of its own, on one port and one file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.options = options
        self.database = folder / "telemetry.duckdb"
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        argv = [sys.executable, "-m", "brownout.collector"]
        argv += ["--database", str(self.database), "--port", str(self.port), *self.options]
        self.process = subprocess.Popen(argv, env={**os.environ, "BROWNOUT_TOKEN": TOKEN})
        until(answers(f"{self.url}/healthz"))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=PATIENCE)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)

    def client(self, token: str = TOKEN) -> Client:
        return Client(self.url, token)
