"""One process of a run: how it is started, what becomes of it, and what it last said."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Command:
    """How to start one process.

    ``name`` is unique among the living; ``service`` is what it is part of (collector, postgres,
    valkey, ai, web, worker, load). ``env`` is the whole environment (environment.py builds it).
    """

    name: str
    service: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    release: str = ""
    pass_fds: Sequence[int] = ()
    restart: bool = True
    stop_signal: int = signal.SIGTERM
    grace: float = 3.0


@dataclass(frozen=True)
class Notice:
    """What happened to a child unasked. ``code``: exit code, or minus the signal's number."""

    kind: Literal["exited", "restarted"]
    at: int
    name: str
    service: str
    release: str
    pid: int
    code: int | None = None


@dataclass(eq=False)
class Child:
    """A supervised process; after a restart the same object with another pid."""

    command: Command
    process: subprocess.Popen[bytes]
    started_at: int
    ready: bool = False
    asked: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return not self.over.is_set() and self.process.poll() is None


def notice(kind: Literal["exited", "restarted"], child: Child, code: int | None) -> Notice:
    command = child.command
    return Notice(
        kind, time.time_ns(), command.name, command.service, command.release, child.pid, code
    )


def ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"exited with code {code}"


def story(child: Child, what: str) -> str:
    """One sentence, then the end of the log: usually the cause is in there."""
    tail = last_lines(child.command.log)
    said = "\n" + "\n".join(f"  {line}" for line in tail) if tail else " It wrote nothing."
    return f"{child.command.name} {what}; see {child.command.log}.{said}"


def last_lines(log: Path, count: int = 12) -> list[str]:
    """The last lines of a log, of at most the last 8 KiB."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]
