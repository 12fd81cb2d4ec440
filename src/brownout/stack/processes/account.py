"""Who PostgreSQL runs as: it refuses to be root, and no user is ever created on the machine."""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NOBODY = 65534
CLONE_NEWUSER = 0x10000000

PROBES, PAUSE = 5, 0.1
"""Tries, and seconds between them: one that fails now and then, as was seen, is not one that is
forbidden."""


@dataclass(frozen=True)
class Account:
    """``own``: the user's. ``namespace``: root outside, nobody inside a user namespace, so files
    stay root's. ``nobody``: root has changed to nobody for good, where namespaces are forbidden.
    """

    name: Literal["own", "namespace", "nobody"]
    before_exec: Callable[[], None] | None

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
        return Account("own", None)
    if namespaces():
        return Account("namespace", namespace_entry())
    return Account("nobody", become_nobody)


@functools.cache
def namespaces() -> bool:
    """May this process put its children into user namespaces?"""
    return any(_enters(wait) for wait in (0.0, *(PAUSE,) * (PROBES - 1)))


def _enters(wait: float) -> bool:
    time.sleep(wait)
    try:
        subprocess.run(
            [shutil.which("true") or "/bin/true"],
            preexec_fn=namespace_entry(),
            check=True,
            env={},
        )
    except (OSError, AttributeError, subprocess.SubprocessError):
        return False
    return True


def namespace_entry() -> Callable[[], None]:
    """What a forked child calls to be nobody in a user namespace of its own (Linux)."""
    # Loaded here: looking up a library takes locks, which a forked child must not do.
    unshare = ctypes.CDLL(None, use_errno=True).unshare

    def enter() -> None:
        if unshare(CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        for path, content in (
            ("/proc/self/setgroups", b"deny"),
            ("/proc/self/uid_map", b"%d 0 1" % NOBODY),
            ("/proc/self/gid_map", b"%d 0 1" % NOBODY),
        ):
            file = os.open(path, os.O_WRONLY)
            os.write(file, content)
            os.close(file)

    return enter


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
