"""Our own tools: the control process, what it starts beside the services, and typed commands.

Their CPU is the run's own, though not the shop's.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from brownout.site.typed import FOLDER


class Tools:
    """The tools of the run in this folder; told by the control process."""

    def __init__(self, run: Path) -> None:
        self._folder = run / FOLDER
        self._folder.mkdir(exist_ok=True)
        self._control = psutil.Process()

    def look(self, services: Mapping[str, tuple[str, Sequence[int]]]) -> tuple[set[int], set[int]]:
        """(pids that are tools, those of them that are typed commands), ``services`` apart."""
        taken = {pid for _, pids in services.values() for pid in pids}
        typed = {pid for path in self._files() if (pid := _living(path))}
        found = {self._control.pid, *_below(self._control)} - taken
        for pid in typed:
            with contextlib.suppress(psutil.Error):
                found |= {pid, *_below(psutil.Process(pid))}
        return found, typed

    def settled(self) -> dict[int, float]:
        """Pid -> CPU seconds of each typed command that has ended since the last call."""
        found = {}
        for path in self._files():
            with contextlib.suppress(OSError, ValueError):  # empty: it has not ended
                found[int(path.name)] = float(path.read_text())
                path.unlink()
        return found

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _files(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return [path for path in self._folder.iterdir() if path.name.isdecimal()]
        return []


def _living(path: Path) -> int:
    """The pid of a command that has announced itself; 0 where it has ended.

    The file of one that was killed, which cannot say what it used, is removed.
    """
    pid = int(path.name)
    try:
        if path.stat().st_size or psutil.Process(pid).create_time() < path.stat().st_mtime + 1:
            return pid
    except psutil.NoSuchProcess:
        if path.exists() and path.stat().st_size:  # in order, and just now
            return pid
    except (OSError, psutil.Error):
        return 0
    path.unlink(missing_ok=True)
    return 0


def _below(process: psutil.Process) -> list[int]:
    with contextlib.suppress(psutil.Error):
        return [child.pid for child in process.children(recursive=True)]
    return []
