"""Whole drills as users start them: a bad one, a healthy one, and ends before the end."""

from __future__ import annotations

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from brownout import history, store
from brownout.capacity import calibrations
from brownout.model import Event
from brownout.recording import baselines

pytestmark = [pytest.mark.drill, pytest.mark.alone, pytest.mark.timeout(900)]

BROWNOUT = [sys.executable, "-m", "brownout.app.cli"]
AUTOPILOT = ("--responder", "autopilot", "--pace", "quick", "--size", "small")
"""Small, so that a slow machine, too, keeps the promises that a drill begins and ends with."""

CHANGES = ("deploy", "rollback", "set-model", "migrate", "sql")


class Drill:
    """A drill in a process of its own, with its output in files beside its run folder."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.run = folder / "run"
        self.folder = folder
        argv = [*BROWNOUT, "drill", "--seed", "7", "--out", str(self.run), *args]
        self._err = (folder / "stderr").open("wb")
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=(folder / "stdout").open("wb"),
            stderr=self._err,
        )

    def events(self) -> list[Event]:
        try:
            lines = (self.run / "history.jsonl").read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return history.read(lines)

    def until(self, condition: Callable[[list[Event]], object], seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not condition(self.events()):
            assert self.process.poll() is None, (self.folder / "stderr").read_text()
            assert time.monotonic() < deadline, (self.folder / "stderr").read_text()
            threading.Event().wait(0.1)

    def ask(self, *args: str) -> Any:
        """A command in another terminal, its JSON."""
        argv = [*BROWNOUT, *args, "--run", str(self.run), "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def debrief(self) -> dict[str, Any]:
        return dict(json.loads((self.run / "debrief.json").read_text()))

    def family(self) -> list[psutil.Process]:
        """Everything that came of the control process."""
        return psutil.Process(self.process.pid).children(recursive=True)


def still_works(process: psutil.Process) -> bool:
    """Whether it has not ended: a zombie has, and it may go while it is being looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for_the_end_of(family: list[psutil.Process], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while left := [process for process in family if still_works(process)]:
        assert time.monotonic() < deadline, left
        threading.Event().wait(0.1)


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
def inbox() -> Iterator[Inbox]:
    made = Inbox()
    yield made
    made.close()


def phase(name: str) -> Callable[[list[Event]], bool]:
    def entered(events: list[Event]) -> bool:
        last = history.last_info(events, "phase")
        return last is not None and last.value["name"] == name

    return entered


def flown(drill: Drill) -> dict[str, Any]:
    code = drill.process.wait(timeout=600)
    assert code == 0, (drill.folder / "stderr").read_text() + (drill.folder / "stdout").read_text()
    return drill.debrief()


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


def test_the_autopilot_finds_and_undoes_a_bad_release(tmp_path: Path, inbox: Inbox) -> None:
    drill = Drill(tmp_path, "n-plus-one-reviews", *AUTOPILOT, "--notify", inbox.url)
    drill.until(lambda events: history.completed(events, "deploy"))
    board = drill.ask("status")
    assert board["phase"] == "incident"
    assert {slo["route"] for slo in board["slos"]} >= {"GET /", "GET /api/books/{id}/"}
    assert {"web", "worker", "ai", "postgres", "valkey", "collector", "load"} <= set(
        board["services"]
    )
    family = drill.family()
    drill.ask("say", "half of it is seen from here", "--to", "backend", "--as", "qa")
    # Nothing that a player can read tells what is flown.
    told = json.dumps(board) + (drill.run / "history.jsonl").read_text()
    assert "n-plus-one-reviews" not in told

    made = flown(drill)
    assert made["diagnosis"]["correct"]
    assert made["diagnosis"]["truth"]["deployment"] == "D1"
    alerts = [e.value["text"] for e in drill.events() if e.name == "alert"]
    assert alerts
    assert sorted(m["message"] for m in inbox.messages) == sorted(alerts)
    assert made["times"]["mitigated"] is not None
    assert made["validation"]["passed"]
    assert made["impact"]["requests_over_slo"] > 0
    [book] = [a for a in made["attribution"] if a["route"] == "GET /api/books/{id}/"]
    assert book["change_ns"] == sum(part["change_ns"] for part in book["parts"]) > 50_000_000
    assert lost(drill.run) == []
    says = [e for e in drill.events() if e.name == "say"]
    assert (says[0].role, says[0].value["to"]) == ("qa", "backend")
    wait_for_the_end_of(family, 0)
    rejudged(drill)


def test_the_autopilot_leaves_a_healthy_release_alone(tmp_path: Path) -> None:
    drill = Drill(tmp_path, "healthy", *AUTOPILOT)
    made = flown(drill)
    assert made["diagnosis"]["declared"]["cause"] == "none"
    assert [
        c for i, c in history.completed(drill.events(), *CHANGES) if i.actor != "director"
    ] == []
    assert lost(drill.run) == []
    assert [f for f in made["findings"] if f["verdict"] == "error"] == []
    rejudged(drill)
    [began] = [
        e.value["start"]
        for e in history.infos(drill.events(), "window")
        if e.value["name"] == "baseline"
    ]
    [kept] = [b for b in baselines.known("small", "v2.7.0") if b.about["start"] == began]
    assert "GET /api/home/" in kept.latencies()


def ended(drill: Drill, family: list[psutil.Process], by: signal.Signals) -> None:
    """A signal ends it soon, with nothing left but the history."""
    drill.process.send_signal(by)
    assert drill.process.wait(timeout=10) == 130
    wait_for_the_end_of(family, 0)
    [closed] = history.infos(drill.events(), "closed")
    assert closed.value["reason"] == "interrupted"
    assert "Traceback" not in (drill.folder / "stderr").read_text()


@pytest.mark.parametrize("told", ["", "starting the shop"])
def test_sigterm_ends_a_boot_cleanly(tmp_path: Path, told: str) -> None:
    drill = Drill(tmp_path, "healthy", "--responder", "none", "--pace", "quick", "--size", "small")
    drill.until(phase("boot"))
    drill.until(lambda events: told in (tmp_path / "stderr").read_text())
    ended(drill, drill.family(), signal.SIGTERM)


def test_a_process_that_dies_comes_back_and_ctrl_c_ends_a_baseline_cleanly(tmp_path: Path) -> None:
    drill = Drill(tmp_path, "healthy", "--responder", "none", "--pace", "quick", "--size", "small")
    drill.until(phase("baseline"))
    children = psutil.Process(drill.process.pid).children()
    [worker] = [p for p in children if "celery" in " ".join(p.cmdline())]
    worker.kill()
    drill.until(lambda events: len(history.infos(events, "process")) == 2, 60)
    states = [e.value["state"] for e in history.infos(drill.events(), "process")]
    assert states == ["exited", "restarted"]
    ended(drill, drill.family(), signal.SIGINT)


def test_ctrl_c_ends_an_incident_while_it_is_validated(tmp_path: Path) -> None:
    drill = Drill(tmp_path, "healthy", "--responder", "none", "--pace", "quick", "--size", "small")
    drill.until(phase("incident"))
    argv = [*BROWNOUT, "validate", "--run", str(drill.run)]
    with subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as asker:
        drill.until(phase("validation"))
        ended(drill, drill.family(), signal.SIGINT)
        assert "the drill has ended" in asker.communicate(timeout=10)[1]


def test_nothing_outlives_a_control_process_that_was_killed(tmp_path: Path) -> None:
    drill = Drill(tmp_path, "healthy", "--size", "small")
    drill.until(phase("baseline"))
    # Without a terminal the autopilot flies.
    assert history.infos(drill.events(), "drill")[0].value["responder"] == "autopilot"
    family = drill.family()
    assert len(family) > 8
    drill.process.kill()
    drill.process.wait()
    wait_for_the_end_of(family)
    # Its folder is free again, and still tells what happened.
    argv = [*BROWNOUT, "debrief", str(drill.run)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "it was not closed" in done.stdout
    with pytest.raises(AssertionError, match="no drill is flying"):
        drill.ask("status")


def test_up_serves_the_shop_until_ctrl_c(tmp_path: Path) -> None:
    argv = [*BROWNOUT, "up", "--size", "small", "--load", "none", "--out", str(tmp_path / "run")]
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as o, err.open("wb") as e:
        process = subprocess.Popen(argv, cwd=tmp_path, stdout=o, stderr=e)
    try:
        deadline = time.monotonic() + 120
        while "Ctrl-C ends it" not in err.read_text():
            assert process.poll() is None, err.read_text()
            assert time.monotonic() < deadline, err.read_text()
            threading.Event().wait(0.1)
        urls = dict(line.split() for line in out.read_text().splitlines())
        assert set(urls) == {"shop", "ai", "collector", "otlp", "database", "cache", "load"}
        with urllib.request.urlopen(f"{urls['shop']}/api/home/", timeout=10) as answer:
            assert len(json.load(answer)["popular"]) == 12
        family = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=10)
    assert code == 0
    wait_for_the_end_of(family, 0)


def test_ctrl_c_ends_a_calibration_and_nothing_is_kept(tmp_path: Path) -> None:
    kept = store.cache_folder() / calibrations.RECORDS
    before = kept.read_bytes() if kept.exists() else None
    temporary, err = tmp_path / "temporary", tmp_path / "err"
    temporary.mkdir()
    argv = [*BROWNOUT, "calibrate", "--size", "small", "--others", "99"]
    with err.open("wb") as e:
        process = subprocess.Popen(
            argv, cwd=tmp_path, stderr=e, env=os.environ | {"TMPDIR": str(temporary)}
        )
    deadline = time.monotonic() + 120
    while "journeys/s (" not in err.read_text():
        assert process.poll() is None and time.monotonic() < deadline, err.read_text()
        threading.Event().wait(0.1)
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    while "interrupted" not in err.read_text() and process.poll() is None:
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGINT)  # while it ends what it has started
    code = process.wait(timeout=10)
    told = err.read_text()
    if code == 3 and "does not hold" in told:
        pytest.skip("too busy a machine to be calibrated")
    assert (code, told.splitlines()[-1]) == (130, "interrupted; nothing is kept"), told
    wait_for_the_end_of(family, 0)
    assert list(temporary.iterdir()) == []
    assert (kept.read_bytes() if kept.exists() else None) == before
