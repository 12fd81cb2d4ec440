"""Resident memory of this process."""

from __future__ import annotations

import os

_PAGE = os.sysconf("SC_PAGE_SIZE")
_statm: int | None = None
"""The descriptor of its statm, which stays that of the process that opened it."""


def _forked() -> None:
    global _statm
    _statm = None


os.register_at_fork(after_in_child=_forked)


def resident() -> int | None:
    """Bytes; None where there is no /proc."""
    global _statm
    try:
        if _statm is None:
            _statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        return int(os.pread(_statm, 64, 0).split()[1]) * _PAGE
    except OSError:
        return None
