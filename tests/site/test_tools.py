"""Our own tools on real processes: what they use is the run's own, however short they live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from waiting import until

from brownout import store
from brownout.model import TOOLS
from brownout.probes.processes import Processes
from brownout.site.tools import Tools
from brownout.site.typed import FOLDER

TYPED = """
import pathlib, os, sys, time
from brownout.site import typed
typed.announce(sys.argv[1:])
end = time.process_time() + 0.2
while time.process_time() < end: pass
here = pathlib.Path(f"{os.getpid()}.used")
here.with_suffix(".draft").write_text(repr(time.process_time()))
here.with_suffix(".draft").rename(here)
while pathlib.Path("stay").exists(): time.sleep(0.01)
"""


class Control:
    """Looks as the control process does, at commands that are no children of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = store.RunFolder(folder / "run")
        self.run.serves({})
        self.tools = Tools(self.run.path)
        self._processes = Processes()
        self._began = self._own()
        self.sample()

    def type(self, *argv: str) -> None:
        """A command in another terminal."""
        words = [sys.executable, "-c", TYPED, *argv, "--run", str(self.run.path)]
        subprocess.run(["sh", "-c", '"$@" &', "sh", *words], cwd=self.folder, check=True)

    def used(self) -> list[float]:
        """CPU seconds of each command, as far as it has said so."""
        return [float(path.read_text()) for path in self.folder.glob("*.used")]

    def left(self) -> list[str]:
        return [path.name for path in (self.run.path / FOLDER).iterdir()]

    def sample(self) -> float:
        """CPU seconds of the tools since the sample before, this process's own left out."""
        before, began = self._began, self._processes._at
        pids, typed = self.tools.look({})
        rows, _ = self._processes.sample({TOOLS: ("", sorted(pids))}, typed, self.tools.settled)
        self._began = self._own()
        [cores] = [row["value"] for row in rows if row["name"] == "process.cpu"]
        return cores * (self._processes._at - began) - (self._began - before)

    @staticmethod
    def _own() -> float:
        return sum(os.times()[:4])


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    made = Control(tmp_path)
    yield made
    (tmp_path / "stay").unlink(missing_ok=True)
    made.tools.close()
    made.run.close()


def settled(control: Control) -> bool:
    return all((control.run.path / FOLDER / name).stat().st_size for name in control.left())


def test_commands_that_are_over_before_anybody_looks_are_counted(control: Control) -> None:
    for _ in range(3):
        control.type("status")
    until(lambda: len(control.used()) == 3 and settled(control))
    used = sum(control.used())
    assert used >= 0.6
    assert 0.5 * used < control.sample() < 1.5 * used
    assert control.left() == []
    assert control.sample() < 0.1


def test_one_that_is_looked_at_while_it_lives_is_counted_once(control: Control) -> None:
    (control.folder / "stay").touch()
    control.type("alerts")
    until(control.used)
    [used] = control.used()
    first = control.sample()
    assert 0.5 * used < first < 1.5 * used
    (control.folder / "stay").unlink()
    until(lambda: settled(control))
    assert 0.5 * used < first + control.sample() < 1.5 * used


def test_one_that_was_killed_leaves_nothing(control: Control) -> None:
    (control.folder / "stay").touch()
    control.type("status")
    until(control.used)
    [pid] = control.left()
    psutil.Process(int(pid)).kill()
    until(lambda: not psutil.pid_exists(int(pid)))
    control.sample()
    assert control.left() == []


def test_what_brings_up_something_of_its_own_is_another_program(control: Control) -> None:
    control.type("drill")
    until(control.used)
    assert control.left() == []
    assert control.sample() < 0.1
