"""Who PostgreSQL runs as: it refuses to be root, and no user is ever created on the machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from brownout.stack.processes import unprivileged
from brownout.stack.processes.unprivileged import NOBODY


@dataclass(frozen=True)
class Account:
    """``own``: the user's. ``namespace``: root outside, nobody inside a user namespace, so files
    stay root's. ``nobody``: root has changed to nobody for good, where namespaces are forbidden.
    """

    name: Literal["own", "namespace", "nobody"]

    def runs(self, *argv: str) -> list[str]:
        """The command that runs this one, whose program is a path, as the account."""
        if self.name == "own":
            return [*argv]
        # Isolated and without site-packages: it starts fast, and imports nothing but its own.
        return [sys.executable, "-I", "-S", unprivileged.__file__, self.name, *argv]

    def take(self, folder: Path) -> None:
        """Give the folder with all in it to the account, if that is not who we are."""
        if self.name != "nobody":
            return
        os.chown(folder, NOBODY, NOBODY)
        for parent, folders, files in os.walk(folder):
            for name in folders + files:
                os.chown(Path(parent, name), NOBODY, NOBODY, follow_symlinks=False)

    def reaches(self, folder: Path) -> bool:
        """May the account get into the folder's parents?"""
        if self.name != "nobody":
            return True
        return all(parent.stat().st_mode & 0o001 for parent in folder.resolve().parents)


def account(root: bool | None = None) -> Account:
    """The account for this machine and user."""
    if not (os.geteuid() == 0 if root is None else root):
        return Account("own")
    return Account("namespace" if namespaces() else "nobody")


@functools.cache
def namespaces() -> bool:
    """May this process put its children into user namespaces?"""
    true = shutil.which("true") or "/bin/true"
    argv = Account("namespace").runs(true)
    return subprocess.run(argv, stderr=subprocess.DEVNULL, check=False).returncode == 0
