"""Resident memory of this process."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_open: tuple[int, int] | None = None
"""(pid, descriptor of its statm): /proc/self is whoever opened it, also after a fork."""


def resident() -> int | None:
    """Bytes; None where there is no /proc."""
    global _open
    pid = os.getpid()
    try:
        if _open is None or _open[0] != pid:
            _open = pid, os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        return int(os.pread(_open[1], 64, 0).split()[1]) * _PAGE
    except OSError:
        return None
