"""Debian's real Prometheus, with a configuration of ours."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import PATIENCE, until

from brownout.stack.processes.ports import free_ports


class Prometheus:
    """One that runs; asked by its API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, **params: str) -> Any:
        """``data`` of an answer of /api/v1/PATH."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=params, timeout=PATIENCE)
        return answer.raise_for_status().json()["data"]

    def targets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("targets", state="active")["activeTargets"]
        return found

    def value(self, query: str) -> float | None:
        """The newest value of the one series of a query; None without one."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if len(found) == 1 else None


@contextlib.contextmanager
def prometheus(config: Path, data: Path, *options: str) -> Iterator[Prometheus]:
    """Skips the test where there is none."""
    if shutil.which("prometheus") is None:
        pytest.skip("no prometheus here (Debian: apt-get install prometheus)")
    [port] = free_ports(1)
    argv = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={data}"]
    argv += [f"--web.listen-address=127.0.0.1:{port}", *options]
    with (data.parent / "prometheus.log").open("wb") as log:
        server = subprocess.Popen(argv, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: server.poll() is None and _ready(url))
        yield Prometheus(url)
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=PATIENCE).is_success
    except httpx.TransportError:
        return False
