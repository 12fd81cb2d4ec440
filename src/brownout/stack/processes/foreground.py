"""A command of the user's own in the foreground of the terminal, with our children beside it.

It keeps the terminal: Ctrl-C and Ctrl-Z reach it as if it had been started alone. What is sent to
us alone (``kill``, a service manager) is passed on to it; away from a terminal it has a process
group of its own, all of which gets what a terminal would have sent to all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

from brownout.model import BrownoutError

FORWARDED = frozenset(
    {
        *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
        *(signal.SIGUSR1, signal.SIGUSR2),
    }
)
KEYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
"""What terminals send."""

WAITED = FORWARDED | {signal.SIGCHLD}
SI_KERNEL = 128
"""Linux: the signal's code when the terminal sent it, to the whole foreground group."""


def hold() -> None:
    """Keep signals until ``run`` deals with them. To be called before threads are started."""
    signal.pthread_sigmask(signal.SIG_BLOCK, WAITED)


def release() -> None:
    """The opposite; children must call it before their exec, for they inherit what is held."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WAITED)


def interrupted() -> bool:
    """Did a signal come that ``run`` would pass on?"""
    return bool(signal.sigpending() & FORWARDED)


def run(argv: Sequence[str], env: Mapping[str, str], stdout: IO[str] | None = None) -> int:
    """Run to its end -> exit code as a shell gives it (128 + N when signal N ended it).

    Raises BrownoutError when it cannot be started.
    """
    group = None if _in_foreground() else 0
    try:
        process = subprocess.Popen(
            list(argv),
            env=dict(env),
            stdout=stdout,
            process_group=group,
            preexec_fn=release,  # noqa: PLW1509 (it only unblocks signals)
        )
    except OSError as error:
        raise unstartable(argv[0], error) from error
    while process.poll() is None:
        number, by_terminal = _next_signal()
        if number != signal.SIGCHLD and not by_terminal:
            with contextlib.suppress(OSError):
                if group == 0 and number in KEYS:
                    os.killpg(process.pid, number)
                else:
                    process.send_signal(number)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def unstartable(program: str, error: OSError) -> BrownoutError:
    return BrownoutError(
        f"{program} cannot be started ({error.strerror}): is it spelt right, "
        "and is its environment active?"
    )


def _next_signal() -> tuple[int, bool]:
    """(the signal, whether the terminal sent it: then the command has got it, too)."""
    if sys.platform == "linux":
        info = signal.sigwaitinfo(WAITED)
        return info.si_signo, info.si_code == SI_KERNEL
    return signal.sigwait(WAITED), _in_foreground()


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)
