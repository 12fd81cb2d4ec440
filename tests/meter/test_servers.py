"""Real servers in an environment of their own: whose CPU time, whose line, who left."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import elsewhere
import pytest
import versions
from metering import Receiver
from waiting import PATIENCE, until

from brownout.stack.processes.ports import free_ports

pytestmark = pytest.mark.matrix

CPU = 50_000_000
"""ns that a page of ``bazaar.meeting`` spins."""

ASYNC = {
    "uvicorn": ["uvicorn", "bazaar.asgi:application", "--port", "{port}"],
    "daphne": ["daphne", "-p", "{port}", "bazaar.asgi:application"],
}
GEVENT = ["gunicorn", "-k", "gevent", "-b", "127.0.0.1:{port}", "bazaar.wsgi"]


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder with the servers' programs."""
    return Path(versions.environment(sys.executable, *versions.SERVERS)).parent


@pytest.fixture(scope="module")
def data(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's data, with its tables filled."""
    folder = tmp_path_factory.mktemp("data")
    elsewhere.fill(folder, str(programs / "python"))
    return folder


class Server:
    """A metered server that answers, and what it sends goes to the receiver."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as a:
            return int(a.status)

    @contextlib.contextmanager
    def waited_for(self, path: str, asked: Path) -> Iterator[None]:
        """A user waits for a page, which says in that file that it was asked, and leaves."""
        asked.unlink(missing_ok=True)
        with socket.create_connection(("127.0.0.1", self.port)) as user:
            user.sendall(f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
            until(asked.exists)
            yield

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            return self.get("/ping/") == 200
        return False


@contextlib.contextmanager
def serving(
    command: Sequence[str], programs: Path, data: Path, receiver: Receiver, **more: str
) -> Iterator[Server]:
    """Ended by SIGTERM at the end: by then all its events are sent."""
    [port] = free_ports(1)
    argv = [str(programs / command[0]), *(word.format(port=port) for word in command[1:])]
    env = elsewhere.metered(data, receiver.url, **more)
    errors = data / "errors"
    with (
        errors.open("w") as said,
        subprocess.Popen(argv, cwd=elsewhere.BAZAAR, env=env, stderr=said) as process,
    ):
        try:
            server = Server(port)
            until(server.answers, errors.read_text)
            yield server
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
        finally:
            process.kill()


def asked_at(text: str) -> str:
    code = (elsewhere.BAZAAR / "bazaar" / "meeting.py").read_text().splitlines()
    [number] = [n for n, line in enumerate(code, 1) if f"# asks {text}" in line]
    return f"bazaar/meeting.py:{number}"


def queries(event: dict[str, Any]) -> list[tuple[str, int, int]]:
    """(line, calls, rows) of each statement."""
    return sorted((s["caller"], s["calls"], s["rows"]) for s in event["sql"])


@pytest.mark.parametrize("middleware", ["", "SyncOnly", "AsyncOnly"])
@pytest.mark.parametrize("server", ASYNC)
def test_sync_meets_async(
    server: str, middleware: str, programs: Path, data: Path, receiver: Receiver
) -> None:
    named = {"MIDDLEWARE": f"bazaar.meeting.{middleware}"} if middleware else {}
    with serving(ASYNC[server], programs, data, receiver, **named) as served:
        for view in ("plain", "waiting"):
            for _ in range(2):
                assert served.get(f"/meeting/{view}/") == 200
        with served.waited_for("/meeting/never/", data / "asked"):
            assert served.get("/meeting/waiting/") == 200
        until(lambda: receiver.work("GET /meeting/never/"), (data / "errors").read_text)
    for view in ("plain", "waiting"):
        first, second, *others = visits = receiver.work(f"GET /meeting/{view}/")
        assert {(v["status"], v["abandoned"], v["exception"]) for v in visits} == {(200, False, "")}
        for visit in visits:
            assert queries(visit) == [(asked_at(f"in {view}"), 1, 1)]
        assert all(CPU <= visit["cpu"] < 2 * CPU for visit in (first, second))  # not twice
        # Beside another: each has a thread where middleware is no coroutine, else all one loop.
        known = [visit["cpu"] is not None for visit in others]
        assert known == [middleware == "SyncOnly"] * (view == "waiting")
    [left] = receiver.work("GET /meeting/never/")
    assert (left["status"], left["abandoned"], left["exception"]) == (499, True, "")


def test_greenlets_that_take_turns(programs: Path, data: Path, receiver: Receiver) -> None:
    with serving(GEVENT, programs, data, receiver) as served:
        assert served.get("/meeting/plain/") == 200
        with served.waited_for("/meeting/turns/", data / "asked"):
            assert served.get("/meeting/between/") == 200
            until(lambda: receiver.work("GET /meeting/turns/"))
    [plain] = receiver.work("GET /meeting/plain/")
    assert CPU <= plain["cpu"] < 2 * CPU
    [turns], [between] = (receiver.work(f"GET /meeting/{v}/") for v in ("turns", "between"))
    assert queries(turns) == [(asked_at("first"), 1, 1), (asked_at("again"), 1, 1)]
    assert queries(between) == [(asked_at("between"), 5, 5)]
    assert (turns["cpu"], between["cpu"]) == (None, None)


def test_tests_in_parallel(programs: Path, data: Path, receiver: Receiver) -> None:
    argv = [str(programs / "python"), "manage.py", "test", "--parallel", "2"]
    env = elsewhere.metered(data, receiver.url)
    with subprocess.Popen(
        argv, cwd=elsewhere.BAZAAR, env=env, stderr=subprocess.PIPE, text=True
    ) as tests:
        _, said = tests.communicate(timeout=PATIENCE)
    assert tests.returncode == 0, said
    assert "Ran 4 tests" in said
    asked = [row for row in receiver.work() if row["kind"] == "request"]
    counted = sorted((row["route"], row["sql_calls"]) for row in asked)
    assert counted == [("GET /ping/", 0)] * 2 + [("GET /stalls/", 1)] * 2
    assert tests.pid not in {row["pid"] for row in asked}
