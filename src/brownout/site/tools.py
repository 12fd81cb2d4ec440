"""Our own tools: the control process, what it starts beside the services, and typed commands.

Their CPU is the run's own, though not the shop's. A command that lives for a third of a second in
another terminal is over before anybody looks: it leaves its pid in the run folder when it begins,
and the CPU seconds that it used when it ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from brownout import store
from brownout.model import BrownoutError

FOLDER = "tools"

OTHERS = ("drill", "up", "prove", "calibrate", "run")
"""Commands that bring up something of their own: for a run beside them they are other programs."""


def announce(argv: Sequence[str]) -> None:
    """Have this process, a command with its arguments, counted by the run that it looks at."""
    if not argv or argv[0] in OTHERS:
        return
    with contextlib.suppress(BrownoutError, OSError):  # nothing runs, or it is just being ended
        mine = Path(store.running_site(_named(argv))["run"]) / FOLDER / str(os.getpid())
        mine.touch()
        atexit.register(_settle, mine)


def _named(argv: Sequence[str]) -> Path | None:
    """The run folder that ``--run`` names."""
    for word, after in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--run" and after:
            return Path(after)
        if word.startswith("--run="):
            return Path(word.removeprefix("--run="))
    return None


def _settle(mine: Path) -> None:
    """Say what this process and its children used."""
    used = os.times()
    draft = mine.with_suffix(".draft")
    with contextlib.suppress(OSError):
        draft.write_text(repr(sum(used[:4])))
        draft.replace(mine)


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
