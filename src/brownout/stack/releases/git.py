"""Git without the user's own configuration: the same commands give the same commits everywhere."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from brownout.model import BrownoutError, MachineError

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Release Bot",
    "GIT_AUTHOR_EMAIL": "release@shop.example",
    "GIT_COMMITTER_NAME": "Release Bot",
    "GIT_COMMITTER_EMAIL": "release@shop.example",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
}


def git(folder: Path, *words: str, stdin: bytes | None = None, index: Path | None = None) -> str:
    """Run git in ``folder`` -> its output without trailing space.

    ``index``: the file to stage in, in place of the worktree's own.

    Raises BrownoutError with what git says, MachineError when there is no git.
    """
    # A folder of somebody else's (a container's volume, say) is as good as one's own here.
    argv = ["git", "-c", "safe.directory=*", "-c", "gc.auto=0", "-C", str(folder), *words]
    environment = {"PATH": os.environ.get("PATH", os.defpath), **ENVIRONMENT}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(argv, input=stdin, env=environment, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise MachineError("No git was found: install your system's package git.") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise BrownoutError(f"git {words[0]} failed: {said}")
    return done.stdout.decode(errors="replace").rstrip()
