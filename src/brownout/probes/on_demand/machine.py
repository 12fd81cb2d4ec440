"""Whether the machine is the shop's own: CPU used by others, pressure, memory, and who uses it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from brownout.model import FOREIGN_MORE, FOREIGN_MOST, NS, TOOLS
from brownout.probes.processes import Processes
from brownout.probes.terms import Found, Site, Table

ALONE = True
EVERY = 1.0
"""Seconds between two samples."""

TOP = 5
"""Processes of others that are named."""

SPAN = 10
"""Minutes of the recording that are told."""

COLUMNS = (
    ("window", ""), ("seconds", "s"), ("foreign CPU", "cores"), ("most", "cores"),
    ("own CPU", "cores"), ("pressure", "%"), ("least memory", "MB"), ("verdict", ""),
)  # fmt: skip

RECORDED = """
SELECT strftime(make_timestamp(min(ts) // 1000), '%H:%M:%S'), count(*), avg(foreign_cpu),
  max(foreign_cpu), avg(own_cpu), avg(pressure), min(memory_available)
FROM machine WHERE ts >= $1 GROUP BY ts // 60000000000 ORDER BY min(ts)
"""


def probe(site: Site, out: Path, seconds: float = 10) -> Found:
    """CPU that others use, pressure and memory: is a window void? Exit code 1: this one is."""
    groups = {s.name: (s.release, s.pids) for s in site.services}
    groups[TOOLS] = ("", _tools(site))
    sampler, before = Processes(), _times()
    began, samples = time.monotonic(), []
    while True:
        left = began + seconds - time.monotonic()
        time.sleep(max(min(EVERY, left), 0.01))
        samples += sampler.sample(groups)[1]
        if left <= EVERY:
            break
    wall = time.monotonic() - began
    now = _row("now", samples)
    tables = [Table("machine", COLUMNS, [now, *_recorded(site)]), _others(site, before, wall)]
    notes = [] if site.services else ["no service was named: all CPU counts as foreign"]
    notes.append(
        f"void: others used more than {FOREIGN_MOST:g} cores on average; windows that differ by "
        f"more than {FOREIGN_MORE:g} are not to be compared"
    )
    if samples[0]["pressure"] is None:
        notes.append("pressure: this kernel does not tell (no /proc/pressure)")
    return Found(tables, notes=notes, good=now[-1] != "void")


def _row(window: str, samples: Sequence[dict[str, Any]]) -> tuple[Any, ...]:
    foreign, own = ([s[key] for s in samples] for key in ("foreign_cpu", "own_cpu"))
    pressed = [s["pressure"] for s in samples if s["pressure"] is not None]
    memory = min(s["memory_available"] for s in samples)
    n = len(samples)
    pressure = sum(pressed) / len(pressed) if pressed else None
    return _judged(window, n, sum(foreign) / n, max(foreign), sum(own) / n, pressure, memory)


def _judged(
    window: str, n: int, foreign: float, most: float, own: float, pressure: Any, memory: int
) -> tuple[Any, ...]:
    verdict = "void" if foreign > FOREIGN_MOST else "clean"
    percent = None if pressure is None else 100 * pressure
    return (window, n, foreign, most, own, percent, memory / 1e6, verdict)


def _recorded(site: Site) -> list[tuple[Any, ...]]:
    """The last minutes of the recording, one row each, where there is one."""
    recording = site.recording()
    if recording is None:
        return []
    since = time.time_ns() - SPAN * 60 * NS
    return [_judged(*row) for row in recording.query(RECORDED, [since])]


def _tools(site: Site) -> tuple[int, ...]:
    """This probe, the control process, and what that has started beside the services."""
    services = {pid for service in site.services for pid in service.pids}
    found = {os.getpid()}
    if site.control:
        with contextlib.suppress(psutil.Error):
            control = psutil.Process(site.control)
            found |= {control.pid, *(child.pid for child in control.children(recursive=True))}
    return tuple(found - services)


def _times() -> dict[psutil.Process, float]:
    """CPU seconds of every process that can be seen, so far."""
    found = {}
    for process in psutil.process_iter():
        try:
            found[process] = sum(process.cpu_times()[:2])
        except psutil.Error:
            continue
    return found


def _others(site: Site, before: dict[psutil.Process, float], wall: float) -> Table:
    """The processes of others that used most; those that came meanwhile count whole."""
    ours = {pid for service in site.services for pid in service.pids} | {*_tools(site)}
    used = {p: t - before.get(p, 0.0) for p, t in _times().items() if p.pid not in ours}
    rows = []
    for process in sorted(used, key=lambda p: -used[p])[:TOP]:
        if used[process] > 0:
            rows.append((process.pid, _name(process), used[process] / wall))
    return Table("used most by others", (("pid", ""), ("program", ""), ("CPU", "cores")), rows)


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:60] or process.name()
    except psutil.Error:
        return "(gone)"
