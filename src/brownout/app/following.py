"""Progress of an op in the terminal that waits for it: one line that changes, or a line a step."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from types import TracebackType

from rich.console import Console
from rich.markup import escape

from brownout.app import show
from brownout.model import BrownoutError

EVERY = 1.0
"""Seconds between two looks; what takes less is told by its answer alone."""


class Following:
    """Looks at ``progress`` while the block runs, from a thread of its own.

    ``progress``: the step that is under way, "" without one; it may raise BrownoutError.
    """

    def __init__(
        self, progress: Callable[[], str], console: Console = show.err, every: float = EVERY
    ) -> None:
        self._progress = progress
        self._console = console
        self._every = every
        self._line = console.status("")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="progress", daemon=True)

    def __enter__(self) -> Following:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join(self._every)
        self._line.stop()

    def _follow(self) -> None:
        said = ""
        while not self._over.wait(self._every):
            try:
                step = self._progress()
            except BrownoutError:
                continue  # the op's own answer tells what is wrong
            if not step or self._over.is_set():
                continue
            if self._console.is_terminal:
                self._line.update(escape(step))
                self._line.start()
            elif _kind(step) != _kind(said):
                self._console.print(step, markup=False, soft_wrap=True)
            said = step


def _kind(step: str) -> str:
    """A step without its figures."""
    return re.sub(r"[\d.]+ of [\d.]+", "", step)
