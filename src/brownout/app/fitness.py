"""What the machine has and lacks. Each check takes well under a second."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from brownout import store
from brownout.model import MachineError
from brownout.stack.processes import ports
from brownout.stack.releases import node
from brownout.stack.services import programs
from brownout.stack.stack import MEMORY

GB = 1 << 30
DISK = 2 * GB
"""What a drill wants free for its caches and one run."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line: a part, whether it will do, what was found, and what to do when it will not."""

    part: str
    ok: bool
    found: str
    remedy: str = ""


def checks() -> list[Check]:
    """All checks, in the order in which a drill would stumble over them."""
    return [
        _python(),
        _program("git", ["git", "--version"], "install git (Debian: apt-get install git)"),
        _found("PostgreSQL", _postgres),
        _found("Valkey", programs.find_valkey),
        _found("Node", _node),
        _memory(),
        _disk(),
        _found("loopback ports", lambda: f"{len(ports.free_ports(8))} free"),
        Check("cores", (os.cpu_count() or 1) >= 2, str(os.cpu_count()), "a drill wants 2 cores"),
    ]


def _python() -> Check:
    ok = sys.version_info >= (3, 11)
    return Check("Python", ok, platform.python_version(), "install Python 3.11 or later")


def _program(part: str, argv: list[str], remedy: str) -> Check:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return Check(part, False, "missing", remedy)
    return Check(part, True, done.stdout.strip())


def _found(part: str, find: Callable[[], object]) -> Check:
    try:
        return Check(part, True, str(find()))
    except MachineError as error:
        return Check(part, False, "missing", str(error))


def _postgres() -> str:
    folder = programs.find_postgres()
    return f"{'.'.join(map(str, programs.version(folder)))} in {folder}"


def _node() -> str:
    return " ".join(node.find_npm())


def _memory() -> Check:
    free = psutil.virtual_memory().available
    remedy = f"close programs until {MEMORY / GB:.1f} GB are available"
    return Check("memory", free >= MEMORY, f"{free / GB:.1f} GB available", remedy)


def _disk() -> Check:
    folder = next(p for p in [store.cache_folder(), *store.cache_folder().parents] if p.exists())
    free = shutil.disk_usage(folder).free
    remedy = f"free {DISK / GB:.0f} GB, or set BROWNOUT_CACHE to a folder on a larger disk"
    return Check("disk", free >= DISK, f"{free / GB:.1f} GB free at {Path(folder)}", remedy)
