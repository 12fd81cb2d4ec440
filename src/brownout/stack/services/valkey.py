"""Valkey: the shop's cache (database 0) and its task queue (database 1)."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from brownout.stack.processes.environment import plain
from brownout.stack.processes.ports import HOST
from brownout.stack.processes.supervisor import Command
from brownout.stack.services.programs import find_valkey


@dataclass(frozen=True)
class Valkey:
    run_id: str
    run: Path
    port: int

    def url(self, database: int) -> str:
        return f"redis://{HOST}:{self.port}/{database}"

    def command(self) -> Command:
        """Nothing is kept on disk: after a restart the cache is cold and the queue empty."""
        settings = {
            "bind": HOST,
            "port": str(self.port),
            "dir": str(self.run),
            "save": "",
            "appendonly": "no",
            "maxmemory": "64mb",
            "maxmemory-policy": "allkeys-lru",
            # A new title overwrites the environment, by which the reaper knows its own.
            "set-proc-title": "no",
        }
        return Command(
            name="valkey",
            service="valkey",
            argv=[
                find_valkey(),
                *(word for key, value in settings.items() for word in (f"--{key}", value)),
            ],
            env=plain(self.run_id, self.run),
            cwd=self.run,
            log=self.run / "logs" / "valkey.log",
            grace=2.0,
        )

    def ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=2.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
