"""How a process ends: whatever way that is, short of SIGKILL, what waits is sent before.

Python calls its exit handlers at an orderly end alone. ``os._exit`` (children of multiprocessing),
an exec, a process that ends itself by a signal (uvicorn does, once it has shut down) and a signal
that nobody handles pass them by.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from brownout.meter.event import wakeup

LEAVING = ("_exit", "abort", "execv", "execve")
"""Functions of ``os`` after which nothing of this process runs."""

DEADLY = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL})

HANDLED = (signal.SIGTERM, signal.SIGHUP)
"""Signals that are met with a handler of ours where they would end the process at once."""

RUNNING = (
    "/django/core/management/", "/django/test/", "/multiprocessing/", "/socketserver.py",
    "/unittest/", "/waitress/",
)  # fmt: skip
"""What runs a main thread in Python. A server that runs it in C might let no handler through, and
would then not end at a signal that ends it without us."""

_acts: list[Callable[[], object]] = []
_acting = False


def before(act: Callable[[], object]) -> None:
    """Have this called before the process ends; it must not take long."""
    if not _acts:
        for name in LEAVING:
            setattr(os, name, _announced(getattr(os, name), _always))
        os.kill = _announced(os.kill, _kills_us)
        signal.raise_signal = _announced(signal.raise_signal, _deadly)
    _acts.append(act)


def listen() -> None:
    """Meet the signals that would end the process, if this is the main thread's to say."""
    if threading.current_thread() is not threading.main_thread() or not _in_python():
        return
    for number in HANDLED:
        if _deadly(number):
            signal.signal(number, _ended)
    if any(signal.getsignal(number) is _ended for number in HANDLED):
        with contextlib.suppress(OSError, ValueError):  # no descriptors, not the main interpreter
            wakeup.take(HANDLED)


def watch() -> None:
    """There is something to send: meet signals while the main thread is in a call of C, too."""
    with contextlib.suppress(RuntimeError):  # no thread to be had
        wakeup.read_with(_told)


def _in_python() -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        if any(part in frame.f_code.co_filename for part in RUNNING):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _act() -> None:
    global _acting
    if _acting:
        return
    _acting = True
    try:
        with _undisturbed():
            for act in _acts:
                with contextlib.suppress(BaseException):  # it ends all the same
                    act()
    finally:
        _acting = False


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Signals that the application handles are handled afterwards: its handlers may raise.

    gunicorn's do, and Ctrl-C reaches its workers twice: from the terminal and from their master.
    """
    came: list[int] = []
    kept = _of_the_application()
    for number in kept:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)


def _of_the_application() -> dict[int, Any]:
    """Handlers of signals that are meant to end the process; only the main thread runs them."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in DEADLY}
    return {n: handler for n, handler in found.items() if callable(handler) and handler != _ended}


def _at_exit() -> None:
    with contextlib.suppress(BaseException):  # of handlers that were put off
        _act()


def _ended(number: int, _: Any) -> None:
    """As if nobody had handled it, but for what is sent before; while it is sent, it goes on."""
    if not _acting:
        _act()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)


def _told(number: int) -> None:
    """In a thread of its own: it may be that the main one never gets to its handler."""
    if signal.getsignal(number) is _ended and not _acting:
        _act()
        wakeup.end(number)


def _announced(leave: Any, leaves: Callable[..., bool]) -> Any:
    @wraps(leave)
    def left(*args: Any, **kwargs: Any) -> Any:
        if leaves(*args, **kwargs):
            _act()
        return leave(*args, **kwargs)

    return left


def _always(*_: Any, **__: Any) -> bool:
    return True


def _deadly(number: int) -> bool:
    """Does this signal end the process at once?"""
    return number in DEADLY and signal.getsignal(number) is signal.SIG_DFL


def _kills_us(pid: int, number: int) -> bool:
    return pid == os.getpid() and _deadly(number)


atexit.register(_at_exit)
