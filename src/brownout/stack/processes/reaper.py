"""Ends everything a run started when its control process is gone, for whatever reason.

PDEATHSIG and process groups do not reach what PostgreSQL, gunicorn and Celery fork themselves, and
nothing at all runs in a process that got SIGKILL. So a small child holds a pipe to the control
process; when the pipe closes, it ends every group it was told of, what these have forked, and (on
Linux) whatever carries the run's id in its environment, then removes the paths it was told of.

This file is both sides of that pipe. It runs as a script without site-packages: standard library
only. Messages end with NUL, since a path may hold anything else:
``add PGID SIGNAL``, ``drop PGID``, ``remove PATH``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

GRACE = 1.2
"""Seconds that a group has to end by itself before SIGKILL."""

PROC = "/proc"


class Reaper:
    """The control process's end of the pipe. Thread-safe."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._lock = threading.Lock()
        self._groups: dict[int, int] = {}
        self._paths: dict[str, None] = {}
        self._closed = False
        self._launch()

    @property
    def pid(self) -> int:
        return self._process.pid

    def add(self, group: int, stop_signal: int = signal.SIGTERM) -> None:
        """End this process group at the end, first with ``stop_signal``."""
        with self._lock:
            self._groups[group] = int(stop_signal)
            self._tell(f"add {group} {int(stop_signal)}".encode())

    def drop(self, group: int) -> None:
        """Forget the group: it is empty, and its number may be given to others."""
        with self._lock:
            self._groups.pop(group, None)
            self._tell(f"drop {group}".encode())

    def remove(self, path: str | os.PathLike[str]) -> None:
        """Delete this file or folder at the end, also after a clean one."""
        with self._lock:
            self._paths[os.path.abspath(path)] = None
            self._tell(b"remove " + os.fsencode(os.path.abspath(path)))

    def close(self, timeout: float = 3.0) -> None:
        """Let it end what is left; waits for that, at most ``timeout`` seconds."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._pipe)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def _launch(self) -> None:
        reading, self._pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", os.path.abspath(__file__), self._run_id],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        finally:
            os.close(reading)

    def _tell(self, message: bytes) -> None:
        if self._closed:
            return
        try:
            _write(self._pipe, message)
        except BrokenPipeError:  # somebody killed it: a new one must know everything
            os.close(self._pipe)
            self._process.wait()
            self._launch()
            for group, stop_signal in self._groups.items():
                _write(self._pipe, f"add {group} {stop_signal}".encode())
            for path in self._paths:
                _write(self._pipe, b"remove " + os.fsencode(path))


def _write(pipe: int, message: bytes) -> None:
    rest = message + b"\0"
    while rest:
        rest = rest[os.write(pipe, rest) :]


def main(run_id: str) -> None:
    """The child: listen until the pipe closes, then end and remove everything."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    groups, paths = listen(0)
    end(groups, run_id)
    for path in paths:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                os.unlink(path)


def listen(pipe: int) -> tuple[dict[int, int], dict[str, None]]:
    """Read messages to the end of the pipe -> groups with their stop signals, paths."""
    groups: dict[int, int] = {}
    paths: dict[str, None] = {}
    rest = b""
    while chunk := os.read(pipe, 65536):
        *messages, rest = (rest + chunk).split(b"\0")
        for message in messages:
            verb, _, value = message.partition(b" ")
            if verb == b"add":
                group, _, stop_signal = value.partition(b" ")
                groups[int(group)] = int(stop_signal or signal.SIGTERM)
            elif verb == b"drop":
                groups.pop(int(value), None)
            elif verb == b"remove":
                paths[os.fsdecode(value)] = None
    return groups, paths


def end(groups: dict[int, int], run_id: str) -> None:
    """End the groups, their descendants and the carriers of the run's id; at most about 2 s."""
    # PostgreSQL's backends are sessions of their own and overwrite their environment, so they can
    # be found only as descendants, and only now, while their parents live.
    family = descendants(set(groups))
    for group, stop_signal in groups.items():
        with contextlib.suppress(OSError):
            os.killpg(group, stop_signal)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and any(map(exists, groups)):
        time.sleep(0.02)
    for group in groups:
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    for pid, started in family.items():
        if started == start_time(pid):
            kill(pid)
    for _ in range(10):
        left = carriers(run_id)
        if not left:
            break
        for pid in left:
            kill(pid)
        time.sleep(0.05)


def kill(pid: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, signal.SIGKILL)


def exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def descendants(roots: set[int]) -> dict[int, str]:
    """Everything forked by ``roots``, directly or not: pid -> start time."""
    parents = processes()
    found: set[int] = set(roots)
    grew = True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        found |= more
        grew = bool(more)
    return {pid: start_time(pid) for pid in found - {os.getpid()} if pid in parents}


def processes() -> dict[int, int]:
    """Every process of the machine -> its parent."""
    if not os.path.isdir(f"{PROC}/self"):
        listing = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=False)
        return {int(a): int(b) for a, b in (line.split() for line in listing.stdout.splitlines())}
    return {pid: int(fields[1]) for pid in pids() if len(fields := stat(pid)) > 1}


def start_time(pid: int) -> str:
    """When the process began, in the kernel's ticks; '' when it is gone or there is no /proc."""
    fields = stat(pid)
    return fields[19] if len(fields) > 19 else ""


def stat(pid: int) -> list[str]:
    """/proc/PID/stat from the third field on (the second may hold blanks and brackets)."""
    try:
        with open(f"{PROC}/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def carriers(run_id: str) -> list[int]:
    """Processes with BROWNOUT_RUN=<run id> in their environment, without this one (Linux)."""
    mark = f"BROWNOUT_RUN={run_id}".encode()
    found = []
    for pid in pids():
        with contextlib.suppress(OSError), open(f"{PROC}/{pid}/environ", "rb") as file:
            if mark in file.read().split(b"\0"):
                found.append(pid)
    return [pid for pid in found if pid != os.getpid()]


def pids() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir(PROC) if name.isdecimal()]
    return []


if __name__ == "__main__":
    main(sys.argv[1])
