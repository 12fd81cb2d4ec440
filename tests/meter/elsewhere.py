"""A project that knows nothing of brownout (the folder ``bazaar``), run with the meter put in."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bytecode import KEPT
from waiting import PATIENCE, until

from brownout.app.commands.run import metered as putting_in
from brownout.stack.processes.ports import free_ports

BAZAAR = Path(__file__).parent / "bazaar"
BROWNOUT = Path(sys.executable).parent / "brownout"


def environment(data: Path, **more: str) -> dict[str, str]:
    """As in a terminal of somebody who works on the project; its data go to ``data``."""
    strange = ("OTEL_", "DJANGO_", "BROWNOUT_", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(strange)}
    return {**kept, "DATA": str(data), **KEPT, **more}


def fill(data: Path, python: str = sys.executable, **more: str) -> None:
    """Its tables, with what is in them: made once, then copied."""
    data.mkdir(exist_ok=True)
    (data / "db.sqlite3").write_bytes(_filled(python, tuple(more.items())))


@cache
def _filled(python: str, more: tuple[tuple[str, str], ...]) -> bytes:
    argv = [python, "manage.py", "fill"]
    with tempfile.TemporaryDirectory() as folder:
        found = environment(Path(folder), **dict(more))
        subprocess.run(argv, cwd=BAZAAR, env=found, check=True)
        return (Path(folder) / "db.sqlite3").read_bytes()


def _as_in_a_terminal() -> None:
    """A shell starts what it leaves in the background, tests too, deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Server:
    """`brownout run -- COMMAND` of a server; ``{port}`` in the command is a free one."""

    def __init__(self, data: Path, command: Sequence[str], **more: str) -> None:
        self.recording = data / "recording.duckdb"
        [self.port] = free_ports(1)
        argv = [str(BROWNOUT), "run", "--out", str(self.recording), "--json", "--"]
        argv += [word.format(port=self.port) for word in command]
        self._errors = data / "errors"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                argv,
                cwd=BAZAAR,
                env=environment(data, **more),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                preexec_fn=_as_in_a_terminal,  # noqa: PLW1509 (it sets one disposition)
            )

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE
        ) as answer:
            return answer.read()

    def ready(self) -> None:
        def answers() -> bool:
            assert self._process.poll() is None, self.said()
            with contextlib.suppress(OSError):
                return bool(self.get("/ping/"))
            return False

        until(answers)

    def recorded(self, route: str, count: int) -> None:
        """Wait until so many requests are in the recording: Django's reloader kills its server a
        quarter of a second after Ctrl-C, and what it has not sent by then is lost."""
        [told] = (BAZAAR / ".brownout" / "prometheus").glob(f"*-{self._process.pid}.json")
        [group] = json.loads(told.read_text())
        page = f"http://{group['targets'][0]}/metrics"
        wanted = f'route="{route}"}} {count}\n'

        def is_there() -> bool:
            with urllib.request.urlopen(page, timeout=PATIENCE) as answer:
                lines = answer.read().decode().splitlines(keepends=True)
            counts = (line for line in lines if line.startswith("brownout_work_duration_seconds_c"))
            return any(line.endswith(wanted) for line in counts)

        until(is_there)

    def said(self) -> str:
        return self._errors.read_text()

    def end(self, number: int = signal.SIGINT) -> tuple[int, dict[str, Any]]:
        """(exit code, what --json printed) after the signal."""
        self._process.send_signal(number)
        printed, _ = self._process.communicate(timeout=PATIENCE)
        return self._process.returncode, json.loads(printed)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()


@contextlib.contextmanager
def serving(data: Path, command: Sequence[str], **more: str) -> Iterator[Server]:
    server = Server(data, command, **more)
    try:
        server.ready()
        yield server
    finally:
        server.close()


def metered(data: Path, receiver: str, **more: str) -> dict[str, str]:
    """The environment that `brownout run` gives to a command."""
    found = putting_in(environment(data, **more), "bazaar")
    return found | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver}


def python(
    env: dict[str, str], script: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a script in the project to its end."""
    return subprocess.run(
        [python, "-c", script],
        cwd=BAZAAR,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run(
    data: Path, options: Sequence[str], command: Sequence[str], **more: str
) -> subprocess.CompletedProcess[str]:
    """`brownout run OPTIONS -- COMMAND` to its end."""
    return subprocess.run(
        [str(BROWNOUT), "run", *options, "--", *command],
        cwd=BAZAAR,
        env=environment(data, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
