"""The shop's Celery worker with its beat: mails and the like, off the request's path."""

from __future__ import annotations

import sys
from pathlib import Path

from brownout.stack.processes.environment import Wiring, shop
from brownout.stack.processes.supervisor import Command

QUEUES = ("celery", "mail", "summaries", "embeddings", "recommendations")
"""All of the shop's; one process is enough for them, and turns from one to the next."""

READY = " ready."
"""What Celery logs when its consumer runs (use readiness.says): asking it over its own control
channel takes a second."""


def command(wiring: Wiring, release: Path, tag: str, name: str = "") -> Command:
    """A worker with the code in ``release``; ``name`` if another of that tag may still live."""
    name = name or f"worker-{tag}"
    schedule = wiring.run / f"beat-{name}"  # its own: two beats lock one another out of a file
    return Command(
        name=name,
        service="worker",
        argv=[
            *(sys.executable, "-m", "celery", "-A", "shop", "worker"),
            *("--queues", ",".join(QUEUES)),
            *("--pool", "solo", "-B", "--schedule-filename", str(schedule)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
            *("--hostname", f"{name}@%h", "--loglevel", "INFO"),
        ],
        env=shop(wiring, "worker", tag) | {"CELERY_BEAT_SCHEDULE": str(schedule)},
        cwd=release / "backend",
        log=wiring.run / "logs" / f"{name}.log",
        release=tag,
    )
