"""Development servers that run in a child: it may end by itself, and send what waits.

Reloaders kill the child at once when they are ended (Django's after a quarter of a second when that
is by Ctrl-C). Here it is asked first, with SIGTERM, which both take for an orderly end.
"""

from __future__ import annotations

import contextlib
import subprocess
from types import ModuleType
from typing import Any

GRACE = 3.0
"""Seconds that the child has before it is killed."""


def install(reloader: ModuleType) -> None:
    """``reloader``: django.utils.autoreload or werkzeug._reloader."""
    theirs = ModuleType("subprocess")
    theirs.__dict__.update(vars(subprocess), run=_run, call=_call)
    reloader.subprocess = theirs  # type: ignore[attr-defined]


def _run(*args: Any, env: Any = None, close_fds: bool = True, **more: Any) -> Any:
    if more:  # nothing that these reloaders ask for
        run: Any = subprocess.run
        return run(*args, env=env, close_fds=close_fds, **more)
    return subprocess.CompletedProcess(args[0], _call(*args, env=env, close_fds=close_fds))


def _call(*args: Any, **kwargs: Any) -> int:
    with subprocess.Popen(*args, **kwargs) as child:
        try:
            return child.wait()
        except BaseException as error:
            # A Ctrl-C went to the child as well: a second signal would cut its end short.
            if not isinstance(error, KeyboardInterrupt):
                child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                child.wait(GRACE)
            child.kill()
            raise
