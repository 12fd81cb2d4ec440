"""Process samples: CPU and memory per service, and what the rest of the machine does."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from brownout.model import TOOLS
from brownout.probes.ledger import Ledger, Times

PRESSURE = Path("/proc/pressure/cpu")

TICK = 0.01
"""Seconds to which the kernel rounds down when a process was born."""

Group = tuple[str, Sequence[int]]
"""The release that a service runs ("" when it has none), and the pids of all its processes."""


@dataclass(frozen=True, slots=True)
class Look:
    """One process: bytes resident and those of them that are unshared, threads, open files. Zeros
    of one that has gone."""

    rss: int = 0
    private: int = 0
    threads: int = 0
    files: int | None = None


class Processes:
    """Takes samples; remembers the counters of the sample before."""

    def __init__(self) -> None:
        self._known: dict[int, psutil.Process] = {}
        self._ledger = Ledger()
        self._at, self._clock = time.monotonic(), _clock()
        self._busy = _busy()
        self._stalled = _stalled()

    def sample(
        self,
        services: Mapping[str, Group],
        fresh: Collection[int] = (),
        settled: Callable[[], Mapping[int, float]] = dict,
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """(rows of ``metrics``, rows of ``machine``) since the sample before.

        ``fresh``: processes that count whole, though they were born before it; ``settled``: asks
        which tools have ended -> the CPU seconds that they used in all.
        """
        now, clock, ts = time.monotonic(), _clock(), time.time_ns()
        seconds = max(now - self._at, 1e-3)
        pids = {pid for _, of in services.values() for pid in of}
        self._known = {pid: p for pid, p in self._known.items() if pid in pids}
        found = dict(self._times(pids, fresh))
        ended = settled()  # asked now: one that is gone has said so before
        used = self._ledger.take(found, ended)
        if ended:
            release, of = services.get(TOOLS, ("", ()))
            services = {**services, TOOLS: (release, [*{*of, *ended}])}
        rows = [
            {"ts": ts, "name": n, "service": service, "release": release, "value": float(v)}
            | {"attributes": {}}
            for service, (release, of) in services.items()
            for n, v in self._values(of, used, seconds).items()
        ]
        own = sum(used.values())
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

    def _values(
        self, pids: Sequence[int], used: Mapping[int, float], seconds: float
    ) -> dict[str, float]:
        """The metrics of one service."""
        looks = [self._look(pid) for pid in pids]
        values = {
            "process.cpu": sum(used.get(pid, 0.0) for pid in pids) / seconds,
            "process.rss": sum(look.rss for look in looks),
            "process.private": sum(look.private for look in looks),
            "process.threads": sum(look.threads for look in looks),
        }
        files = [look.files for look in looks if look.files is not None]
        return values | ({"process.fds": sum(files)} if files else {})

    def _times(self, pids: Collection[int], fresh: Collection[int]) -> Iterator[tuple[int, Times]]:
        """The times of those that live. Parents come before their children, mostly: one that ends
        meanwhile is then missed, not counted twice."""
        for pid in sorted(pids):
            with contextlib.suppress(psutil.Error):
                process = self._known.setdefault(pid, psutil.Process(pid))
                with process.oneshot():
                    times = process.cpu_times()
                    # One born since the last sample counts whole; of an older one the past is
                    # unknown.
                    born = process.create_time() > self._clock - TICK
                    parent = process.ppid()
                own = times.user + times.system
                yield pid, Times(own, _waited(pid, times), parent, born or pid in fresh)

    def _look(self, pid: int) -> Look:
        try:
            process = self._known[pid]
            with process.oneshot():
                memory = process.memory_info()
                private = memory.rss - getattr(memory, "shared", 0)
                return Look(memory.rss, private, process.num_threads(), _files(process))
        except (KeyError, psutil.Error):
            return Look()


def _waited(pid: int, times: Any) -> float:
    """CPU seconds of the children that a process has waited for."""
    if pid == os.getpid():  # psutil tells it on Linux alone, and in coarser steps
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


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
