"""Room for the shop's data: is there enough, where may it be, and how does it get there fast."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import psutil

from brownout.model import BrownoutError, MachineError
from brownout.stack.processes.account import Account
from brownout.stack.processes.environment import plain
from brownout.stack.processes.supervisor import Command, Supervisor

COPY_TIMEOUT = 120.0


def need_disk(folder: Path, needed: float, purpose: str) -> None:
    """Raises MachineError when fewer than ``needed`` bytes are free where ``folder`` is."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise MachineError(
            f"{folder} has {free / 1e9:.1f} GB free, and {needed / 1e9:.1f} GB are needed "
            f"{purpose}: make room there, or set BROWNOUT_CACHE to a folder on another disk."
        )


def need_memory(needed: float, purpose: str) -> None:
    """Raises MachineError when fewer than ``needed`` bytes of memory are free."""
    free = psutil.virtual_memory().available
    if free < needed:
        raise MachineError(
            f"{free / 1e9:.1f} GB of memory are free, and {needed / 1e9:.1f} GB are needed "
            f"{purpose}: end other programs."
        )


def open_folder(folder: Path, supervisor: Supervisor, account: Account) -> Path:
    """``folder`` if the account may get into it, else a new one in the temporary folder.

    The new one is removed when the supervisor's processes are.
    """
    if account.reaches(folder / "postgres"):
        return folder
    other = Path(tempfile.mkdtemp(prefix="brownout-"))
    supervisor.reaper.remove(other)
    other.chmod(0o711)
    return other


def copy_tree(source: Path, target: Path, supervisor: Supervisor, log: Path) -> None:
    """Copy a folder; without its content where the file system can share that.

    The copying is a child as any other, so it ends with the run. Raises MachineError when the copy
    does not fit, BrownoutError when the run is being ended.
    """
    sharing = ["-a", "--reflink=auto"] if sys.platform == "linux" else ["-Rpc"]
    for flags in (sharing, ["-RPp"]):  # not every cp knows how to share
        argv = ["cp", *flags, str(source), str(target)]
        environment = plain(supervisor.run_id, target.parent)
        command = Command("copy", "seeding", argv, environment, target.parent, log)
        try:
            return supervisor.run(command, COPY_TIMEOUT)
        except BrownoutError:
            shutil.rmtree(target, ignore_errors=True)
            if supervisor.closed:
                raise
    free = shutil.disk_usage(target.parent).free
    raise MachineError(
        f"The shop's database cannot be copied to {target} "
        f"({free / 1e9:.1f} GB free): make room there, and see that it may be written to."
    )


def size_of(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
