"""The site: the running shop under load, with its probes and its recording.

What a drill, ``brownout up`` and ``brownout prove`` have in common.
"""

from __future__ import annotations

import contextlib
import threading
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brownout import actions, validation
from brownout.load.control import Load
from brownout.model import BrownoutError, Op, Promise, Window, Workload
from brownout.observer import Observer, Seen, Usage
from brownout.probes.client import Client, LiveRecording
from brownout.probes.postgres import PostgresProbe
from brownout.probes.processes import Processes
from brownout.stack.stack import Stack
from brownout.stack.supervisor import Notice

DATABASE_EVERY = 5
"""Seconds between two samples of PostgreSQL's statistics."""

PROFILES = ("normal", "peak", "none")


def declared_promises(shop: Path) -> dict[str, tuple[float, float]]:
    """The shop's own SLOs (slo.toml): route -> (p95 in ms, error rate)."""
    routes = tomllib.loads((shop / "slo.toml").read_text())["route"]
    return {r["route"]: (float(r["p95_ms"]), float(r["error_rate"])) for r in routes}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a site is started with."""

    run: Path
    run_id: str
    shop: Path
    seed: int
    workload: Workload
    patches: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    """Tag to add -> patches on top of the tag before it, in order."""


class Site:
    """Started by ``boot``, ended by ``stop`` (also half-way through a boot)."""

    def __init__(
        self, plan: Plan, say: Callable[[str], None], notice: Callable[[Notice], None]
    ) -> None:
        self.plan = plan
        self.stopped = threading.Event()
        self.declared = declared_promises(plan.shop)
        self.stack = Stack(plan, say=say, notify=notice)
        self._load: Load | None = None
        self._observer: Observer | None = None
        self._client: Client | None = None
        self._recording: LiveRecording | None = None

    @property
    def recording(self) -> LiveRecording:
        if self._recording is None:
            raise BrownoutError("the recording has not begun yet; wait for the boot to end")
        return self._recording
