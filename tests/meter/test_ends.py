"""However a process ends, short of SIGKILL: what waits is sent, or it is said that it was not."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import elsewhere
import pytest
from metering import PRELUDE, Project, Receiver
from waiting import PATIENCE

from brownout.stack.processes.ports import free_ports

VISIT = "import os, signal\nsender.EVERY = 3600\n"
WAIT = "time.sleep(300)"

CHILD = """
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=client.get, args=("/ping/",))
child.start()
child.join()
"""
IN_C = """
import hashlib
def end():
    clock = time.pthread_getcpuclockid(threading.main_thread().ident)
    began = time.clock_gettime(clock)
    while time.clock_gettime(clock) < began + 0.05:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
client.get("/ping/")
threading.Thread(target=end, daemon=True).start()
hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
"""
"""Half an hour in which the main thread runs no Python."""

WAYS = {
    "the end of the script": ("client.get('/ping/')", 0),
    "an exception": ("client.get('/ping/'); raise SystemExit(3)", 3),
    "os._exit": ("client.get('/ping/'); os._exit(4)", 4),
    "a child of multiprocessing": (CHILD, 0),
    "another program": (
        "client.get('/ping/'); os.execvp(sys.executable, [sys.executable, '-c', 'exit(5)'])",
        5,
    ),
    "SIGTERM": (f"client.get('/ping/'); os.system(f'kill {{os.getpid()}}'); {WAIT}", -15),
    "SIGHUP": (f"client.get('/ping/'); os.system(f'kill -1 {{os.getpid()}}'); {WAIT}", -1),
    "SIGTERM in a call of C": (IN_C, -15),
    # As uvicorn does: it puts the handlers back that it found, and raises what came.
    "a signal that was kept": (
        "signal.signal(signal.SIGTERM, lambda *_: None); client.get('/ping/')\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL); signal.raise_signal(signal.SIGTERM)",
        -15,
    ),
    # As a worker of gunicorn after Ctrl-C, which its master passes on, too.
    "a handler that raises while it ends": (
        "signal.signal(signal.SIGQUIT, lambda *_: sys.exit(6)); client.get('/ping/')\n"
        "sys.addaudithook(lambda event, _: event == 'socket.connect'"
        " and signal.raise_signal(signal.SIGQUIT))",
        0,
    ),
    "SIGKILL of its own": ("client.get('/ping/'); os.kill(os.getpid(), signal.SIGKILL)", -9),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_waits_is_sent(way: str, receiver: Receiver, tmp_path: Path) -> None:
    script, code = WAYS[way]
    with Project(tmp_path, receiver.url, receiver.url).start(VISIT + script) as child:
        assert child.wait(timeout=PATIENCE) == code
    assert [row["route"] for row in receiver.work()] == ["GET /ping/"]


@pytest.mark.parametrize(
    ("way", "code"), [([], 0), (["--noreload"], 128 + signal.SIGTERM)], ids=["reloader", "alone"]
)
def test_the_development_server_that_is_told_to_end(
    way: list[str], code: int, tmp_path: Path
) -> None:
    elsewhere.fill(tmp_path)
    command = [sys.executable, "manage.py", "runserver", "{port}", *way]
    with elsewhere.serving(tmp_path, command) as server:
        for _ in range(20):
            server.get("/stalls/")
        ended, summary = server.end(signal.SIGTERM)
    assert ended == code, server.said()
    [found] = [r for r in summary["routes"] if r["route"] == "GET /stalls/"]
    assert found["count"] == 20


def test_a_handler_of_the_applications_own_stays(receiver: Receiver, tmp_path: Path) -> None:
    script = """
import signal
mine = lambda *_: None
signal.signal(signal.SIGTERM, mine)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
client.get("/ping/")
say(kept=[signal.getsignal(signal.SIGTERM) is mine,
          signal.getsignal(signal.SIGHUP) is signal.SIG_IGN])
"""
    project = Project(tmp_path, receiver.url, receiver.url)
    assert project.run(script) == [{"kept": [True, True]}]


FORKS = """
import os, signal
client.get("/ping/")
for _ in range(200):
    child = os.fork()
    if not child:
        while True: signal.pause()
    os.kill(child, signal.SIGTERM)  # before it has taken a step of its own
    os.waitpid(child, 0)
say(told=signal.set_wakeup_fd(-1) != -1)
"""


def test_signals_of_a_child_are_not_taken_for_ones_own(receiver: Receiver, tmp_path: Path) -> None:
    project = Project(tmp_path, receiver.url, receiver.url)
    assert project.run(FORKS) == [{"told": True}]


def test_who_has_signals_told_keeps_that(receiver: Receiver, tmp_path: Path) -> None:
    script = """
import asyncio, os, signal
async def serve():
    came = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, came.set)
    client.get("/ping/")
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(came.wait(), 100)
    return signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
say(met=asyncio.run(serve()))
"""
    project = Project(tmp_path, receiver.url, receiver.url)
    assert project.run(script) == [{"met": True}]


def test_a_main_thread_that_need_not_run_python_keeps_its_signals(
    receiver: Receiver, tmp_path: Path
) -> None:
    """A server's loop in C might let no handler through: it would not end any more."""
    script = """
import signal
from django.core.handlers.wsgi import WSGIHandler
from brownout.meter.event.work import Work
WSGIHandler()
sender.send(Work(), "request", "GET /", 200, 1)
say(kept=signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""
    project = Project(tmp_path, receiver.url, receiver.url)
    assert project.run(script) == [{"kept": True}]


def said(folder: Path, url: str, script: str) -> list[str]:
    """What the meter says on stderr, without the process's number."""
    project = Project(folder, url, url)
    argv = [sys.executable, "-c", PRELUDE + script]
    done = subprocess.run(
        argv, cwd=folder, env=project.environment, capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("brownout: ")]
    return [line.removeprefix("brownout: ").rpartition(" (process ")[0] for line in lines]


def test_what_could_not_be_sent_is_said(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert said(tmp_path, url, "for _ in range(3): client.get('/ping/')") == [
        f"events cannot be sent to {url}: nobody listens there",
        f"3 of its events did not reach {url}: nobody listens there",
    ]


def test_a_receiver_that_does_not_answer_holds_up_the_end_a_short_time(
    receiver: Receiver, tmp_path: Path
) -> None:
    receiver.open.clear()
    told = said(tmp_path, receiver.url, "client.get('/ping/')")
    assert told[-1] == f"1 of its events did not reach {receiver.url}: no answer in time"
