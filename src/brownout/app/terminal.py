"""The terminal that a command was called from: lines of progress, interrupts, our own name."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def command() -> str:
    """How this very program is called, to be pasted into another terminal."""
    path = Path(sys.argv[0])
    try:
        return os.path.relpath(path) if path.name == "brownout" else "brownout"
    except ValueError:
        return str(path)


def say(text: str) -> None:
    """One line of progress, or at the end.

    Not by rich: its console, interrupted within a line, may keep all later ones to itself.
    """
    print(text, file=sys.stderr, flush=True)


@contextmanager
def interrupts(act: Callable[[], None]) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP call ``act`` while the block runs."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, lambda *_: act()) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
