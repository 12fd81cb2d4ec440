"""What a drill costs, and how it ends: start-up, memory, CPU, Ctrl-C and SIGKILL.

    .venv/bin/python benchmarks/footprint.py

The machine must be set up (a drill was flown before). Memory is PSS: shared pages count once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import psutil

from brownout import history
from brownout.model import Event
from brownout.probes.processes import proportional_bytes

WINDOW = 25
"""Seconds over which the control process's CPU is measured, at the normal load."""


class Drill:
    """A healthy drill that nobody plays."""

    def __init__(self) -> None:
        self.run = Path(tempfile.mkdtemp(prefix="brownout-footprint-")) / "run"
        argv = [sys.executable, "-m", "brownout.app.cli", "drill", "healthy", "--seed", "7"]
        argv += ["--responder", "none", "--pace", "quick", "--out", str(self.run)]
        self.began = time.time_ns()
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet)

    def events(self) -> list[Event]:
        try:
            lines = (self.run / "history.jsonl").read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return history.read(lines)

    def until(self, phase: str) -> None:
        while (last := history.last_info(self.events(), "phase")) is None or (
            last.value["name"] != phase
        ):
            if self.process.poll() is not None:
                sys.exit(f"the drill ended in its phase {last and last.value['name']}")
            time.sleep(0.05)

    def family(self) -> list[psutil.Process]:
        """The control process and all that came of it."""
        control = psutil.Process(self.process.pid)
        return [control, *control.children(recursive=True)]

    def end(self, how: signal.Signals) -> float:
        """Seconds from the signal until no process of the run is left."""
        family = self.family()
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait()
        while any(p.is_running() for p in family):
            time.sleep(0.02)
        return time.monotonic() - began

    def first_user(self) -> float:
        """Seconds from the start of the command until the first user had been answered."""
        with duckdb.connect(str(self.run / "telemetry.duckdb"), read_only=True) as connection:
            sql = "SELECT min(intended + latency) FROM requests WHERE status BETWEEN 1 AND 399"
            [at] = connection.execute(sql).fetchone() or (0,)
        return (at - self.began) / 1e9


def main() -> int:
    drill = Drill()
    drill.until("baseline")
    control = psutil.Process(drill.process.pid)
    control.cpu_percent()
    time.sleep(WINDOW)
    share = control.cpu_percent()
    family = drill.family()
    memory = proportional_bytes([p.pid for p in family]) / 1e6
    drill.until("incident")
    endings = {"Ctrl-C in incident": drill.end(signal.SIGINT)}
    print(f"first user answered   {drill.first_user():.1f} s after the command")
    print(f"all {len(family)} processes       {memory:.0f} MB PSS")
    print(f"control process       {share:.1f}% of a core at normal load, over {WINDOW} s")
    for phase, how in (
        ("boot", signal.SIGINT),
        ("baseline", signal.SIGINT),
        ("boot", signal.SIGKILL),
        ("baseline", signal.SIGKILL),
    ):
        drill = Drill()
        drill.until(phase)
        if phase == "boot":
            time.sleep(2)  # in the midst of it: databases and models are starting
        name = "Ctrl-C" if how is signal.SIGINT else "SIGKILL"
        endings[f"{name} in {phase}"] = drill.end(how)
    for what, seconds in endings.items():
        print(f"{what:21} {seconds:.1f} s until no process was left")
    return 0


if __name__ == "__main__":
    os.chdir(tempfile.gettempdir())
    sys.exit(main())
