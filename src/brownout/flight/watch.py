"""What is seen each second: calm traffic is gathered until it is frozen, then it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brownout import history
from brownout.alerting import Alerting, Limit, describe
from brownout.flight import calm
from brownout.flight.board import UNSEEN
from brownout.flight.refusals import FLYING
from brownout.flight.world import World
from brownout.model import NS, Event, Recording, Window
from brownout.report import pages
from brownout.report.alarms import deploying
from brownout.site.observer import Machine, Seen, observations

LOOK = 15
"""Seconds of the baseline after which a machine that certainly cannot carry it is told so."""


class Watch:
    """The seconds of one drill; ``board`` is what the last one showed, ``machine`` what others used
    in each."""

    def __init__(self, world: World) -> None:
        self.board: Mapping[str, Any] = UNSEEN
        self.machine: list[Machine] = []
        self._world = world
        self._calm: list[Seen] = []
        self._alerting: Alerting | None = None
        self._limits: dict[tuple[str, str], Limit] = {}

    def see(self, seen: Seen, events: Sequence[Event]) -> list[dict[str, Any]]:
        """Take in one second; the values of the alerts that it gives rise to. ``events``: so far.

        Raises MachineError when this machine certainly cannot carry the drill.
        """
        self.board = seen.board
        if seen.machine:
            self.machine.append(seen.machine)
        phase = history.phase(events)
        if phase == "baseline":
            self._calm.append(seen)
            if len(self._calm) == LOOK and not self._world.practice:
                self._look()
        if self._alerting is None or phase not in FLYING:
            return []
        found = observations(seen, self._limits)
        alerts = self._alerting.update(
            seen.second, found, phase == "validation", deploying(events, seen.second)
        )
        return [{**alert, "text": describe(alert)} for alert in alerts]

    def _look(self) -> None:
        window = Window(self._calm[0].second, self._calm[-1].second + NS)
        try:
            world = self._world
            calm.look(world.recording(), window, world.declared, world.calibrated)
        except OSError:
            pass  # the collector is being restarted: the end of the baseline will tell

    def freeze(self, window: Window) -> dict[str, Any] | None:
        """Freeze the promises and the alerts' limits from the calm window; what ``slo`` says.

        None while the collector is being restarted: to be asked again.
        Raises MachineError when the promises do not hold.
        """
        world = self._world
        try:
            recording = world.recording()
            frozen = calm.freeze(
                recording, window, self._calm, world.declared, world.calibrated, world.practice
            )
            slow, opened = self._freeze_pages(recording, window)
        except OSError:
            return None
        self._limits = {limit.key: limit for limit in frozen.limits}
        self._alerting = Alerting(frozen.limits, frozen.bad_seconds)
        value = {"routes": frozen.routes, "pages": opened}
        warning = "; ".join(filter(None, (frozen.warning, slow)))
        return value | ({"warning": warning} if warning else {})

    def _freeze_pages(
        self, recording: Recording, window: Window
    ) -> tuple[str, list[dict[str, Any]]]:
        """(which are too slow, for practice, the promises): calm.freeze_pages."""
        declared = self._world.pages
        if not self._world.practice:
            return "", calm.freeze_pages(recording, window, declared)
        slow = calm.slow_pages(recording, window, declared)
        return slow, pages.freeze(recording, declared, window)
