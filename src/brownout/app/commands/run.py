"""``brownout run -- COMMAND``: a Django project of the user's own, metered as it is."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from brownout import store
from brownout.app import forwarding, summary
from brownout.app.options import Json, Otlp, OtlpHeaders
from brownout.app.terminal import say
from brownout.model import BrownoutError, MachineError, masked
from brownout.stack.processes import environment as variables
from brownout.stack.processes import foreground, reaper
from brownout.stack.processes.ports import HOST, listening_socket
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services.collector import Forward

SECTION = "Your own project"
EXAMPLE = (
    "brownout run -- python manage.py runserver; brownout run -- gunicorn project.wsgi; "
    "brownout run -- celery -A project worker"
)
SETTINGS = {"allow_interspersed_args": False}

RECORDINGS = Path(".brownout") / "recordings"
LAUNCH = Path(__file__).parents[2] / "meter" / "launch"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
LEFT = 5.0
"""Seconds that what the command leaves running has to end by itself."""


def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run.")],
    collector: Annotated[
        str, typer.Option(metavar="URL", envvar=ENDPOINT, help="Send there; keep no recording.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The recording, a new file.")
    ] = None,
    service: Annotated[
        str, typer.Option(envvar="OTEL_SERVICE_NAME", help="Its name; by default the folder's.")
    ] = "",
    otlp_forward: Otlp = "",
    otlp_headers: OtlpHeaders = "",
    as_json: Json = False,
) -> int:
    """Run a command of any Django project with the meter put in; nothing of it is changed.

    Without --collector everything is recorded here, and a summary is printed at its end. The exit
    code is the command's.
    """
    environment = metered(os.environ, service or Path.cwd().name)
    forward = forwarding.receiver(otlp_forward, otlp_headers)
    if collector:
        _check(collector, out is not None or as_json or forward is not None)
        os.environ.update(environment | sending_to(collector, os.environ))
        return _become(command)
    recording = _new_file(out)
    foreground.hold()
    try:
        with _recorder(recording, forward) as (sending, recorded):
            if foreground.interrupted():
                raise KeyboardInterrupt
            # With --json stdout is ours alone.
            stdout = sys.stderr if as_json else None
            code = foreground.run(command, environment | sending, stdout)
        summary.tell(recording, command, code, recorded, as_json)
        return code
    finally:
        foreground.release()


def metered(environment: Mapping[str, str], service: str) -> dict[str, str]:
    """The environment of a command with the meter put in."""
    paths = [str(LAUNCH), environment.get("PYTHONPATH", "")]
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        variables.METER_SERVICE: service,
        variables.METER_RELEASE: _release(),
    }


def sending_to(collector: str, environment: Mapping[str, str]) -> dict[str, str]:
    """What tells the meter of somebody else's collector.

    The headers of OpenTelemetry's variables are for it, unless these name another receiver.
    """
    receivers = {
        value
        for name, value in environment.items()
        if name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("ENDPOINT") and value
    }
    theirs = environment.get("OTEL_EXPORTER_OTLP_HEADERS", "") if receivers <= {collector} else ""
    headers = environment.get(variables.METER_HEADERS) or theirs
    return {variables.METER_ENDPOINT: collector, variables.METER_HEADERS: headers}


def _release() -> str:
    """What git calls the commit of this folder; '' outside of git."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        argv = ["git", "describe", "--always", "--tags", "--dirty"]
        found = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=True)
        return found.stdout.strip()
    return ""


def _check(url: str, recorded: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BrownoutError(
            f"--collector {masked(url)}: an http or https URL is wanted, as http://host:4318"
        )
    if recorded:
        raise BrownoutError(
            "--out, --json and --otlp-forward are for a recording of one's own; the events go to "
            f"{masked(url)} (from --collector or {ENDPOINT})"
        )


def _become(command: Sequence[str]) -> int:
    """Nothing is left to do afterwards: become the command."""
    try:
        os.execvp(command[0], list(command))
    except OSError as error:
        raise foreground.unstartable(command[0], error) from error


def _new_file(out: Path | None) -> Path:
    """Where to record: there must be nothing yet, and it must be possible to write."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}.duckdb"
    path = (out or RECORDINGS / name).absolute()
    if path.exists():
        raise BrownoutError(f"{path} is there already; choose another file (--out)")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.unlink()
    except OSError as error:
        raise MachineError(
            f"{path} cannot be written ({error.strerror}); choose another file (--out)"
        ) from error
    return path


def _end_left(run_id: str) -> None:
    """Ask what the command has left running to end, while what it then sends is still received."""
    deadline = time.monotonic() + LEFT
    left = set(reaper.carriers(run_id))
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left &= set(reaper.carriers(run_id))


@contextlib.contextmanager
def _writing(recording: Path) -> Iterator[None]:
    """What keeps the database from its file, a full disk say, in words."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise MachineError(
            f"{recording} cannot be written: {str(error).splitlines()[0]}; "
            "make room on its disk, or choose another file (--out)"
        ) from error


@contextlib.contextmanager
def _recorder(
    recording: Path, forward: Forward | None
) -> Iterator[tuple[dict[str, str], summary.Recorded]]:
    """A collector: (what tells the meter of it, what was recorded: filled in at the end).

    It is a thread of this process, which has nothing else to do while the command runs.
    """
    # Heavy: what only sends elsewhere does without.
    from brownout.collector.server import serving
    from brownout.collector.tables import Tables

    # Never twice: at its end a run ends whatever carries its id, and files may share a name.
    run_id = f"{recording.stem}-{secrets.token_hex(4)}"
    token = secrets.token_urlsafe(16)
    recorded = summary.Recorded()
    listening = listening_socket()
    url = f"http://{HOST}:{listening.getsockname()[1]}"
    with (
        _writing(recording),
        tempfile.TemporaryDirectory(prefix="brownout-run-") as folder,
        contextlib.closing(Tables(recording)) as tables,
    ):
        roll = Path(folder) / "roll"
        sending = {
            **variables.sending(url, token),
            "BROWNOUT_RUN": run_id,
            "BROWNOUT_METER_ROLL": str(roll),
        }
        with (
            serving(tables, listening, token, forwarding.forwarder(forward)),
            Supervisor(run_id, lambda seen: None),  # should we die, its reaper ends the command
        ):
            say(f"brownout: recording into {summary.shown(recording)}")
            target = store.Target(run_id)
            with contextlib.suppress(OSError):  # a folder that cannot be written is no obstacle
                target.announce(url)
            try:
                yield sending, recorded
            finally:
                _end_left(run_id)
                target.withdraw()
        recorded.metered = summary.enrolled(roll)
        if tables.ask("SELECT 1 FROM work LIMIT 1"):  # to plan the other takes longer than this
            recorded.rows = tables.ask(summary.ROUTES)
