"""Commands that are typed in another terminal say what they use.

One that lives for a third of a second is over before anybody looks: it leaves its pid in the run
folder when it begins, and the CPU seconds that it used when it ends.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from brownout import store
from brownout.model import BrownoutError

FOLDER = "tools"

OTHERS = ("drill", "up", "prove", "calibrate", "run")
"""Commands that bring up something of their own: for a run beside them they are other programs."""


def announce(argv: Sequence[str]) -> None:
    """Have this process, a command with its arguments, counted by the run that it looks at."""
    if not argv or argv[0] in OTHERS:
        return
    with contextlib.suppress(BrownoutError, OSError):  # nothing runs, or it is just being ended
        mine = Path(store.running_site(_named(argv))["run"]) / FOLDER / str(os.getpid())
        mine.touch()
        atexit.register(_settle, mine)


def _named(argv: Sequence[str]) -> Path | None:
    """The run folder that ``--run`` names."""
    for word, after in zip(argv, [*argv[1:], ""], strict=True):
        if word == "--run" and after:
            return Path(after)
        if word.startswith("--run="):
            return Path(word.removeprefix("--run="))
    return None


def _settle(mine: Path) -> None:
    """Say what this process and its children used."""
    used = os.times()
    draft = mine.with_suffix(".draft")
    with contextlib.suppress(OSError):
        draft.write_text(repr(sum(used[:4])))
        draft.replace(mine)
