"""Signals that come while the main thread is in a call of C, where no handler of Python's runs.

Python writes the number of each signal that it handles into a descriptor, at once and in whatever
thread it comes (``signal.set_wakeup_fd``). That is taken where nobody has it, and a thread reads
what is written.

Before its first step a child that is forked would tell its signals here, in the parent, and Python
forgets those that came by then. So they wait until the fork is over.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from types import ModuleType

from brownout.meter.event.imports import when_imported

_numbers: frozenset[int] = frozenset()
"""Signals that are told, and wait while a fork goes on."""

_told: int | None = None
"""The descriptor that Python writes to, if it is ours."""

_unread: int | None = None
"""The one to read from, while no thread does."""

_masks = threading.local()
"""``before``: the signals that a thread that forks had blocked."""


def take(numbers: Iterable[int]) -> None:
    """Have these signals told, if nobody else has any told; in the main thread."""
    global _numbers, _told, _unread
    _numbers = frozenset(numbers)
    if _told is not None or "trio" in sys.modules:
        return
    read, told = os.pipe()
    os.set_blocking(told, False)
    theirs = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    if theirs == -1:
        _unread, _told = read, told
        when_imported("trio", _give_back)  # it warns of others that have the descriptor
        return
    signal.set_wakeup_fd(theirs)
    os.set_blocking(read, False)
    with contextlib.suppress(OSError):
        os.write(theirs, os.read(read, 64))  # what came in between is theirs
    os.close(read)
    os.close(told)


def read_with(meet: Callable[[int], object]) -> None:
    """Call it with the number of each signal, in a thread; nothing happens unless they are told."""
    global _unread
    read, _unread = _unread, None
    if read is not None:
        threading.Thread(
            target=_read, args=(read, meet), name="brownout-signals", daemon=True
        ).start()


def _read(descriptor: int, meet: Callable[[int], object]) -> None:
    with contextlib.suppress(OSError):
        while numbers := os.read(descriptor, 64):
            for number in numbers:
                if number in _numbers:
                    meet(number)


def end(number: int) -> None:
    """End this process by a signal as if nobody handled it, from any thread: Python itself lets
    the main one alone say so. Without ctypes that is left to the main thread's handler."""
    with contextlib.suppress(ImportError, AttributeError):
        import ctypes

        say = ctypes.pythonapi.PyOS_setsig
        say.argtypes, say.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
        say(number, int(signal.SIG_DFL))
        os.kill(os.getpid(), number)


def _give_back(_: ModuleType | None = None) -> None:
    """The pipe stays open: who has taken the descriptor meanwhile may put ours back."""
    with contextlib.suppress(ValueError):  # not the main thread
        theirs = signal.set_wakeup_fd(-1)
        if theirs != _told:
            signal.set_wakeup_fd(theirs)


def _forking() -> None:
    if _numbers:
        _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _numbers)


def _has_forked() -> None:
    before = vars(_masks).pop("before", None)
    if before is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forked() -> None:
    global _told, _unread
    if _told is not None:
        _give_back()
        _told = _unread = None
    _has_forked()


os.register_at_fork(before=_forking, after_in_parent=_has_forked, after_in_child=_forked)
