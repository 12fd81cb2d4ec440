"""Drills, and other commands that run a shop, in processes of their own, as users start them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from terminals import Terminal
from waiting import PATIENCE, until

from brownout import history
from brownout.model import Event

Say = Callable[[str], None]

BROWNOUT = [sys.executable, "-m", "brownout.app.cli"]


class Started:
    """A command in ``folder``, with its output in files there."""

    def __init__(
        self, folder: Path, *argv: str, terminal: Terminal | None = None, **environment: str
    ) -> None:
        """``terminal``: its stderr, on which it draws."""
        self.folder = folder
        self.terminal = terminal
        # Whoever runs the tests side by side sets COLUMNS, which would go before the terminal's.
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
            self.process = subprocess.Popen(
                [*BROWNOUT, *argv],
                cwd=folder,
                env=inherited | {"TERM": "xterm-256color"} | environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=terminal.slave if terminal else err,
            )

    def out(self) -> str:
        return (self.folder / "stdout").read_text()

    def err(self) -> str:
        if self.terminal:
            return self.terminal.text()
        return (self.folder / "stderr").read_text()

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until it holds; the command must go on meanwhile."""
        until(lambda: self.process.poll() is not None or condition(), self.err)
        assert self.process.poll() is None, self.err()

    def family(self) -> list[psutil.Process]:
        """Everything that came of it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def runs(self, word: str) -> bool:
        """Whether this word stands in the command line of what it has started."""
        for process in self.family():
            with contextlib.suppress(psutil.Error):  # it may go while it is being looked at
                if word in process.cmdline():
                    return True
        return False

    def ended(self, by: signal.Signals) -> int:
        """Its exit code after a signal: nothing that it started is left then."""
        family = self.family()
        self.process.send_signal(by)
        code = self.process.wait(PATIENCE)
        assert [process for process in family if still_works(process)] == []
        assert "Traceback" not in self.err()
        return code


class Drill(Started):
    """A drill, in ``folder/run``."""

    def __init__(self, folder: Path, *args: str, terminal: Terminal | None = None) -> None:
        self.run = folder / "run"
        self._said = 0
        argv = ("drill", "--seed", "7", "--out", str(self.run), *args)
        super().__init__(folder, *argv, terminal=terminal)

    def events(self) -> list[Event]:
        try:
            lines = (self.run / "history.jsonl").read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return history.read(lines)

    def reaches(self, phase: str, say: Say = lambda text: None) -> None:
        """Wait until it has entered this phase; each one is said as it begins."""
        self.until(lambda: phase in self._phases(say))

    def lands(self, say: Say) -> int:
        """Its exit code, when it has ended by itself: in minutes, which the test's limit bounds."""
        while self.process.poll() is None:
            self._phases(say)
            threading.Event().wait(0.1)
        return self.process.returncode

    def _phases(self, say: Say) -> list[str]:
        names = [e.value["name"] for e in history.infos(self.events(), "phase")]
        for name in names[self._said :]:
            say(name)
        self._said = len(names)
        return names

    def ask(self, *args: str) -> Any:
        """A command in another terminal, its JSON."""
        argv = [*BROWNOUT, *args, "--run", str(self.run), "--json"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def debrief(self) -> dict[str, Any]:
        return dict(json.loads((self.run / "debrief.json").read_text()))

    def interrupted(self, by: signal.Signals) -> None:
        """A signal ends it with nothing left but the history."""
        assert self.ended(by) == 130
        [closed] = history.infos(self.events(), "closed")
        assert closed.value["reason"] == "interrupted"


def still_works(process: psutil.Process) -> bool:
    """Whether it has not ended: a zombie has, and it may go while it is being looked at."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
