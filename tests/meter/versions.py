"""Environments with other versions of Django and of drivers, kept in the cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from brownout.store import cache_folder

LIBRARIES = (
    *("djangorestframework", "httpx", "requests", "openai", "celery", "redis", "pymemcache"),
    *("psycopg[binary]", "psycopg2-binary"),
)
SERVERS = (
    *("django~=5.2.0", "uvicorn", "daphne", "gunicorn", "gevent", "psycopg[binary,pool]"),
    "graphene-django>=3",
)
OLDEST = {"6.0": (3, 12), "6.1": (3, 12)}
"""Django -> the oldest Python that it takes, where that is not this project's own."""

DJANGO = ("4.2", "5.0", "5.1", "5.2", *OLDEST)
PYTHONS = ("3.12", "3.13", "3.14")


def python_for(django: str) -> str:
    """An interpreter for this Django; '' when this machine has none."""
    oldest = OLDEST.get(django, (3, 11))
    if sys.version_info >= oldest:
        return sys.executable
    return next(filter(None, map(interpreter, PYTHONS)), "")


@cache
def interpreter(version: str) -> str:
    """A Python of this version that can make environments; '' when this machine has none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in (f"python{version}", *sorted(map(str, root.glob(f"{version}.*/bin/python")))):
        if found := _working(path):
            return found
    return ""


def _working(name: str) -> str:
    """The interpreter behind a name on PATH: pyenv leaves names there that run nothing."""
    if not shutil.which(name):
        return ""
    argv = [name, "-c", "import ensurepip, sys; print(sys.executable)"]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def environment(python: str, *requirements: str) -> str:
    """The interpreter of an environment with these requirements; made once, then kept.

    One for all interpreters that are links to the same, as those of this project's clones are.
    """
    python = str(Path(python).resolve())
    wanted = "\n".join([python, *requirements])
    folder = cache_folder() / "environments" / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, python, requirements)
            (folder / "made").touch()
    return str(folder / "bin" / "python")


def _make(folder: Path, python: str, requirements: tuple[str, ...]) -> None:
    uv = Path(sys.executable).parent / "uv"
    target = str(folder / "bin" / "python")
    commands = [
        [python, "-m", "venv", str(folder)],
        [target, "-m", "pip", "install", "-q", *requirements],
    ]
    if uv.exists():
        commands = [
            [str(uv), "venv", "-q", "--python", python, str(folder)],
            [str(uv), "pip", "install", "-q", "--python", target, *requirements],
        ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            if os.environ.get("CI"):
                pytest.fail(f"{' '.join(command)}: {said[-3:]}")
            pytest.skip(f"not to be had here: {' '.join(requirements[:1])} ({said[-1:]})")
