"""The collector: the child that receives the telemetry and answers queries on it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from brownout.stack.processes.environment import plain
from brownout.stack.processes.supervisor import Command


@dataclass(frozen=True, slots=True)
class Forward:
    """An OTLP/HTTP receiver that gets everything too; ``headers`` as OTEL_EXPORTER_OTLP_HEADERS
    has them: KEY=VALUE,..."""

    url: str
    headers: str = ""


def command(
    run_id: str,
    run: Path,
    port: int,
    token: str,
    forward: Forward | None = None,
    database: Path | None = None,
) -> Command:
    """Writes ``database`` (telemetry.duckdb in the run's folder); /healthz answers when ready.

    It acknowledges after the commit, so it may be killed and restarted at any time. Everything that
    is sent to it needs the token.
    """
    database = database or run / "telemetry.duckdb"
    return Command(
        name="collector",
        service="collector",
        argv=[
            *(sys.executable, "-m", "brownout.collector"),
            *("--database", str(database), "--port", str(port), "--closed"),
            *(("--forward", forward.url) if forward else ()),
        ],
        env=plain(run_id, run)
        | {"BROWNOUT_TOKEN": token}
        | ({"BROWNOUT_FORWARD_HEADERS": forward.headers} if forward else {}),
        cwd=run,
        log=run / "logs" / "collector.log",
    )
