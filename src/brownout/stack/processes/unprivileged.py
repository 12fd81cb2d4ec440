"""A script: becomes the user nobody, then the program that is named.

``python -I -S unprivileged.py namespace|nobody PROGRAM WORD...``. A program of its own, and no
function that a forked child calls: a process with threads may enter no user namespace, and what our
own process has imported may start one in each fork (OpenTelemetry's batch processors do, even after
their shutdown).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

NOBODY = 65534
CLONE_NEWUSER = 0x10000000


def enter_namespace() -> None:
    """Nobody inside a user namespace of its own, and still root outside (Linux)."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "a user namespace cannot be entered")
    for path, content in (
        ("/proc/self/setgroups", b"deny"),
        ("/proc/self/uid_map", b"%d 0 1" % NOBODY),
        ("/proc/self/gid_map", b"%d 0 1" % NOBODY),
    ):
        file = os.open(path, os.O_WRONLY)
        os.write(file, content)
        os.close(file)


def become_nobody() -> None:
    """Nobody for good."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main(way: str, program: str, *words: str) -> None:
    try:
        enter_namespace() if way == "namespace" else become_nobody()
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
            signal.signal(number, signal.SIG_DFL)
        os.execv(program, [program, *words])
    except OSError as error:
        sys.exit(f"{program} cannot be started without privileges: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
