"""One request of a running project, replayed in a process of its own under cProfile."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from brownout.model import BrownoutError
from brownout.probes.profile import replaying
from brownout.probes.profile.stacks import frame
from brownout.probes.terms import Found, Service, Site, Table

PATIENCE = 60.0
"""Seconds that the project may take to start and to answer twice."""

SAFE = ("GET", "HEAD", "OPTIONS")
SHOWN = 15
"""Functions that are shown."""

NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")


def replayed(site: Site, out: Path, text: str) -> Found:
    """Run a request, "GET /path/", as the project's own process would. Raises BrownoutError."""
    method, _, path = text.strip().partition(" ")
    method, path = method.upper(), path.strip()
    if method not in SAFE or not path.startswith("/"):
        raise BrownoutError(
            f"--replay {text!r}: a method and a path are wanted, as 'GET /api/books/1/'; only "
            f"{', '.join(SAFE)}, since others would change the live database"
        )
    process = _web(site)
    file = out / "replay.pstats"
    told = _run(process, method, path, file)
    root = str(told["root"])
    rows = [
        (frame(name, place, line, root), calls, 1e3 * own, 1e3 * total, _caller(callers, root))
        for name, place, line, calls, own, total, callers in told["functions"][:SHOWN]
    ]
    title = f"{method} {path}: {told['status']}, {told['bytes']} bytes, {1e3 * told['seconds']:.1f}"
    heads = (("function", ""), ("calls", ""), ("own", "ms"), ("total", "ms"), ("called by", ""))
    notes = [
        "in a process of its own, the second time it is asked, nobody logged in; cProfile makes "
        "calls dear: trust the counts, and shares of time more than times",
    ]
    return Found([Table(f"{title} ms under cProfile", heads, rows)], [file], notes)


def _caller(callers: list[tuple[str, str, int, int]], root: str) -> str:
    """Who called it most: in whose calls most of its time passed."""
    for name, file, line, calls in callers[:1]:
        return f"{frame(name, file, line, root)} {calls}x"
    return ""


def _web(site: Site) -> psutil.Process:
    """The process whose project is meant: of the service web, or the first one named."""
    services: tuple[Service, ...] = site.need_services()
    chosen = next((s for s in services if s.name == "web"), services[0])
    try:
        return psutil.Process(chosen.pids[0])
    except psutil.Error as error:
        raise BrownoutError(f"process {chosen.pids[0]} of {chosen.name} has gone") from error


def _run(process: psutil.Process, method: str, path: str, file: Path) -> dict[str, Any]:
    try:
        environment, folder, argv = process.environ(), process.cwd(), process.cmdline()
    except psutil.Error as error:
        raise BrownoutError(
            f"process {process.pid} does not tell its environment: "
            "it has gone, or is another user's"
        ) from error
    interpreter = _interpreter(argv, environment, folder)
    try:
        done = subprocess.run(
            [interpreter, replaying.__file__, method, path, str(file)],
            cwd=folder,
            env=_plain(environment, Path(folder)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BrownoutError(f"{method} {path} was not answered in {PATIENCE:g} s") from error
    try:
        return {"root": folder, **json.loads(done.stdout.strip().rpartition("\n")[2])}
    except ValueError as error:
        reason = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise BrownoutError(f"the project in {folder} does not start: {reason}") from error


def _interpreter(argv: list[str], environment: Mapping[str, str], folder: str) -> str:
    """The Python that runs the process, as it was called: that finds its virtual environment."""
    if argv and re.search(r"python[\d.]*$", argv[0]):
        return str(Path(folder, argv[0])) if "/" in argv[0] else argv[0]
    raise BrownoutError(f"{' '.join(argv[:2]) or 'the process'} is not a Python program")


def _plain(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The project's environment without the meter: what is replayed is not recorded."""
    sending = ("OTEL_", "BROWNOUT_METER_")
    found = {k: v for k, v in environment.items() if not k.startswith(sending)}
    found |= {"BROWNOUT_METER": "off", "PYTHONDONTWRITEBYTECODE": "1"}
    settings = found.pop("BROWNOUT_DJANGO_SETTINGS", found.get("DJANGO_SETTINGS_MODULE", ""))
    manage = folder / "manage.py"
    if not settings and manage.exists():
        named = NAMED.search(manage.read_text())
        settings = named[1] if named else ""
    if not settings:
        raise BrownoutError(
            f"no DJANGO_SETTINGS_MODULE in the process's environment nor in {manage}: "
            "is it a Django project?"
        )
    return found | {"DJANGO_SETTINGS_MODULE": settings}
