"""Whoever waits for an op sees which step it is in."""

from __future__ import annotations

import io
import itertools

from rich.console import Console
from waiting import until

from brownout.app.following import Following
from brownout.model import BrownoutError

STEPS = ("functional tests 3 of 54", "functional tests 9 of 54", "", "normal load 2 of 12 s")


def followed(terminal: bool) -> str:
    """What is written while these steps go by, and a look that fails."""
    out = io.StringIO()
    looks = itertools.count()

    def progress() -> str:
        look = next(looks)
        if look == 1:
            raise BrownoutError("the drill does not answer")
        return STEPS[min(look, len(STEPS) - 1)]

    with Following(progress, Console(file=out, width=60, force_terminal=terminal), 0.01):
        until(lambda: "normal load" in out.getvalue())
    return out.getvalue()


def test_elsewhere_each_kind_of_step_is_a_line() -> None:
    assert followed(False).splitlines() == ["functional tests 3 of 54", "normal load 2 of 12 s"]


def test_on_a_terminal_one_line_changes_and_nothing_is_left() -> None:
    written = followed(True)
    assert written.endswith("\x1b[2K")  # the line is cleared
    assert "\x1b[?25h" in written.rpartition("normal load")[2]  # and the cursor is back
