"""Ops on the running drill, from another terminal: the same ops as every other responder has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from brownout.app import show
from brownout.app.remote import Remote
from brownout.model import ROLES, BrownoutError

Run = Annotated[
    Path | None, typer.Option("--run", help="The run folder; without it, the drill that is flying.")
]
As = Annotated[str, typer.Option("--as", help=f"The role you act in: {', '.join(ROLES)}.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command, example in (
        (status, "brownout status --json"),
        (alerts, "brownout alerts"),
        (deployments, "brownout deployments"),
        (ack, "brownout ack A1 --as bridge"),
        (deploy, "brownout deploy v2.6.0 --as backend"),
        (rollback, "brownout rollback --as bridge"),
        (set_model, "brownout set-model delivery 2026-09 --as ai"),
        (migrate, "brownout migrate v2.7.0 --as backend"),
        (sql, 'brownout sql "SELECT relname, seq_scan FROM pg_stat_user_tables"'),
        (validate, "brownout validate --load both --as qa"),
        (
            declare,
            "brownout declare --deployment D1 --cause n-plus-one --where catalog/views.py:get_book",
        ),
        (resolve, 'brownout resolve --summary "rolled back v2.8.0"'),
        (say, 'brownout say --to backend "p95 of the book page tripled"'),
    ):
        name = command.__name__.replace("_", "-")
        app.command(name, epilog=f"Example: {example}")(command)


def status(run: Run = None, as_json: Json = False) -> None:
    """Show the board of the running drill: routes, services, alerts, deployments."""
    board = Remote(run).status()
    show.result(board, as_json, show.board)


def alerts(run: Run = None, as_json: Json = False) -> None:
    """List the alerts of the running drill."""
    show.result(Remote(run).status()["alerts"], as_json, show.alerts)


def deployments(run: Run = None, as_json: Json = False) -> None:
    """List what was put live in this drill: releases, model versions, migrations."""
    show.result(Remote(run).status()["deployments"], as_json, show.deployments)


def ack(alert: str, role: As = "bridge", run: Run = None, as_json: Json = False) -> int:
    """Acknowledge an alert: you have seen it and are on it."""
    return _do(run, "ack", role, {"alert": alert}, as_json)


def deploy(
    ref: Annotated[str, typer.Argument(help="A tag, or a commit of your checkout.")],
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Deploy a release to the live system; the old one serves until the new one is healthy."""
    return _do(run, "deploy", role, {"ref": ref}, as_json)


def rollback(
    to: Annotated[str, typer.Argument(help="A tag; without it, the release before.")] = "",
    with_migrations: Annotated[
        bool, typer.Option(help="Undo the later release's migrations too.")
    ] = False,
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Deploy an earlier release. Migrations stay, as in life, unless you ask."""
    args = {"to": to, "with_migrations": with_migrations}
    return _do(run, "rollback", role, args, as_json)


def set_model(
    name: str, version: str, role: As = "ai", run: Run = None, as_json: Json = False
) -> int:
    """Switch a model of the AI service to another version."""
    return _do(run, "set-model", role, {"name": name, "version": version}, as_json)


def migrate(
    ref: Annotated[str, typer.Argument(help="The release whose migrations are to be applied.")],
    role: As = "backend",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Bring the database to a release's migrations, forward or back."""
    return _do(run, "migrate", role, {"ref": ref}, as_json)


def sql(
    text: str,
    write: Annotated[bool, typer.Option("--write", help="Allow changes.")] = False,
    role: As = "backend",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Run SQL on the live database, read-only unless --write."""
    return _do(run, "sql", role, {"text": text, "write": write}, as_json)


def validate(
    load: Annotated[str, typer.Option(help="normal, peak or both.")] = "both",
    role: As = "qa",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Check SLOs under load, functional tests and golden sets on the live system."""
    return _do(run, "validate", role, {"load": load}, as_json)


def declare(
    deployment: Annotated[str, typer.Option(help="D1, D2, ... or none.")],
    cause: Annotated[str, typer.Option(help="An id from `brownout scenarios --causes`, or none.")],
    where: Annotated[str, typer.Option(help="FILE[:SYMBOL], model, table or setting, or none.")],
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Declare the diagnosis: which deployment, what cause, where."""
    args = {"deployment": deployment, "cause": cause, "where": where}
    return _do(run, "declare", role, args, as_json)


def resolve(
    summary: Annotated[str, typer.Option(help="One sentence for the postmortem.")] = "",
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Declare the incident resolved; this closes the drill."""
    return _do(run, "resolve", role, {"summary": summary}, as_json)


def say(
    text: str,
    to: Annotated[str, typer.Option("--to", help="A role; without it, everybody.")] = "",
    role: As = "bridge",
    run: Run = None,
    as_json: Json = False,
) -> int:
    """Say something; it stands in the history."""
    return _do(run, "say", role, {"text": text, "to": to}, as_json)


def _do(run: Path | None, name: str, role: str, args: dict[str, Any], as_json: bool) -> int:
    if role not in ROLES:
        raise BrownoutError(f"--as {role}: unknown role; roles: {', '.join(ROLES)}")
    event = Remote(run).do(name, role, args)
    if as_json:
        print(json.dumps(event, indent=2))
    else:
        show.completion(event)
    if event["kind"] == "fail":
        return int(event["value"]["exit_code"])
    return 0 if event["value"].get("passed", True) else 1
