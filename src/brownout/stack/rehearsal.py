"""A release on trial: served beside the live one, on a port and with a recording of its own.

It shares the live database, cache, queues and models; no user meets it, and nothing that it does is
in the drill's recording.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from brownout.stack.processes.environment import Wiring
from brownout.stack.processes.ports import HOST, free_ports
from brownout.stack.processes.readiness import answers
from brownout.stack.processes.supervisor import Supervisor
from brownout.stack.services import collector
from brownout.stack.services.web import Web

SERVICE = "trial"
"""What its processes are accounted to."""


@dataclass(frozen=True)
class Cast:
    """What a trial is staged with: the release's files and its built front end."""

    supervisor: Supervisor
    wiring: Wiring
    release: Path
    frontend: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a release on trial answers, and where what it does is recorded."""

    tag: str
    url: str
    collector: str
    token: str
    supervisor: Supervisor
    wiring: Wiring


@contextmanager
def stage(cast: Cast, tag: str) -> Iterator[Stage]:
    """Serve a release until the block ends; its front end is built already.

    Raises BrownoutError when it does not become healthy.
    """
    token = secrets.token_urlsafe(18)
    with tempfile.TemporaryDirectory(prefix="trial-", dir=cast.wiring.run) as folder:
        database = Path(folder) / "telemetry.duckdb"
        port = free_ports(1)[0]
        command = collector.command(
            cast.wiring.run_id, cast.wiring.run, port, token, database=database
        )
        command = replace(command, name=f"{SERVICE}-collector", service=SERVICE)
        url = f"http://{HOST}:{port}"
        recorder = cast.supervisor.start(command, answers(f"{url}/healthz"))
        wiring = replace(cast.wiring, collector=url, token=token)
        web = Web(cast.supervisor, wiring, service=SERVICE)
        try:
            web.switch(tag, cast.release, cast.frontend)
            yield Stage(tag, web.url, url, token, cast.supervisor, wiring)
        finally:
            if web.current:
                cast.supervisor.stop(web.current.child, grace=1.0)
            web.close()
            cast.supervisor.stop(recorder, grace=1.0)
