"""The shop's data and models: made once by the shop's own commands, kept in the cache by content.

``datasets/KEY/`` in the cache holds ``postgres`` (a cluster, cleanly stopped), ``models``, ``data``
(what the generator wrote) and ``dataset.json``. It appears by a rename, so it is whole or absent.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from brownout.model import BrownoutError
from brownout.stack.data.recipe import SIZES, Recipe
from brownout.stack.data.room import copy_tree, need_disk, need_memory, open_folder
from brownout.stack.data.seeding import Progress, build
from brownout.stack.processes.account import Account, account
from brownout.stack.processes.supervisor import Supervisor

KEPT = 4
"""Datasets that stay in the cache; the longest unused go first."""


@dataclass(frozen=True)
class Dataset:
    """A finished dataset. It stays in the cache at least as long as this object lives."""

    folder: Path
    manifest: dict[str, Any]
    claim: IO[bytes] = field(repr=False)

    @property
    def models(self) -> Path:
        return self.folder / "models"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def password(self) -> str:
        return str(self.manifest["password"])

    def place(self, run: Path, supervisor: Supervisor, who: Account | None = None) -> Path:
        """Copy the cluster for a run -> its folder, which is removed when the run ends.

        Raises MachineError when it does not fit, BrownoutError when the run is being ended.
        """
        who = who or account()
        need_disk(run, self.manifest["bytes"] + 500e6, "to run the shop's database")
        target = open_folder(run, supervisor, who) / "postgres"
        supervisor.reaper.remove(target)  # before it is there: half of it must not stay either
        copy_tree(self.folder / "postgres", target, supervisor, run / "logs" / "copy.log")
        who.take(target)
        return target


def prepare(
    recipe: Recipe, cache: Path, progress: Progress, ended: threading.Event | None = None
) -> Dataset:
    """The dataset from the cache; made now (seconds to minutes) if it is not there.

    Raises MachineError without the disk, memory or PostgreSQL that it takes, BrownoutError with
    the end of the log when one of the shop's commands fails, or when ``ended`` is set.
    """
    ended = ended or threading.Event()
    folder = cache / "datasets" / recipe.key()
    folder.parent.mkdir(parents=True, exist_ok=True)
    while True:
        claim = _lock(folder, fcntl.LOCK_SH, progress, ended)
        if manifest := _manifest(folder):
            (folder / "dataset.json").touch()  # its age says when it was last used
            return Dataset(folder, manifest, claim)
        claim.close()
        with _lock(folder, fcntl.LOCK_EX, progress, ended):
            if not _manifest(folder):
                purpose = f"to make the shop's data, size {recipe.size}"
                need_disk(folder.parent, SIZES[recipe.size].disk, purpose)
                need_memory(SIZES[recipe.size].memory, purpose)
                build(recipe, folder, progress, ended)
                _prune(folder)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """What is said of a finished dataset; None of one that is absent or damaged."""
    try:
        manifest = json.loads((folder / "dataset.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    whole = isinstance(manifest, dict) and {"password", "bytes"} <= manifest.keys()
    return manifest if whole else None


def _lock(folder: Path, kind: int, progress: Progress, ended: threading.Event) -> IO[bytes]:
    """A lock on the dataset for as long as the file is open: it cannot outlive its process."""
    file = folder.with_suffix(".lock").open("ab")
    waiting = False
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not waiting:
                progress("waiting for another brownout that makes the same data")
            waiting = True
            if ended.wait(0.1):
                raise BrownoutError("the run is being ended") from None
        else:
            return file


def _prune(current: Path) -> None:
    """Delete the longest unused datasets that nobody has a claim on."""
    finished = [path.parent for path in current.parent.glob("*/dataset.json")]
    finished.remove(current)
    finished.sort(key=lambda folder: (folder / "dataset.json").stat().st_mtime, reverse=True)
    for folder in finished[KEPT - 1 :]:
        with contextlib.suppress(OSError), folder.with_suffix(".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            (folder / "dataset.json").unlink()  # from here on it is absent
            shutil.rmtree(folder)
