"""Where things are kept: run folders, their recordings, the cache, and the product's own files."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import duckdb

from brownout.model import BrownoutError, MachineError, Window

RUNS = Path(".brownout") / "runs"


def assets() -> Path:
    """The folder with ``shop`` and ``scenarios``: the checkout's root, or inside the wheel."""
    checkout = Path(__file__).parents[2]
    inside = Path(__file__).parent / "assets"
    return inside if inside.exists() else checkout


def cache_folder() -> Path:
    """$BROWNOUT_CACHE, else ~/.cache/brownout; it may not exist yet."""
    named = os.environ.get("BROWNOUT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "brownout"


class RunFolder:
    """One drill's folder, held by its control process.

    Raises BrownoutError when it holds another drill, MachineError when it cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.id = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        self.path = (path or RUNS / self.id).absolute()
        self._lock = self._claim()
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
        path = self.path / "control.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"url": url, "token": token, "pid": os.getpid()}, file)

    def serves(self, site: Mapping[str, str]) -> None:
        """Tell other terminals where the running shop is: {shop, ai, models}."""
        (self.path / "site.json").write_text(json.dumps(site))

    def close(self) -> None:
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


def active_run(run: Path | None) -> dict[str, Any]:
    """The control.json of the drill that flies (in ``run``, or the newest).

    Raises BrownoutError when none does.
    """
    return _told(run, "control.json", "no drill is flying", "brownout drill")


def running_site(run: Path | None) -> dict[str, str]:
    """The site.json of the shop that runs (in ``run``, or the newest here), in a drill or not.

    Raises BrownoutError when none does.
    """
    return _told(run, "site.json", "no shop is running", "brownout up")


def _told(run: Path | None, name: str, none: str, start: str) -> dict[str, Any]:
    """What a living control process tells in a file of its run folder (the newest without one)."""
    for folder in [run] if run else sorted(RUNS.glob("*"), reverse=True):
        with contextlib.suppress(OSError, ValueError):
            found = json.loads((folder / name).read_text())
            if _locked(folder):
                return dict(found)
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


class FileRecording:
    """A finished recording, read-only (model.Recording)."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, windows: Mapping[str, Window]
    ) -> None:
        self._connection = connection
        self.windows = dict(windows)

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(params)).fetchall()


@contextlib.contextmanager
def open_recording(run: Path, windows: Mapping[str, Window]) -> Iterator[FileRecording]:
    """The recording of a finished drill. Raises BrownoutError when it cannot be read."""
    path = run / "telemetry.duckdb"
    if not path.exists():
        raise BrownoutError(f"{path} is missing; the drill died before anything was recorded")
    try:
        # One thread: sums of floats must come in the same order each time.
        connection = duckdb.connect(str(path), read_only=True, config={"threads": 1})
    except duckdb.Error as error:
        raise BrownoutError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    try:
        yield FileRecording(connection, windows)
    finally:
        connection.close()
