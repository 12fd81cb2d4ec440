"""Which other programs use the CPU: their names, while they use enough of it to matter."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

import psutil

EVERY = 5.0
"""Seconds between two looks at all processes of the machine."""

MATTERS = 0.25
"""Cores of others from which on it is worth a look, and those of one program to be named."""

NAMED = 3

INTERPRETERS = ("python", "node", "ruby", "java", "perl", "sh", "bash")


class Others:
    """Remembers the CPU seconds of the look before, and what came of it."""

    def __init__(self) -> None:
        self._at = float("-inf")
        self._used: dict[tuple[int, float], float] = {}
        self._told: tuple[tuple[str, float], ...] = ()

    def look(self, own: Collection[int], foreign: float) -> tuple[tuple[str, float], ...]:
        """(program, cores) of the biggest that are not ``own``, while ``foreign`` cores are many.

        Empty before the second look, and where they are not to be seen from here: in another
        container, or the host of a virtual machine.
        """
        if foreign < MATTERS:
            self._used, self._told = {}, ()
            return ()
        now = time.monotonic()
        if now - self._at >= EVERY or not self._used:
            self._told = self._compare(own, now - self._at)
            self._at = now
        return self._told

    def _compare(self, own: Collection[int], seconds: float) -> tuple[tuple[str, float], ...]:
        before, self._used = self._used, {}
        cores: defaultdict[str, float] = defaultdict(float)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid in own:
                    continue
                times, key = process.cpu_times(), (process.pid, process.create_time())
                self._used[key] = times.user + times.system
                # One that came meanwhile counts whole.
                used = self._used[key] - before.get(key, 0.0) if before else 0.0
                if used > 0.01 * seconds:
                    cores[program(process)] += used / seconds
        biggest = sorted(cores.items(), key=lambda item: -item[1])
        return tuple((name, used) for name, used in biggest if used >= MATTERS / 5)[:NAMED]


def program(process: psutil.Process) -> str:
    """What a process runs: of an interpreter the script or module, never its other arguments."""
    name = str(process.name())
    if not name.startswith(INTERPRETERS):
        return name
    words = process.cmdline()[1:]
    if "-m" in words[:3] and len(words) > words.index("-m") + 1:
        return f"{name} {words[words.index('-m') + 1]}"
    script = words[0] if words and not words[0].startswith("-") else ""
    return f"{name} {Path(script).name}".strip()
