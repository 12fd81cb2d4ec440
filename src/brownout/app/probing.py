"""One look of a probe: where, into which folder, for how long, what it cost, how it is told."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from brownout import store
from brownout.app import show
from brownout.app.target import find_site
from brownout.model import BrownoutError, MachineError
from brownout.probes import on_demand
from brownout.probes.terms import Found, Site

LONGEST = 3600.0
"""Seconds that a probe may be asked to look for."""


def look(
    name: str,
    module: ModuleType,
    where: Mapping[str, Any],
    out: Path | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """What a probe saw, as it stands in JSON."""
    seconds = options["seconds"]
    if not 0 <= seconds <= LONGEST:
        raise BrownoutError(f"--seconds {seconds:g}: from 0 to {LONGEST:g}")
    limit = seconds + getattr(module, "LIMIT", on_demand.LIMIT)
    site = _site(where, getattr(module, "ALONE", False))
    with _folder(out, name, site) as folder, _within(name, limit):
        found, cost = _measured(lambda: module.probe(site, folder, **options))
    return _told(name, found, cost)


def _site(where: Mapping[str, Any], alone: bool) -> Site:
    """Where to look; nowhere in particular, for a probe that can do without."""
    try:
        return replace(find_site(**where), kept=store.cache_folder())
    except BrownoutError:
        if alone and not any(where.values()):
            return Site()
        raise


@contextmanager
def _folder(out: Path | None, name: str, site: Site) -> Iterator[Path]:
    """The folder for a probe's files; one that we made goes when the probe fails or writes none."""
    stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{os.getpid()}"
    folder = (out or (site.run or Path(".brownout")) / "probes" / stamp).absolute()
    made = _made(folder)
    try:
        yield folder
    except BaseException:
        for path in made:
            shutil.rmtree(path, ignore_errors=True)
        raise
    for path in reversed(made):
        if not any(path.iterdir()):
            path.rmdir()


def _made(folder: Path) -> list[Path]:
    """Make the folder; those that were made for it, the outermost first. MachineError if not."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()][::-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f".{os.getpid()}").touch()
        (folder / f".{os.getpid()}").unlink()
    except OSError as error:
        raise MachineError(
            f"{folder} cannot be written ({error.strerror}); choose another folder (--out)"
        ) from error
    return missing


@contextmanager
def _within(name: str, seconds: float) -> Iterator[None]:
    """A time limit for the block; SIGTERM ends it as Ctrl-C does. Progress on stderr meanwhile."""

    def late(*_: object) -> None:
        raise MachineError(f"{name} was not done after {seconds:g} s, and was stopped")

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = {signal.SIGALRM: signal.signal(signal.SIGALRM, late)}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=show.err, transient=True) as progress:
            progress.add_task(f"{name} looks", total=None)
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _measured(look: Callable[[], Found]) -> tuple[Found, dict[str, float]]:
    """What the probe found, and what it cost: CPU seconds (with its children), wall seconds."""
    began, used = time.monotonic(), _used()
    found = look()
    wall, cpu = time.monotonic() - began, _used() - used
    return found, {"cpu_s": round(cpu, 3), "wall_s": round(wall, 3)}


def _used() -> float:
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, whom))


def _told(name: str, found: Found, cost: Mapping[str, float]) -> dict[str, Any]:
    """What is printed, as it stands in JSON."""
    return {
        "probe": name,
        "good": found.good,
        "tables": [
            {
                "title": table.title,
                "columns": [{"name": n, "unit": unit} for n, unit in table.columns],
                "rows": [list(row) for row in table.rows],
            }
            for table in found.tables
        ],
        "files": [str(path) for path in found.files],
        "notes": list(found.notes),
        "cost": dict(cost),
    }


def drawn(told: Mapping[str, Any]) -> RenderableType:
    """Its tables, for people."""
    return Group(*(_table(table) for table in told["tables"]))


def end(told: Mapping[str, Any]) -> None:
    """Tell files, notes and the cost, a line each: paths are whole, to be copied."""
    lines = [f"written: {path}" for path in told["files"]]
    lines += [f"note: {note}" for note in told["notes"]]
    cost = told["cost"]
    lines.append(f"cost: {cost['cpu_s']:.2f} s of CPU, {cost['wall_s']:.1f} s")
    for line in lines:
        show.out.print(line, markup=False, soft_wrap=True)


def _table(table: Mapping[str, Any]) -> RenderableType:
    if not table["rows"]:
        return Text(f"{table['title']}: nothing\n")
    names = []
    for number, column in enumerate(table["columns"]):
        counted = all(isinstance(row[number], int | float | None) for row in table["rows"])
        names.append("#" * counted + f"{column['name']} {column['unit']}".rstrip())
    rows = [[_shown(value) for value in row] for row in table["rows"]]
    return Group(show.table(table["title"], names, rows), "")


def _shown(value: Any) -> Any:
    """A number with as many digits as mean something."""
    if not isinstance(value, float):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
