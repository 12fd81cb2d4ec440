"""Process samples: CPU and memory per service, and what the rest of the machine does."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

PRESSURE = Path("/proc/pressure/cpu")

TICK = 0.01
"""Seconds to which the kernel rounds down when a process was born."""

Group = tuple[str, Sequence[int]]
"""The release that a service runs ("" when it has none), and the pids of all its processes."""


@dataclass(frozen=True, slots=True)
class Look:
    """One process: CPU seconds since the sample before, bytes resident and those of them that are
    unshared, threads, open files. Zeros of one that has gone."""

    cpu: float = 0.0
    rss: int = 0
    private: int = 0
    threads: int = 0
    files: int | None = None


class Processes:
    """Takes samples; remembers the counters of the sample before."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._cpu: dict[int, float] = {}
        self._at, self._clock = time.monotonic(), _clock()
        self._busy = _busy()
        self._stalled = _stalled()

    def sample(
        self, services: Mapping[str, Group]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """(rows of ``metrics``, rows of ``machine``) since the sample before."""
        now, clock, ts = time.monotonic(), _clock(), time.time_ns()
        seconds = max(now - self._at, 1e-3)
        rows, own = [], 0.0
        alive: set[int] = set()
        for service, (release, pids) in services.items():
            looks = [self._look(pid) for pid in pids]
            alive.update(pids)
            used = sum(look.cpu for look in looks)
            own += used
            values = {
                "process.cpu": used / seconds,
                "process.rss": sum(look.rss for look in looks),
                "process.private": sum(look.private for look in looks),
                "process.threads": sum(look.threads for look in looks),
            }
            files = [look.files for look in looks if look.files is not None]
            if files:
                values["process.fds"] = sum(files)
            rows += [
                {"ts": ts, "name": n, "service": service, "release": release, "value": float(v)}
                | {"attributes": {}}
                for n, v in values.items()
            ]
        self._forget(alive)
        busy, stalled = _busy(), _stalled()
        machine = {
            "ts": ts,
            "foreign_cpu": max((busy - self._busy - own) / seconds, 0.0),
            "own_cpu": own / seconds,
            "pressure": None
            if stalled is None or self._stalled is None
            else (stalled - self._stalled) / 1e6 / seconds,
            "memory_available": psutil.virtual_memory().available,
        }
        self._at, self._busy, self._stalled = now, busy, stalled
        self._clock = clock
        return rows, [machine]

    def _look(self, pid: int) -> Look:
        try:
            process = self._known.setdefault(pid, psutil.Process(pid))
            with process.oneshot():
                times = process.cpu_times()
                total = times.user + times.system
                # One born since the last sample counts whole; of an older one the past is unknown.
                born = process.create_time() > self._clock - TICK
                used = total - self._cpu.get(pid, 0.0 if born else total)
                self._cpu[pid] = total
                memory = process.memory_info()
                private = memory.rss - getattr(memory, "shared", 0)
                files = _files(process)
                return Look(used, memory.rss, private, process.num_threads(), files)
        except psutil.Error:
            return Look()

    def _forget(self, alive: set[int]) -> None:
        for pid in set(self._known) - alive:
            self._known.pop(pid)
            self._cpu.pop(pid, None)


def _files(process: psutil.Process) -> int | None:
    """Open file descriptors; None of another user's process, which does not tell."""
    try:
        return int(process.num_fds())
    except psutil.AccessDenied:
        return None


def _clock() -> float:
    """Now, as psutil dates births: on Linux from a boot that is known to the whole second only."""
    if sys.platform == "linux":
        return float(psutil.boot_time()) + time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


def _busy() -> float:
    """CPU seconds that the machine has been busy since it started."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0)) - (
        getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    )


def _stalled() -> float | None:
    """Microseconds in which some task waited for a CPU; None where the kernel does not tell."""
    try:
        return float(PRESSURE.read_text().split("total=", 1)[1].split()[0])
    except (OSError, IndexError, ValueError):
        return None


def proportional_bytes(pids: Sequence[int]) -> int:
    """PSS of all processes together: shared pages are counted once (RSS where PSS is missing)."""
    total = 0
    for pid in pids:
        try:
            memory = psutil.Process(pid).memory_full_info()
        except psutil.Error:
            continue
        total += getattr(memory, "pss", memory.rss)
    return total
