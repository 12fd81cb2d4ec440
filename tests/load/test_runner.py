"""The load generator against a real server: the recorded latency tells the truth about a stall."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until

from brownout.stats.quantiles import quantile

STALL = 1.0
WORLD = {"visitors": ["v"], "books": [1], "genres": ["crime"]}


class Site:
    """A shop that answers at once but for one stall, and a collector that keeps its rows."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {"scheduled": [], "requests": []}
        self.stalled: tuple[int, int] | None = None
        self._open = threading.Event()
        self._open.set()
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site._open.wait()
                self._answer()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/rows/"):
                    site.rows[self.path.removeprefix("/rows/")] += json.loads(body)
                else:
                    site._open.wait()
                self._answer()

            def _answer(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stall(self) -> None:
        """Answer nobody for STALL seconds."""
        self._open.clear()
        begin = time.time_ns()
        threading.Event().wait(STALL)
        self.stalled = (begin, time.time_ns())
        self._open.set()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


def play(url: str, collector: str, rate: float, tmp_path: Path) -> subprocess.Popen[bytes]:
    world = tmp_path / "world.json"
    world.write_text(json.dumps(WORLD))
    argv = [sys.executable, "-m", "brownout.load.runner", "--url", url, "--collector", collector]
    argv += ["--world", str(world), "--seed", "7", "--rate", str(rate)]
    environment = {**os.environ, "BROWNOUT_TOKEN": "x"}
    return subprocess.Popen(argv, env=environment, cwd=tmp_path)


@pytest.mark.alone
@pytest.mark.stack
def test_a_stall_of_one_second_is_told_in_full(site: Site, tmp_path: Path) -> None:
    child = play(site.url, site.url, 12.0, tmp_path)
    try:
        until(lambda: len(site.rows["requests"]) > 100)
        site.stall()
        assert site.stalled is not None
        end = site.stalled[1]
        until(lambda: any(r["intended"] > end + 10**9 for r in site.rows["requests"]))
    finally:
        child.terminate()
        assert child.wait(timeout=PATIENCE) == 0
    begin, end = site.stalled
    struck = [r for r in site.rows["requests"] if begin < r["intended"] < end]
    assert len(struck) > 15
    # Everybody who came during the stall waited for the rest of it, and no less.
    for row in struck:
        assert row["latency"] >= (end - row["intended"]) - 20_000_000
    latencies = [r["latency"] / 1e6 for r in struck]
    due = [(end - r["intended"]) / 1e6 for r in struck]
    assert quantile(latencies, 0.99) >= quantile(due, 0.99) - 20
    calm = [r["latency"] / 1e6 for r in site.rows["requests"] if r["intended"] < begin - 10**9]
    assert quantile(latencies, 0.5) > 10 * quantile(calm, 0.5)


@pytest.mark.stack
def test_every_planned_request_is_recorded_or_countable(site: Site, tmp_path: Path) -> None:
    child = play(site.url, site.url, 6.0, tmp_path)
    try:
        until(lambda: len(site.rows["requests"]) > 60)
    finally:
        child.terminate()
        assert child.wait(timeout=PATIENCE) == 0
    planned = {row["trace_id"] for row in site.rows["scheduled"]}
    done = {row["trace_id"] for row in site.rows["requests"]}
    assert done <= planned
    # Who was under way or not yet due at the end has no row: some visits of some steps.
    assert len(done) > 60
    assert len(planned - done) < 60
    assert all(row["status"] == 200 for row in site.rows["requests"])


@pytest.mark.stack
def test_a_server_that_is_away_is_recorded_as_failures(site: Site, tmp_path: Path) -> None:
    with play("http://127.0.0.1:9", site.url, 6.0, tmp_path) as child:
        try:
            until(lambda: len(site.rows["requests"]) > 10)
        finally:
            child.terminate()
    assert {row["status"] for row in site.rows["requests"]} == {0}
    assert all(row["error"] for row in site.rows["requests"])
