"""``brownout probe NAME``: the probes on demand, each a command made of its signature."""

from __future__ import annotations

import inspect
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
from typing import Annotated, Any, get_type_hints

import typer
from rich.console import Group, RenderableType
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from brownout import store
from brownout.app import show
from brownout.app.ops import Json, Run
from brownout.app.target import find_site
from brownout.model import BrownoutError, MachineError
from brownout.probes import on_demand
from brownout.probes.on_demand import Found, Site

LONGEST = 3600.0
"""Seconds that a probe may be asked to look for."""

PLACES: dict[str, Any] = {
    "run": Run,
    "service": Annotated[
        list[str] | None, typer.Option(help="A service of the running shop; without it, all.")
    ],
    "pid": Annotated[list[int] | None, typer.Option(help="A process, with its children.")],
    "database": Annotated[str, typer.Option(metavar="URL", help="A PostgreSQL database.")],
    "cache": Annotated[str, typer.Option(metavar="URL", help="A Valkey or Redis.")],
    "url": Annotated[str, typer.Option(metavar="URL", help="A web site.")],
}
"""Options of every probe that say where to look; without any, at the shop that runs."""

DEFAULTS: dict[str, Any] = {"run": None, "service": None, "pid": None}
RESULTS: dict[str, Any] = {
    "seconds": Annotated[float, typer.Option(help="How long to look.")],
    "out": Annotated[Path | None, typer.Option(help="The folder for files that it makes.")],
    "as_json": Json,
}


def register(app: typer.Typer) -> None:
    """Add the command of this module, with one below it for each probe."""
    probes = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    for name, module in on_demand.discover().items():
        example = getattr(module, "EXAMPLE", f"brownout probe {name}")
        probes.command(name, epilog=f"Example: {example}")(_command(name, module))
    probes.callback(epilog="Example: brownout probe NAME, brownout probe processes")(probe)
    app.add_typer(probes, name="probe")


def probe(context: typer.Context) -> None:
    """Look at a running shop, process, database or page; without a name, list the probes."""
    if context.invoked_subcommand is None:
        rows = [
            (name, (inspect.getdoc(module.probe) or "").splitlines()[0])
            for name, module in on_demand.discover().items()
        ]
        show.out.print(show.table("", ("probe", "tells"), rows))


def _command(name: str, module: ModuleType) -> Callable[..., int]:
    """The probe as a command: options for where to look and for results, and those of its own."""
    hints = get_type_hints(module.probe, include_extras=True)
    own = list(inspect.signature(module.probe).parameters.values())[2:]
    limit = getattr(module, "LIMIT", on_demand.LIMIT)

    def command(**given: Any) -> int:
        where = {key: given.pop(key) for key in PLACES}
        out, as_json = given.pop("out"), given.pop("as_json")
        if not 0 <= given["seconds"] <= LONGEST:
            raise BrownoutError(f"--seconds {given['seconds']:g}: from 0 to {LONGEST:g}")
        site = _site(where, getattr(module, "ALONE", False))
        with _folder(out, name, site) as folder, _within(name, given["seconds"] + limit):
            found, cost = _measured(lambda: module.probe(site, folder, **given))
        told = _told(name, found, cost)
        show.result(told, as_json, _drawn)
        if not as_json:
            _end(told)
        return 0 if found.good else 1

    kinds = PLACES | {p.name: _option(hints[p.name]) for p in own} | RESULTS
    defaults = dict.fromkeys(PLACES, "") | DEFAULTS | {p.name: p.default for p in own}
    defaults |= {"out": None, "as_json": False}
    only = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(key, only, default=defaults[key], annotation=kind)
        for key, kind in kinds.items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = kinds
    command.__doc__ = inspect.getdoc(module.probe)
    return command


def _site(where: Mapping[str, Any], alone: bool) -> Site:
    """Where to look; nowhere in particular, for a probe that can do without."""
    try:
        return replace(find_site(**where), kept=store.cache_folder())
    except BrownoutError:
        if alone and not any(where.values()):
            return Site()
        raise


def _option(kind: Any) -> Any:
    """An annotation with its words as a Typer option's help."""
    if words := getattr(kind, "__metadata__", ()):
        return Annotated[kind.__origin__, typer.Option(help=words[0])]
    return kind


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


def _drawn(told: Mapping[str, Any]) -> RenderableType:
    return Group(*(_table(table) for table in told["tables"]))


def _end(told: Mapping[str, Any]) -> None:
    """Files, notes and the cost, a line each: paths are whole, to be copied."""
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
