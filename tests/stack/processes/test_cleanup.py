"""However a whole site ends, and whenever, no process, port or cluster of its own is left."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import until

from brownout import store

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for carriers there"),
]

CONTROL = """
    import json, sys, threading
    from pathlib import Path
    from brownout.model import Workload
    from brownout.site.site import Plan, Site
    from brownout.store import RunFolder

    run = RunFolder(Path("run"))
    site = Site(Plan(run, 7, Workload(6, 9), size="small"), lambda text: None, lambda notice: None)

    def tell(**words):
        print(json.dumps(words), flush=True)

    def boot():
        return site.boot()["urls"]

    def deploy():
        return site.stack.deploy("work")

    def attempt(act):
        try:
            tell(**act())
        except Exception as error:  # broken off anywhere
            tell(error=str(error))

    def start(act):
        threads.append(threading.Thread(target=attempt, args=[act], daemon=True))
        threads[-1].start()

    threads = []
    tell(id=run.id)
    start(boot)
    for line in sys.stdin:
        if line.strip() == "deploy":
            start(deploy)
            continue
        site.stop()
        for thread in threads:
            thread.join()
        tell(stopped=True)
"""

SLOW = "sleep 617"

Condition = Callable[[], Any]


class Control:
    """A process that boots a site in ``folder/run``, and what was seen to come of it.

    Its cache has the data and the packages of the ordinary one, and no front end.
    """

    def __init__(self, folder: Path) -> None:
        self.run = folder / "run"
        cache = folder / "cache"
        cache.mkdir()
        for name in ("datasets", "node"):
            (store.cache_folder() / name).mkdir(parents=True, exist_ok=True)
            (cache / name).symlink_to(store.cache_folder() / name)
        script = folder / "control.py"
        script.write_text(textwrap.dedent(CONTROL))
        self.process = subprocess.Popen(
            [sys.executable, str(script)],
            cwd=folder,
            env=os.environ | {"BROWNOUT_CACHE": str(cache)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.id = str(self.hear()["id"])
        self.family: list[psutil.Process] = []
        self.ports: set[int] = set()

    def hear(self) -> dict[str, Any]:
        assert self.process.stdout
        return dict(json.loads(self.process.stdout.readline()))

    def ask(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def build_for_ever(self) -> None:
        """Deploy a release whose front end takes its time; returns when it is being built."""
        package = self.run / "checkout" / "frontend" / "package.json"
        text = package.read_text()
        assert '"vite build"' in text
        package.write_text(text.replace('"vite build"', f'"{SLOW}"'))
        subprocess.run(["git", "commit", "-qam", "Mine"], cwd=package.parent, check=True)
        self.ask("deploy")
        until(lambda: any(SLOW.split()[1] in _told(pid) for pid in self.descendants()))

    def descendants(self) -> list[int]:
        return [p.pid for p in psutil.Process(self.process.pid).children(recursive=True)]

    def look(self) -> None:
        """Note every process that came of it, and every port that one of them listens on."""
        control = psutil.Process(self.process.pid)
        self.family = control.children(recursive=True)
        for process in (control, *self.family):
            try:
                found = process.net_connections("tcp")
            except psutil.NoSuchProcess:
                continue
            self.ports |= {c.laddr.port for c in found if c.status == psutil.CONN_LISTEN}

    def left(self) -> list[str]:
        """What of the run is still there: processes, open ports, the database's cluster."""
        noted = [p.pid for p in self.family if p.is_running()]
        living = [_told(pid) for pid in {*noted, *self.carriers()}]
        ports = [f"port {port}" for port in sorted(self.ports) if _open(port)]
        cluster = [str(path) for path in self.run.glob("postgres")]
        return [*filter(None, living), *ports, *cluster]

    def carriers(self) -> list[int]:
        """The processes that carry the run's id or work in its folder."""
        mark, found = f"BROWNOUT_RUN={self.id}".encode(), []
        for pid in set(psutil.pids()) - {self.process.pid}:
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                where = Path(os.readlink(f"/proc/{pid}/cwd"))
            except OSError:
                continue
            if mark in environment or where.is_relative_to(self.run):
                found.append(pid)
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()


def _told(pid: int) -> str:
    """Process and command line; nothing for one that has ended."""
    try:
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return f"{pid}: {' '.join(process.cmdline())}"
    except psutil.NoSuchProcess:
        pass
    return ""


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    made = Control(tmp_path)
    try:
        yield made
    finally:
        made.end()


def sigkill(control: Control) -> None:
    os.kill(control.process.pid, signal.SIGKILL)
    control.process.wait()


def stop(control: Control) -> None:
    """Call the site's ``stop``; its process lives on."""
    control.ask("stop")


ENDS = pytest.mark.parametrize("end", [sigkill, stop])


@ENDS
def test_nothing_of_a_running_site_is_left(
    control: Control, end: Callable[[Control], None]
) -> None:
    urls = control.hear()
    assert set(urls) == {"shop", "ai"}, urls
    control.build_for_ever()
    control.look()
    # The collector, PostgreSQL, Valkey, the AI service, and the web's shared and private socket.
    assert len(control.ports) >= 6
    # These six with the children of two of them, the worker, the load, the reaper.
    assert len(control.carriers()) >= 8
    assert len(control.family) >= 14
    end(control)
    until(lambda: not control.left(), control.left)
    if end is stop:
        assert set(control.hear()) == {"error"}
        assert control.hear() == {"stopped": True}
        assert control.process.poll() is None


@ENDS
@pytest.mark.parametrize("sign", ["postgres", "logs/worker-*.log"])
def test_nothing_of_a_site_that_boots_is_left(
    control: Control, sign: str, end: Callable[[Control], None]
) -> None:
    until(lambda: any(control.run.glob(sign)))
    control.look()
    end(control)
    if end is stop:
        # What was being started says that it was broken off; nothing hangs.
        assert set(control.hear()) == {"error"}
        assert control.hear() == {"stopped": True}
    until(lambda: not control.left(), control.left)
