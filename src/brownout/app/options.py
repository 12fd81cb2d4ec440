"""Options and arguments that several commands take, and what is wrong with their values."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from brownout.model import ROLES, BrownoutError

Run = Annotated[
    Path | None, typer.Option("--run", help="The run folder; without it, the drill that is flying.")
]
As = Annotated[str, typer.Option("--as", help=f"The role you act in: {', '.join(ROLES)}.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
RunName = Annotated[str, typer.Argument(help="A run folder or its name; the newest without it.")]
Size = Annotated[
    str, typer.Option(help="The shop's data: small, normal or large (docs/commands.md).")
]
Listen = Annotated[
    str, typer.Option(metavar="HOST", help="Where load workers may join; 0.0.0.0 for anywhere.")
]
Visitor = Annotated[
    bool | None,
    typer.Option("--browser/--no-browser", help="Visit pages with a real browser (Chromium)."),
]
Otlp = Annotated[
    str,
    typer.Option(
        "--otlp-forward", metavar="URL", help="Send the telemetry on to this OTLP/HTTP receiver."
    ),
]
OtlpHeaders = Annotated[
    str,
    typer.Option(
        "--otlp-headers",
        metavar="KEY=VALUE,...",
        envvar="BROWNOUT_FORWARD_HEADERS",
        help="Headers for it, an API key, say.",
    ),
]


def one_of(option: str, value: str, known: Iterable[str]) -> None:
    """Raise BrownoutError unless an option's value is one of those known."""
    if value not in known:
        raise BrownoutError(f"{option} {value}: choose one of {', '.join(known)}")
