"""Children are ready when start returns, come back when they die, and are gone after close."""

import os
import queue
import signal
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import PATIENCE, until

from brownout.model import BrownoutError, MachineError
from brownout.stack.processes.supervisor import Command, Notice, Supervisor

RUN = f"test-{uuid.uuid4()}"


@pytest.fixture
def notices() -> "queue.Queue[Notice]":
    return queue.Queue()


@pytest.fixture
def supervisor(notices: "queue.Queue[Notice]") -> Iterator[Supervisor]:
    with Supervisor(RUN, notices.put) as supervisor:
        yield supervisor


def python(folder: Path, code: str, **options: Any) -> Command:
    return Command(
        name=options.pop("name", "child"),
        service="load",
        argv=[sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"]},
        cwd=folder,
        log=folder / "logs" / "child.log",
        **options,
    )


SLEEP = "import time; print('here', flush=True); time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


def test_start_returns_when_ready(supervisor: Supervisor, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    child = supervisor.start(
        python(tmp_path, f"open({str(sign)!r}, 'w').close(); {SLEEP}"),
        sign.exists,
        timeout=PATIENCE,
    )
    assert sign.exists()
    assert child.alive()
    assert supervisor.children() == [child]
    assert os.getpgid(child.pid) == os.getsid(child.pid) == child.pid
    assert psutil.Process(child.pid).environ()["BROWNOUT_RUN"] == RUN


def test_early_exit_is_told_with_the_log(supervisor: Supervisor, tmp_path: Path) -> None:
    command = python(tmp_path, "import sys; sys.exit('no such table: books')")
    with pytest.raises(BrownoutError, match="code 1 before it was ready") as error:
        supervisor.start(command, lambda: False, timeout=PATIENCE)
    assert "no such table: books" in str(error.value)
    assert str(command.log) in str(error.value)
    assert supervisor.children() == []


def test_late_child_is_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(BrownoutError, match=r"was not ready after 0\.1 s"):
        supervisor.start(python(tmp_path, SLEEP), lambda: False, timeout=0.1)
    assert supervisor.children() == []


def test_missing_program_is_the_machines_fault(supervisor: Supervisor, tmp_path: Path) -> None:
    command = Command("gone", "web", ["/nowhere/gone"], {}, tmp_path, tmp_path / "log")
    with pytest.raises(MachineError, match="/nowhere/gone"):
        supervisor.start(command)


def test_names_are_unique_among_the_living(supervisor: Supervisor, tmp_path: Path) -> None:
    child = supervisor.start(python(tmp_path, SLEEP))
    with pytest.raises(BrownoutError, match="running already"):
        supervisor.start(python(tmp_path, SLEEP))
    supervisor.stop(child)
    supervisor.start(python(tmp_path, SLEEP))


def test_dead_child_comes_back(
    supervisor: Supervisor, notices: "queue.Queue[Notice]", tmp_path: Path
) -> None:
    child = supervisor.start(python(tmp_path, SLEEP))
    before = child.pid
    os.kill(before, signal.SIGKILL)
    exited = notices.get(timeout=PATIENCE)
    assert (exited.kind, exited.name, exited.pid, exited.code) == ("exited", "child", before, -9)
    restarted = notices.get(timeout=PATIENCE)
    assert (restarted.kind, restarted.pid) == ("restarted", child.pid)
    assert child.pid != before
    assert child.alive()


def test_child_without_restart_stays_dead(
    supervisor: Supervisor, notices: "queue.Queue[Notice]", tmp_path: Path
) -> None:
    child = supervisor.start(python(tmp_path, SLEEP, restart=False))
    os.kill(child.pid, signal.SIGKILL)
    assert notices.get(timeout=PATIENCE).kind == "exited"
    assert supervisor.children() == []
    assert not child.alive()


def test_stop_is_no_notice(
    supervisor: Supervisor, notices: "queue.Queue[Notice]", tmp_path: Path
) -> None:
    child = supervisor.start(python(tmp_path, SLEEP))
    supervisor.stop(child)
    assert child.process.returncode == -signal.SIGTERM
    assert notices.empty()


def test_stubborn_child_gets_sigkill(supervisor: Supervisor, tmp_path: Path) -> None:
    command = python(tmp_path, STUBBORN)
    child = supervisor.start(command, lambda: "here" in command.log.read_text(), timeout=PATIENCE)
    supervisor.stop(child, grace=0.1)
    assert child.process.returncode == -signal.SIGKILL


def test_dead_leader_leaves_nobody_in_its_group(
    supervisor: Supervisor, notices: "queue.Queue[Notice]", tmp_path: Path
) -> None:
    command = python(tmp_path, f"import os; print(os.fork(), flush=True); {STUBBORN}")
    child = supervisor.start(command, lambda: command.log.read_text().count("here") == 2)
    follower = max(int(word) for word in command.log.read_text().split() if word.isdigit())
    os.kill(child.pid, signal.SIGKILL)
    assert notices.get(timeout=PATIENCE).kind == "exited"
    until(lambda: not psutil.pid_exists(follower) or _zombie(follower))


def test_started_from_many_threads_and_closed(tmp_path: Path) -> None:
    supervisor = Supervisor(RUN, lambda notice: None)
    threads = [
        threading.Thread(
            target=supervisor.start, args=[python(tmp_path, code, name=f"child-{number}")]
        )
        for number, code in enumerate([SLEEP, SLEEP, STUBBORN, STUBBORN])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    children = supervisor.children()
    assert len(children) == 4
    supervisor.close()
    assert not any(child.alive() for child in children)
    assert supervisor.children() == []
    assert not psutil.pid_exists(supervisor.reaper.pid)
    with pytest.raises(BrownoutError, match="being ended"):
        supervisor.start(python(tmp_path, SLEEP))


def test_who_closes_too_waits_until_all_has_ended(tmp_path: Path) -> None:
    supervisor = Supervisor(RUN, lambda notice: None)
    command = python(tmp_path, STUBBORN)
    child = supervisor.start(command, lambda: "here" in command.log.read_text())
    first = threading.Thread(target=supervisor.close)
    first.start()
    until(lambda: supervisor.closed)
    supervisor.close()
    assert not child.alive()
    assert not psutil.pid_exists(supervisor.reaper.pid)
    first.join()


def _zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
