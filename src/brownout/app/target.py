"""Where a probe looks: at the shop that runs, or at what the user names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from brownout import store
from brownout.model import BrownoutError
from brownout.probes.terms import Service, Site

MODULES = ("gunicorn", "celery", "uvicorn", "granian")
PROGRAMS = ("gunicorn", "celery", "postgres", "valkey", "redis", "node", "python")
"""Kinds of processes, by what stands in their command line or by their program."""


def find_site(
    run: Path | None,
    service: Sequence[str] | None,
    pid: Sequence[int] | None,
    database: str,
    cache: str,
    url: str,
) -> Site:
    """The site that the options name, else the one that runs (in ``run``, or the newest here).

    Raises BrownoutError for a service or process that is not there, or when nothing runs.
    """
    if pid or database or cache or url:
        if service:
            raise BrownoutError("--service is a service of the running shop; leave --pid and URLs")
        services = tuple(family(number) for number in pid or ())
        return Site(services, bool(pid), database=database, cache=cache, url=url)
    try:
        told = store.running_site(run)
    except BrownoutError as error:
        raise BrownoutError(
            f"{error}, or name what to look at (--pid, --database, --cache, --url)"
        ) from error
    return _running(told, service or ())


def _running(told: Mapping[str, Any], wanted: Sequence[str]) -> Site:
    found = told.get("services", {})
    unknown = [name for name in wanted if name not in found]
    if unknown:
        known = ", ".join(found) or "none yet"
        raise BrownoutError(f"no service {unknown[0]!r} is running; running: {known}")
    services = tuple(
        Service(name, release, tuple(pids), kind(pids[0]) if pids else "")
        for name, (release, pids) in found.items()
        if not wanted or name in wanted
    )
    return Site(
        services,
        bool(wanted),
        database=told.get("database", ""),
        cache=told.get("cache", ""),
        broker=told.get("broker", ""),
        url=told["shop"],
        ai=told["ai"],
        collector=told.get("collector", ""),
        token=told.get("token", ""),
        run=Path(told["run"]) if "run" in told else None,
        control=0 if wanted else told.get("control", 0),
    )


def family(pid: int) -> Service:
    """A process with its children. Raises BrownoutError when there is none of that number."""
    try:
        process = psutil.Process(pid)
        children = [child.pid for child in process.children(recursive=True)]
        name = process.name()
    except (psutil.Error, ValueError) as error:
        raise BrownoutError(f"--pid {pid}: no such process; it may have gone") from error
    pids = (pid, *(child for child in children if child != os.getpid()))
    return Service(f"{name}-{pid}", "", pids, kind(pid))


def kind(pid: int) -> str:
    """What a process runs: gunicorn, celery, postgres, python, ...; "" when it cannot be told."""
    try:
        argv = psutil.Process(pid).cmdline()
    except psutil.Error:
        return ""
    if not argv:
        return ""
    words = [Path(word).name for word in argv[:4]]
    found = [m for m in MODULES if m in words]
    return next(iter(found or [p for p in PROGRAMS if words[0].startswith(p)]), words[0])
