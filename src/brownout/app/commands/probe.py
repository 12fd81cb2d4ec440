"""``brownout probe NAME``: the probes on demand, each a command made of its signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, cast, get_type_hints

import typer

from brownout.app import probing, show
from brownout.app.discovery import Command, Folder
from brownout.app.options import Json, Run
from brownout.probes import on_demand

SECTION = "Look"

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


def group() -> Folder:
    """`brownout probe`, with a command below it for each probe."""
    probes = typer.Typer(rich_markup_mode=None)
    probes.callback()(probe)
    own = typer.main.get_group(probes)
    return Folder(
        on_demand.__name__,
        build,
        function="probe",
        name="probe",
        callback=own.callback,
        help=inspect.getdoc(probe),
        epilog="Example: brownout probe NAME, brownout probe processes",
        invoke_without_command=True,
    )


def probe(context: typer.Context) -> None:
    """Look at a running shop, process, database or page; without a name, list the probes."""
    if context.invoked_subcommand is None:
        rows = [
            (name, (inspect.getdoc(module.probe) or "").splitlines()[0])
            for name, module in on_demand.discover().items()
        ]
        show.out.print(show.table("", ("probe", "tells"), rows))


def build(name: str, module: ModuleType) -> Command:
    """The command of a probe."""
    one = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    example = getattr(module, "EXAMPLE", f"brownout probe {name}")
    one.command(name, epilog=f"Example: {example}")(_command(name, module))
    return cast(Command, typer.main.get_command(one))


def _command(name: str, module: ModuleType) -> Callable[..., int]:
    """The probe as a command: options for where to look and for results, and those of its own."""
    hints = get_type_hints(module.probe, include_extras=True)
    own = list(inspect.signature(module.probe).parameters.values())[2:]

    def command(**given: Any) -> int:
        where = {key: given.pop(key) for key in PLACES}
        out, as_json = given.pop("out"), given.pop("as_json")
        told = probing.look(name, module, where, out, given)
        show.result(told, as_json, probing.drawn)
        if not as_json:
            probing.end(told)
        return 0 if told["good"] else 1

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


def _option(kind: Any) -> Any:
    """An annotation with its words as a Typer option's help."""
    if words := getattr(kind, "__metadata__", ()):
        return Annotated[kind.__origin__, typer.Option(help=words[0])]
    return kind
