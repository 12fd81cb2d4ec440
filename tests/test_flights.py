"""A whole drill as users start it: a bad release, found and undone. (`make drills` flies more.)"""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from flying import BROWNOUT, Drill, Say

from brownout import history
from brownout.recording import baselines

pytestmark = [pytest.mark.drill, pytest.mark.alone]

AUTOPILOT = ("--responder", "autopilot", "--pace", "quick", "--size", "small")
"""Small, so that a slow machine, too, keeps the promises that a drill begins and ends with."""


class Inbox:
    """Receives what Apprise sends to json://."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        inbox = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.messages.append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Tells whoever waits what a drill does: it takes minutes."""

    def tell(phase: str) -> None:
        with capsys.disabled():
            print(f" {phase}", end="", flush=True)

    return tell


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.close()


def lost(run: Path) -> list[Any]:
    """Requests that failed, deployments included: what is flown here is slow, not broken."""
    with duckdb.connect(str(run / "telemetry.duckdb"), read_only=True) as connection:
        sql = "SELECT route, status, error FROM requests WHERE status = 0 OR status >= 400"
        return connection.execute(sql).fetchall()


def rejudged(drill: Drill) -> None:
    """With nothing running and debrief.json deleted the same bytes come again."""
    kept = (drill.run / "debrief.json").read_bytes(), (drill.run / "postmortem.md").read_bytes()
    (drill.run / "debrief.json").unlink()
    argv = [*BROWNOUT, "rejudge", str(drill.run)]
    assert subprocess.run(argv, check=True, capture_output=True, cwd=drill.folder).returncode == 0
    again = (drill.run / "debrief.json").read_bytes(), (drill.run / "postmortem.md").read_bytes()
    assert again == kept


def test_the_autopilot_finds_and_undoes_a_bad_release(
    tmp_path: Path, inbox: Inbox, say: Say
) -> None:
    drill = Drill(tmp_path, "n-plus-one-reviews", *AUTOPILOT, "--notify", inbox.url)
    drill.until(lambda: history.completed(drill.events(), "deploy"))
    board = drill.ask("status")
    assert board["phase"] == "incident"
    assert {slo["route"] for slo in board["slos"]} >= {"GET /", "GET /api/books/{id}/"}
    assert {"web", "worker", "ai", "postgres", "valkey", "collector", "load"} <= set(
        board["services"]
    )
    drill.ask("say", "half of it is seen from here", "--to", "backend", "--as", "qa")
    # Nothing that a player can read tells what is flown.
    told = json.dumps(board) + (drill.run / "history.jsonl").read_text()
    assert "n-plus-one-reviews" not in told

    assert drill.lands(say) == 0, drill.err() + drill.out()
    made = drill.debrief()
    assert made["diagnosis"]["correct"]
    assert made["diagnosis"]["truth"]["deployment"] == "D1"
    news = [e.value["text"] for e in drill.events() if e.name in ("incident", "time")]
    assert news
    assert sorted(m["message"] for m in inbox.messages) == sorted(news)
    assert made["times"]["mitigated"] is not None
    assert made["validation"]["passed"]
    assert made["impact"]["requests_over_slo"] > 0
    [book] = [a for a in made["attribution"] if a["route"] == "GET /api/books/{id}/"]
    assert book["change_ns"] == sum(part["change_ns"] for part in book["parts"]) > 50_000_000
    assert lost(drill.run) == []
    assert [f for f in made["findings"] if f["verdict"] == "error"] == []
    windows = history.infos(drill.events(), "window")
    says = [e for e in drill.events() if e.name == "say"]
    assert (says[0].role, says[0].value["to"]) == ("qa", "backend")
    [began] = [w.value["start"] for w in windows if w.value["name"] == "baseline"]
    [kept] = [b for b in baselines.known("small", "v2.7.0") if b.about["start"] == began]
    assert "GET /api/home/" in kept.latencies()
    rejudged(drill)
