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

from brownout import schema
from brownout.model import BrownoutError, MachineError, Window

RUNS = Path(".brownout") / "runs"
RECORDING = "telemetry.duckdb"


def assets() -> Path:
    """The folder with ``shop`` and ``scenarios``: the checkout's root, or inside the wheel."""
    checkout = Path(__file__).parents[2]
    inside = Path(__file__).parent / "assets"
    return inside if inside.exists() else checkout


def cache_folder() -> Path:
    """$BROWNOUT_CACHE, else ~/.cache/brownout; it may not exist yet."""
    named = os.environ.get("BROWNOUT_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "brownout"


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
        services: {name: [release, [pid, ...]]}}
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


class FileRecording:
    """A finished recording, read-only (model.Recording).

    ``lacks``: tables and columns that it has not got, being of an earlier ``version``.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, windows: Mapping[str, Window]
    ) -> None:
        self._connection = connection
        self.windows = dict(windows)
        self.lacks = schema.present(connection, "file")
        self.version = schema.version(connection, "file")

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, list(params)).fetchall()


@contextlib.contextmanager
def open_recording(run: Path, windows: Mapping[str, Window]) -> Iterator[FileRecording]:
    """The recording in a run folder, or that is this file, when nobody writes it any more.

    Raises BrownoutError when it cannot be read.
    """
    path = run if run.is_file() else run / RECORDING
    if not path.exists():
        raise BrownoutError(f"{path} is missing; the drill died before anything was recorded")
    # One thread: sums of floats must come in the same order each time.
    connection = duckdb.connect(config={"threads": 1})
    try:
        connection.execute(f"ATTACH '{_quoted(path)}' AS file (READ_ONLY)")
        recording = FileRecording(connection, windows)
    except (duckdb.Error, BrownoutError) as error:
        connection.close()
        raise BrownoutError(f"{path} cannot be read: {_reason(error)}") from error
    try:
        yield recording
    finally:
        connection.close()


def export(run: Path, out: Path, tables: Sequence[str]) -> list[dict[str, Any]]:
    """Write tables and views (all tables, for none) as Parquet into ``out``: {table, rows, file}.

    Raises BrownoutError when there is no such table, MachineError when ``out`` cannot be written.
    A file is there as a whole or not at all.
    """
    every = [table.name for table in schema.tables()]
    unknown = sorted({*tables} - {*every, *schema.views()})
    if unknown:
        known = ", ".join([*every, *schema.views()])
        raise BrownoutError(f"--table {unknown[0]}: there is none; known: {known}")
    written = []
    with open_recording(run, {}) as recording:
        try:
            out.mkdir(parents=True, exist_ok=True)
            for table in dict.fromkeys(tables or every):
                path, part = out / f"{table}.parquet", out / f".{table}.part"
                [(rows,)] = recording.query(
                    f"COPY (SELECT * FROM {table}) TO '{_quoted(part)}' "
                    "(FORMAT parquet, COMPRESSION zstd)"
                )
                part.replace(path)
                written.append({"table": table, "rows": rows, "file": str(path)})
        except (OSError, duckdb.IOException) as error:
            raise MachineError(
                f"{out} cannot be written ({_reason(error)}); choose another folder (--out)"
            ) from error
    return written


def _quoted(path: Path) -> str:
    """A path inside quotes of SQL."""
    return str(path).replace("'", "''")


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0]
    if "Conflicting lock" in text or "Could not set lock" in text:
        return "the collector of a running drill writes it; end the drill first"
    return text
