"""Where things are kept: run folders, the cache, this machine's name in it, our own files."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from brownout.model import BrownoutError, MachineError

RUNS = Path(".brownout") / "runs"
RECORDING = "telemetry.duckdb"

GB = 1 << 30


def assets() -> Path:
    """The folder with ``shop`` and ``scenarios``: the checkout's root, or inside the wheel."""
    checkout = Path(__file__).parents[2]
    inside = Path(__file__).parent / "assets"
    return inside if inside.exists() else checkout


def cache_folder() -> Path:
    """$BROWNOUT_CACHE, else ~/.cache/brownout; it may not exist yet."""
    named = os.environ.get("BROWNOUT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "brownout"


def machine() -> dict[str, Any]:
    """What of this machine decides how much it carries: what is measured is kept by it."""
    import psutil  # slower to import than all else here, which short commands need

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = round(psutil.virtual_memory().total / GB)
    return {"cpu": _cpu(), "cores": cores or 1, "memory_gb": memory}


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


class Target:
    """What a Prometheus is told of a run: a file where deploy/prometheus.yml looks."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        folder = RUNS.parent / "prometheus"
        self._path = (folder / f"{run_id}-{os.getpid()}.json").absolute()

    def announce(self, collector: str) -> None:
        """The collector at this URL has the run's figures."""
        target = {"targets": [collector.split("//", 1)[1]], "labels": {"run": self._run_id}}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps([target]))

    def withdraw(self) -> None:
        """They are there no more; nothing is left behind."""
        with contextlib.suppress(OSError):  # other runs are told of there, too
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()
            self._path.parent.parent.rmdir()


class RunFolder:
    """One drill's folder, held by its control process.

    Raises BrownoutError when it holds another drill, MachineError when it cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        self.path = (path or RUNS / self.id).absolute()
        self._lock = self._claim()
        self._target = Target(self.id)
        # brownout up keeps no history, but the shop's repository as a drill does.
        if any((self.path / name).exists() for name in ("history.jsonl", "shop.git")):
            raise BrownoutError(f"{self.path} already holds a drill; choose another folder (--out)")

    def _claim(self) -> IO[bytes]:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = (self.path / ".lock").open("ab")
        except OSError as error:
            raise MachineError(
                f"{self.path} cannot be written ({error.strerror}); choose another folder (--out)"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BrownoutError(
                f"a drill is flying in {self.path}; choose another folder (--out)"
            ) from None
        return file

    def announce(self, url: str, token: str) -> None:
        """Tell other terminals where the drill listens."""
        self._tell("control.json", {"url": url, "token": token, "pid": os.getpid()})

    def serves(self, site: Mapping[str, Any]) -> None:
        """Tell other terminals where the running shop is, with what its probes need.

        {shop, ai, models, collector, token, database, cache, broker: text,
        services: {name: [release, [pid, ...]]}, control: pid}
        """
        self._tell("site.json", site)

    def _tell(self, name: str, what: Mapping[str, Any]) -> None:
        """Write a file that readers always find whole, and that is its owner's alone: tokens."""
        path, draft = self.path / name, self.path / f".{name}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(what, file)
        draft.replace(path)

    def scraped(self, collector: str) -> None:
        """Tell a Prometheus where the run's figures are."""
        self._target.announce(collector)

    def close(self) -> None:
        self._target.withdraw()
        for name in ("control.json", "site.json"):
            (self.path / name).unlink(missing_ok=True)
        self._lock.close()


def runs() -> list[Path]:
    """The run folders below the current folder, newest first."""
    found = [p.parent for p in RUNS.glob("*/history.jsonl")]
    return sorted(found, key=lambda p: p.name, reverse=True)


def find_run(name: str) -> Path:
    """A run folder by path or name, the newest for "". Raises BrownoutError when there is none."""
    if not name:
        if not runs():
            raise BrownoutError(f"no runs in {RUNS}; fly one with: brownout drill")
        return runs()[0]
    for path in (Path(name), RUNS / name):
        if (path / "history.jsonl").exists():
            return path
    known = ", ".join(p.name for p in runs()[:5]) or "none"
    raise BrownoutError(f"no run {name!r} here; known: {known}")


def find_recording(name: str) -> Path:
    """A folder with a recording, of a drill (``find_run``) or of ``brownout up``."""
    if name and (Path(name) / RECORDING).exists():
        return Path(name)
    return find_run(name)


def active_run(run: Path | None) -> dict[str, Any]:
    """The control.json of the drill that flies (in ``run``, or the newest).

    Raises BrownoutError when none does.
    """
    return _told(run, "control.json", "no drill is flying", "brownout drill")


def running_site(run: Path | None) -> dict[str, Any]:
    """The site.json of the shop that runs (in ``run``, or the newest here), in a drill or not.

    ``run`` in it is the run's folder.

    Raises BrownoutError when none does.
    """
    return _told(run, "site.json", "no shop is running", "brownout up")


def _told(run: Path | None, name: str, none: str, start: str) -> dict[str, Any]:
    """What a living control process tells in a file of its run folder (the newest without one)."""
    for folder in [run] if run else sorted(RUNS.glob("*"), reverse=True):
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((folder / name).read_text())
            if _locked(folder):
                return {**found, "run": str(folder.absolute())}
    where = f"in {run}" if run else "in this folder"
    raise BrownoutError(f"{none} {where}; start one with: {start}")


def _locked(folder: Path) -> bool:
    """Whether a living control process holds the folder."""
    with (folder / ".lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
