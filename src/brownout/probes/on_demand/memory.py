"""Where memory grows: what was allocated meanwhile and is still held, by allocation site."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import psutil

from brownout.model import MachineError
from brownout.probes.profile.stacks import frame
from brownout.probes.terms import Found, Service, Site, Table

EXAMPLE = "brownout probe memory --service web --seconds 30"
LIMIT = 60.0
MB, KB = 1e6, 1e3
TOP = 300
SHOWN = 20

REMEDY = (
    "start it with the meter (brownout run -- COMMAND), and let it serve a request; or without the "
    "meter use memray attach {pid}, which needs gdb or lldb"
)

OTHERS = "is another user's"
AS_THE_USER = "run brownout as that user, or as root"


@dataclass
class Growth:
    """One process: its resident bytes before and after, and the meter's answer, or why none."""

    service: str
    pid: int
    before: int = 0
    after: int = 0
    told: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def probe(
    site: Site,
    out: Path,
    seconds: float = 10,
    frames: Annotated[int, "Frames of each allocation that are kept: more cost more."] = 8,
    each: Annotated[bool, "Look at all processes of a service, not at one."] = False,
) -> Found:
    """Growth of memory by allocation site, in a process that runs with the meter (tracemalloc)."""
    services = site.need_services()
    if not site.chosen:
        services = tuple(s for s in services if s.release) or services
    growths = [Growth(s.name, pid) for s in services for pid in (s.pids if each else _one(s))]
    threads = [
        threading.Thread(target=_ask, args=(g, seconds, frames), daemon=True) for g in growths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [g for g in growths if g.told]
    if not seen:
        first = growths[0]
        remedy = AS_THE_USER if first.error == OTHERS else REMEDY.format(pid=first.pid)
        raise MachineError(f"process {first.pid} {first.error}; {remedy}")
    notes = [f"{g.service}: process {g.pid} {g.error}" for g in growths if g.error]
    notes.append(
        "while it looked, every allocation cost the process more: its requests took several times "
        "their CPU; what the meter measured meanwhile is not to be trusted"
    )
    notes.append(
        "counted: what Python allocated since the beginning and still holds; not what C libraries "
        "allocate by themselves. Caches that fill are growth, too: look again when they are full"
    )
    file = out / "memory.json"
    file.write_text(json.dumps([{"service": g.service, "pid": g.pid, **g.told} for g in seen]))
    return Found([_processes(growths), _sites(seen)], [file], notes)


def _one(service: Service) -> Sequence[int]:
    """The first process that listens, so that the others go on at their speed; else the first."""
    for pid in service.pids:
        asked = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(psutil.Error, OSError), asked:
            asked.settimeout(1)
            asked.connect(_address(pid, psutil.Process(pid).uids().real))
            return [pid]
    return service.pids[:1]


def _ask(growth: Growth, seconds: float, frames: int) -> None:
    """Ask one process; it answers when the time is over."""
    question = {"seconds": seconds, "frames": frames, "top": TOP}
    try:
        process = psutil.Process(growth.pid)
        if os.geteuid() not in (0, process.uids().real):
            raise psutil.AccessDenied
        growth.before = process.memory_info().rss
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asked:
            asked.settimeout(seconds + LIMIT / 2)
            asked.connect(_address(growth.pid, process.uids().real))
            asked.sendall(json.dumps(question).encode() + b"\n")
            told = json.loads(asked.makefile().readline() or '{"error": "ended meanwhile"}')
        growth.after = process.memory_info().rss
        growth.error = told.pop("error", "")
        growth.told = told
    except psutil.NoSuchProcess:
        growth.error = "has gone"
    except psutil.AccessDenied:
        growth.error = OTHERS
    except TimeoutError:
        growth.error = "did not answer in time"
    except ConnectionRefusedError:
        growth.error = "has no meter that listens, or has served nothing yet"
    except (OSError, ValueError) as error:
        growth.error = f"ended meanwhile, or does not listen ({error})"


def _address(pid: int, user: int) -> str:
    """Where a process's meter listens: as in meter/event/allocations.py, which nothing imports."""
    if sys.platform == "linux":
        return f"\0brownout-allocations-{pid}"
    return str(Path(tempfile.gettempdir()) / f"brownout-allocations-{user}-{pid}")


def _processes(growths: Sequence[Growth]) -> Table:
    rows = [
        (
            *(g.service, g.pid, g.before / MB, (g.after - g.before) / MB),
            *(g.told["traced"] / MB, g.told["peak"] / MB, g.told["blocks"], g.told["collected"]),
        )
        for g in growths
        if g.told
    ]
    columns = (
        ("service", ""), ("pid", ""), ("RSS before", "MB"), ("RSS change", "MB"),
        ("allocated and held", "MB"), ("at most", "MB"), ("blocks change", ""),
        ("objects collected", ""),
    )  # fmt: skip
    return Table("memory", columns, rows)


def _sites(growths: Sequence[Growth]) -> Table:
    """Growth by the application's line that led to it, and by the line that allocated."""
    size: Counter[tuple[str, str, str]] = Counter()
    count: Counter[tuple[str, str, str]] = Counter()
    for growth in growths:
        root = _folder(growth.pid)
        for held, blocks, places in growth.told["sites"]:
            lines = [_line(file, line, root) for file, line in places]
            own = next((line for line in reversed(lines) if not line.startswith("~")), "")
            key = (growth.service, own or "(no line of its own)", lines[-1])
            size[key] += held
            count[key] += blocks
    seconds = max(g.told["seconds"] for g in growths)
    rows = [
        (*key, held / KB, count[key], held / KB / seconds) for key, held in size.most_common(SHOWN)
    ]
    columns = (
        ("service", ""), ("the application's line", ""), ("allocated at", ""), ("held", "kB"),
        ("blocks", ""), ("growth", "kB/s"),
    )  # fmt: skip
    return Table("growth by allocation site", columns, rows)


def _folder(pid: int) -> str:
    try:
        return str(psutil.Process(pid).cwd())
    except psutil.Error:
        return ""


def _line(file: str, line: int, root: str) -> str:
    """file:line, named as in profiles: below the application's folder, or "~" for others' code."""
    return frame("", file, line, root).removeprefix(" (").removesuffix(")")
