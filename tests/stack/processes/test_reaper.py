"""Whatever happens to the control process, nothing of its run lives on."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import until

from brownout.stack.processes.reaper import Reaper

CONTROL = """
    import json, os, signal, sys, threading, time
    from pathlib import Path
    from brownout.stack.processes.ports import free_ports, listening_socket
    from brownout.stack.services.postgres import Postgres
    from brownout.stack.processes.supervisor import Command, Supervisor

    run_id, run = sys.argv[1], Path(sys.argv[2])
    supervisor = Supervisor(run_id, lambda notice: None)
    supervisor.reaper.remove(run / "secret")
    environment = dict(os.environ)

    def command(name, argv, **options):
        return Command(name, "web", argv, environment, run, run / f"{name}.log", **options)

    def sign(name):
        return lambda: (run / name).exists()
"""

FAMILY = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:  # a grandchild, twice forked, in a session of its own
        os.setsid()
        if os.fork() == 0:
            open("family", "w").close()
            time.sleep(600)
        os._exit(0)
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)
"""

WSGI = """
    def application(environ, start_response):
        start_response("200 OK", [])
        return [b"hello"]
"""


@pytest.fixture
def run_id() -> str:
    return f"test-{uuid.uuid4()}"


@pytest.fixture
def control(run_id: str, tmp_path: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """Runs a control process with more code; gives what that says as JSON in its first line."""
    processes: list[subprocess.Popen[str]] = []

    def start(code: str) -> dict[str, Any]:
        script = tmp_path / "control.py"
        script.write_text(textwrap.dedent(CONTROL) + textwrap.dedent(code))
        process = subprocess.Popen(
            [sys.executable, str(script), run_id, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout
        return {"control": process, **json.loads(process.stdout.readline())}

    yield start
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def living(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def of_run(run_id: str) -> list[psutil.Process]:
    """Every process that names the run in its environment or its command line."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), process.environ().get("BROWNOUT_RUN", "")]
        except psutil.Error:
            continue
        if run_id in words and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="found by /proc alone")
def test_sigkill_leaves_no_twice_forked_process(
    control: Callable[[str], dict[str, Any]], run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "family.py").write_text(textwrap.dedent(FAMILY))
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").touch()
    told = control("""
        argv = [sys.executable, "family.py"]
        supervisor.start(command("family", argv), sign("family"), timeout=20)
        print(json.dumps({}), flush=True)
        time.sleep(600)
    """)
    assert len(of_run(run_id)) >= 4  # control, reaper, child, two grandchildren
    told["control"].kill()
    told["control"].wait()
    until(lambda: not of_run(run_id))
    assert not (tmp_path / "secret").exists()


@pytest.mark.stack
def test_sigkill_leaves_no_postgres_and_no_gunicorn(
    control: Callable[[str], dict[str, Any]], run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "hello.py").write_text(textwrap.dedent(WSGI))
    told = control("""
        from brownout.stack.processes.readiness import answers

        postgres = Postgres(run_id, run, run / "postgres", free_ports(1)[0], "secret")
        postgres.initialise(supervisor)
        database = supervisor.start(postgres.command(), postgres.ready, timeout=60)
        listener = listening_socket()
        port = listener.getsockname()[1]
        argv = [sys.executable, "-m", "gunicorn", "hello:application", "--workers", "2"]
        argv += ["--bind", f"fd://{listener.fileno()}"]
        web = supervisor.start(
            command("web", argv, pass_fds=(listener.fileno(),)),
            answers(f"http://127.0.0.1:{port}/"),
            timeout=60,
        )
        import psutil
        pids = [p.pid for c in (database, web) for p in psutil.Process(c.pid).children(True)]
        pids += [database.pid, web.pid, supervisor.reaper.pid]
        print(json.dumps({"ports": [postgres.port, port], "pids": pids}), flush=True)
        time.sleep(600)
    """)
    assert len(told["pids"]) >= 9  # PostgreSQL's own children are six
    assert all(map(living, told["pids"]))
    os.kill(told["control"].pid, signal.SIGKILL)
    told["control"].wait()
    until(lambda: not any(map(living, told["pids"])))
    assert of_run(run_id) == []
    until(lambda: all(map(free, told["ports"])))


def test_it_ignores_the_terminals_signals(run_id: str) -> None:
    reaper = Reaper(run_id)
    try:
        assert os.getsid(reaper.pid) == reaper.pid
        sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
        reaper.add(sleeper.pid)
        until(lambda: _ignores(reaper.pid, signal.SIGTERM))
        os.kill(reaper.pid, signal.SIGINT)
        os.kill(reaper.pid, signal.SIGTERM)
    finally:
        reaper.close()
    assert sleeper.wait() == -signal.SIGTERM


def test_a_dropped_group_is_let_alone(run_id: str) -> None:
    reaper = Reaper(run_id)
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    reaper.add(sleeper.pid)
    reaper.drop(sleeper.pid)
    reaper.close()
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


def test_a_killed_reaper_is_replaced_and_told_all(run_id: str, tmp_path: Path) -> None:
    reaper = Reaper(run_id)
    sleeper = subprocess.Popen(["sleep", "600"], start_new_session=True)
    reaper.add(sleeper.pid)
    first = reaper.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: not living(first))
    (tmp_path / "leftover").touch()
    reaper.remove(tmp_path / "leftover")
    assert reaper.pid != first
    reaper.close()
    assert sleeper.wait() == -signal.SIGTERM
    assert not (tmp_path / "leftover").exists()


def _ignores(pid: int, number: int) -> bool:
    """Has the process begun to ignore the signal? Where that cannot be seen, it must be asked."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return True
    mask = next(line for line in status.read_text().splitlines() if line.startswith("SigIgn"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
