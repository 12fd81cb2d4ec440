"""The collector: the child that receives the telemetry and answers queries on it."""

from __future__ import annotations

import sys
from pathlib import Path

from brownout.stack.environment import plain
from brownout.stack.supervisor import Command


def command(run_id: str, run: Path, port: int, token: str) -> Command:
    """Writes telemetry.duckdb in the run's folder; /healthz answers when it is ready.

    It acknowledges after the commit, so it may be killed and restarted at any time.
    """
    database = run / "telemetry.duckdb"
    return Command(
        name="collector",
        service="collector",
        argv=[
            *(sys.executable, "-m", "brownout.probes.collector"),
            *("--database", str(database), "--port", str(port)),
        ],
        env=plain(run_id, run) | {"BROWNOUT_TOKEN": token},
        cwd=run,
        log=run / "logs" / "collector.log",
    )
